"""Rows of members: who they are, what they bring, and what is wrong with the others."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest

from cli.member_events import Newcomers
from cli.member_rows import MemberRows, Newcomer, enrolment
from libs.contracts.rejection import Rejection
from libs.intake.events import Prepared, Preparer
from libs.ledger.late import GRACE
from libs.ledger.zones import load_zone

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
SOURCE = "/pointstream/acme/main/import/oldcrm"
ROWS = MemberRows(SOURCE, load_zone("Europe/Rome"), {"points": 0, "stars": 2}, "points", NOW)
GOOD = {"key": "A1", "card": "17", "points": "250", "earned_at": "2026-01-15", "expires_at": "2036-03-31"}


def read(*rows: dict[str, str]) -> Newcomer:
    found = ROWS.newcomer(rows)
    assert isinstance(found, Newcomer), found
    return found


def test_dates_are_days_of_the_zone_and_points_last_to_their_end() -> None:
    (opening,) = read(GOOD).openings
    assert opening.earned_at == datetime(2026, 1, 14, 23, tzinfo=UTC)
    assert opening.expires_at == datetime(2036, 3, 31, 22, tzinfo=UTC)
    (never,) = read(GOOD | {"expires_at": "Never", "earned_at": "2026-02-15T10:00:00Z"}).openings
    assert (never.expires_at, never.never_expires) == (None, True)
    assert never.earned_at == datetime(2026, 2, 15, 10, tzinfo=UTC)


def test_points_are_read_by_the_scale_of_their_wallet() -> None:
    (opening,) = read(GOOD | {"wallet": "stars", "points": "12.5"}).openings
    assert (opening.wallet, opening.points) == ("stars", 1250)
    assert read(GOOD | {"points": "0"}).openings == ()


def test_the_rows_of_a_member_add_up() -> None:
    found = read(GOOD, {"key": "A1", "email": "a@example.org", "points": "5"}, {"key": "A1", "card": "17"})
    assert found.identifiers == (("card", "17"), ("email", "a@example.org"))
    assert [opening.points for opening in found.openings] == [250, 5]


@pytest.mark.parametrize(("text", "kept"), [("1990-12-10", "12-10"), ("02-29", "02-29")])
def test_of_a_birthday_month_and_day_are_kept(text: str, kept: str) -> None:
    assert enrolment(read(GOOD | {"birthday": text}))["birthday"] == kept
    assert "birthday" not in enrolment(read(GOOD))


def test_the_member_id_follows_from_source_and_key_or_is_the_file_s_own() -> None:
    assert read(GOOD).member_id == read(GOOD | {"points": "1", "tier": "gold"}).member_id
    assert read(GOOD).member_id != read(GOOD | {"key": "A2"}).member_id
    own = "01890000-0000-7000-8000-000000000001"
    assert read(GOOD | {"member_id": own}).member_id == UUID(own)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"card": None}, "/card"),
        ({"points": "1.5"}, "/points"),
        ({"points": "-1"}, "/points"),
        ({"points": "many"}, "/points"),
        ({"wallet": "gems"}, "/wallet"),
        ({"expires_at": "2026-11-09"}, "/expires_at"),
        ({"expires_at": "soon"}, "/expires_at"),
        ({"earned_at": "2026-11-11"}, "/earned_at"),
        ({"earned_at": "2026-02-30"}, "/earned_at"),
        ({"enrolled_at": "1000000-01-01"}, "/enrolled_at"),
        ({"member_id": "17"}, "/member_id"),
        ({"birthday": "02-30"}, "/birthday"),
        ({"birthday": "in May"}, "/birthday"),
    ],
)
def test_what_is_wrong_is_named_by_its_column_and_not_repeated(change: dict[str, str | None], field: str) -> None:
    row = {name: value for name, value in (GOOD | change).items() if value is not None}
    found = ROWS.newcomer([row])
    assert isinstance(found, Rejection)
    assert found.field == field
    assert not [value for value in change.values() if value and value in found.detail]


def test_rows_that_contradict_each_other_are_refused() -> None:
    found = ROWS.newcomer([GOOD | {"tier": "gold"}, GOOD | {"tier": "silver"}])
    assert isinstance(found, Rejection)
    assert found.field == "/tier"


def names(*rows: dict[str, str]) -> list[str]:
    newcomers = Newcomers(ROWS, Preparer(SOURCE), "somebody", NOW)
    made = newcomers.openings(read(*rows))
    assert all(isinstance(record, Prepared) for _, _, record in made)
    return [name for name, _, _ in made]


def test_a_balance_is_known_by_its_dates_whatever_stands_around_it() -> None:
    later = GOOD | {"earned_at": "2026-03-01"}
    (one,) = names(GOOD)
    assert names(GOOD | {"points": "999"}) == [one], "other points under the same dates are the same balance"
    assert names(later, GOOD)[1] == one, "a row put before it does not give it another name"
    assert len(set(names(GOOD, GOOD))) == 2, "two balances with the same dates are two"


def test_a_changed_enrolment_is_another_event() -> None:
    newcomers = Newcomers(ROWS, Preparer(SOURCE), "somebody", NOW)
    records = [newcomers.enrolment(read(GOOD | change)) for change in ({}, {"points": "1"}, {"tier": "gold"})]
    ids = [dict(record.headers)["ce_id"] for record in records if isinstance(record, Prepared)]
    assert ids[0] == ids[1] != ids[2]
    assert b"17" not in ids[0].split(b"/", 1)[1], "no identifier stands in an id"


def test_who_comes_from_elsewhere_did_not_join_just_now() -> None:
    """Unless the file says so: campaigns and messages for newcomers are not for members of long standing."""

    def at(**row: str) -> datetime:
        made = Newcomers(ROWS, Preparer(SOURCE), "somebody", NOW).enrolment(read({"key": "A1", "card": "17"} | row))
        assert isinstance(made, Prepared)
        return datetime.fromisoformat(json.loads(made.value)["time"])

    assert at() < NOW - GRACE
    assert at(enrolled_at="2020-05-01") == datetime(2020, 4, 30, 22, tzinfo=UTC)
    assert at(points="5", earned_at="2019-01-01T00:00:00Z") == datetime(2019, 1, 1, tzinfo=UTC)
