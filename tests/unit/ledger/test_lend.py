"""Points that are lent: each later credit repays its share, nothing else is barred, and one day the rest is owed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.ledger.adjust import adjust
from libs.ledger.balance import balance
from libs.ledger.catch_up import catch_up, due
from libs.ledger.decide import decide_credit, opening_movement
from libs.ledger.evolve import IllegalMovementError, apply, apply_all, as_of, replay
from libs.ledger.invariants import check, conservation
from libs.ledger.lend import lend
from libs.ledger.model import Account, Debt, Kind, Loan, MemberLedger, Movement
from libs.ledger.repay import repay
from libs.ledger.spend import redeem
from libs.ledger.transfer import merge, transfer, unmerge
from tests.unit.ledger.build import EMPTY, MEMBER, credit, day, move

HALF = Loan(50, day(30))
OTHER = MemberLedger(MEMBER.__class__(int=7))


def lent(ledger: MemberLedger, points: int, fee: int = 0, loan: Loan = HALF, at: float = 1) -> MemberLedger:
    made = lend(ledger, "points", points, fee, loan, at=day(at), expires_at=day(900), policy_version=1)
    return apply_all(ledger, made)


def earned(ledger: MemberLedger, points: int, at: float, active: float | None = None) -> MemberLedger:
    """The ledger with a credit, and what that repays."""
    opening = credit(ledger.seq + 1, points, at, active)
    ledger = apply(ledger, opening)
    return apply_all(ledger, repay(ledger, "points", day(at), credited=(opening.seq,)))


def test_lent_points_can_be_spent_and_half_of_each_credit_repays_them() -> None:
    made = lend(EMPTY, "points", 100, 5, HALF, at=day(1), expires_at=None, policy_version=1)
    assert [(m.kind, m.from_account, m.to_account, m.amount) for m in made] == [
        (Kind.LEND, Account.DEBT, Account.ISSUED, 100),
        (Kind.LEND, Account.DEBT, Account.REDEEMED, 5),
        (Kind.CREDIT, Account.ISSUED, Account.ACTIVE, 100),
    ]
    where = conservation(made)["points"]
    assert (where.issued, where.active, where.spent, where.debt, where.difference) == (0, 100, 5, 105, 0)
    ledger = apply_all(EMPTY, made)
    now = balance(ledger, "points", day(1))
    assert (now.spendable, now.debt, now.lent, now.share, now.due_at) == (100, 0, 105, 50, day(30))
    ledger = apply_all(ledger, redeem(ledger, 100, ["points"], day(2)).movements)
    ledger = earned(ledger, 61, 3)  # a part of a point counts whole
    assert (ledger.lent("points"), balance(ledger, "points", day(3)).spendable) == (105 - 31, 30)
    ledger = earned(ledger, 500, 4)
    assert ledger.debts == (Debt("points", 0, day(1)),)
    assert balance(ledger, "points", day(4)).spendable == 30 + 426


def test_pending_points_repay_once_they_are_active_and_a_persons_points_at_once() -> None:
    ledger = earned(lent(EMPTY, 100), 40, 2, active=5)
    assert ledger.lent("points") == 100
    ledger = apply_all(ledger, catch_up(ledger, day(6), day(6)))
    assert ledger.lent("points") == 80
    given_by_hand = adjust(
        ledger, "points", 20, earned_at=day(7), recorded_at=day(7), expires_at=None, policy_version=1
    )
    assert apply_all(ledger, given_by_hand.movements).lent("points") == 70


def test_what_is_left_falls_due_takes_what_there_is_and_bars_spending_until_it_is_repaid() -> None:
    ledger = earned(lent(EMPTY, 100), 20, 2)
    ledger = apply_all(ledger, redeem(ledger, 90, ["points"], day(3)).movements)
    assert due(ledger).activates_at == day(30)
    assert not catch_up(ledger, day(29), day(29))
    fallen = catch_up(ledger, day(40), day(40))
    assert [(m.kind, m.amount, m.effective_at) for m in fallen] == [
        (Kind.FALL_DUE, 90, day(30)),
        (Kind.REPAY, 10, day(30)),
        (Kind.REPAY, 10, day(30)),
    ]
    ledger = apply_all(ledger, fallen)
    assert (ledger.debt("points"), ledger.lent("points"), due(ledger).activates_at) == (70, 0, None)
    assert redeem(earned(ledger, 60, 41), 10, ["points"], day(41)).refused == "in-debt"
    assert balance(earned(ledger, 75, 41), "points", day(41)).spendable == 5


def test_what_is_owed_is_repaid_before_what_is_lent_and_a_second_loan_keeps_the_stricter_terms() -> None:
    ledger = lent(lent(EMPTY, 100), 50, loan=Loan(20, day(60)), at=2)
    assert ledger.debts == (Debt("points", 0, day(2), 150, 50, day(30)),)
    bought = earned(ledger, 10, 3)
    spent = apply_all(bought, redeem(bought, 155, ["points"], day(4)).movements)
    owes = apply(spent, move(spent.seq + 1, Kind.REVERSE, "debt>reversed", 10, at=5, corrects=4))
    assert (owes.debt("points"), owes.lent("points")) == (10, 145)
    after = earned(owes, 30, 6)
    assert (after.debt("points"), after.lent("points")) == (0, 145 - 10)
    with pytest.raises(ValueError, match="owes nothing"):
        lent(owes, 1, at=6)
    with pytest.raises(IllegalMovementError, match="150 are lent, not 149"):
        apply(ledger, move(ledger.seq + 1, Kind.FALL_DUE, "debt>debt", 149))


def test_a_merge_takes_a_loan_along_and_gives_it_back_and_nobody_gives_lent_points_away() -> None:
    ledger = lent(EMPTY, 100)
    assert transfer(ledger, OTHER, "points", 10, day(2)).refused == "in-debt"
    made = merge(ledger, OTHER, day(2))
    gone, both = apply_all(ledger, made.given), apply_all(OTHER, made.received)
    assert (gone.lent("points"), both.debts) == (0, (Debt("points", 0, day(2), 100, 50, day(30)),))
    both = earned(both, 60, 3)
    undone = unmerge(both, gone, made.passed, made.debts, day(4))
    apart = apply_all(gone, undone.received)
    assert (apart.lent("points"), apply_all(both, undone.given).lent("points")) == (70, 0)
    assert apart.debts[0].due_at == day(30)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("earn"), st.integers(1, 60), st.sampled_from((0, 3))),
        st.tuples(st.just("lend"), st.integers(1, 40), st.integers(0, 5)),
        st.tuples(st.just("spend"), st.integers(1, 80), st.just(0)),
        st.tuples(st.just("return"), st.integers(1, 30), st.just(0)),
        st.tuples(st.just("wait"), st.integers(1, 12), st.just(0)),
    ),
    max_size=14,
)


@given(steps, st.integers(1, 100), st.integers(0, 60))
def test_lent_is_what_came_less_what_went_and_each_credit_gave_its_share(
    done: list[tuple[str, int, int]], share: int, at: int
) -> None:
    ledger, journal, today, owed = EMPTY, list[Movement](), 0, 0

    def record(movements: tuple[Movement, ...]) -> None:
        nonlocal ledger
        ledger = apply_all(ledger, movements)
        journal.extend(movements)

    for what, points, more in done:
        record(catch_up(ledger, day(today), day(today)))
        before = ledger
        match what:
            case "earn":
                lot = decide_credit(
                    ledger.seq, "points", points, earned_at=day(today), recorded_at=day(today),
                    active_from=day(today + more), expires_at=None, policy_version=1,
                )  # fmt: skip
                record((opening_movement(lot),))
                record(repay(ledger, "points", day(today), credited=(lot.seq,)))
                if not more:
                    left = points - min(points, before.debt("points"))
                    assert before.lent("points") - ledger.lent("points") == min(
                        before.lent("points"), -(-left * share // 100)
                    )
            case "lend" if not ledger.debt("points"):
                loan = Loan(share, day(today + 10))
                record(lend(ledger, "points", points, more, loan, at=day(today), expires_at=None, policy_version=1))
                assert ledger.lent("points") == before.lent("points") + points + more
            case "spend":
                record(redeem(ledger, points, ["points"], day(today)).movements)
            case "return":
                bought = credit(ledger.seq + 1, points, today)
                record(
                    (bought, move(ledger.seq + 2, Kind.REVERSE, "debt>reversed", points, at=today, corrects=bought.seq))
                )
                assert ledger.debt("points") == before.debt("points") + points
                record(repay(ledger, "points", day(today)))
            case "wait":
                today += points
        owed = sum(m.amount * ((m.from_account is Account.DEBT) - (m.to_account is Account.DEBT)) for m in journal)
        assert ledger.debt("points") + ledger.lent("points") == owed
        assert not check(ledger, journal)
    asked = day(today + at)
    whole = catch_up(ledger, asked, asked)
    half = catch_up(ledger, day(today + at // 2), asked)
    assert whole == (*half, *catch_up(apply_all(ledger, half), asked, asked))
    assert not apply_all(ledger, whole).lent("points") or at < 10
    past = as_of(MEMBER, journal, day(today // 2))
    assert past.debt("points") >= 0 <= past.lent("points")
    assert replay(MEMBER, journal) == ledger
