"""When pending points become active, in every zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.ledger.boundary import Period, boundary_after
from libs.ledger.zones import load_zone, zone_names
from libs.promotions.document import parse_programme
from libs.promotions.pending import activates_by, active_from, start_of_day
from libs.promotions.wallets import Pending
from tests.unit.promotions.build import document

ROME = ZoneInfo("Europe/Rome")
EARNED = datetime(2024, 3, 10, 9, 30, tzinfo=UTC)


def policy(**pending: Any) -> Pending:
    wallet = {"name": "points", "expiry": {"kind": "never"}, "pending": pending}
    found = parse_programme(document() | {"wallets": [wallet]}).wallets[0].pending
    assert found is not None
    return found


def on_days(*days: int) -> Pending:
    return policy(kind="on_days", days_of_month=days)


def test_without_a_policy_points_are_active_at_once() -> None:
    assert active_from(None, EARNED, ROME) is None
    assert not activates_by(None, "delivered")


def test_after_counts_days_of_24_hours() -> None:
    found = active_from(policy(kind="after", days=30), EARNED, ROME)  # summer time begins in between
    assert found == EARNED + timedelta(hours=720)
    assert found.tzinfo is UTC


def test_an_event_has_a_deadline_and_activities_that_are_sooner() -> None:
    waiting = policy(kind="event", activities=["delivered", "picked-up"], deadline_days=14)
    assert active_from(waiting, EARNED, ROME) == EARNED + timedelta(days=14)
    assert [activates_by(waiting, name) for name in ("delivered", "picked-up", "lost")] == [True, True, False]
    assert not activates_by(policy(kind="after", days=1), "delivered")


@pytest.mark.parametrize(
    ("earned", "days", "active"),
    [
        ("2024-03-10T09:30", (1, 15), "2024-03-14T23:00"),
        ("2024-03-15T09:30", (15, 1), "2024-03-31T22:00"),
        ("2024-03-14T22:59", (15,), "2024-03-14T23:00"),
        ("2024-03-14T23:00", (15,), "2024-04-14T22:00"),  # earned as the day begins: the next one
        ("2024-02-10T09:30", (31,), "2024-02-28T23:00"),
        ("2023-02-10T09:30", (30, 31), "2023-02-27T23:00"),
        ("2023-02-27T23:00", (30, 31), "2023-03-29T22:00"),
        ("2023-12-31T22:59", (1,), "2023-12-31T23:00"),
        ("2023-12-31T23:00", (1,), "2024-01-31T23:00"),
    ],
)
def test_days_of_the_month_begin_in_the_programmes_zone(earned: str, days: tuple[int, ...], active: str) -> None:
    instant, wanted = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (earned, active))
    assert active_from(on_days(*days), instant, ROME) == wanted


def test_a_day_begins_where_the_one_before_ends_for_the_ledger() -> None:
    """Every seventh month since 1970 in every zone, and the oddest ones; the ledger finds them in another way."""
    months = [(name, month) for name in sorted(zone_names()) for month in range(12 * 1970, 12 * 2038, 7)]
    odd = [("Asia/Amman", 2016, 4), ("America/Havana", 2026, 11), ("America/St_Johns", 2009, 11)]
    for name, month in [*months, *((name, 12 * year + month - 1) for name, year, month in odd)]:
        zone, first = load_zone(name), date(month // 12, month % 12 + 1, 1)
        ended = boundary_after(first - timedelta(days=1), zone, Period.MONTH)
        assert start_of_day(first, zone) == ended.instant, (name, first)


def test_a_day_that_a_zone_left_out_begins_with_the_next() -> None:
    apia = load_zone("Pacific/Apia")
    skipped, after = (start_of_day(date(2011, 12, day), apia) for day in (30, 31))
    assert skipped == after == datetime(2011, 12, 30, 10, tzinfo=UTC)


@settings(max_examples=200, deadline=None)
@given(
    st.datetimes(datetime(1970, 1, 1), datetime(2037, 12, 31)).map(lambda at: at.replace(tzinfo=UTC)),  # noqa: DTZ001
    st.lists(st.integers(1, 31), min_size=1, max_size=4, unique=True),
    st.sampled_from(("UTC", "Europe/Rome", "America/St_Johns", "America/Havana", "Asia/Amman", "Pacific/Apia")),
)
def test_the_next_such_day_is_the_first_one_ahead(earned: datetime, days: list[int], name: str) -> None:
    zone = load_zone(name)
    found = active_from(on_days(*days), earned, zone)
    assert found is not None
    assert earned < found <= earned + timedelta(days=63)
    ahead = [earned.astimezone(zone).date() + timedelta(days=number) for number in range(-1, 64)]
    wanted = [
        start_of_day(day, zone)
        for day in ahead
        if day.day in days or ((day + timedelta(days=1)).day == 1 and max(days) > day.day)
    ]
    assert found == min(start for start in wanted if start > earned)
