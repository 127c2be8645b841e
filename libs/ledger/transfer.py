"""Lots that go to another member's ledger: as a gift, because two members are one, or back again.

A lot moves unchanged: wallet, dates, policy version and the instant that it was earned at stay, and `contributor` says
whose it was. What leaves one ledger comes into the other in the same moment, so that the account transferred nets to 0.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal, NamedTuple

from libs.ledger.decide import burn_order, opening_movement, take
from libs.ledger.evolve import apply_all
from libs.ledger.model import Account, Allocation, Kind, Loan, Lot, MemberLedger, Movement
from libs.ledger.repay import repay

TransferRefusal = Literal["in-debt", "not-enough-points", "points-held"]


class Passed(NamedTuple):
    """Points that left a lot of the giver's, and the receiver's lot in which they lie now; both by number."""

    from_lot: int
    to_lot: int
    points: int


class Transfer(NamedTuple):
    """What became of a transfer: the movements of both sides, lot by lot and debt by debt, or why there are none.

    The receiver's include what the points repaid at once.
    """

    given: tuple[Movement, ...] = ()
    received: tuple[Movement, ...] = ()
    passed: tuple[Passed, ...] = ()
    debts: Mapping[str, int] = MappingProxyType({})
    refused: TransferRefusal | None = None


def transfer(
    giver: MemberLedger,
    receiver: MemberLedger,
    wallet: str,
    points: int,
    at: datetime,
    lots: Collection[int] | None = None,
) -> Transfer:
    """Give so many points of a wallet, out of lots in burn order or of the lots that are named; never a part of them.

    It counts from `at`, when it is recorded; record what time has done to both first. Only what is free and in force
    may be given, and by nobody who owes anything in this wallet or to whom anything is lent. What is received repays
    debt at once.

    Raises:
        ValueError: a bug of the caller: nothing to give, or both are the same member.
    """
    if points <= 0 or giver.member_id == receiver.member_id:
        raise ValueError("a transfer is of some points, from one member to another")
    if giver.debt(wallet) or giver.lent(wallet):
        return Transfer(refused="in-debt")
    usable = [
        lot
        for lot in burn_order(giver.lots)
        if lot.wallet == wallet and not lot.pending and lot.in_force(at) and (lots is None or lot.seq in lots)
    ]
    parts = take(usable, points)
    if sum(part.amount for part in parts) < points:
        return Transfer(refused="not-enough-points")
    return _passing(giver, receiver, parts, {}, at)


def merge(merged: MemberLedger, survivor: MemberLedger, at: datetime) -> Transfer:
    """Move all that a member has and owes to another, who is the same person; pending lots stay pending, loans lent.

    It is refused while anything is held: a reservation would end in a ledger that nobody looks at any more.
    """
    if any(lot.held for lot in merged.lots):
        return Transfer(refused="points-held")
    parts = tuple(Allocation(lot.seq, lot.remaining) for lot in burn_order(merged.lots) if lot.remaining)
    debts = {debt.wallet: debt.amount + debt.lent for debt in merged.debts if debt.amount or debt.lent}
    return _passing(merged, survivor, parts, debts, at)


def unmerge(
    survivor: MemberLedger, merged: MemberLedger, passed: Iterable[Passed], debts: Mapping[str, int], at: datetime
) -> Transfer:
    """Give a merged member back what is still there of the lots and debts that the merge had moved.

    `passed` and `debts` are what `merge` said. What was spent of a moved lot since, or has lapsed, stays gone: it is
    not taken out of the survivor's own lots; nor is a debt brought back that was repaid. Refused while any is held.
    """
    parts = []
    for each in passed:
        lot = survivor.lot(each.to_lot)
        if lot is None:
            continue
        if lot.held:
            return Transfer(refused="points-held")
        if left := min(lot.remaining, each.points):
            parts.append(Allocation(lot.seq, left))
    owed = {wallet: min(amount, survivor.debt(wallet) + survivor.lent(wallet)) for wallet, amount in debts.items()}
    return _passing(survivor, merged, parts, {wallet: amount for wallet, amount in owed.items() if amount}, at)


def pass_on(giver: MemberLedger, receiver: MemberLedger, parts: Iterable[Allocation], at: datetime) -> Transfer:
    """Move points of some lots to a member with whom the giver was merged already: what came to the giver later.

    It repays debt at once, as all that is received.
    """
    sums: dict[int, int] = {}
    for part in parts:
        sums[part.lot_seq] = sums.get(part.lot_seq, 0) + part.amount
    return _passing(giver, receiver, [Allocation(*each) for each in sums.items()], {}, at)


@dataclass(slots=True)
class _Passing:
    giver: MemberLedger
    receiver: MemberLedger
    at: datetime
    given: list[Movement] = field(default_factory=list)
    received: list[Movement] = field(default_factory=list)
    passed: list[Passed] = field(default_factory=list)

    def lots(self, parts: Sequence[Allocation]) -> None:
        """One movement of the giver's a wallet and account, one of the receiver's a lot."""
        groups: dict[tuple[str, bool], list[tuple[Lot, int]]] = {}
        for part in parts:
            lot = self.giver.lot(part.lot_seq)
            assert lot is not None, "parts are of the giver's own lots"
            groups.setdefault((lot.wallet, lot.pending), []).append((lot, part.amount))
        for (wallet, pending), group in groups.items():
            out = Movement(
                seq=self.giver.seq + len(self.given) + 1,
                wallet=wallet,
                kind=Kind.TRANSFER,
                from_account=Account.PENDING if pending else Account.ACTIVE,
                to_account=Account.TRANSFERRED,
                amount=sum(points for _, points in group),
                effective_at=max((self.at, *(lot.opened_at for lot, _ in group))),
                recorded_at=self.at,
                allocations=tuple(Allocation(lot.seq, points) for lot, points in group),
            )
            self.given.append(out)
            for lot, points in group:
                opened = self._opened(lot, points)
                self.received.append(opening_movement(opened))
                self.passed.append(Passed(lot.seq, opened.seq, points))

    def _opened(self, lot: Lot, points: int) -> Lot:
        whose = lot.contributor or self.giver.member_id
        return Lot(
            seq=self.receiver.seq + len(self.received) + 1,
            wallet=lot.wallet,
            amount=points,
            remaining=points,
            held=0,
            earned_at=lot.earned_at,
            active_from=lot.active_from,
            expires_at=lot.expires_at,
            recorded_at=self.at,
            policy_version=lot.policy_version,
            contributor=None if whose == self.receiver.member_id else whose,
            pending=lot.active_from > self.at,
            opened_by=Kind.TRANSFER,
        )

    def debt(self, wallet: str, amount: int) -> None:
        """What is owed leaves one ledger and comes into the other, then what is lent, by the same terms."""
        (debt,) = [debt for debt in self.giver.debts if debt.wallet == wallet]
        effective_at, owed = max(self.at, debt.since), min(amount, debt.amount)
        loan = None if debt.due_at is None else Loan(debt.share, debt.due_at)
        for part, terms in ((owed, None), (amount - owed, loan)):
            if not part:
                continue
            for ledger, movements, source, target, lent in (
                (self.giver, self.given, Account.TRANSFERRED, Account.DEBT, None),
                (self.receiver, self.received, Account.DEBT, Account.TRANSFERRED, terms),
            ):
                seq = ledger.seq + len(movements) + 1
                movements.append(
                    Movement(seq, wallet, Kind.TRANSFER, source, target, part, effective_at, self.at, loan=lent)
                )


def _passing(
    giver: MemberLedger,
    receiver: MemberLedger,
    parts: Sequence[Allocation],
    debts: Mapping[str, int],
    at: datetime,
) -> Transfer:
    passing = _Passing(giver, receiver, at)
    passing.lots(parts)
    for wallet in sorted(debts):
        passing.debt(wallet, debts[wallet])
    after = apply_all(receiver, passing.received)
    for wallet in sorted({movement.wallet for movement in passing.received}):
        repaid = repay(after, wallet, at)
        after = apply_all(after, repaid)
        passing.received += repaid
    return Transfer(tuple(passing.given), tuple(passing.received), tuple(passing.passed), debts)
