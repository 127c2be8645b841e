"""What a boundary does to a member: written or not, lapsed, spared or given back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from libs.ledger.decide import decide_credit, opening_movement
from libs.ledger.model import Account, Allocation, Kind, Movement, NewExpiry, Span, Spared
from libs.sweeps.fates import Touched, day_of, touched

MEMBER = UUID(int=3)
SPAN = day_of(date(2024, 3, 31), ZoneInfo("Europe/Rome"))
BOUNDARY = datetime(2024, 3, 31, 22, tzinfo=UTC)
LATER = datetime(2024, 6, 30, 22, tzinfo=UTC)


def earned(seq: int, points: int, expires: datetime = BOUNDARY) -> Movement:
    at = datetime(2024, 2, seq, tzinfo=UTC)
    lot = decide_credit(
        seq - 1, "points", points, earned_at=at, recorded_at=at, active_from=at, expires_at=expires, policy_version=1
    )
    return opening_movement(lot)


def moved(seq: int, kind: Kind, pair: str, points: int, lot: int, **more: object) -> Movement:
    source, target = (Account(name) for name in pair.split(">"))
    parts = (Allocation(lot, points),)
    return Movement(seq, "points", kind, source, target, points, BOUNDARY, BOUNDARY, parts, **more)  # type: ignore[arg-type]


def told(found: list[Touched]) -> list[tuple[str, int, int, bool]]:
    return [(each.what, each.lot.seq, each.points, each.written) for each in found]


JOURNAL = [earned(1, 50), earned(2, 70), earned(3, 20, LATER)]


def test_a_day_ends_at_its_boundary() -> None:
    assert (datetime(2024, 3, 30, 23, tzinfo=UTC), BOUNDARY) == SPAN


def test_it_is_the_same_before_and_after_it_is_written() -> None:
    ahead = touched(MEMBER, JOURNAL, SPAN, BOUNDARY - timedelta(days=5))
    assert told(ahead) == [("lapses", 1, 50, False), ("lapses", 2, 70, False)]
    past = touched(MEMBER, JOURNAL, SPAN, BOUNDARY)
    assert told(past) == [("lapsed", 1, 50, False), ("lapsed", 2, 70, False)]
    first = moved(4, Kind.EXPIRE, "active>expired", 50, 1)
    written = touched(MEMBER, [*JOURNAL, first], SPAN, BOUNDARY)
    assert told(written) == [("lapsed", 1, 50, True), ("lapsed", 2, 70, False)]


def test_what_was_spared_and_what_was_given_back_are_told() -> None:
    gold = Spared("tier", "gold", 1)
    spared = moved(4, Kind.WAIVE, "active>active", 50, 1, new_expiry=NewExpiry(LATER), spared=gold)
    lapsed = moved(5, Kind.EXPIRE, "active>expired", 70, 2)
    back = moved(6, Kind.RESTORE, "expired>active", 30, 2, corrects=5, new_expiry=NewExpiry(LATER))
    found = touched(MEMBER, [*JOURNAL, spared, lapsed, back], SPAN, BOUNDARY + timedelta(days=3))
    assert told(found) == [("spared", 1, 50, True), ("lapsed", 2, 70, True), ("reinstated", 2, 30, True)]
    assert (
        touched(MEMBER, [*JOURNAL, spared, lapsed, back], day_of(date(2024, 4, 30), ZoneInfo("Europe/Rome")), LATER)
        == []
    )


def test_what_somebody_extended_is_not_spared_and_what_will_be_spared_is_told() -> None:
    extended = moved(4, Kind.WAIVE, "active>active", 50, 1, new_expiry=NewExpiry(LATER))
    ahead = touched(MEMBER, [*JOURNAL, extended], SPAN, BOUNDARY + timedelta(days=3))
    assert told(ahead) == [("lapsed", 2, 70, False)]
    keeps = (Span("tier", "gold", 1, "points", "Europe/Rome", datetime(2024, 1, 1, tzinfo=UTC), period="quarter"),)
    kept = touched(MEMBER, JOURNAL, SPAN, BOUNDARY - timedelta(days=5), keeps)
    assert told(kept) == [("spared", 1, 50, False), ("spared", 2, 70, False)]
