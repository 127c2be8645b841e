"""Corrections by a person: points in a lot of their own, or taken in burn order, whole or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.ledger.adjust import Adjustment, adjust
from libs.ledger.evolve import apply_all, replay
from libs.ledger.invariants import check, conservation
from libs.ledger.model import Account, Kind, MemberLedger, Movement
from tests.unit.ledger.build import EMPTY, MEMBER, credit, day, move

JOURNAL = (
    credit(1, 30, expires=90),
    credit(2, 20, expires=60),
    credit(3, 99, active=14),
    credit(4, 7, wallet="bonus"),
    move(5, Kind.HOLD, "active>held", {2: 5}),
)


def correct(
    points: int, ledger: MemberLedger | None = None, earned: float = 3, expires: float | None = None
) -> Adjustment:
    return adjust(
        ledger or replay(MEMBER, JOURNAL),
        "points",
        points,
        earned_at=day(earned),
        recorded_at=day(5),
        expires_at=None if expires is None else day(expires),
        policy_version=2,
        contributor=MEMBER,
    )


def test_up_opens_a_lot_that_counts_from_its_own_time() -> None:
    made = correct(40, expires=100)
    (movement,) = made.movements
    lot = movement.opens
    assert made == Adjustment((movement,), lot)
    assert lot is not None
    assert (lot.seq, lot.amount, lot.opened_by, lot.pending, lot.policy_version) == (6, 40, Kind.ADJUST, False, 2)
    assert (lot.earned_at, lot.active_from, lot.expires_at, lot.contributor) == (day(3), day(3), day(100), MEMBER)
    assert (movement.kind, movement.from_account, movement.to_account) == (
        Kind.ADJUST,
        Account.ADJUSTED,
        Account.ACTIVE,
    )
    assert conservation(movement for movement in made.movements)["points"].adjusted == -40


def test_up_repays_debt_at_once() -> None:
    owing = replay(MEMBER, (credit(1, 12), move(2, Kind.REVERSE, "debt>reversed", 12, at=4, corrects=1)))
    spent = apply_all(owing, (move(3, Kind.ADJUST, "active>adjusted", {1: 12}),))
    made = correct(30, spent)
    assert [(m.kind, m.amount, m.effective_at) for m in made.movements] == [
        (Kind.ADJUST, 30, day(3)),
        (Kind.REPAY, 12, day(4)),
    ]
    assert apply_all(spent, made.movements).debt("points") == 0


def test_down_takes_in_burn_order_what_is_free_and_in_force() -> None:
    (movement,) = correct(-40).movements
    assert {part.lot_seq: part.amount for part in movement.allocations} == {2: 15, 1: 25}
    assert (movement.effective_at, movement.to_account) == (day(3), Account.ADJUSTED)
    assert correct(-40, earned=-9).movements[0].effective_at == day(0)


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (correct(-46), "not-enough-points"),
        (correct(-1, EMPTY), "not-enough-points"),
        (correct(1, earned=5.1), "earned-ahead"),
        (correct(1, expires=5), "expiry-passed"),
        (correct(1, earned=3, expires=2), "expiry-passed"),
    ],
)
def test_what_cannot_be_is_refused_and_moves_nothing(made: Adjustment, why: str) -> None:
    assert made == Adjustment((), None, why)  # type: ignore[arg-type]


def test_a_correction_of_nothing_is_a_bug() -> None:
    with pytest.raises(ValueError, match="not of nothing"):
        correct(0)


@given(st.lists(st.integers(-40, 40).filter(bool), max_size=12))
def test_corrections_add_up_and_never_take_what_is_not_there(amounts: list[int]) -> None:
    ledger, there = EMPTY, 0
    journal: list[Movement] = []
    for points in amounts:
        made = correct(points, ledger)
        assert (made.refused is None) == (there + points >= 0)
        there += 0 if made.refused else points
        ledger, journal = apply_all(ledger, made.movements), [*journal, *made.movements]
    assert sum(lot.remaining for lot in ledger.lots) == there
    assert check(ledger, journal) == []
