"""One expiry a period, whatever clocks do at its end: gaps, overlaps, leap days, and the last millisecond."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from libs.ledger.boundary import ExpiryCalendar, NaturalPeriod, Period
from libs.ledger.catch_up import catch_up
from libs.ledger.decide import decide_credit, opening_movement
from libs.ledger.evolve import apply_all
from libs.ledger.model import Kind, MemberLedger
from libs.ledger.zones import load_zone
from tests.unit.ledger.build import EMPTY

MILLISECOND, MICROSECOND = timedelta(milliseconds=1), timedelta(microseconds=1)
ENDS = [
    pytest.param("Europe/Rome", Period.MONTH, "2024-02-29T23:00Z", id="leap-day"),
    pytest.param("Europe/Rome", Period.QUARTER, "2024-03-31T22:00Z", id="the-day-of-a-gap"),
    pytest.param("Europe/Rome", Period.MONTH, "2021-10-31T23:00Z", id="the-day-of-an-overlap"),
    pytest.param("Asia/Amman", Period.QUARTER, "2016-03-31T22:00Z", id="midnight-does-not-exist"),
    pytest.param("America/Havana", Period.MONTH, "2026-11-01T04:00Z", id="midnight-comes-twice"),
    pytest.param("America/St_Johns", Period.MONTH, "2009-11-01T03:30Z", id="the-old-date-returns"),
    pytest.param("Africa/Cairo", Period.MONTH, "2014-07-31T22:00Z", id="a-gap-at-midnight"),
    pytest.param("Pacific/Apia", Period.YEAR, "2011-12-31T10:00Z", id="the-day-after-a-day-that-was-left-out"),
    pytest.param("Asia/Kathmandu", Period.YEAR, "2023-12-31T18:15Z", id="a-quarter-of-an-hour"),
]


def earned(ledger: MemberLedger, at: datetime, calendar: ExpiryCalendar) -> MemberLedger:
    """The ledger with a point more, dated by the calendar."""
    boundary = calendar.expires_at(at)
    lot = decide_credit(
        ledger.seq,
        "points",
        1,
        earned_at=at,
        recorded_at=at,
        active_from=at,
        expires_at=None if boundary is None else boundary.instant,
        policy_version=1,
    )
    return apply_all(ledger, [opening_movement(lot)])


@pytest.mark.parametrize(("zone", "period", "end"), ENDS)
def test_all_points_of_a_period_lapse_in_one_movement_at_its_end(zone: str, period: Period, end: str) -> None:
    boundary = datetime.fromisoformat(end.replace("Z", "+00:00")).astimezone(UTC)
    calendar = ExpiryCalendar(load_zone(zone), NaturalPeriod(period))
    ledger = EMPTY
    for before in (timedelta(days=9), timedelta(hours=3), timedelta(hours=1), MILLISECOND, MICROSECOND):
        ledger = earned(ledger, boundary - before, calendar)
    for after in (timedelta(0), MILLISECOND, timedelta(hours=1), timedelta(hours=3)):
        ledger = earned(ledger, boundary + after, calendar)
    assert catch_up(ledger, boundary - MICROSECOND, boundary - MICROSECOND) == ()
    (lapsed,) = catch_up(ledger, boundary, boundary)
    assert (lapsed.kind, lapsed.amount, lapsed.effective_at) == (Kind.EXPIRE, 5, boundary)
    ledger = apply_all(ledger, [lapsed])
    ends = calendar.next_boundary(boundary)
    assert ends is not None
    assert catch_up(ledger, ends.instant - MICROSECOND, ends.instant) == ()
    (then,) = catch_up(ledger, ends.instant + timedelta(days=40), ends.instant)
    assert (then.amount, then.effective_at) == (4, ends.instant), "the others lapse at the end of theirs, once"
