"""What time does: activations, repayments and expiries, in date order and the same wherever it is cut."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from libs.ledger.activate import activate
from libs.ledger.balance import balance
from libs.ledger.catch_up import Due, catch_up, due
from libs.ledger.evolve import apply_all, as_of, replay
from libs.ledger.invariants import check
from libs.ledger.model import Account, Kind, MemberLedger, Movement, NewExpiry
from libs.ledger.repay import repay
from tests.unit.ledger.build import EMPTY, MEMBER, credit, day, move


def told(movements: tuple[Movement, ...]) -> list[tuple[Kind, str, dict[int, int], float]]:
    """Kind, wallet, points by lot and the day that it counts from."""
    return [
        (m.kind, m.wallet, {part.lot_seq: part.amount for part in m.allocations}, (m.effective_at - day(0)).days)
        for m in movements
    ]


def owing(seq: int, points: int, at: float, wallet: str = "points") -> Movement:
    return move(seq, Kind.REVERSE, "debt>reversed", points, at=at, corrects=1, wallet=wallet)


rows = st.lists(
    st.tuples(st.integers(1, 9), st.integers(0, 9), st.integers(0, 6), st.integers(0, 9), st.sampled_from("ab")),
    min_size=1,
    max_size=8,
)


def life(lots: list[tuple[int, int, int, int, str]], debts: dict[str, tuple[int, int]]) -> list[Movement]:
    """Credits of (points, earned, days to wait, days to live or 0 for ever, wallet), and debts of (points, day)."""
    journal = [
        credit(seq, points, earned, earned + wait, earned + wait + live if live else None, wallet)
        for seq, (points, earned, wait, live, wallet) in enumerate(lots, start=1)
    ]
    for wallet, (points, at) in debts.items():
        seq = next((m.seq for m in journal if m.wallet == wallet and m.amount >= points), None)
        if seq is not None:
            pair = "debt>reversed"
            journal.append(move(len(journal) + 1, Kind.REVERSE, pair, points, at=at, corrects=seq, wallet=wallet))
    return journal


@given(
    rows,
    st.dictionaries(st.sampled_from("ab"), st.tuples(st.integers(1, 9), st.integers(0, 9)), max_size=2),
    st.lists(st.integers(0, 25), max_size=3),
)
def test_it_is_the_same_wherever_it_is_cut_and_done_once(
    lots: list[tuple[int, int, int, int, str]], debts: dict[str, tuple[int, int]], cuts: list[int]
) -> None:
    journal = life(lots, debts)
    start, now = replay(MEMBER, journal), day(25)
    ledger = start
    movements: tuple[Movement, ...] = ()
    for cut in (*sorted(cuts), 25):
        more = catch_up(ledger, day(cut), now)
        assert all(m.effective_at <= day(cut) for m in more if m.kind is not Kind.REPAY)
        ledger, movements = apply_all(ledger, more), (*movements, *more)
    assert movements == catch_up(start, now, now)
    assert catch_up(ledger, now, now) == ()
    assert check(ledger, [*journal, *movements]) == []
    ahead = due(ledger)
    assert all(instant is None or instant > now for instant in ahead)
    timed = [m.effective_at for m in movements if m.kind is not Kind.REPAY]
    assert all(before <= after for before, after in pairwise(timed))
    for past in range(0, 30, 3):
        as_of(MEMBER, [*journal, *movements], day(past))


@given(rows, st.integers(0, 25), st.integers(0, 25))
def test_balances_are_the_same_before_and_after_it_is_recorded(
    lots: list[tuple[int, int, int, int, str]], now: int, ahead: int
) -> None:
    ledger = replay(MEMBER, life(lots, {"a": (3, 2)}))
    caught_up = apply_all(ledger, catch_up(ledger, day(now), day(now)))
    at = day(max(now, ahead))
    for wallet in "ab":
        assert balance(ledger, wallet, at) == balance(caught_up, wallet, at)


def test_at_one_instant_lots_become_active_then_repay_then_lapse() -> None:
    journal = (
        credit(1, 30, expires=10),
        credit(2, 20, active=10, expires=30, wallet="bonus"),
        credit(3, 50, active=10, expires=30),
        credit(4, 7, active=10, expires=20),
        move(5, Kind.REDEEM, "active>redeemed", {1: 10}),
        move(6, Kind.HOLD, "active>held", {1: 5}),
        owing(7, 40, at=2),
    )
    assert told(catch_up(replay(MEMBER, journal), day(10), day(11))) == [
        (Kind.ACTIVATE, "bonus", {2: 20}, 10),
        (Kind.ACTIVATE, "points", {3: 50}, 10),
        (Kind.ACTIVATE, "points", {4: 7}, 10),
        (Kind.REPAY, "points", {1: 15}, 2),
        (Kind.REPAY, "points", {4: 7}, 10),
        (Kind.REPAY, "points", {3: 18}, 10),
    ]


def test_what_lapses_at_a_boundary_is_one_movement_a_wallet_and_a_hold_keeps_its_points() -> None:
    journal = (
        credit(1, 30, expires=10),
        credit(2, 20, expires=10),
        credit(3, 4, expires=10, wallet="bonus"),
        credit(4, 9, expires=12),
        move(5, Kind.HOLD, "active>held", {1: 12}),
    )
    ledger = replay(MEMBER, journal)
    assert due(ledger) == Due(None, day(10))
    assert catch_up(ledger, day(9.9), day(9.9)) == ()
    lapsed = catch_up(ledger, day(12), day(20))
    assert told(lapsed) == [
        (Kind.EXPIRE, "bonus", {3: 4}, 10),
        (Kind.EXPIRE, "points", {1: 18, 2: 20}, 10),
        (Kind.EXPIRE, "points", {4: 9}, 12),
    ]
    assert {m.recorded_at for m in lapsed} == {day(20)}
    assert due(apply_all(ledger, lapsed)) == Due(None, None)


def test_a_lot_that_lapses_before_another_becomes_active_lapses_first() -> None:
    ledger = replay(MEMBER, (credit(1, 30, expires=5), credit(2, 20, active=8)))
    assert [m.kind for m in catch_up(ledger, day(9), day(9))] == [Kind.EXPIRE, Kind.ACTIVATE]


def test_an_event_activates_early_with_a_date_of_its_own_and_repays_at_once() -> None:
    journal = (credit(1, 100, active=14, expires=90), credit(2, 50, active=14, expires=90), owing(3, 30, at=1))
    ledger = replay(MEMBER, journal)
    made = activate(ledger, [1, 2, 9], day(5), day(6), {1: day(95), 2: None})
    assert told(made) == [
        (Kind.ACTIVATE, "points", {1: 100}, 5),
        (Kind.ACTIVATE, "points", {2: 50}, 5),
        (Kind.REPAY, "points", {1: 30}, 5),
    ]
    assert [m.new_expiry for m in made] == [NewExpiry(day(95)), NewExpiry(None), None]
    after = apply_all(ledger, made)
    assert [(lot.active_from, lot.expires_at, lot.pending) for lot in after.lots] == [
        (day(5), day(95), False),
        (day(5), None, False),
    ]
    assert activate(after, [1, 2], day(6), day(6)) == ()


def test_an_activation_lies_between_earning_and_the_lots_own_day_and_before_its_expiry() -> None:
    ledger = replay(MEMBER, (credit(1, 5, earned=3, active=14, expires=90),))
    for asked, counts_from in ((-9_000, 3), (5, 5), (20, 14)):
        (made,) = activate(ledger, [1], day(asked), day(20), {1: day(asked)})
        assert (made.effective_at, made.new_expiry) == (
            day(counts_from),
            NewExpiry(day(20)) if asked == 20 else None,
        )


def test_lots_repay_in_burn_order_from_when_both_are_there_each_by_itself() -> None:
    journal = (
        credit(1, 5, earned=0),
        credit(2, 6, earned=3, expires=60),
        credit(3, 7, earned=1, expires=90),
        credit(4, 99, earned=1, active=20, expires=30),
        credit(5, 99, wallet="bonus"),
        owing(6, 15, at=2),
    )
    made = repay(replay(MEMBER, journal), "points", day(4))
    assert told(made) == [
        (Kind.REPAY, "points", {2: 6}, 3),
        (Kind.REPAY, "points", {3: 7}, 2),
        (Kind.REPAY, "points", {1: 2}, 2),
    ]
    assert repay(replay(MEMBER, (*journal, *made)), "points", day(4)) == ()
    assert repay(EMPTY, "points", day(4)) == ()


def test_what_had_lapsed_when_the_debt_arose_repays_nothing() -> None:
    assert repay(replay(MEMBER, (credit(1, 5, expires=10), owing(2, 3, at=10))), "points", day(11)) == ()


def test_a_reversed_pending_lot_is_never_due() -> None:
    gone = move(2, Kind.REVERSE, "pending>reversed", {1: 5}, corrects=1)
    ledger: MemberLedger = replay(MEMBER, (credit(1, 5, active=10, expires=20), gone))
    assert due(ledger) == Due(None, None)
    assert catch_up(ledger, day(30), day(30)) == ()
    assert ledger.lots[0].pending
    assert Account.PENDING in (gone.from_account, gone.to_account)
