"""What a movement does to a member's ledger; the ledger is the fold of its journal and nothing else.

One rule serves all kinds: an allocation adds to what is left of its lot when its points come into a lot account, takes
from it when they leave one, and does the same to what is held.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from datetime import datetime
from itertools import takewhile
from operator import attrgetter
from uuid import UUID

from msgspec.structs import replace

from libs.ledger.model import (
    LOT_ACCOUNTS,
    Account,
    Allocation,
    Debt,
    Kind,
    Lot,
    MemberLedger,
    Movement,
    flaws,
)


class IllegalMovementError(ValueError):
    """The movement cannot follow on this ledger: whoever decided it was wrong, and nothing of it may be stored."""


def apply(ledger: MemberLedger, movement: Movement) -> MemberLedger:
    """The ledger after one more movement.

    Numbers must grow; that they have no gaps is an invariant of the whole journal, since a journal that is read as of
    some instant has some.

    Raises:
        IllegalMovementError: the movement is flawed, old, names a lot that is not there, takes more than there is,
            spends what is pending or not in force, or lapses what has not reached its date.
    """
    return apply_all(ledger, (movement,))


def replay(member_id: UUID, journal: Iterable[Movement]) -> MemberLedger:
    """Rebuild a member's ledger from its movements in the order of their `seq`.

    Raises:
        IllegalMovementError: see `apply`.
    """
    return apply_all(MemberLedger(member_id), journal)


def apply_all(ledger: MemberLedger, movements: Iterable[Movement]) -> MemberLedger:
    """The ledger after more movements, in the order of their `seq`.

    Raises:
        IllegalMovementError: see `apply`.
    """
    fold = _Fold(ledger)
    for movement in movements:
        fold.add(movement)
    return fold.ledger()


def as_of(
    member_id: UUID, journal: Iterable[Movement], effective: datetime, known: datetime | None = None
) -> MemberLedger:
    """The ledger of what counts up to `effective`, as it was known at `known` (None: as it is known today).

    Nothing is known before the movements that it follows, even where the clock of one worker ran behind another's.
    What takes points that were held or spent at the time, and came back only later, counts from when they did: a return
    that was told late may have such a time of its own.
    """
    by_then = journal if known is None else takewhile(lambda movement: movement.recorded_at <= known, journal)
    fold = _Fold(MemberLedger(member_id))
    for movement in by_then:
        if movement.effective_at <= effective and fold.has(movement):
            fold.add(movement)
    return fold.ledger()


class _Fold:
    """A ledger while movements are folded into it: the one thing here that changes in place, and nobody else sees it.

    Lots lie in the order of their numbers and are found by them, so that a movement costs what it touches and not what
    there is.
    """

    __slots__ = ("_debts", "_keeps", "_lots", "_member_id", "_seq")

    def __init__(self, ledger: MemberLedger) -> None:
        self._member_id = ledger.member_id
        self._seq = ledger.seq
        self._lots = list(ledger.lots)
        self._debts = ledger.debts
        self._keeps = ledger.keeps

    def add(self, movement: Movement) -> None:
        """Add one movement; after an error the fold is of no use any more."""
        if flaw := next(flaws(movement), None):
            raise IllegalMovementError(f"movement {movement.seq}: {flaw}")
        if movement.seq <= self._seq:
            raise IllegalMovementError(f"movement {movement.seq} comes after {self._seq}")
        self._seq, lots = movement.seq, self._lots
        if movement.opens is not None:
            lots.append(replace(movement.opens, remaining=0, held=0))
        missing: list[int] = []
        for part in sorted(movement.allocations, key=_of_lot):
            at = bisect_left(lots, part.lot_seq, key=_number)
            if at == len(lots) or lots[at].seq != part.lot_seq:
                missing.append(part.lot_seq)
            else:
                lots[at] = _lot_after(lots[at], movement, part)
        if missing:
            raise IllegalMovementError(f"movement {movement.seq}: no lot {missing[0]}")
        self._debts = _debts_after(self._debts, movement)

    def has(self, movement: Movement) -> bool:
        """Whether the active points that a movement takes are free now; of lots that are not there nothing is said."""
        if movement.from_account is not Account.ACTIVE:
            return True
        for part in movement.allocations:
            at = bisect_left(self._lots, part.lot_seq, key=_number)
            if at < len(self._lots) and self._lots[at].seq == part.lot_seq and self._lots[at].free < part.amount:
                return False
        return True

    def ledger(self) -> MemberLedger:
        """What came of it."""
        return MemberLedger(self._member_id, self._seq, tuple(self._lots), self._debts, self._keeps)


_number, _of_lot = attrgetter("seq"), attrgetter("lot_seq")


def _lot_after(lot: Lot, movement: Movement, part: Allocation) -> Lot:
    if refusal := _refusal(lot, movement):
        raise IllegalMovementError(f"movement {movement.seq}: lot {lot.seq} {refusal}")
    source, target = movement.from_account, movement.to_account
    if source in (Account.PENDING, Account.ACTIVE) and part.amount > lot.free:
        raise IllegalMovementError(f"movement {movement.seq}: lot {lot.seq} has {lot.free} free, not {part.amount}")
    remaining = lot.remaining + part.amount * ((target in LOT_ACCOUNTS) - (source in LOT_ACCOUNTS))
    held = lot.held + part.amount * ((target is Account.HELD) - (source is Account.HELD))
    if not 0 <= held <= remaining <= lot.amount:
        raise IllegalMovementError(
            f"movement {movement.seq}: lot {lot.seq} of {lot.amount} would have {remaining} left and {held} held"
        )
    activates = movement.kind is Kind.ACTIVATE
    return Lot(  # `replace` takes names, which is slower
        lot.seq,
        lot.wallet,
        lot.amount,
        remaining,
        held,
        lot.earned_at,
        movement.effective_at if activates else lot.active_from,
        lot.expires_at if movement.new_expiry is None else movement.new_expiry.expires_at,
        lot.recorded_at,
        lot.policy_version,
        lot.contributor,
        lot.pending and not activates,
        lot.opened_by,
    )


def _refusal(lot: Lot, movement: Movement) -> str | None:
    """Why the dates or the wallet of a lot forbid what the movement does to it."""
    at = movement.effective_at
    if lot.wallet != movement.wallet:
        return f"is of wallet {lot.wallet}"
    if lot.pending is not (Account.PENDING in (movement.from_account, movement.to_account)):
        return "is pending" if lot.pending else "is not pending"
    if movement.kind in (Kind.REDEEM, Kind.HOLD) and not lot.in_force(at):
        return f"is not in force at {at.isoformat()}"
    if (movement.kind is Kind.EXPIRE or movement.spared is not None) and not lot.lapsed(at):
        return f"has not reached its date at {at.isoformat()}"
    return None


def _debts_after(debts: tuple[Debt, ...], movement: Movement) -> tuple[Debt, ...]:
    """Debt grows when points are taken out of it that are not there, and shrinks when points go into it."""
    growth = (movement.from_account is Account.DEBT) - (movement.to_account is Account.DEBT)
    if not growth and movement.kind is not Kind.FALL_DUE:
        return debts
    wallet, others = movement.wallet, [debt for debt in debts if debt.wallet != movement.wallet]
    before = next((debt for debt in debts if debt.wallet == wallet), Debt(wallet, 0, movement.effective_at))
    after = _shrunk(before, movement) if growth < 0 else _grown(before, movement)
    return tuple(sorted((*others, after), key=attrgetter("wallet")))


def _grown(before: Debt, movement: Movement) -> Debt:
    """The debt after it grew, or what was lent fell due; terms of loans at the same time are the stricter ones."""
    since = movement.effective_at
    if before.amount or before.lent:
        since = max(since, before.since)
    if movement.kind is Kind.FALL_DUE:
        if movement.amount != before.lent:
            raise IllegalMovementError(f"movement {movement.seq}: {before.lent} are lent, not {movement.amount}")
        return Debt(before.wallet, before.amount + before.lent, since)
    loan = movement.loan
    if loan is None:
        return replace(before, amount=before.amount + movement.amount, since=since)
    share, due_at = max(before.share, loan.share), min(before.due_at or loan.due_at, loan.due_at)
    return Debt(before.wallet, before.amount, since, before.lent + movement.amount, share, due_at)


def _shrunk(before: Debt, movement: Movement) -> Debt:
    """The debt after a part of it was paid: what is owed first, and only then what is lent."""
    left = before.amount + before.lent - movement.amount
    if left < 0:
        raise IllegalMovementError(f"movement {movement.seq}: repays {-left} more than is owed")
    lent = min(before.lent, left)
    if not lent:
        return Debt(before.wallet, left, before.since)
    return replace(before, amount=left - lent, lent=lent)
