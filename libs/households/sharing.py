"""What a member may spend of a household: their own lots, and those of the others as far as these are shared. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from libs.ledger.catch_up import catch_up
from libs.ledger.evolve import apply_all
from libs.ledger.model import Lot, MemberLedger
from libs.ledger.spend import rested
from libs.ledger.together import Pooled, pooled
from libs.promotions.households import HouseholdTerms, Role


class Household(NamedTuple):
    """A household as it is now: who belongs to it, in which role."""

    household_id: UUID
    roles: Mapping[UUID, Role]


LotName = tuple[UUID, int]
"""Whose lot it is, and its number there."""


class Root(NamedTuple):
    """The lot that another one was before its owner was merged, and how much it was credited with."""

    lot: LotName
    amount: int


class Uses(NamedTuple):
    """What was spent of others, and has not come back: by lot, and by the spender since the first day of a period.

    `roots` tells of lots that came by merges what they were before: they are shared and counted as that one lot.
    """

    lots: Mapping[LotName, int] = MappingProxyType({})
    since: Mapping[tuple[UUID, date], int] = MappingProxyType({})
    roots: Mapping[LotName, Root] = MappingProxyType({})

    def counted(self, lot: LotName) -> LotName:
        """The lot under which uses of a lot are counted."""
        return self.roots[lot].lot if lot in self.roots else lot


NO_USES = Uses()


@dataclass(frozen=True, slots=True)
class Pool:
    """The household of a member who spends, and what of the others' points may be spent at an instant.

    What came from another member less than `rest` ago is spent by nobody.
    """

    household: Household
    spender: UUID
    terms: HouseholdTerms
    zone: ZoneInfo
    rest: timedelta
    uses: Uses
    at: datetime

    @property
    def role(self) -> Role:
        """What the spender is in it."""
        return self.household.roles[self.spender]

    @property
    def most(self) -> int | None:
        """How many points of the others the spender may still take; None for as many as there are."""
        today = self.at.astimezone(self.zone).date()
        return self.terms.most(self.role, today, lambda day: self.uses.since.get((self.spender, day), 0))

    def common(self, own: MemberLedger, others: Mapping[UUID, MemberLedger], wallets: Sequence[str]) -> Pooled:
        """The common ledger as far as the spender may spend it, from these wallets in this order.

        What time has done to the others is seen here, and recorded by whoever takes something of them.
        """
        theirs = [
            rested(apply_all(ledger, catch_up(ledger, self.at, self.at)), self.rest, self.at)
            for member, ledger in others.items()
            if member in self.household.roles and member != self.spender
        ]
        left: dict[LotName, int] = {}

        def shared(owner: UUID, lot: Lot) -> int:
            if not self.terms.shares(lot.wallet):
                return 0
            root = self.uses.roots.get((owner, lot.seq)) or Root((owner, lot.seq), lot.amount)
            whole = self.terms.shared(root.amount) - self.uses.lots.get(root.lot, 0)
            part = max(0, min(lot.free, left.get(root.lot, whole)))
            left[root.lot] = left.get(root.lot, whole) - part
            return part

        return pooled(rested(own, self.rest, self.at), theirs, wallets, self.at, shared, self.most)
