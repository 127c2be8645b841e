"""The values of the ledger: accounts, movements, allocations, lots and the ledger of one member.

Points are `int` in the wallet's minor unit, instants are aware UTC `datetime`. Nothing here is ever changed in place.
They are structs and not dataclasses because every receipt makes some, and frozen dataclasses take twenty times as long.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from uuid import UUID

from msgspec import Struct


class Account(StrEnum):
    """Where points are: the first four belong to a member and wallet, the others to the programme and wallet."""

    PENDING = "pending"
    ACTIVE = "active"
    HELD = "held"
    DEBT = "debt"
    ISSUED = "issued"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    REVERSED = "reversed"
    TRANSFERRED = "transferred"
    ADJUSTED = "adjusted"
    WRITTEN_OFF = "written_off"


LOT_ACCOUNTS = frozenset({Account.PENDING, Account.ACTIVE, Account.HELD})
"""The accounts whose points lie in lots; what moves out of or into them is allocated to lots."""


class Kind(StrEnum):
    """What a movement does."""

    CREDIT = "credit"
    ACTIVATE = "activate"
    REDEEM = "redeem"
    RESTORE = "restore"
    EXPIRE = "expire"
    WAIVE = "waive"
    REVERSE = "reverse"
    HOLD = "hold"
    RELEASE = "release"
    COMMIT = "commit"
    TRANSFER = "transfer"
    ADJUST = "adjust"
    REPAY = "repay"
    LEND = "lend"
    FALL_DUE = "fall_due"


_A = Account
LEGAL: dict[Kind, frozenset[tuple[Account, Account]]] = {
    Kind.CREDIT: frozenset({(_A.ISSUED, _A.ACTIVE), (_A.ISSUED, _A.PENDING)}),
    Kind.ACTIVATE: frozenset({(_A.PENDING, _A.ACTIVE)}),
    Kind.REDEEM: frozenset({(_A.ACTIVE, _A.REDEEMED)}),
    Kind.RESTORE: frozenset({(_A.REDEEMED, _A.ACTIVE), (_A.EXPIRED, _A.ACTIVE)}),
    Kind.EXPIRE: frozenset({(_A.ACTIVE, _A.EXPIRED)}),
    # The points stay where they are and get a later date: still a positive amount, still allocated.
    Kind.WAIVE: frozenset({(_A.ACTIVE, _A.ACTIVE)}),
    Kind.REVERSE: frozenset({(_A.PENDING, _A.REVERSED), (_A.ACTIVE, _A.REVERSED), (_A.DEBT, _A.REVERSED)}),
    Kind.HOLD: frozenset({(_A.ACTIVE, _A.HELD)}),
    Kind.RELEASE: frozenset({(_A.HELD, _A.ACTIVE)}),
    Kind.COMMIT: frozenset({(_A.HELD, _A.REDEEMED)}),
    Kind.TRANSFER: frozenset(
        pair
        for account in (_A.ACTIVE, _A.PENDING, _A.DEBT)
        for pair in ((account, _A.TRANSFERRED), (_A.TRANSFERRED, account))
    ),
    Kind.ADJUST: frozenset(
        {
            (account, counter)
            for account in (_A.ACTIVE, _A.PENDING, _A.DEBT)
            for counter in (_A.ADJUSTED, _A.WRITTEN_OFF)
        }
        | {(_A.ADJUSTED, _A.ACTIVE), (_A.ADJUSTED, _A.DEBT), (_A.WRITTEN_OFF, _A.DEBT)}
    ),
    Kind.REPAY: frozenset({(_A.ACTIVE, _A.DEBT)}),
    # What is lent is issued against the debt of whoever gets it, and its fee is spent.
    Kind.LEND: frozenset({(_A.DEBT, _A.ISSUED), (_A.DEBT, _A.REDEEMED)}),
    # Nothing moves: what was lent is owed from then on.
    Kind.FALL_DUE: frozenset({(_A.DEBT, _A.DEBT)}),
}
"""The pairs (from-account, to-account) that each kind may have."""


OPENED_FROM = {Kind.CREDIT: _A.ISSUED, Kind.ADJUST: _A.ADJUSTED, Kind.TRANSFER: _A.TRANSFERRED}
"""The kinds that open lots, and where the points of such a lot come from."""


class Lot(Struct, frozen=True):
    """Points that were credited together and share their dates; its id is the `seq` of the movement that opened it.

    `amount` is what it began with, `remaining` what is left of it, `held` the part of `remaining` that is reserved.
    It is in force from `active_from` until before `expires_at` (None: for ever). It is `pending` until a movement has
    activated it, even if the day has come. `opened_by` is a key of `OPENED_FROM`. A lot that another member gave keeps
    its dates, and names in `contributor` who earned it.
    """

    seq: int
    wallet: str
    amount: int
    remaining: int
    held: int
    earned_at: datetime
    active_from: datetime
    expires_at: datetime | None
    recorded_at: datetime
    policy_version: int
    contributor: UUID | None = None
    pending: bool = False
    opened_by: Kind = Kind.CREDIT

    @property
    def opened_at(self) -> datetime:
        """Since when it is in this member's ledger: what came from another member was earned before that."""
        return self.recorded_at if self.opened_by is Kind.TRANSFER else self.earned_at

    @property
    def free(self) -> int:
        """What is left and not reserved."""
        return self.remaining - self.held

    def in_force(self, at: datetime) -> bool:
        """Whether the lot is active and not yet past its date."""
        return self.active_from <= at and not self.lapsed(at)

    def lapsed(self, at: datetime) -> bool:
        """Whether the lot's date has passed; at the very instant it has."""
        return self.expires_at is not None and self.expires_at <= at


