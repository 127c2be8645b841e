"""Lots of several members, looked at as one ledger: what one of them may spend of it, in burn order.

Lots stay where they are. What is spent out of the common ledger is a movement of each member whose lots it takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from msgspec.structs import replace

from libs.ledger.decide import burn_order
from libs.ledger.model import Allocation, Lot, MemberLedger, Movement


class Pooled(NamedTuple):
    """The common ledger of members, as the one who spends sees it.

    `origins` tells of each lot that is another's whose it is, and its number there; its number here is of no meaning
    elsewhere. `offered` is what each of the others shares, `withheld` what of that may not be taken now.
    """

    ledger: MemberLedger
    origins: Mapping[int, tuple[UUID, int]]
    offered: Mapping[UUID, int]
    withheld: int = 0


class Taken(NamedTuple):
    """Points of a lot that were taken: by a movement with the number `seq` of the member whose lot it is."""

    owner: UUID
    seq: int
    wallet: str
    lot_seq: int
    amount: int


def pooled(
    own: MemberLedger,
    others: Iterable[MemberLedger],
    wallets: Sequence[str],
    at: datetime,
    shared: Callable[[UUID, Lot], int],
    most: int | None = None,
) -> Pooled:
    """Lay others' lots of these wallets beside a member's own, each as far as it is `shared`, together at most so many.

    What time has done is recorded on all of them already. `shared` is asked lot by lot, in burn order. Nobody shares a
    wallet in which they owe, or in which anything is lent to them. Of lots that lapse and were earned at the same
    instant one's own burn first. `most` is used up in burn order, so that a spending from these wallets, in this order,
    takes what it may.
    """
    free: list[tuple[UUID, Lot, int]] = []
    for ledger in sorted(others, key=lambda each: each.member_id):
        giving = [wallet for wallet in wallets if not (ledger.debt(wallet) or ledger.lent(wallet))]
        for lot in burn_order(ledger.lots, wallets):
            if lot.wallet not in giving or lot.pending or not lot.in_force(at):
                continue
            if (points := min(lot.free, shared(ledger.member_id, lot))) > 0:
                free.append((ledger.member_id, lot, points))
    numbered = {own.seq + place: each for place, each in enumerate(free, start=1)}
    laid = (replace(lot, seq=seq, remaining=points, held=0) for seq, (_, lot, points) in numbered.items())
    offered: dict[UUID, int] = {}
    for owner, _, points in free:
        offered[owner] = offered.get(owner, 0) + points
    there, withheld = [], 0
    for lot in burn_order(laid, wallets):
        may = lot.remaining if most is None else min(lot.remaining, most)
        most = None if most is None else most - may
        withheld += lot.remaining - may
        if may:
            there.append(replace(lot, remaining=may))
    origins = {seq: (owner, lot.seq) for seq, (owner, lot, _) in numbered.items()}
    return Pooled(replace(own, lots=(*own.lots, *there)), origins, offered, withheld)


def apart(
    pool: Pooled, movements: Sequence[Movement], heads: Mapping[UUID, int]
) -> tuple[Mapping[UUID, Sequence[Movement]], tuple[Taken, ...]]:
    """Make movements of each member out of those of the common ledger, numbered on from each one's head.

    They are one a member and wallet. The parts come in the order in which they were taken.
    """
    own = pool.ledger.member_id
    parts: list[tuple[UUID, Movement, Allocation]] = []
    for movement in movements:
        for part in movement.allocations:
            owner, lot_seq = pool.origins.get(part.lot_seq, (own, part.lot_seq))
            parts.append((owner, movement, Allocation(lot_seq, part.amount)))
    groups: dict[tuple[UUID, str], tuple[Movement, list[Allocation]]] = {}
    for owner, movement, part in parts:
        groups.setdefault((owner, movement.wallet), (movement, []))[1].append(part)
    made: dict[UUID, list[Movement]] = {}
    for (owner, _), (movement, of_owner) in groups.items():
        before = made.setdefault(owner, [])
        before.append(
            replace(
                movement,
                seq=heads[owner] + len(before) + 1,
                amount=sum(part.amount for part in of_owner),
                allocations=tuple(of_owner),
            )
        )
    numbers = {(owner, movement.wallet): movement.seq for owner, each in made.items() for movement in each}
    taken = tuple(
        Taken(owner, numbers[owner, movement.wallet], movement.wallet, part.lot_seq, part.amount)
        for owner, movement, part in parts
    )
    return made, taken
