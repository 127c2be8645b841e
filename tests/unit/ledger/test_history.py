"""Random histories: the ledger agrees with a naive model that keeps every single point in a list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.ledger.balance import NextExpiry, balance
from libs.ledger.decide import burn_order
from libs.ledger.evolve import apply, as_of, replay
from libs.ledger.invariants import check, conservation
from libs.ledger.model import Account, Allocation, Kind, Lot, MemberLedger, Movement, NewExpiry
from tests.unit.ledger.build import EMPTY, MEMBER, START, credit

W = "points"
NEVER = START + timedelta(days=99_999)


@dataclass
class Point:
    """One point of the naive model."""

    lot: int
    earned: datetime
    active: datetime
    expires: datetime
    state: str = "here"

    def free(self, at: datetime) -> bool:
        return self.state == "here" and self.active <= at < self.expires


@dataclass
class Naive:
    """A list of points, searched from end to end for everything."""

    points: list[Point] = field(default_factory=list)
    debt: int = 0

    def take(self, count: int, at: datetime, state: str) -> Counter[int]:
        """Move points that are free, one after the other, the one that burns first each time."""
        taken: Counter[int] = Counter()
        for _ in range(count):
            point = min((p for p in self.points if p.free(at)), key=lambda p: (p.expires, p.earned, p.lot))
            point.state = state
            taken[point.lot] += 1
        return taken

    def set_state(self, parts: dict[int, int], before: str, after: str) -> None:
        for lot, count in parts.items():
            for point in [p for p in self.points if p.lot == lot and p.state == before][:count]:
                point.state = after

    def next_expiry(self, at: datetime) -> NextExpiry | None:
        dates = [p.expires for p in self.points if p.free(at) and p.expires != NEVER]
        return NextExpiry(min(dates), dates.count(min(dates))) if dates else None


@dataclass
class History:
    """The real ledger and the naive one, told the same things."""

    now: datetime = START
    ledger: MemberLedger = EMPTY
    journal: list[Movement] = field(default_factory=list)
    naive: Naive = field(default_factory=Naive)
    ran: Counter[str] = field(default_factory=Counter)

    @property
    def free(self) -> int:
        return balance(self.ledger, W, self.now).available

    def add(self, movement: Movement) -> None:
        self.ledger = apply(self.ledger, movement)
        self.journal.append(movement)

    def move(
        self,
        kind: Kind,
        source: Account,
        target: Account,
        parts: dict[int, int],
        at: datetime | None = None,
        corrects: int | None = None,
        new_expiry: NewExpiry | None = None,
        amount: int | None = None,
    ) -> None:
        self.ran[kind] += 1
        allocations = tuple(Allocation(lot, count) for lot, count in parts.items())
        total = sum(parts.values()) if amount is None else amount
        self.add(
            Movement(
                self.ledger.seq + 1,
                W,
                kind,
                source,
                target,
                total,
                at or self.now,
                self.now,
                allocations,
                corrects,
                None,
                new_expiry,
            )
        )

    def burn(self, count: int) -> dict[int, int]:
        """What the real ledger would take from its lots."""
        parts: dict[int, int] = {}
        for lot in burn_order(lot for lot in self.ledger.lots if lot.in_force(self.now) and lot.free):
            if part := min(lot.free, count - sum(parts.values())):
                parts[lot.seq] = part
        return parts

    def due(self) -> list[Lot]:
        return [lot for lot in self.ledger.lots if lot.lapsed(self.now) and lot.free]


def credit_points(history: History, count: int, days: int) -> None:
    """A third of the lots is pending at first, a fifth never lapses."""
    history.ran[Kind.CREDIT] += 1
    seq, at = history.ledger.seq + 1, (history.now - START) / timedelta(days=1)
    delay = days if days % 3 == 0 else 0
    movement = credit(seq, count, at, at + delay, None if days % 5 == 0 else at + delay + days)
    history.add(movement)
    lot = movement.opens
    assert lot is not None
    point = Point(seq, lot.earned_at, lot.active_from, lot.expires_at or NEVER)
    history.naive.points += [replace(point) for _ in range(count)]


def spend(history: History, count: int, days: int) -> None:
    if count <= history.free:
        parts = history.burn(count)
        assert history.naive.take(count, history.now, "spent") == parts
        history.move(Kind.REDEEM, Account.ACTIVE, Account.REDEEMED, parts)


def hold(history: History, count: int, days: int) -> None:
    if count <= history.free:
        parts = history.burn(count)
        assert history.naive.take(count, history.now, "held") == parts
        history.move(Kind.HOLD, Account.ACTIVE, Account.HELD, parts)


def end_holds(history: History, count: int, days: int) -> None:
    if parts := {lot.seq: lot.held for lot in history.ledger.lots if lot.held}:
        kind, target, state = (
            (Kind.COMMIT, Account.REDEEMED, "spent") if days % 2 else (Kind.RELEASE, Account.ACTIVE, "here")
        )
        history.naive.set_state(parts, "held", state)
        history.move(kind, Account.HELD, target, parts)


def undo_a_redemption(history: History, count: int, days: int) -> None:
    undone = {movement.corrects for movement in history.journal}
    for movement in history.journal:
        if movement.kind is Kind.REDEEM and movement.seq not in undone:
            parts = {part.lot_seq: part.amount for part in movement.allocations}
            history.naive.set_state(parts, "spent", "here")
            history.move(Kind.RESTORE, Account.REDEEMED, Account.ACTIVE, parts, corrects=movement.seq)
            return


def sweep(history: History, count: int, days: int) -> None:
    for lot in history.due():
        history.naive.set_state({lot.seq: lot.free}, "here", "lapsed")
        history.move(Kind.EXPIRE, Account.ACTIVE, Account.EXPIRED, {lot.seq: lot.free}, at=lot.expires_at)
    assert not [p for p in history.naive.points if p.state == "here" and p.expires <= history.now]


def waive(history: History, count: int, days: int) -> None:
    for lot in history.due():
        later = NewExpiry(history.now + timedelta(days=days + 1))
        assert later.expires_at is not None
        for point in history.naive.points:
            point.expires = later.expires_at if point.lot == lot.seq else point.expires
        history.move(
            Kind.WAIVE, Account.ACTIVE, Account.ACTIVE, {lot.seq: lot.free}, at=lot.expires_at, new_expiry=later
        )


def take_back(history: History, count: int, days: int) -> None:
    """What is there comes from lots, the rest becomes debt."""
    if not history.journal:
        return
    parts = history.burn(min(count, history.free))
    assert history.naive.take(sum(parts.values()), history.now, "reversed") == parts
    if parts:
        history.move(Kind.REVERSE, Account.ACTIVE, Account.REVERSED, parts)
    if owed := count - sum(parts.values()):
        history.naive.debt += owed
        history.move(Kind.REVERSE, Account.DEBT, Account.REVERSED, {}, amount=owed)


def repay(history: History, count: int, days: int) -> None:
    if part := min(history.naive.debt, history.free):
        parts = history.burn(part)
        assert history.naive.take(part, history.now, "repaid") == parts
        history.naive.debt -= part
        history.move(Kind.REPAY, Account.ACTIVE, Account.DEBT, parts)


def wait(history: History, count: int, days: int) -> None:
    """Time passes, and what became active is recorded, as any write to a member will do first."""
    history.now += timedelta(days=days, hours=count)
    activated = {part.lot_seq for m in history.journal if m.kind is Kind.ACTIVATE for part in m.allocations}
    for movement in list(history.journal):
        lot = movement.opens
        if movement.to_account is not Account.PENDING or lot is None or lot.seq in activated:
            continue
        if lot.active_from <= history.now:
            history.move(Kind.ACTIVATE, Account.PENDING, Account.ACTIVE, {lot.seq: lot.amount}, at=lot.active_from)


Step = Callable[[History, int, int], None]
STEPS: list[Step] = [
    credit_points,
    credit_points,
    wait,
    wait,
    spend,
    hold,
    end_holds,
    undo_a_redemption,
    sweep,
    waive,
    take_back,
    repay,
]
histories = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(1, 9), st.integers(1, 20)), min_size=30, max_size=60)


def assert_agreement(history: History, at: datetime) -> None:
    real, points = balance(history.ledger, W, at), history.naive.points
    assert real.available == sum(p.free(at) for p in points)
    assert real.pending == sum(p.state == "here" and p.active > at for p in points)
    assert real.active == sum(p.state in ("here", "held") and p.active <= at < p.expires for p in points)
    assert real.held == sum(p.state == "held" for p in points)
    assert real.debt == history.naive.debt
    assert real.next_expiry == history.naive.next_expiry(at)


def assert_sound(history: History) -> None:
    assert check(history.ledger, history.journal) == []
    states = Counter(point.state for point in history.naive.points)
    for where in conservation(history.journal).values():
        assert where.difference == 0
        assert (where.issued, where.expired, where.held) == (
            len(history.naive.points),
            states["lapsed"],
            states["held"],
        )
        assert where.spent == states["spent"]


def test_the_ledger_agrees_with_a_list_of_points() -> None:
    ran: Counter[str] = Counter()

    @settings(max_examples=200, deadline=None)
    @given(histories, st.integers(0, 60))
    def agree(steps: list[tuple[Step, int, int]], days_ahead: int) -> None:
        history = History()
        for step, count, days in steps:
            step(history, count, days)
            assert_agreement(history, history.now)
            if not history.naive.debt:  # what becomes active later would repay it
                assert_agreement(history, history.now + timedelta(days=days_ahead))
        assert_sound(history)
        assert as_of(MEMBER, history.journal, history.now) == replay(MEMBER, history.journal)
        ran.update(history.ran)
        ran["histories"] += 1

    agree()
    kinds_tried = {*Kind} - {Kind.TRANSFER, Kind.ADJUST, Kind.LEND, Kind.FALL_DUE}
    assert ran["histories"] >= 200
    assert {kind for kind in kinds_tried if not ran[kind]} == set()


@given(st.lists(st.tuples(st.integers(1, 99), st.integers(0, 30), st.integers(1, 30)), max_size=20), st.integers(0, 60))
def test_credits_alone_may_be_folded_in_any_cut_and_read_at_any_past_instant(
    rows: list[tuple[int, int, int]], at: int
) -> None:
    journal = [
        credit(seq, points, earned, expires=earned + life) for seq, (points, earned, life) in enumerate(rows, start=1)
    ]
    instant = START + timedelta(days=at)
    expected = sum(points for points, earned, life in rows if earned <= at < earned + life)
    past = as_of(MEMBER, journal, instant)
    assert balance(past, W, instant).available == balance(replay(MEMBER, journal), W, instant).available == expected


@given(st.lists(st.sampled_from([1, 2, 5, 10, 11]), min_size=1, max_size=8), st.data())
def test_a_redemption_that_is_undone_leaves_every_lot_as_it_was(amounts: list[int], data: st.DataObject) -> None:
    history = History()
    for amount in amounts:
        credit_points(history, amount, days=10 + amount % 2)
    history.now += timedelta(days=1)
    before = history.ledger.lots
    spend(history, data.draw(st.integers(1, history.free)), 0)
    assert history.ledger.lots != before
    undo_a_redemption(history, 0, 0)
    assert history.ledger.lots == before