class Allocation(Struct, frozen=True):
    """The part of a movement's amount that falls on one lot."""

    lot_seq: int
    amount: int


class NewExpiry(Struct, frozen=True):
    """A later date for the lots that a movement names; None is never."""

    expires_at: datetime | None


class Spared(Struct, frozen=True):
    """Why points did not lapse at their boundary: `by` a tier, a segment or a person, which one, by which version."""

    by: str
    name: str
    version: int


SAME_DAY = "same_day"
"""The period of what lapses on a day of the member's own: spared points live on to the same day of the next year."""


class Span(Struct, frozen=True, omit_defaults=True):
    """For how long, and how much, something spares a member's points of one wallet when their date comes.

    It holds from `since` until before `until` (None: no end is known). It spares all points; or the `first` so many, or
    those earned at least `older_days`, or less than `younger_days`, before the boundary. What is spared lives to the
    end of the next `period` (as `periods.written` has it, or `SAME_DAY`; None: for ever) in a zone.
    """

    by: str
    name: str
    version: int
    wallet: str
    zone: str
    since: datetime
    until: datetime | None = None
    period: str | None = None
    first: int | None = None
    older_days: int | None = None
    younger_days: int | None = None


class Loan(Struct, frozen=True):
    """By what points are lent: `share` percent of each later credit repays them, and at `due_at` the rest is owed."""

    share: int
    due_at: datetime


class Movement(Struct, frozen=True):
    """Points that go from one account to another: the only thing that is ever written to the ledger.

    `seq` is the member's own gap-free number. `effective_at` is when it counts from, `recorded_at` when we learnt it.
    Where lots are touched, the allocations add up to the amount. `corrects` is the `seq` of the movement that this one
    takes back. `opens` is the lot that it makes; `new_expiry` the date that it gives to the lots it names, `spared` why
    they got it at their boundary. `loan` says by what terms the debt that it makes is lent.
    """

    seq: int
    wallet: str
    kind: Kind
    from_account: Account
    to_account: Account
    amount: int
    effective_at: datetime
    recorded_at: datetime
    allocations: tuple[Allocation, ...] = ()
    corrects: int | None = None
    opens: Lot | None = None
    new_expiry: NewExpiry | None = None
    spared: Spared | None = None
    loan: Loan | None = None


