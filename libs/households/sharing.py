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


class Uses(NamedTuple):
    """What was spent of others, and has not come back: by lot, and by the spender since the first day of a period."""

    lots: Mapping[tuple[UUID, int], int] = MappingProxyType({})
    since: Mapping[tuple[UUID, date], int] = MappingProxyType({})


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
        return pooled(rested(own, self.rest, self.at), theirs, wallets, self.at, self._shared, self.most)

    def _shared(self, owner: UUID, lot: Lot) -> int:
        if not self.terms.shares(lot.wallet):
            return 0
        return self.terms.shared(lot.amount) - self.uses.lots.get((owner, lot.seq), 0)
