"""What must always be true of a ledger and its journal: named checks, the same in tests and in production.

`libs/ledger/sql` has a twin of each for a whole database.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from libs.ledger.evolve import IllegalMovementError, replay
from libs.ledger.model import LOT_ACCOUNTS, Account, Kind, MemberLedger, Movement, flaws


@dataclass(frozen=True, slots=True)
class Conservation:
    """Where the points issued in one wallet are.

    `transferred` and `adjusted` are net of what came back, and may be negative; so may `written_off`, since a debt that
    is forgiven counts against it.
    """

    issued: int
    active: int
    pending: int
    held: int
    spent: int
    expired: int
    reversed: int
    transferred: int
    adjusted: int
    written_off: int
    debt: int

    @property
    def difference(self) -> int:
        """Points issued that are nowhere; 0 in a sound ledger."""
        in_hand = self.active + self.pending + self.held - self.debt
        gone = self.spent + self.expired + self.reversed + self.transferred + self.adjusted + self.written_off
        return self.issued - in_hand - gone


@dataclass(frozen=True, slots=True)
class Violation:
    """A named invariant that does not hold, and where."""

    invariant: str
    detail: str


Check = Callable[[MemberLedger, Sequence[Movement]], Iterator[str]]


def conservation(journal: Iterable[Movement]) -> dict[str, Conservation]:
    """Fold movements, of any members, into where the points of each wallet are."""
    accounts: defaultdict[str, Counter[Account]] = defaultdict(Counter)
    for movement in journal:
        accounts[movement.wallet][movement.from_account] -= movement.amount
        accounts[movement.wallet][movement.to_account] += movement.amount
    return {wallet: _conservation(postings) for wallet, postings in accounts.items()}


def check(ledger: MemberLedger, journal: Sequence[Movement]) -> list[Violation]:
    """Every violation in one member's ledger and complete journal; empty when all is well."""
    return [Violation(name, detail) for name, holds in INVARIANTS.items() for detail in holds(ledger, journal)]


def _conservation(postings: Mapping[Account, int]) -> Conservation:
    return Conservation(
        issued=-postings[Account.ISSUED],
        active=postings[Account.ACTIVE],
        pending=postings[Account.PENDING],
        held=postings[Account.HELD],
        spent=postings[Account.REDEEMED],
        expired=postings[Account.EXPIRED],
        reversed=postings[Account.REVERSED],
        transferred=postings[Account.TRANSFERRED],
        adjusted=postings[Account.ADJUSTED],
        written_off=postings[Account.WRITTEN_OFF],
        debt=-postings[Account.DEBT],
    )


def _movements_balance(ledger: MemberLedger, journal: Sequence[Movement]) -> Iterator[str]:
    yield from (f"movement {movement.seq}: {flaw}" for movement in journal for flaw in flaws(movement))


def _sequence_has_no_gap(ledger: MemberLedger, journal: Sequence[Movement]) -> Iterator[str]:
    for expected, movement in enumerate(journal, start=1):
        if movement.seq != expected:
            yield f"movement {movement.seq} stands where {expected} should"
            return
    if ledger.seq != len(journal):
        yield f"the head says {ledger.seq}, the journal ends at {len(journal)}"


def _ledger_is_fold(ledger: MemberLedger, journal: Sequence[Movement]) -> Iterator[str]:
    try:
        rebuilt = replay(ledger.member_id, journal)
    except IllegalMovementError as illegal:
        yield str(illegal)
        return
    if rebuilt != replace(ledger, keeps=()):
        yield "the stored ledger differs from the one rebuilt from its journal"


def _lots_in_bounds(ledger: MemberLedger, journal: Sequence[Movement]) -> Iterator[str]:
    for lot in ledger.lots:
        if not 0 <= lot.held <= lot.remaining <= lot.amount:
            yield f"lot {lot.seq} of {lot.amount} has {lot.remaining} left and {lot.held} held"


def _lots_add_up(ledger: MemberLedger, journal: Sequence[Movement]) -> Iterator[str]:
    """What came into a lot and went out of it, by allocations alone, is what is left of it."""
    left: Counter[int] = Counter()
    for movement in journal:
        flow = (movement.to_account in LOT_ACCOUNTS) - (movement.from_account in LOT_ACCOUNTS)
        for allocation in movement.allocations:
            left[allocation.lot_seq] += flow * allocation.amount
    for lot in ledger.lots:
        if left[lot.seq] != lot.remaining:
            yield f"lot {lot.seq} has {lot.remaining} left, its allocations {left[lot.seq]}"


def _accounts_equal_lots(ledger: MemberLedger, journal: Sequence[Movement]) -> Iterator[str]:
    for wallet, where in conservation(journal).items():
        lots = [lot for lot in ledger.lots if lot.wallet == wallet]
        pending = sum(lot.remaining for lot in lots if lot.pending)
        left = sum(lot.remaining for lot in lots)
        in_lots = (left, pending, sum(lot.held for lot in lots), ledger.debt(wallet) + ledger.lent(wallet))
        in_accounts = (where.active + where.pending + where.held, where.pending, where.held, where.debt)
        if in_lots != in_accounts:
            yield f"{wallet}: left, pending, held and debt are {in_lots} by lots and {in_accounts} by accounts"
        if min(where.active, where.pending, where.held, where.debt) < 0:
            yield f"{wallet}: a member's account is negative: {where}"


def _corrections_in_bounds(ledger: MemberLedger, journal: Sequence[Movement]) -> Iterator[str]:
    """What is reversed or restored never exceeds what it takes back."""
    amounts = {movement.seq: movement.amount for movement in journal}
    corrected: Counter[int] = Counter()
    for movement in journal:
        if movement.corrects is not None and movement.kind in (Kind.REVERSE, Kind.RESTORE):
            corrected[movement.corrects] += movement.amount
    for seq, amount in corrected.items():
        if amount > amounts.get(seq, 0):
            yield f"movement {seq} of {amounts.get(seq, 0)} is corrected by {amount}"


INVARIANTS: dict[str, Check] = {
    "movements-balance": _movements_balance,
    "sequence-has-no-gap": _sequence_has_no_gap,
    "ledger-is-fold": _ledger_is_fold,
    "lots-in-bounds": _lots_in_bounds,
    "lots-add-up": _lots_add_up,
    "accounts-equal-lots": _accounts_equal_lots,
    "corrections-in-bounds": _corrections_in_bounds,
}
"""The checks by the name under which a metric and `pointstream verify` count them."""
