"""Lots that go to other members: as gifts, by merges and back again, against a model of single points."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from libs.ledger.balance import balance
from libs.ledger.catch_up import catch_up
from libs.ledger.decide import burn_order, decide_credit, opening_movement, take
from libs.ledger.evolve import apply_all, as_of, replay
from libs.ledger.invariants import check, conservation
from libs.ledger.model import Account, Kind, MemberLedger, Movement
from libs.ledger.repay import repay
from libs.ledger.reverse import Credit, Shortfall, reverse
from libs.ledger.transfer import Passed, Transfer, TransferRefusal, merge, transfer, unmerge
from tests.unit.ledger.build import MEMBER, credit, day, move

OTHER = UUID("018f3c1a-0000-7000-8000-000000000002")
THIRD = UUID("018f3c1a-0000-7000-8000-000000000003")


def test_points_are_given_with_their_dates_and_say_whose_they_were() -> None:
    giver = replay(MEMBER, [credit(1, 50, earned=1, expires=90), credit(2, 30, earned=2, expires=60)])
    receiver = replay(OTHER, [credit(1, 5)])
    made = transfer(giver, receiver, "points", 40, day(10))
    (out,) = made.given
    assert [(part.lot_seq, part.amount) for part in out.allocations] == [(2, 30), (1, 10)]
    assert (out.kind, out.from_account, out.to_account) == (Kind.TRANSFER, Account.ACTIVE, Account.TRANSFERRED)
    assert made.passed == (Passed(2, 2, 30), Passed(1, 3, 10))
    lots = apply_all(receiver, made.received).lots[1:]
    assert [(lot.earned_at, lot.expires_at, lot.contributor, lot.opened_by) for lot in lots] == [
        (day(2), day(60), MEMBER, Kind.TRANSFER),
        (day(1), day(90), MEMBER, Kind.TRANSFER),
    ]
    assert [movement.effective_at for movement in made.received] == [day(10), day(10)]


def test_named_lots_are_given_and_no_others() -> None:
    giver = replay(MEMBER, [credit(1, 50, expires=90), credit(2, 30, expires=60)])
    made = transfer(giver, MemberLedger(OTHER), "points", 50, day(1), lots={1})
    assert made.passed == (Passed(1, 1, 50),)
    assert transfer(giver, MemberLedger(OTHER), "points", 51, day(1), lots={1}).refused == "not-enough-points"


def test_what_came_and_goes_home_bears_no_contributor() -> None:
    giver = replay(MEMBER, [credit(1, 50)])
    there = apply_all(MemberLedger(OTHER), transfer(giver, MemberLedger(OTHER), "points", 50, day(1)).received)
    back = transfer(there, giver, "points", 20, day(2))
    (opening,) = back.received
    assert opening.opens is not None
    assert opening.opens.contributor is None


@pytest.mark.parametrize(
    ("lots", "points", "why"),
    [
        ([credit(1, 10)], 11, "not-enough-points"),
        ([credit(1, 10, active=20)], 5, "not-enough-points"),
        ([credit(1, 10, expires=3)], 5, "not-enough-points"),
        ([credit(1, 10), move(2, Kind.HOLD, "active>held", {1: 8})], 5, "not-enough-points"),
        ([credit(1, 10), move(2, Kind.REVERSE, "debt>reversed", 4)], 5, "in-debt"),
    ],
    ids=["too many", "pending", "lapsed", "held", "owing"],
)
def test_a_transfer_is_refused(lots: list[Movement], points: int, why: TransferRefusal) -> None:
    assert transfer(replay(MEMBER, lots), MemberLedger(OTHER), "points", points, day(5)) == Transfer(refused=why)


def test_nothing_and_oneself_are_bugs() -> None:
    giver = replay(MEMBER, [credit(1, 10)])
    with pytest.raises(ValueError, match="some points"):
        transfer(giver, MemberLedger(OTHER), "points", 0, day(1))
    with pytest.raises(ValueError, match="one member to another"):
        transfer(giver, giver, "points", 5, day(1))


def test_a_merge_waits_for_what_is_held() -> None:
    held = replay(MEMBER, [credit(1, 10), move(2, Kind.HOLD, "active>held", {1: 8})])
    assert merge(held, MemberLedger(OTHER), day(5)).refused == "points-held"


def test_a_merge_takes_debts_along_and_points_repay_them() -> None:
    merged = replay(MEMBER, [move(1, Kind.REVERSE, "debt>reversed", 40, at=2)])
    survivor = replay(OTHER, [credit(1, 100)])
    made = merge(merged, survivor, day(5))
    assert apply_all(merged, made.given).debt("points") == 0
    after = apply_all(survivor, made.received)
    assert (after.debt("points"), balance(after, "points", day(5)).spendable) == (0, 60)
    assert made.debts == {"points": 40}


def test_an_undo_gives_back_what_is_left_and_leaves_the_survivors_own() -> None:
    merged = replay(MEMBER, [credit(1, 30, expires=50), credit(2, 20, active=40)])
    survivor = replay(OTHER, [credit(1, 100, expires=90)])
    made = merge(merged, survivor, day(5))
    gone, both = apply_all(merged, made.given), apply_all(survivor, made.received)
    both = apply_all(both, [move(4, Kind.REDEEM, "active>redeemed", {2: 12}, at=6)])
    undone = unmerge(both, gone, made.passed, made.debts, day(7))
    home = apply_all(gone, undone.received)
    assert [(lot.remaining, lot.expires_at, lot.pending, lot.contributor) for lot in home.lots if lot.remaining] == [
        (18, day(50), False, None),
        (20, None, True, None),
    ]
    assert [lot.remaining for lot in apply_all(both, undone.given).lots] == [100, 0, 0]


@dataclass
class Point:
    """One point, where it came from, and by which merge it is in the ledger that it is in."""

    wallet: str
    earned: int
    active: int
    expires: int | None
    pending: bool
    whose: UUID
    merge: int | None = None


@dataclass
class Model:
    """A member as single points, in the order in which they came, and what is owed."""

    points: list[Point] = field(default_factory=list)
    owed: Counter[str] = field(default_factory=Counter)

    def free(self, wallet: str) -> list[Point]:
        mine = [point for point in self.points if point.wallet == wallet and not point.pending]
        return sorted(mine, key=lambda point: (10**6 if point.expires is None else point.expires, point.earned))

    def drop(self, points: list[Point]) -> None:
        self.points = [point for point in self.points if not any(point is gone for gone in points)]

    def repay(self) -> None:
        for wallet in list(self.owed):
            paid = self.free(wallet)[: self.owed[wallet]]
            self.owed[wallet] -= len(paid)
            self.drop(paid)

    def time(self, today: int) -> None:
        for instant in range(today + 1):
            for point in self.points:
                point.pending &= point.active > instant
            self.repay()
            self.drop([point for point in self.points if point.expires is not None and point.expires <= instant])


class Movings(RuleBasedStateMachine):
    """Three members; the same is told to their ledgers and to the model."""

    def __init__(self) -> None:
        super().__init__()
        self.today = 0
        self.ledgers = {name: MemberLedger(name) for name in (MEMBER, OTHER, THIRD)}
        self.journals: dict[UUID, list[Movement]] = {name: [] for name in self.ledgers}
        self.models = {name: Model() for name in self.ledgers}
        self.merges: list[tuple[UUID, UUID, Transfer]] = []

    def tell(self, name: UUID, movements: tuple[Movement, ...]) -> None:
        self.ledgers[name] = apply_all(self.ledgers[name], movements)
        self.journals[name] += movements

    @rule(days=st.integers(1, 6))
    def time(self, days: int) -> None:
        self.today += days
        for name, model in self.models.items():
            self.tell(name, catch_up(self.ledgers[name], day(self.today), day(self.today)))
            model.time(self.today)

    members = st.sampled_from((MEMBER, OTHER, THIRD))
    wallets = st.sampled_from(("points", "bonus"))

    @rule(
        name=members,
        wallet=wallets,
        points=st.integers(1, 9),
        wait=st.sampled_from((0, 0, 3)),
        life=st.sampled_from((None, 8)),
    )
    def earn(self, name: UUID, wallet: str, points: int, wait: int, life: int | None) -> None:
        self.time(1)  # every lot has a day of its own
        now, ledger = self.today, self.ledgers[name]
        expires = None if life is None else now + life
        lot = decide_credit(
            ledger.seq,
            wallet,
            points,
            earned_at=day(now),
            recorded_at=day(now),
            active_from=day(now + wait),
            expires_at=None if expires is None else day(expires),
            policy_version=1,
        )
        self.tell(name, (opening_movement(lot),))
        self.tell(name, repay(self.ledgers[name], wallet, day(now)))
        model = self.models[name]
        model.points += [Point(wallet, now, now + wait, expires, wait > 0, name) for _ in range(points)]
        model.repay()

    @rule(name=members, wallet=wallets, points=st.integers(1, 12))
    def spend(self, name: UUID, wallet: str, points: int) -> None:
        ledger = self.ledgers[name]
        lots = [lot for lot in burn_order(ledger.lots) if lot.wallet == wallet and not lot.pending]
        parts = take(lots, points)
        if ledger.debt(wallet) or not parts:
            return
        amount, at = sum(part.amount for part in parts), day(self.today)
        pair = (Account.ACTIVE, Account.REDEEMED)
        self.tell(name, (Movement(ledger.seq + 1, wallet, Kind.REDEEM, *pair, amount, at, at, parts),))
        self.models[name].drop(self.models[name].free(wallet)[:amount])

    @rule(name=members)
    def take_back(self, name: UUID) -> None:
        """The first lot that anything can be taken back for comes back whole, as a debt where it is spent."""
        corrected = Counter(
            {seq: sum(m.amount for m in self.journals[name] if m.corrects == seq) for seq in range(1, 99)}
        )
        for opening in self.journals[name]:
            left = opening.amount - corrected[opening.seq]
            if opening.opens is not None and left and opening.to_account is Account.ACTIVE:
                before, at = self.ledgers[name], day(self.today)
                credits = [Credit(opening.seq, left)]
                made = reverse(
                    before, opening.wallet, left, credits, effective_at=at, recorded_at=at, policy=Shortfall.DEBT
                )
                self.tell(name, made.movements)
                model, own = self.models[name], before.lot(opening.seq)
                assert own is not None
                mine = [p for p in model.free(opening.wallet) if day(p.earned) == own.earned_at]
                mine = mine[: min(own.remaining, left)] if self._order_is_plain(name, opening) else []
                rest = left - len(mine)
                model.drop(mine)
                taken = model.free(opening.wallet)[:rest]
                model.drop(taken)
                model.owed[opening.wallet] += rest - len(taken)
                return

    def _order_is_plain(self, name: UUID, opening: Movement) -> bool:
        """Whether the lot is the only one of its day; else its own points can't be told from its twins'."""
        assert opening.opens is not None
        twins = [lot for lot in self.ledgers[name].lots if lot.earned_at == opening.opens.earned_at]
        return len(twins) == 1

    @rule(giver=members, receiver=members, wallet=wallets, points=st.integers(1, 12))
    def give(self, giver: UUID, receiver: UUID, wallet: str, points: int) -> None:
        if giver == receiver:
            return
        made = transfer(self.ledgers[giver], self.ledgers[receiver], wallet, points, day(self.today))
        model, other = self.models[giver], self.models[receiver]
        if model.owed[wallet]:
            assert made.refused == "in-debt"
        elif len(model.free(wallet)) < points:
            assert made.refused == "not-enough-points"
        else:
            assert made.refused is None
            self.tell(giver, made.given)
            self.tell(receiver, made.received)
            moved = model.free(wallet)[:points]
            model.drop(moved)
            for point in moved:
                point.merge = None
            other.points += moved
            other.repay()

    @rule(merged=members, survivor=members)
    def unite(self, merged: UUID, survivor: UUID) -> None:
        if merged == survivor:
            return
        made = merge(self.ledgers[merged], self.ledgers[survivor], day(self.today))
        self.tell(merged, made.given)
        self.tell(survivor, made.received)
        model, other = self.models[merged], self.models[survivor]
        for point in model.points:
            point.merge = len(self.merges)
        self.merges.append((merged, survivor, made))
        other.points += sorted(
            model.points, key=lambda point: (10**6 if point.expires is None else point.expires, point.earned)
        )
        other.owed += model.owed
        model.points, model.owed = [], Counter()
        other.repay()
        assert not any(lot.remaining for lot in self.ledgers[merged].lots)

    @rule(data=st.data())
    def part(self, data: st.DataObject) -> None:
        if not self.merges:
            return
        number = data.draw(st.integers(0, len(self.merges) - 1))
        merged, survivor, made = self.merges[number]
        undone = unmerge(self.ledgers[survivor], self.ledgers[merged], made.passed, made.debts, day(self.today))
        self.tell(survivor, undone.given)
        self.tell(merged, undone.received)
        self.merges[number] = (merged, survivor, Transfer())
        model, other = self.models[merged], self.models[survivor]
        home = [point for point in other.points if point.merge == number]
        other.drop(home)
        for point in home:
            point.merge = None
        model.points += sorted(
            home, key=lambda point: (10**6 if point.expires is None else point.expires, point.earned)
        )
        for wallet, amount in made.debts.items():
            back = min(amount, other.owed[wallet])
            other.owed[wallet] -= back
            model.owed[wallet] += back
        model.repay()

    @invariant()
    def both_agree(self) -> None:
        for name, model in self.models.items():
            ledger: Counter[tuple[object, ...]] = Counter()
            for lot in self.ledgers[name].lots:
                expires, whose = lot.expires_at, lot.contributor or name
                ledger[lot.wallet, lot.earned_at, lot.active_from, expires, lot.pending, whose] += lot.remaining
            points = Counter(
                (
                    point.wallet,
                    day(point.earned),
                    day(point.active),
                    None if point.expires is None else day(point.expires),
                    point.pending,
                    point.whose,
                )
                for point in model.points
            )
            assert +ledger == points
            assert {wallet: amount for wallet, amount in model.owed.items() if amount} == {
                debt.wallet: debt.amount for debt in self.ledgers[name].debts if debt.amount
            }

    @invariant()
    def all_is_sound(self) -> None:
        for name, ledger in self.ledgers.items():
            assert check(ledger, self.journals[name]) == []
        for where in conservation(m for journal in self.journals.values() for m in journal).values():
            assert (where.difference, where.transferred) == (0, 0)

    def teardown(self) -> None:
        for name, journal in self.journals.items():
            for past in range(0, self.today + 1, 3):
                as_of(name, journal, day(past))


def test_three_members_move_points_as_the_model_says() -> None:
    run_state_machine_as_test(Movings, settings=settings(max_examples=50, stateful_step_count=30, deadline=None))
