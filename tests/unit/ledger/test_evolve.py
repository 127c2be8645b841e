"""What each kind of movement does, and which movements the ledger refuses."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from libs.ledger.balance import balance
from libs.ledger.evolve import IllegalMovementError, apply, as_of, replay
from libs.ledger.invariants import check, conservation
from libs.ledger.model import (
    LEGAL,
    LOT_ACCOUNTS,
    OPENED_FROM,
    Account,
    Allocation,
    Debt,
    Kind,
    Loan,
    Movement,
    NewExpiry,
    flaws,
)
from tests.unit.ledger.build import EMPTY, MEMBER, credit, day, lot, move

CREDITED = (credit(1, 100, expires=30), credit(2, 50, expires=60))


def after(*movements: Movement) -> list[tuple[int, int]]:
    """What is left and what is held of each lot after two credits of 100 and 50, and these movements."""
    journal = (*CREDITED, *movements)
    ledger = replay(MEMBER, journal)
    assert check(ledger, journal) == []
    assert all(where.difference == 0 for where in conservation(journal).values())
    return [(lot.remaining, lot.held) for lot in ledger.lots]


HOLD = move(3, Kind.HOLD, "active>held", {1: 60})
REDEEM = move(3, Kind.REDEEM, "active>redeemed", {1: 100, 2: 10})
EXPIRE = move(3, Kind.EXPIRE, "active>expired", {1: 100}, at=30)


@pytest.mark.parametrize(
    ("movements", "left"),
    [
        ((), [(100, 0), (50, 0)]),
        ((REDEEM,), [(0, 0), (40, 0)]),
        ((REDEEM, move(4, Kind.RESTORE, "redeemed>active", {1: 70}, corrects=3)), [(70, 0), (40, 0)]),
        ((HOLD,), [(100, 60), (50, 0)]),
        ((HOLD, move(4, Kind.RELEASE, "held>active", {1: 60})), [(100, 0), (50, 0)]),
        ((HOLD, move(4, Kind.COMMIT, "held>redeemed", {1: 60})), [(40, 0), (50, 0)]),
        ((HOLD, move(4, Kind.EXPIRE, "active>expired", {1: 40}, at=30)), [(60, 60), (50, 0)]),
        ((EXPIRE,), [(0, 0), (50, 0)]),
        ((EXPIRE, move(4, Kind.RESTORE, "expired>active", {1: 100}, at=31, corrects=3)), [(100, 0), (50, 0)]),
        ((move(3, Kind.REVERSE, "active>reversed", {1: 100}, corrects=1),), [(0, 0), (50, 0)]),
        ((move(3, Kind.TRANSFER, "active>transferred", {1: 100, 2: 50}),), [(0, 0), (0, 0)]),
        (
            (move(3, Kind.TRANSFER, "transferred>active", {3: 5}, opens=lot(3, 5, kind=Kind.TRANSFER)),),
            [(100, 0), (50, 0), (5, 0)],
        ),
        (
            (move(3, Kind.ADJUST, "adjusted>active", {3: 5}, opens=lot(3, 5, kind=Kind.ADJUST)),),
            [(100, 0), (50, 0), (5, 0)],
        ),
        ((move(3, Kind.ADJUST, "active>adjusted", {2: 5}),), [(100, 0), (45, 0)]),
        ((move(3, Kind.ADJUST, "active>written_off", {2: 5}),), [(100, 0), (45, 0)]),
    ],
)
def test_kinds(movements: tuple[Movement, ...], left: list[tuple[int, int]]) -> None:
    assert after(*movements) == left


def test_a_pending_lot_becomes_active_when_it_is_activated_and_may_get_its_date_then() -> None:
    pending = credit(1, 100, active=60, expires=90)
    activated = move(2, Kind.ACTIVATE, "pending>active", {1: 100}, at=14, new_expiry=NewExpiry(day(104)))
    journal = (pending, activated)
    ledger = replay(MEMBER, journal)
    assert check(ledger, journal) == []
    assert (ledger.lots[0].active_from, ledger.lots[0].expires_at) == (day(14), day(104))
    assert balance(ledger, "points", day(15)).available == 100


def test_a_waiver_moves_the_date_of_its_lots_and_no_points() -> None:
    waived = move(3, Kind.WAIVE, "active>active", {1: 100}, at=30, new_expiry=NewExpiry(day(60)))
    ledger = replay(MEMBER, (*CREDITED, waived))
    assert after(waived) == after()
    assert [lot.expires_at for lot in ledger.lots] == [day(60), day(60)]
    assert conservation((*CREDITED, waived)) == conservation(CREDITED)


def test_debt_arises_is_repaid_written_off_and_is_kept_apart_by_wallet() -> None:
    taken_back = move(4, Kind.REVERSE, "debt>reversed", 110, corrects=1)
    repaid = move(6, Kind.REPAY, "active>debt", {5: 30}, at=2)
    forgiven = move(7, Kind.ADJUST, "written_off>debt", 80, at=2)
    journal = [*CREDITED, REDEEM, taken_back, credit(5, 30, earned=2), repaid, forgiven]
    ledger = EMPTY
    owed, since = [], []
    for movement in journal:
        ledger = apply(ledger, movement)
        owed.append((ledger.debt("points"), ledger.debt("bonus")))
        since += [debt.since for debt in ledger.debts]
    assert since == [day(1)] * 4
    assert owed == [(0, 0), (0, 0), (0, 0), (110, 0), (110, 0), (80, 0), (0, 0)]
    assert ledger.debts == (Debt("points", 0, day(1)),)
    where = conservation(journal)["points"]
    assert (where.issued, where.spent, where.reversed, where.written_off, where.debt) == (180, 110, 110, -80, 0)
    assert where.difference == 0


REFUSED = [
    (move(3, Kind.REDEEM, "active>expired", {1: 1}), "does not go from active to expired"),
    (move(3, Kind.REDEEM, "active>redeemed", {1: 101}), "has 100 free, not 101"),
    (move(3, Kind.REDEEM, "active>redeemed", {9: 1}), "no lot 9"),
    (move(3, Kind.REDEEM, "active>redeemed", {1: 1}, at=30), "not in force"),
    (move(3, Kind.HOLD, "active>held", {1: 1}, at=-1), "not in force"),
    (move(3, Kind.EXPIRE, "active>expired", {1: 100}, at=29.9), "has not reached its date"),
    (move(3, Kind.COMMIT, "held>redeemed", {1: 1}), "would have 99 left and -1 held"),
    (move(3, Kind.RESTORE, "redeemed>active", {1: 1}), "would have 101 left"),
    (move(3, Kind.REPAY, "active>debt", {1: 1}), "repays 1 more than is owed"),
    (move(3, Kind.REDEEM, "active>redeemed", {1: 1}, wallet="bonus"), "is of wallet points"),
    (move(3, Kind.ADJUST, "adjusted>active", {3: 5}), "a lot is opened by exactly"),
    (move(3, Kind.ADJUST, "adjusted>active", {3: 5}, opens=lot(3, 6)), "differs from its movement"),
    (move(3, Kind.REDEEM, "active>redeemed", {1: 5}, opens=lot(3, 5)), "a lot is opened by exactly"),
    (move(3, Kind.ADJUST, "adjusted>active", {3: 5}, opens=lot(3, 5)), "differs from its movement"),
    (replace(credit(3, 5, active=2), to_account=Account.ACTIVE), "differs from its movement"),
    (move(2, Kind.REDEEM, "active>redeemed", {1: 1}), "comes after 2"),
    (move(3, Kind.ACTIVATE, "pending>active", {1: 100}), "is not pending"),
    (replace(REDEEM, amount=111), "add up to 110 instead of 111"),
    (replace(REDEEM, amount=0, allocations=()), "is not positive"),
    (replace(REDEEM, allocations=(Allocation(1, 111), Allocation(2, -1))), "an allocation is not positive"),
    (replace(REDEEM, allocations=(Allocation(1, 60), Allocation(1, 50))), "a lot is named twice"),
]


@pytest.mark.parametrize(("movement", "reason"), REFUSED)
def test_what_cannot_follow_is_refused(movement: Movement, reason: str) -> None:
    with pytest.raises(IllegalMovementError, match=reason):
        replay(MEMBER, (*CREDITED, movement))


@pytest.mark.parametrize("kind", [Kind.REDEEM, Kind.HOLD, Kind.EXPIRE, Kind.REVERSE, Kind.ADJUST])
def test_nothing_leaves_active_while_its_lot_is_pending_even_when_its_day_has_come(kind: Kind) -> None:
    pair = next(f"{source}>{target}" for source, target in LEGAL[kind] if source is Account.ACTIVE)
    with pytest.raises(IllegalMovementError, match="lot 1 is pending"):
        replay(MEMBER, (credit(1, 100, active=14, expires=30), move(2, kind, pair, {1: 1}, at=15)))


def test_held_points_cannot_be_spent_again() -> None:
    with pytest.raises(IllegalMovementError, match="has 40 free, not 41"):
        replay(MEMBER, (*CREDITED, HOLD, move(4, Kind.REDEEM, "active>redeemed", {1: 41})))


def test_every_kind_has_its_pairs_and_no_two_kinds_share_one() -> None:
    assert LEGAL.keys() == set(Kind)
    pairs = [pair for legal in LEGAL.values() for pair in legal]
    assert len(pairs) == len(set(pairs))
    assert {account for pair in pairs for account in pair} == set(Account)


def test_every_legal_movement_that_is_well_formed_has_no_flaw_and_any_other_pair_has_one() -> None:
    for kind in Kind:
        for source in Account:
            for target in Account:
                touches = LOT_ACCOUNTS & {source, target}
                enters = source in OPENED_FROM.values() and target in LOT_ACCOUNTS
                active = 2 if target is Account.PENDING else None
                opens = lot(3, 5, active=active, kind=kind) if enters else None
                movement = move(3, kind, f"{source}>{target}", {3: 5} if touches else 5, opens=opens)
                if kind is Kind.LEND:
                    movement = replace(movement, loan=Loan(50, day(9)))
                assert bool(list(flaws(movement))) == ((source, target) not in LEGAL[kind])


def test_the_past_can_be_read_as_it_was_and_as_it_was_known() -> None:
    late = replace(credit(3, 7, earned=3, expires=60), recorded_at=day(9))
    journal = (*CREDITED, late, move(4, Kind.REDEEM, "active>redeemed", {1: 100}, at=10))
    assert balance(as_of(MEMBER, journal, day(5)), "points", day(5)).available == 157
    assert balance(as_of(MEMBER, journal, day(5), known=day(5)), "points", day(5)).available == 150
    assert balance(as_of(MEMBER, journal, day(10)), "points", day(10)).available == 57
    assert as_of(MEMBER, journal, day(99)) == replay(MEMBER, journal)


def test_debt_counts_since_the_last_of_it_that_is_not_repaid() -> None:
    def owed(seq: int, at: float) -> Movement:
        return move(seq, Kind.REVERSE, "debt>reversed", 10, at=at, corrects=1)

    journal = [owed(1, 9), owed(2, 5), move(3, Kind.ADJUST, "written_off>debt", 20, at=9), owed(4, 3)]
    ledgers = [replay(MEMBER, journal[:count]) for count in range(1, 5)]
    assert [ledger.debts for ledger in ledgers] == [
        (Debt("points", 10, day(9)),),
        (Debt("points", 20, day(9)),),
        (Debt("points", 0, day(9)),),
        (Debt("points", 10, day(3)),),
    ]


def test_what_one_worker_wrote_with_a_clock_behind_is_known_with_what_it_follows() -> None:
    journal = (*CREDITED, replace(REDEEM, recorded_at=day(-1)))
    assert as_of(MEMBER, journal, day(5), known=day(-0.5)) == EMPTY
    assert as_of(MEMBER, journal, day(5), known=day(0)) == replay(MEMBER, journal)
