"""Taking points back: from where, in which order, and what becomes of the rest by each policy."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.ledger.evolve import apply_all, as_of, replay
from libs.ledger.invariants import check
from libs.ledger.model import Account, Allocation, Kind, MemberLedger, Movement
from libs.ledger.reverse import Credit, Reversal, Shortfall, reverse
from tests.unit.ledger.build import MEMBER, credit, day, move

# The purchase earned lots 1 (pending) and 2 (of which 40 are spent); lots 3 and 4 are of others.
JOURNAL = (
    credit(1, 30, active=14, expires=90),
    credit(2, 100, expires=60),
    credit(3, 20, expires=90),
    credit(4, 10, expires=30),
    credit(5, 99, wallet="bonus"),
    credit(6, 50, active=20),
    move(7, Kind.REDEEM, "active>redeemed", {2: 40}),
)
CREDITS = (Credit(1, 30), Credit(2, 100))


def take_back(
    points: int,
    policy: Shortfall = Shortfall.DEBT,
    *,
    ledger: MemberLedger | None = None,
    credits: tuple[Credit, ...] = CREDITS,
    at: float = 5,
    lapsed: int = 0,
) -> Reversal:
    return reverse(
        ledger or replay(MEMBER, JOURNAL),
        "points",
        points,
        credits,
        effective_at=day(at),
        recorded_at=day(6),
        policy=policy,
        lapsed=lapsed,
    )


def told(made: Reversal) -> list[tuple[Account, int | None, dict[int, int] | int]]:
    return [
        (m.from_account, m.corrects, {part.lot_seq: part.amount for part in m.allocations} or m.amount)
        for m in made.movements
    ]


PENDING, ACTIVE, DEBT = Account.PENDING, Account.ACTIVE, Account.DEBT


def test_pending_lots_of_the_purchase_go_first_then_its_active_ones_then_others_then_debt() -> None:
    assert told(take_back(20)) == [(PENDING, 1, {1: 20})]
    assert told(take_back(50)) == [(PENDING, 1, {1: 30}), (ACTIVE, 2, {2: 20})]
    assert told(take_back(105)) == [(PENDING, 1, {1: 30}), (ACTIVE, 2, {2: 60, 4: 10, 3: 5})]
    assert told(take_back(130)) == [(PENDING, 1, {1: 30}), (ACTIVE, 2, {2: 60, 4: 10, 3: 20}), (DEBT, 2, 10)]


@pytest.mark.parametrize(
    ("policy", "taken", "rest"),
    [
        (Shortfall.DEBT, 130, (0, 0)),
        (Shortfall.PENDING_ONLY, 30, (0, 100)),
        (Shortfall.UP_TO_BALANCE, 120, (0, 10)),
        (Shortfall.OPERATOR, 120, (10, 0)),
    ],
)
def test_what_is_not_there_is_settled_by_policy(policy: Shortfall, taken: int, rest: tuple[int, int]) -> None:
    made = take_back(130, policy)
    assert (sum(m.amount for m in made.movements), (made.short, made.forgiven)) == (taken, rest)


def test_what_lapsed_of_the_purchase_is_not_taken_again_from_elsewhere() -> None:
    made = take_back(130, lapsed=25)
    assert (made.lapsed, made.short, made.forgiven) == (25, 0, 0)
    assert told(made) == [(PENDING, 1, {1: 30}), (ACTIVE, 2, {2: 60, 4: 10, 3: 5})]
    assert take_back(90, lapsed=25).lapsed == 0
    assert take_back(100, Shortfall.PENDING_ONLY, lapsed=25).lapsed == 0


def test_held_points_pending_points_of_others_and_lapsed_lots_stay() -> None:
    journal = (
        *JOURNAL,
        move(8, Kind.HOLD, "active>held", {2: 60}),
        move(9, Kind.HOLD, "active>held", {3: 15}),
        credit(10, 8, expires=5.5),
    )
    made = take_back(130, Shortfall.UP_TO_BALANCE, ledger=replay(MEMBER, journal))
    assert told(made) == [(PENDING, 1, {1: 30}), (ACTIVE, 2, {4: 10, 3: 5})]


def test_it_counts_from_the_return_but_never_before_what_it_touches_was_there() -> None:
    assert [m.effective_at for m in take_back(60, at=5).movements] == [day(5), day(5)]
    ahead = replay(MEMBER, (credit(1, 30, earned=4, active=14), credit(2, 9, earned=7)))
    credits = (Credit(1, 30), Credit(2, 9))
    early, late = (take_back(39, ledger=ahead, credits=credits, at=at) for at in (-3, 20))
    assert [m.effective_at for m in early.movements] == [day(4), day(7)]
    assert [m.effective_at for m in late.movements] == [day(14), day(20)]


def test_lots_that_are_not_in_hand_any_more_are_taken_from_others() -> None:
    """A store may leave out lots of which nothing is left."""
    ledger = replay(MEMBER, (credit(1, 5), credit(2, 5)))
    made = take_back(5, ledger=ledger, credits=(Credit(9, 5),))
    assert told(made) == [(ACTIVE, 9, {1: 5})]


@pytest.mark.parametrize("points", [0, -1, 131])
def test_taking_back_nothing_or_more_than_was_credited_is_a_bug(points: int) -> None:
    with pytest.raises(ValueError, match="no more than was credited"):
        take_back(points)


lots = st.lists(
    st.tuples(st.integers(1, 20), st.integers(0, 3), st.integers(0, 20), st.booleans()), min_size=1, max_size=6
)


@given(lots, st.data())
def test_parts_add_up_nothing_is_negative_and_every_past_can_be_folded(
    rows: list[tuple[int, int, int, bool]], data: st.DataObject
) -> None:
    """Lots of (points, day earned, points spent or pending when above 10, of the purchase)."""
    journal: list[Movement] = []
    for points, earned, spent, _ in rows:
        journal.append(credit(len(journal) + 1, points, earned, active=earned + (6 if spent > 10 else 0)))
    for seq, (points, _, spent, _) in enumerate(rows, start=1):
        if (part := min(points, spent)) > 0 and spent <= 10:
            journal.append(move(len(journal) + 1, Kind.REDEEM, "active>redeemed", {seq: part}, at=4))
    left = {seq: row[0] for seq, row in enumerate(rows, start=1) if row[3]} or {1: rows[0][0]}
    ledger = replay(MEMBER, journal)
    for at in data.draw(st.lists(st.integers(0, 12), min_size=1, max_size=4)):
        if not (most := sum(left.values())):
            break
        points, policy = data.draw(st.integers(1, most)), data.draw(st.sampled_from(Shortfall))
        credits = [Credit(seq, points) for seq, points in left.items()]
        lapsed = data.draw(st.integers(0, 5))
        made = reverse(
            ledger, "points", points, credits, effective_at=day(at), recorded_at=day(5), policy=policy, lapsed=lapsed
        )
        assert sum(m.amount for m in made.movements) + made.short + made.forgiven + made.lapsed == points
        for movement in made.movements:
            left[movement.corrects or 0] -= movement.amount
        ledger = apply_all(ledger, made.movements)
        journal += made.movements
    assert check(ledger, journal) == []
    for past in range(14):
        as_of(MEMBER, journal, day(past))


@given(st.integers(1, 50), st.integers(0, 50), st.lists(st.integers(1, 20), min_size=1, max_size=6))
def test_partial_returns_take_as_much_as_a_whole_one(points: int, spent: int, parts: list[int]) -> None:
    journal = [credit(1, points), credit(2, 10)]
    if spent := min(spent, points):
        journal.append(move(3, Kind.REDEEM, "active>redeemed", {1: spent}))
    ledger, left = replay(MEMBER, journal), points
    for part in (*parts, points):
        if part := min(part, left):
            made = take_back(part, ledger=ledger, credits=(Credit(1, left),))
            ledger, left = apply_all(ledger, made.movements), left - part
    whole = replay(MEMBER, journal)
    whole = apply_all(whole, take_back(points, ledger=whole, credits=(Credit(1, points),)).movements)
    assert (ledger.lots, ledger.debts) == (whole.lots, whole.debts)
    assert left == 0


def test_one_movement_for_each_account_and_credit() -> None:
    ledger = replay(MEMBER, (credit(1, 5), credit(2, 5), credit(3, 4), move(4, Kind.REDEEM, "active>redeemed", {1: 5})))
    made = take_back(10, ledger=ledger, credits=(Credit(1, 5), Credit(2, 5)))
    assert told(made) == [(ACTIVE, 2, {2: 5}), (ACTIVE, 1, {3: 4}), (DEBT, 1, 1)]
    assert [m.seq for m in made.movements] == [5, 6, 7]
    assert Counter(m.corrects for m in made.movements) == {1: 2, 2: 1}
    assert made.movements[0].allocations == (Allocation(2, 5),)
