"""Lapsed points that come back: never more than lapsed, into their lots, with a later date; the books stay balanced."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.ledger.catch_up import catch_up, due
from libs.ledger.evolve import apply_all, replay
from libs.ledger.invariants import check, conservation
from libs.ledger.model import Account, Kind, MemberLedger, Movement
from libs.ledger.reinstate import Lapse, Reinstated, after_movements, reinstate
from tests.unit.ledger.build import MEMBER, credit, day, move


def lived(*journal: Movement, until: float) -> tuple[MemberLedger, list[Movement], list[Lapse]]:
    """A member's ledger caught up with time, its journal, and what has lapsed of it."""
    ledger = replay(MEMBER, journal)
    lapsed = catch_up(ledger, day(until), day(until))
    whole = [*journal, *lapsed]
    return apply_all(ledger, lapsed), whole, after_movements((), whole)


def test_points_come_back_into_their_lots_with_the_new_date_and_say_what_they_correct() -> None:
    ledger, journal, lapsed = lived(credit(1, 50, expires=30), credit(2, 30, expires=60), until=70)
    done = reinstate(ledger, lapsed, 40, day(71), day(90))
    assert [(m.kind, m.from_account, m.to_account, m.amount, m.corrects) for m in done.movements] == [
        (Kind.RESTORE, Account.EXPIRED, Account.ACTIVE, 30, 4),
        (Kind.RESTORE, Account.EXPIRED, Account.ACTIVE, 10, 3),
    ]
    after = apply_all(ledger, done.movements)
    assert [(lot.remaining, lot.expires_at) for lot in after.lots] == [(10, day(90)), (30, day(90))]
    assert due(after).lapses_at == day(90)
    assert check(after, [*journal, *done.movements]) == []


def test_no_more_comes_back_than_lapsed_whatever_came_back_before() -> None:
    ledger, journal, lapsed = lived(credit(1, 50, expires=30), until=40)
    first = reinstate(ledger, lapsed, 30, day(41), day(90))
    ledger, left = apply_all(ledger, first.movements), after_movements(lapsed, first.movements)
    assert reinstate(ledger, left, 21, day(42), day(90)) == Reinstated((), "more-than-lapsed")
    assert reinstate(ledger, left, 20, day(42), day(90), most=49) == Reinstated((), "over-the-limit")
    assert reinstate(ledger, left, 20, day(42), day(42)) == Reinstated((), "date-passed")
    done = reinstate(ledger, left, 20, day(42), day(60), most=50)
    (lot,) = apply_all(ledger, done.movements).lots
    assert (lot.remaining, lot.expires_at) == (50, day(90)), "a life is made longer by it, never shorter"
    assert check(apply_all(ledger, done.movements), [*journal, *first.movements, *done.movements]) == []


def test_what_came_back_lapses_again_and_may_come_back_again() -> None:
    ledger, journal, lapsed = lived(credit(1, 50, expires=30), until=40)
    first = reinstate(ledger, lapsed, 50, day(41), day(60))
    ledger, again, lapsed = lived(*journal, *first.movements, until=61)
    assert [(each.amount, each.back, each.open) for each in lapsed] == [(50, 50, 0), (50, 0, 50)]
    done = reinstate(ledger, lapsed, 50, day(62), None)
    (lot,) = apply_all(ledger, done.movements).lots
    assert (lot.remaining, lot.expires_at) == (50, None)
    assert reinstate(ledger, lapsed, 51, day(62), None).refused == "more-than-lapsed"
    assert check(apply_all(ledger, done.movements), [*again, *done.movements]) == []


def test_what_is_owed_is_repaid_at_once() -> None:
    ledger, _, lapsed = lived(credit(1, 50, expires=30), until=31)
    ledger = apply_all(ledger, [move(3, Kind.REVERSE, "debt>reversed", 20, at=32)])
    done = reinstate(ledger, lapsed, 50, day(33), day(90))
    assert [m.kind for m in done.movements] == [Kind.RESTORE, Kind.REPAY]
    assert apply_all(ledger, done.movements).debt("points") == 0


def test_points_of_two_wallets_and_of_none_are_bugs() -> None:
    ledger, _, lapsed = lived(credit(1, 5, expires=3), credit(2, 5, expires=3, wallet="miles"), until=4)
    with pytest.raises(ValueError, match="one wallet"):
        reinstate(ledger, lapsed, 5, day(5), None)
    with pytest.raises(ValueError, match="something"):
        reinstate(ledger, lapsed[:1], 0, day(5), None)


LOTS = st.lists(st.tuples(st.integers(1, 60), st.integers(10, 40)), min_size=1, max_size=5)
ASKS = st.lists(st.tuples(st.integers(1, 90), st.integers(1, 30), st.integers(0, 20)), max_size=8)


@given(LOTS, ASKS)
def test_whatever_is_asked_for_books_balance_and_no_lot_has_more_than_it_had(
    lots: Sequence[tuple[int, int]], asks: Sequence[tuple[int, int, int]]
) -> None:
    """Requests in any amounts and at any times, with time passing in between, against plain sums."""
    journal = [credit(seq, points, expires=date) for seq, (points, date) in enumerate(lots, 1)]
    ledger, now = replay(MEMBER, journal), 9
    issued = sum(points for points, _ in lots)
    for points, later, step in asks:
        now += step
        passed = catch_up(ledger, day(now), day(now))
        ledger, journal = apply_all(ledger, passed), [*journal, *passed]
        lapsed = after_movements((), journal)
        away = issued - sum(lot.remaining for lot in ledger.lots)
        assert sum(each.open for each in lapsed) == away
        done = reinstate(ledger, lapsed, points, day(now), day(now + later))
        assert (done.refused is None) is (points <= away)
        before = {lot.seq: lot.expires_at for lot in ledger.lots if not lot.lapsed(day(now))}
        ledger, journal = apply_all(ledger, done.movements), [*journal, *done.movements]
        assert all(lot.expires_at == before[lot.seq] for lot in ledger.lots if lot.seq in before)
    assert check(ledger, journal) == []
    assert conservation(journal)["points"].difference == 0
