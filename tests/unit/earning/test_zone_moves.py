"""Old lots under newer zone data: they lapse at the end of the day that they had, and nothing else gets a date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from libs.judging.redating import Redating, new_dates
from libs.judging.versions import RunningProgramme, activate
from libs.ledger.model import Lot, MemberLedger
from libs.promotions.facts import MemberFacts
from tests.support.database import ACME, programme_document
from tests.support.receipts import member_id

ME = member_id("1")
NOW = datetime(2016, 1, 11, tzinfo=UTC)
QUARTER_END = datetime(2016, 3, 31, 22, tzinfo=UTC)
CHRISTMAS_END = datetime(2016, 12, 24, 23, tzinfo=UTC)
OWN = {"kind": "fixed", "points": 5, "expiry": {"kind": "fixed", "day": "2016-12-24"}}
OWN_DATE = {"id": "own", "name": "Own", "state": "live", "effect": OWN}


def programme() -> RunningProgramme:
    """A version with quarters and an effect with a date of its own, then one by which nothing lapses."""
    first = programme_document(ACME) | {"version": 1, "campaigns": [OWN_DATE]}
    first["wallets"] = [{"name": "points", "expiry": {"kind": "natural", "period": "quarter"}}]
    second = first | {"version": 2, "wallets": [{"name": "points", "expiry": {"kind": "never"}}], "campaigns": []}
    versions = [activate(NOW.replace(year=2014 + number), one) for number, one in enumerate((first, second))]
    return RunningProgramme(1, 1, "acme", "main", tuple(versions))


def lot(seq: int, expires_at: datetime | None, version: int) -> Lot:
    return Lot(
        seq=seq,
        wallet="points",
        amount=10,
        remaining=10,
        held=0,
        earned_at=NOW - timedelta(days=1),
        active_from=NOW - timedelta(days=1),
        expires_at=expires_at,
        recorded_at=NOW,
        policy_version=version,
    )


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("end", [QUARTER_END, CHRISTMAS_END])
@pytest.mark.parametrize(
    ("off", "notice_days", "follows"),
    [
        (timedelta(hours=1), 30, True),
        (timedelta(hours=-1), 400, True),
        (timedelta(hours=1), 400, False),
        (timedelta(hours=3), 30, True),
        (timedelta(hours=-6), 400, True),
        (timedelta(hours=7), 30, False),
        (timedelta(hours=24), 30, False),
        (timedelta(), 30, False),
    ],
)
def test_a_lot_follows_the_end_of_its_day_whatever_gave_it_that_day(
    version: int, end: datetime, off: timedelta, notice_days: int, *, follows: bool
) -> None:
    """`off`: where older data had the end. It becomes earlier only with notice; seven hours are another date."""
    ledger = MemberLedger(ME, 1, (lot(1, end + off, version),))
    wanted = Redating(version, version, None, NOW + timedelta(days=notice_days))
    found = new_dates(programme(), ledger, MemberFacts(ME), wanted, NOW)
    assert found == ({1: end} if follows else {})


def test_what_never_lapses_or_was_put_off_keeps_its_date() -> None:
    later = datetime(2016, 6, 30, 22, tzinfo=UTC)
    ledger = MemberLedger(ME, 3, (lot(1, None, 1), lot(2, later, 1), lot(3, later + timedelta(days=9), 1)))
    assert new_dates(programme(), ledger, MemberFacts(ME), Redating(1, 1), NOW) == {}


def test_an_effects_own_date_is_known_though_older_zone_data_made_it() -> None:
    ledger = MemberLedger(ME, 1, (lot(1, CHRISTMAS_END + timedelta(hours=1), 1),))
    assert new_dates(programme(), ledger, MemberFacts(ME), Redating(1, 2), NOW) == {}
