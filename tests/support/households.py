"""Households in memory: the batch of redemption with members who spend together, and what that has used so far."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from libs.households.sharing import Household, Uses
from libs.lives.life import Life
from libs.promotions.households import HouseholdTerms
from services.redemption.batches import Batch, Decided, InHand, Loaded
from services.redemption.commands import Command
from services.redemption.domain import Rules
from services.redemption.households.pool import parts_of
from tests.support.spending import PATIENCE, RULES, Counter

HOUSEHOLD_ID = UUID(int=900)


def rules_with(**terms: object) -> Rules:
    """The rules of a programme whose members share points."""
    return replace(RULES, household=HouseholdTerms.model_validate(terms))


class SharingCounter(Counter):
    """What a database would hold, with one household, and parts of others' lots as its tables have them."""

    def __init__(self, members: Mapping[UUID, Life], rules: Rules, household: Household) -> None:
        super().__init__(members)
        self.rules = rules
        self.household = household

    def uses(self, now: datetime) -> Uses:
        """What was spent of others, added up anew from all redemptions."""
        lots: Tally[tuple[UUID, int]] = Tally()
        since: Tally[UUID] = Tally()
        for each in self.redemptions.values():
            parts = parts_of(each)
            lots.update(parts)
            since[each.name[2]] += sum(parts.values())
        assert self.rules.household is not None
        days = {now.date().replace(day=1)}
        return Uses(dict(lots), {(member, day): since[member] for member in self.household.roles for day in days})

    def batch(self, now: datetime, wanted: Sequence[Command]) -> Decided:
        """Decide commands together, and keep what came of them."""
        members = {(1, 1, each): InHand(life, 0) for each, life in self.lives.items()}
        households = {(1, 1, member): self.household for member in self.household.roles}
        loaded = Loaded(members, self.redemptions, self.known, self.leads, self.used, households, {1: self.uses(now)})
        batch = Batch(loaded, lambda *_: self.rules, now, PATIENCE)
        decided = batch.decide(wanted)
        self.redemptions |= decided.redemptions
        self.known |= batch.kept
        return decided
