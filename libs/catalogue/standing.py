"""Standing orders: so many points become a reward as soon as they are there; what one would do now. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from msgspec import Struct

from libs.catalogue.facts import MemberFacts
from libs.catalogue.offering import Offer
from libs.catalogue.placing import Unanswered, answered
from libs.catalogue.reasons import Reason
from libs.catalogue.reward import Reward

Now = Literal["redeem", "wait", "barred"]
_OF_POINTS = frozenset({"insufficient-points", "in-debt"})


class Wish(NamedTuple):
    """What a member wants: the reward once `at_points` may be spent, and again each time, or once."""

    at_points: int
    repeats: bool = False


class StandingOrder(Struct, frozen=True):
    """A standing order as it is kept: how often it has ordered, and what bars it, if anything does."""

    reference: str
    at_points: int
    repeats: bool
    is_on: bool
    asked_at: datetime
    asked_by: str
    done: int = 0
    order_id: UUID | None = None
    done_at: datetime | None = None
    barred: str | None = None
    barred_at: datetime | None = None

    @property
    def wish(self) -> Wish:
        """What it wants."""
        return Wish(self.at_points, self.repeats)


class Outlook(NamedTuple):
    """What a standing order would do now: redeem, wait for so many points, or be barred by reasons."""

    now: Now
    missing: int = 0
    reasons: tuple[Reason, ...] = ()


def outlook(wish: Wish, made: Offer, facts: MemberFacts) -> Outlook:
    """What would become of it now, by the reward as it is offered to the member.

    It waits while points are owed, or fewer may be spent than it asks for, or than the reward costs.
    """
    bars = tuple(reason for reason in made.reasons if reason.code not in _OF_POINTS)
    price = made.price
    if bars or price is None:
        return Outlook("barred", 0, bars)
    missing = max(0, max(wish.at_points, price.points) - facts.spendable.get(price.wallet or "", 0))
    return Outlook("wait" if missing or made.reasons else "redeem", missing)


def asks_nothing(reward: Reward) -> bool:
    """Whether an order of it needs no answers: else nobody would be there to give them."""
    return not isinstance(answered(reward, {}), Unanswered)
