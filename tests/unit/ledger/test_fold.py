"""Folding a journal: quick and in place, and to the letter what comes of making every lot anew for every movement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from libs.ledger.evolve import IllegalMovementError, apply_all
from libs.ledger.model import LOT_ACCOUNTS, Account, Kind, Lot, MemberLedger, Movement
from tests.unit.ledger.build import EMPTY
from tests.unit.ledger.test_history import History, Step, histories


def slowly(movements: Iterable[Movement]) -> MemberLedger:
    """The ledger after good movements, every value made anew each time; debts are not told."""
    lots: tuple[Lot, ...] = ()
    seq = 0
    for movement in movements:
        seq = movement.seq
        parts = {part.lot_seq: part.amount for part in movement.allocations}
        opened = () if movement.opens is None else (replace(movement.opens, remaining=0, held=0),)
        lots = tuple([_after(lot, movement, parts.get(lot.seq, 0)) for lot in (*lots, *opened)])
    return MemberLedger(EMPTY.member_id, seq, lots)


def _after(lot: Lot, movement: Movement, points: int) -> Lot:
    if not points:
        return lot
    came = (movement.to_account in LOT_ACCOUNTS) - (movement.from_account in LOT_ACCOUNTS)
    held = (movement.to_account is Account.HELD) - (movement.from_account is Account.HELD)
    lot = replace(lot, remaining=lot.remaining + points * came, held=lot.held + points * held)
    if movement.new_expiry is not None:
        lot = replace(lot, expires_at=movement.new_expiry.expires_at)
    if movement.kind is Kind.ACTIVATE:
        lot = replace(lot, active_from=movement.effective_at, pending=False)
    return lot


@settings(max_examples=60, deadline=None)
@given(histories, st.integers(0, 200))
def test_a_journal_folds_to_the_letter_as_it_does_slowly_wherever_it_is_cut(
    steps: Sequence[tuple[Step, int, int]], cut: int
) -> None:
    history = History()
    for step, count, days in steps:
        step(history, count, days)
    journal = history.journal
    whole = apply_all(EMPTY, journal)
    assert repr(replace(whole, debts=())) == repr(slowly(journal))
    assert whole == history.ledger, "which was folded one by one"
    before = apply_all(EMPTY, journal[:cut])
    kept = repr(before)
    assert apply_all(before, journal[cut:]) == whole
    assert repr(before) == kept, "what a fold begins with is never changed"


@settings(max_examples=30, deadline=None)
@given(histories)
def test_what_can_not_follow_changes_nothing(steps: Sequence[tuple[Step, int, int]]) -> None:
    history = History()
    for step, count, days in steps:
        step(history, count, days)
    ledger, kept = history.ledger, repr(history.ledger)
    for movement in history.journal[-3:]:
        try:
            apply_all(ledger, (replace(movement, seq=ledger.seq + 1, opens=None), movement))
        except IllegalMovementError:
            assert repr(ledger) == kept
        else:
            raise AssertionError("an old movement was taken again")
