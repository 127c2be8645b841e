"""The pool that a request spends from, or why there is none; and what redemptions have of others' lots. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from libs.households.sharing import Household, Pool, Uses
from libs.ledger.model import MemberLedger
from libs.ledger.together import Pooled
from libs.lives.life import Life
from services.redemption.domain import Redemption, Refusal, Rules

NOT_OFFERED = Refusal("household-not-offered", "The programme lets members share no points.")
NO_HOUSEHOLD = Refusal("household-none", "The member is in no household.")


def pool_of(household: Household | None, spender: UUID, rules: Rules, uses: Uses, at: datetime) -> Pool | Refusal:
    """The pool of whoever asks to spend with the household, or why there is none; whoever is blocked is not in it."""
    if rules.household is None:
        return NOT_OFFERED
    if household is None or spender not in household.roles:
        return NO_HOUSEHOLD
    if not rules.blocked.isdisjoint(household.roles):
        roles = {member: role for member, role in household.roles.items() if member not in rules.blocked - {spender}}
        household = household._replace(roles=roles)
    return Pool(household, spender, rules.household, rules.zone, rules.rest, uses, at)


class Beside(NamedTuple):
    """The others whose lots a request may touch: their lives in hand, and the pool where it is to be spent from one."""

    lives: Mapping[UUID, Life] = MappingProxyType({})
    pool: Pool | None = None

    def common(self, own: MemberLedger, wallets: Sequence[str]) -> Pooled:
        """The common ledger of the pool."""
        assert self.pool is not None
        return self.pool.common(own, {member: other.ledger for member, other in self.lives.items()}, wallets)


ALONE = Beside()
"""Nobody else has to do with it, as with most requests."""


def parts_of(redemption: Redemption) -> dict[tuple[UUID, int], int]:
    """What a redemption has of others' lots now, by owner and lot."""
    has = redemption.state in ("held", "redeemed")
    return {
        (each.owner, each.lot_seq): (each.amount - each.restored) * has
        for each in redemption.portions
        if each.owner is not None
    }


def moved(uses: Uses, before: Redemption | None, after: Redemption, zone: ZoneInfo) -> Uses:
    """What was spent of others, after a redemption has changed."""
    more = Counter(parts_of(after))
    more.subtract({} if before is None else parts_of(before))
    spender, day = after.name[2], after.asked_at.astimezone(zone).date()
    total = sum(more.values())
    since = {
        name: points + (total if name[0] == spender and name[1] <= day else 0) for name, points in uses.since.items()
    }
    lots = Counter(uses.lots)
    for name, points in more.items():
        lots[uses.counted(name)] += points
    return Uses(lots, since, uses.roots)
