"""A member's life, step by step: the decisions agree with a naive model, now and at every day of the past."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from libs.ledger.activate import activate
from libs.ledger.adjust import adjust
from libs.ledger.balance import balance
from libs.ledger.catch_up import Due, catch_up, due
from libs.ledger.decide import decide_credit, opening_movement
from libs.ledger.evolve import apply_all, as_of
from libs.ledger.give_back import Share, commit, release, restore
from libs.ledger.invariants import check, conservation
from libs.ledger.model import Kind, Lot, MemberLedger, Movement
from libs.ledger.repay import repay
from libs.ledger.reverse import Credit, Shortfall, reverse
from libs.ledger.spend import Spending, hold, redeem
from tests.unit.ledger.build import EMPTY, MEMBER, day
from tests.unit.ledger.naive_life import FOREVER, NaiveLife, NaiveLot

WALLETS = ("points", "bonus")
POINTS = st.integers(1, 12)
DAYS = st.integers(0, 9)
WALLET = st.sampled_from(WALLETS)
POLICY = st.sampled_from(Shortfall)
SEEN: Counter[str] = Counter()


class Life(RuleBasedStateMachine):
    """The same things are told to the ledger and to the naive model."""

    def __init__(self) -> None:
        super().__init__()
        self.today = 20
        self.ledger: MemberLedger = EMPTY
        self.journal: list[Movement] = []
        self.naive = NaiveLife()
        self.counted_lapsed: Counter[tuple[int, ...]] = Counter()
        self.purchases: list[list[int]] = []
        self.holds: list[list[Share]] = []
        self.spent: list[list[Share]] = []
        self.ledgers: dict[int, MemberLedger] = {}

    def tell(self, *movements: Movement) -> None:
        SEEN.update(f"{movement.from_account}>{movement.to_account}" for movement in movements)
        self.ledger = apply_all(self.ledger, movements)
        self.journal += movements

    def catch_up(self) -> None:
        self.tell(*catch_up(self.ledger, day(self.today), day(self.today)))
        self.naive.live_until(self.today)

    @initialize(wallet=WALLET, points=POINTS)
    def first_purchase(self, wallet: str, points: int) -> None:
        self.earn(wallet, points, late=0, wait=0, life=0, again=False)

    @rule(wallet=WALLET, points=POINTS, late=DAYS, wait=DAYS, life=st.integers(0, 60), again=st.booleans())
    def earn(self, wallet: str, points: int, late: int, wait: int, life: int, again: bool) -> None:
        """Half a purchase's credits are for one already there; half of all wait; what lives 0 days lives for ever."""
        self.catch_up()
        earned = self.today - late // 3
        active = earned + wait // 2
        expires = FOREVER if life == 0 else max(active, self.today) + life
        lot = decide_credit(
            self.ledger.seq,
            wallet,
            points,
            earned_at=day(earned),
            recorded_at=day(self.today),
            active_from=day(active),
            expires_at=None if expires == FOREVER else day(expires),
            policy_version=1,
        )
        same = [purchase for purchase in self.purchases if self.naive.lots[purchase[0]].wallet == wallet]
        if again and same:
            same[-1].append(lot.seq)
        else:
            self.purchases.append([lot.seq])
        self.tell(opening_movement(lot))
        self.tell(*repay(self.ledger, wallet, day(self.today)))
        self.naive.add(lot.seq, NaiveLot(wallet, points, earned, active, expires, active > earned))
        self.naive.repay(wallet)
        self.catch_up()

    @rule(wallet=WALLET, points=st.integers(5, 60))
    def spend(self, wallet: str, points: int) -> None:
        self.catch_up()
        points = min(points, balance(self.ledger, wallet, day(self.today)).spendable)
        if points:
            self.spent_by(redeem(self.ledger, points, [wallet], day(self.today)), wallet, points)
            spent = self.naive.burn(wallet, points, self.today)
            assert dict(spent) == {share.lot_seq: share.amount for share in self.spent[-1]}

    @rule(wallet=WALLET, points=st.integers(1, 40))
    def hold(self, wallet: str, points: int) -> None:
        """More than there is, or while something is owed, nothing is held."""
        self.catch_up()
        if self.spent_by(hold(self.ledger, points, [wallet], day(self.today)), wallet, points):
            held = self.naive.hold(wallet, points, self.today)
            assert dict(held) == {share.lot_seq: share.amount for share in self.holds[-1]}

    def spent_by(self, made: Spending, wallet: str, points: int) -> bool:
        there, owed = self.naive.available(wallet, self.today), self.naive.owed[wallet]
        assert made.refused == ("in-debt" if owed else "insufficient-points" if there < points else None)
        assert made.spendable == (0 if owed else there)
        SEEN[str(made.refused)] += 1
        self.tell(*made.movements)
        for movement in made.movements:
            (self.holds if movement.kind is Kind.HOLD else self.spent).append(shares(movement))
        return made.refused is None

    @precondition(lambda self: self.holds)
    @rule(which=st.integers(0, 5), points=st.just(0) | st.integers(0, 30))
    def end_hold(self, which: int, points: int) -> None:
        self.catch_up()
        held = self.holds.pop(which % len(self.holds))
        points = min(points, sum(share.amount for share in held))
        now = day(self.today)
        made = commit(self.ledger, held, points, now) if points else release(self.ledger, held, now)
        self.tell(*made.movements)
        SEEN["lapsed again"] += made.lapsed
        gone = self.naive.end_hold(held[0].wallet, {s.lot_seq: s.amount for s in held}, points, self.today)
        if points:
            self.spent.append(shares(made.movements[0]))
            assert gone == {share.lot_seq: share.amount for share in self.spent[-1]}

    @precondition(lambda self: self.spent)
    @rule(which=st.integers(0, 5), points=st.integers(1, 40), grace=st.integers(0, 9))
    def restore(self, which: int, points: int, grace: int) -> None:
        """Half of all by the member, and the others with some days of grace."""
        self.catch_up()
        spent = self.spent.pop(which % len(self.spent))
        points = min(points, sum(share.amount for share in spent))
        until, wallet = self.today + grace // 2, spent[0].wallet
        mercy = {wallet: day(until)} if grace > 1 else {}
        made = restore(self.ledger, spent, points, day(self.today), mercy)
        self.tell(*made.movements)
        SEEN.update({"lapsed again": made.lapsed, "grace": len(made.later)})
        before = {share.lot_seq: share.amount for share in spent}
        back = self.naive.restore(wallet, before, points, self.today, until if mercy else None)
        assert dict(back) == {share.lot_seq: share.amount for share in made.shares}
        rest = [share._replace(amount=share.amount - back[share.lot_seq]) for share in spent]
        if any(share.amount for share in rest):
            self.spent.append([share for share in rest if share.amount])

    @precondition(lambda self: self.purchases)
    @rule(which=st.integers(0, 5), policy=POLICY)
    def spend_and_take_back_all(self, which: int, policy: Shortfall) -> None:
        for wallet in WALLETS:
            self.spend(wallet, 10**6)
        self.take_back(which, 10**6, 0, policy)

    @precondition(lambda self: self.purchases)
    @rule(which=st.integers(0, 5), points=st.integers(1, 30), late=DAYS, policy=POLICY)
    def take_back(self, which: int, points: int, late: int, policy: Shortfall) -> None:
        self.catch_up()
        purchase = self.purchases[-1 - which % len(self.purchases)]
        lots = self.naive.lots
        wallet, key = lots[purchase[0]].wallet, (*purchase[:1],)
        credits = [Credit(seq, lots[seq].amount - lots[seq].taken_back) for seq in purchase]
        lapsed = sum(lots[seq].lapsed for seq in purchase) - self.counted_lapsed[key]
        points = min(points, sum(credit.points_left_to_correct for credit in credits))
        if not points:
            return
        made = reverse(
            self.ledger,
            wallet,
            points,
            credits,
            effective_at=day(self.today - late // 2),
            recorded_at=day(self.today),
            policy=policy,
            lapsed=lapsed,
        )
        missing, gone = self.naive.take_back(
            wallet, points, purchase, self.today - late // 2, self.today, policy, lapsed
        )
        self.counted_lapsed[key] += made.lapsed
        SEEN.update({f"{policy}:short": made.short, f"{policy}:forgiven": made.forgiven, "lapsed": made.lapsed})
        self.tell(*made.movements)
        assert (made.short + made.forgiven, made.lapsed) == (missing, gone)
        assert made.short == 0 or policy is Shortfall.OPERATOR
        assert sum(m.amount for m in made.movements) + made.short + made.forgiven + made.lapsed == points
        pairs = [(m.from_account, m.corrects) for m in made.movements]
        assert len(set(pairs)) == len(pairs)

    @rule(wallet=WALLET, points=st.integers(-12, 12).filter(bool), late=DAYS, life=st.integers(0, 20))
    def adjust(self, wallet: str, points: int, late: int, life: int) -> None:
        self.catch_up()
        earned = self.today - (late if points > 0 else 0)
        there = self.naive.available(wallet, self.today)
        made = adjust(
            self.ledger,
            wallet,
            points,
            earned_at=day(earned),
            recorded_at=day(self.today),
            expires_at=day(self.today + life) if life else None,
            policy_version=1,
        )
        self.tell(*made.movements)
        SEEN[str(made.refused)] += 1
        if points < 0:
            assert made.refused == ("not-enough-points" if -points > there else None)
            self.naive.burn(wallet, 0 if made.refused else -points, self.today)
            return
        assert made.refused is None
        assert made.opened is not None
        expires = self.today + life if life else FOREVER
        self.naive.add(made.opened.seq, NaiveLot(wallet, points, earned, earned, expires, False))
        self.naive.repay(wallet)

    @rule(at=DAYS, life=st.integers(-2, 20))
    def activate(self, at: int, life: int) -> None:
        """Something happened that the youngest pending lots were waiting for."""
        self.catch_up()
        waiting = [seq for seq, lot in self.naive.lots.items() if lot.pending and lot.left][-2:]
        happened, expires = self.today - at // 3, self.today + life
        dates = {seq: day(expires) for seq in waiting}
        self.tell(*activate(self.ledger, waiting, day(happened), day(self.today), dates))
        for seq in waiting:
            lot = self.naive.lots[seq]
            instant = max(lot.earned, min(happened, lot.active))
            self.naive.activate(seq, instant, expires if expires > instant else None)
        for wallet in sorted({self.naive.lots[seq].wallet for seq in waiting}):
            self.naive.repay(wallet)
        assert not activate(self.ledger, waiting, day(happened), day(self.today), dates)

    @rule(days=st.integers(1, 15), step=st.integers(0, 15))
    def time_passes(self, days: int, step: int) -> None:
        """Whoever looks in between changes nothing."""
        between, then = day(self.today + min(step, days)), day(self.today + days)
        at_once = catch_up(self.ledger, then, then)
        first = catch_up(self.ledger, between, then)
        second = catch_up(apply_all(self.ledger, first), then, then)
        assert first + second == at_once
        self.today += days
        self.ledgers[self.today - days] = self.ledger
        self.catch_up()
        assert not catch_up(self.ledger, then, then)

    @invariant()
    def the_present_agrees(self) -> None:
        assert [lot.seq for lot in self.ledger.lots] == list(self.naive.lots)
        for lot, naive in zip(self.ledger.lots, self.naive.lots.values(), strict=True):
            assert told(lot) == (naive.left, naive.held, naive.pending, day(naive.active), expiry(naive))
        debts = {debt.wallet: (debt.amount, debt.since) for debt in self.ledger.debts if debt.amount}
        owed = +self.naive.owed
        assert debts == {wallet: (owed[wallet], day(since)) for wallet, since in self.naive.since.items()}
        left = [lot for lot in self.naive.lots.values() if lot.left]
        activates = min([lot.active for lot in left if lot.pending], default=None)
        lapses = min([lot.expires for lot in left if lot.free and lot.expires != FOREVER], default=None)
        assert due(self.ledger) == Due(*(None if at is None else day(at) for at in (activates, lapses)))

    def teardown(self) -> None:
        assert check(self.ledger, self.journal) == []
        assert all(where.difference == 0 for where in conservation(self.journal).values())
        for then, ledger in list(self.ledgers.items())[::3]:
            assert as_of(MEMBER, self.journal, day(self.today), day(then)) == ledger
        days = sorted({0, self.today, *(when for when, _ in self.naive.happened)})
        for when in days[:: max(1, len(days) // 6)]:
            past = as_of(MEMBER, self.journal, day(when))
            assert {lot.seq: lot.remaining for lot in past.lots} == self.naive.left_on(when)
            assert {debt.wallet: debt.amount for debt in past.debts if debt.amount} == self.naive.owed_on(when)
        assert all(before.seq + 1 == after.seq for before, after in pairwise(self.journal))


def told(lot: Lot) -> tuple[object, ...]:
    return lot.remaining, lot.held, lot.pending, lot.active_from, lot.expires_at


def shares(movement: Movement) -> list[Share]:
    return [Share(movement.seq, movement.wallet, part.lot_seq, part.amount) for part in movement.allocations]


def expiry(lot: NaiveLot) -> object:
    return None if lot.expires == FOREVER else day(lot.expires)


def test_a_life() -> None:
    run_state_machine_as_test(Life, settings=settings(max_examples=200, stateful_step_count=50, deadline=None))
    everything = {
        "issued>active",
        "issued>pending",
        "adjusted>active",
        "active>adjusted",
        "pending>active",
        "active>redeemed",
        "active>held",
        "held>active",
        "held>redeemed",
        "redeemed>active",
        "lapsed again",
        "grace",
        "in-debt",
        "insufficient-points",
        "active>expired",
        "active>debt",
        "pending>reversed",
        "active>reversed",
        "debt>reversed",
        "lapsed",
        "not-enough-points",
        "operator:short",
        "pending_only:forgiven",
        "up_to_balance:forgiven",
    }
    assert {what for what in everything if not SEEN[what]} == set()


@pytest.mark.slow
def test_many_long_lives() -> None:
    run_state_machine_as_test(Life, settings=settings(max_examples=2_000, stateful_step_count=100, deadline=None))