class Debt(Struct, frozen=True):
    """What a member owes in one wallet: points that were taken back after they had been spent, or loans that are due.

    `since` is the latest time that a part of it counts from: nothing repays it earlier, so that the past can be folded.
    A debt that was repaid stays, with the amount 0. Beside it points are `lent` that are not due before `due_at`: they
    bar nothing, and `share` percent of each credit repays them, once there is no amount.
    """

    wallet: str
    amount: int
    since: datetime
    lent: int = 0
    share: int = 0
    due_at: datetime | None = None


class MemberLedger(Struct, frozen=True):
    """All that is known of one member's points: the last `seq`, the lots in the order of their `seq`, the debts.

    `keeps` says what spares them at boundaries. It is no fold of the journal: who holds the member's tiers and segments
    says so.
    """

    member_id: UUID
    seq: int = 0
    lots: tuple[Lot, ...] = ()
    debts: tuple[Debt, ...] = ()
    keeps: tuple[Span, ...] = ()

    def debt(self, wallet: str) -> int:
        """What the member owes in this wallet, never below 0; what is lent is not owed before it is due."""
        return sum([debt.amount for debt in self.debts if debt.wallet == wallet])

    def lent(self, wallet: str) -> int:
        """What is lent to the member in this wallet and is not due yet, never below 0."""
        return sum([debt.lent for debt in self.debts if debt.wallet == wallet])

    def lot(self, seq: int) -> Lot | None:
        """The lot with this number; None when there is none."""
        at = bisect_left(self.lots, seq, key=_number)
        return self.lots[at] if at < len(self.lots) and self.lots[at].seq == seq else None


_number = attrgetter("seq")


def flaws(movement: Movement) -> Iterator[str]:
    """What is wrong with a movement taken by itself; nothing for a good one."""
    pair = (movement.from_account, movement.to_account)
    if pair not in LEGAL[movement.kind]:
        yield f"a {movement.kind} does not go from {pair[0]} to {pair[1]}"
    if movement.amount <= 0:
        yield f"amount {movement.amount} is not positive"
    amounts = [allocation.amount for allocation in movement.allocations]
    if amounts and min(amounts) <= 0:
        yield "an allocation is not positive"
    if len(amounts) > 1 and len({allocation.lot_seq for allocation in movement.allocations}) != len(amounts):
        yield "a lot is named twice"
    allocated = sum(amounts)
    expected = movement.amount if LOT_ACCOUNTS.intersection(pair) else 0
    if allocated != expected:
        yield f"allocations add up to {allocated} instead of {expected}"
    if opens_lot(movement) != (movement.opens is not None):
        yield "a lot is opened by exactly those movements that bring points in from issued, transferred or adjusted"
    if movement.kind is Kind.LEND and movement.loan is None:
        yield "what is lent has no terms"
    if movement.opens is not None and not _opens_itself(movement, movement.opens):
        yield "the opened lot differs from its movement in seq, wallet, amount, kind, account or the lot named"


def opens_lot(movement: Movement) -> bool:
    """Whether the movement brings points into lots from where no lot of this member has been."""
    return movement.to_account in LOT_ACCOUNTS and movement.from_account in _LOT_SOURCES


_LOT_SOURCES = frozenset(OPENED_FROM.values())


def _opens_itself(movement: Movement, lot: Lot) -> bool:
    named = movement.allocations == (Allocation(movement.seq, movement.amount),)
    told = (lot.seq, lot.wallet, lot.amount, lot.opened_by, lot.pending)
    pending = movement.to_account is Account.PENDING
    return named and told == (movement.seq, movement.wallet, movement.amount, movement.kind, pending)
