"""What a member may spend of a household: their own lots, and those of the others as far as these are shared. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from libs.ledger.catch_up import catch_up
from libs.ledger.evolve import apply_all
from libs.ledger.model import Lot, MemberLedger
from libs.ledger.together import Pooled, pooled
from libs.lives.life import Life
from libs.promotions.households import HouseholdTerms, Role
from services.redemption.domain import Redemption, Refusal, Rules, rested

NOT_OFFERED = Refusal("household-not-offered", "The programme lets members share no points.")
NO_HOUSEHOLD = Refusal("household-none", "The member is in no household.")


class Household(NamedTuple):
    """A household as it is now: who belongs to it, in which role."""

    household_id: UUID
    roles: Mapping[UUID, Role]


class Uses(NamedTuple):
    """What was spent of others, and has not come back: by lot, and by the spender since the first day of a period."""

    lots: Mapping[tuple[UUID, int], int] = MappingProxyType({})
    since: Mapping[tuple[UUID, date], int] = MappingProxyType({})

    def moved(self, before: Redemption | None, after: Redemption, zone: ZoneInfo) -> Uses:
        """Them after a redemption has changed."""
        more = Counter(parts_of(after))
        more.subtract({} if before is None else parts_of(before))
        spender, day = after.name[2], after.asked_at.astimezone(zone).date()
        total = sum(more.values())
        since = {
            name: points + (total if name[0] == spender and name[1] <= day else 0)
            for name, points in self.since.items()
        }
        lots = {name: self.lots.get(name, 0) + points for name, points in more.items()}
        return Uses({**self.lots, **lots}, since)


NO_USES = Uses()


def parts_of(redemption: Redemption) -> dict[tuple[UUID, int], int]:
    """What a redemption has of others' lots now, by owner and lot."""
    has = redemption.state in ("held", "redeemed")
    return {
        (each.owner, each.lot_seq): (each.amount - each.restored) * has
        for each in redemption.portions
        if each.owner is not None
    }


@dataclass(frozen=True, slots=True)
class Pool:
    """The household of a member who spends, with what the others have."""

    household: Household
    spender: UUID
    terms: HouseholdTerms
    rules: Rules
    uses: Uses
    at: datetime

    @property
    def role(self) -> Role:
        """What the spender is in it."""
        return self.household.roles[self.spender]

    @property
    def most(self) -> int | None:
        """How many points of the others the spender may still take; None for as many as there are."""
        today = self.at.astimezone(self.rules.zone).date()
        return self.terms.most(self.role, today, lambda day: self.uses.since.get((self.spender, day), 0))

    def ledger(self, own: MemberLedger, others: Mapping[UUID, MemberLedger], wallets: Sequence[str]) -> Pooled:
        """The common ledger as far as the spender may spend it, from these wallets in this order."""
        theirs = [
            rested(ledger, self.rules.rest, self.at)
            for member, ledger in others.items()
            if member in self.household.roles and member != self.spender
        ]
        return pooled(rested(own, self.rules.rest, self.at), theirs, wallets, self.at, self._shared, self.most)

    def _shared(self, owner: UUID, lot: Lot) -> int:
        if not self.terms.shares(lot.wallet):
            return 0
        return self.terms.shared(lot.amount) - self.uses.lots.get((owner, lot.seq), 0)


def pool_of(household: Household | None, spender: UUID, rules: Rules, uses: Uses, at: datetime) -> Pool | Refusal:
    """The pool of whoever asks to spend with the household, or why there is none."""
    if rules.household is None:
        return NOT_OFFERED
    if household is None:
        return NO_HOUSEHOLD
    return Pool(household, spender, rules.household, rules, uses, at)


class Beside(NamedTuple):
    """The others whose lots a request may touch: their lives in hand, and the pool where it is to be spent from one."""

    lives: Mapping[UUID, Life] = MappingProxyType({})
    pool: Pool | None = None

    def common(self, own: MemberLedger, wallets: Sequence[str], at: datetime) -> Pooled:
        """The common ledger; what time has done to others is seen, and recorded of those alone who give something."""
        assert self.pool is not None
        others = {
            member: apply_all(other.ledger, catch_up(other.ledger, at, at)) for member, other in self.lives.items()
        }
        return self.pool.ledger(own, others, wallets)


ALONE = Beside()
"""Nobody else has to do with it, as with most requests."""
