"""What a member may spend as a replay has come to it: points judged anew, less what was really done with points. Pure.

It is a ledger of the member's own under one set of rules, moved by the functions that the services call. What nobody
judges again is taken as it was recorded: points that were spent, came back, or were given, taken and moved by people.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from libs.backtest.history import Move
from libs.judging.verdict import NewCredit
from libs.ledger.adjust import adjust
from libs.ledger.catch_up import catch_up
from libs.ledger.decide import opening_movement
from libs.ledger.evolve import apply_all
from libs.ledger.model import Kind, MemberLedger, Movement
from libs.ledger.repay import repay
from libs.ledger.reverse import Credit, Shortfall, reverse
from libs.ledger.transfer import Transfer, merge, unmerge
from libs.segments.known import Points


class Gains(Struct, frozen=True):
    """What a receipt has brought into a purse in one wallet: lots with what stands of them, and what was let go."""

    lots: tuple[tuple[int, int], ...] = ()
    forgiven: int = 0
    lapsed: int = 0


Passing = Mapping[int, tuple[int, int]]
"""Where lots went from one purse into another: number and points there, by the number here."""
Place = Callable[[str, int], NewCredit | None]
"""Gives points of a wallet their dates; None when they come too late."""


class Purse:
    """One member's points. `moves` are those that people made, in order; `lacking` what was spent and not there."""

    def __init__(self, member_id: UUID, moves: Iterable[Move] = ()) -> None:
        self.lacking = 0
        self._ledger = MemberLedger(member_id)
        self._moves = deque(moves)
        self._lapsed: dict[int, int] = {}
        self._merged: dict[UUID, Transfer] = {}

    def forward(self, at: datetime) -> None:
        """Let time do its work up to an instant, and people theirs."""
        while self._moves and self._moves[0].at <= at:
            move = self._moves.popleft()
            self._wait(move.at)
            self._move(move)
        self._wait(at)

    def credit(self, new: NewCredit, at: datetime) -> int:
        """Put points in, as they were placed; returns the number of their lot."""
        lot = new.lot(self._ledger.seq, at)
        self._take_in([opening_movement(lot)])
        self._take_in(repay(self._ledger, new.wallet, at, credited=(lot.seq,)))
        self._wait(at)
        return lot.seq

    def settle(
        self,
        gained: Mapping[str, Gains],
        before: Mapping[str, int],
        after: Mapping[str, int],
        place: Place,
        policy: Shortfall,
        at: datetime,
    ) -> dict[str, Gains]:
        """Credit or take back what a receipt brings now in the place of what it brought before."""
        found = dict(gained)
        for wallet in sorted(before.keys() | after.keys()):
            gains, more = found.get(wallet, Gains()), after.get(wallet, 0) - before.get(wallet, 0)
            if more < 0:
                found[wallet] = self._take_back(wallet, gains, -more, policy, at)
            elif more > 0:
                kept = min(more, gains.forgiven)
                gains, more = replace(gains, forgiven=gains.forgiven - kept), more - kept
                new = place(wallet, more) if more else None
                lots = () if new is None else ((self.credit(new, at), more),)
                found[wallet] = replace(gains, lots=(*gains.lots, *lots))
        return found

    def points(self) -> tuple[Points, ...]:
        """What may be spent, now or later."""
        return tuple(
            [Points(lot.wallet, lot.free, lot.active_from, lot.expires_at) for lot in self._ledger.lots if lot.free]
        )

    def owing(self) -> frozenset[str]:
        """The wallets in which something is owed."""
        return frozenset([debt.wallet for debt in self._ledger.debts if debt.amount])

    def take_over(self, other: Purse, at: datetime) -> Passing:
        """Take all points and debts of a member who is merged into this one; returns where the lots went."""
        made = self._merged[other._ledger.member_id] = merge(other._ledger, self._ledger, at)
        other._take_in(made.given)
        self._take_in(made.received)
        return _ways(made)

    def give_back(self, other: Purse, at: datetime) -> Passing:
        """Give a member who was merged by mistake back what is left of their own; returns where the lots went."""
        made = self._merged.pop(other._ledger.member_id)
        back = unmerge(self._ledger, other._ledger, made.passed, made.debts, at)
        self._take_in(back.given)
        other._take_in(back.received)
        return _ways(back)

    def _wait(self, at: datetime) -> None:
        due = catch_up(self._ledger, at, at)
        for movement in due:
            if movement.kind is Kind.EXPIRE:
                for part in movement.allocations:
                    self._lapsed[part.lot_seq] = self._lapsed.get(part.lot_seq, 0) + part.amount
        self._take_in(due)

    def _move(self, move: Move) -> None:
        if move.points < 0:
            free = sum(
                [
                    lot.free
                    for lot in self._ledger.lots
                    if lot.wallet == move.wallet and not lot.pending and not lot.lapsed(move.at)
                ]
            )
            there = min(free, -move.points)
            self.lacking += -move.points - there
            if there:
                done = adjust(
                    self._ledger, move.wallet, -there, earned_at=move.at, recorded_at=move.at, expires_at=None,
                    policy_version=0,
                )  # fmt: skip
                self._take_in(done.movements)
            return
        starts = max(move.at, move.active_from or move.at)
        if move.expires_at is None or move.expires_at > starts:
            self.credit(NewCredit(move.wallet, move.points, move.at, starts, move.expires_at, False, 0), move.at)

    def _take_back(self, wallet: str, gains: Gains, points: int, policy: Shortfall, at: datetime) -> Gains:
        gone = sum([self._lapsed.get(lot, 0) for lot, _ in gains.lots]) - gains.lapsed
        points = min(points, sum([left for _, left in gains.lots]))
        if not points:
            return gains
        credits = [Credit(lot, left) for lot, left in gains.lots]
        taken = reverse(
            self._ledger, wallet, points, credits, effective_at=at, recorded_at=at, policy=policy, lapsed=max(gone, 0)
        )
        self._take_in(taken.movements)
        corrected: dict[int, int] = {}
        for movement in taken.movements:
            lot = movement.corrects or 0
            corrected[lot] = corrected.get(lot, 0) + movement.amount
        return Gains(
            tuple([(lot, left - corrected.get(lot, 0)) for lot, left in gains.lots]),
            gains.forgiven + taken.forgiven + taken.short,
            gains.lapsed + taken.lapsed,
        )

    def _take_in(self, movements: Iterable[Movement]) -> None:
        self._ledger = apply_all(self._ledger, movements)


def passed(gained: Mapping[str, Gains], ways: Passing) -> dict[str, Gains]:
    """What a receipt brought, once its lots have gone to another purse; what did not come along has the number 0."""
    found = {}
    for wallet, gains in gained.items():
        lots: dict[int, int] = {}
        for lot, left in gains.lots:
            there, came = ways.get(lot, (0, 0))
            here = min(came, left)
            for number, points in ((there, here), (0, left - here)):
                if points:
                    lots[number] = lots.get(number, 0) + points
        found[wallet] = replace(gains, lots=tuple(lots.items()))
    return found


def _ways(made: Transfer) -> Passing:
    return {each.from_lot: (each.to_lot, each.points) for each in made.passed}
