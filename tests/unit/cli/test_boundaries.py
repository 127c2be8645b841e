"""The command of boundaries: what it tells and refuses, and an oracle that walks local minutes in a hundred zones."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from typer.testing import CliRunner

from cli.boundaries import following
from cli.exits import Exit
from cli.main import app
from libs.ledger.boundary import Period
from libs.ledger.zones import load_zone, zone_names

MINUTE = timedelta(minutes=1)
ZONES = sorted(zone_names())


def told(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["boundaries", *arguments])
    return done.exit_code, done.stdout


def test_it_tells_instant_day_zone_and_release() -> None:
    code, text = told("--zone", "Asia/Amman", "--period", "quarter", "--from", "2016-02-03", "--count", "2", "--json")
    assert code == Exit.OK
    first, second = json.loads(text)["boundaries"]
    assert first == {
        "instant": "2016-03-31T22:00:00Z",
        "local_date": "2016-03-31",
        "zone": "Asia/Amman",
        "tzdata": second["tzdata"],
    }
    assert second["local_date"] == "2016-06-30"
    code, text = told("--zone", "Europe/Rome", "--period", "half-year", "--from", "2024-01-01", "--count", "2")
    assert (code, "2024-06-30T22:00:00Z" in text, "184.042" in text) == (Exit.OK, True, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--zone", "Europe/Atlantis", "--period", "month", "--from", "2024-01-01"),
        ("--zone", "Europe/Rome", "--period", "week", "--from", "2024-01-01"),
        ("--zone", "Europe/Rome", "--period", "month", "--from", "9999-01-01"),
        ("--zone", "Europe/Rome", "--period", "month", "--from", "yesterday"),
    ],
)
def test_what_makes_no_sense_is_a_wrong_call(arguments: tuple[str, ...]) -> None:
    assert told(*arguments)[0] == Exit.USAGE


def walked(zone: str, last_day: date) -> datetime:
    """The oracle: back minute by minute, from where no clock can show the day any more."""
    there = load_zone(zone)
    instant = datetime(last_day.year, last_day.month, last_day.day, tzinfo=UTC) + timedelta(days=2)
    while instant.astimezone(there).date() > last_day:
        instant -= MINUTE
    return instant + MINUTE


def assert_as_walked(zones: list[str], first: date, count: int) -> None:
    for zone in zones:
        for boundary in following(zone, Period.MONTH, first, count):
            assert boundary.instant == walked(zone, boundary.local_date), (zone, boundary)


def test_boundaries_are_where_local_minutes_say_in_a_hundred_zones() -> None:
    assert_as_walked(ZONES[::6], date(2026, 10, 1), 2)


@pytest.mark.slow
def test_ten_years_of_boundaries_are_where_local_minutes_say_in_all_zones() -> None:
    assert_as_walked(ZONES, date(2020, 1, 1), 120)
