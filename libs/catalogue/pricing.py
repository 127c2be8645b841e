"""What a reward costs whoever asks, here and now. Pure; whole numbers only, and money never rounded down."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from libs.catalogue.facts import Asking, MemberFacts
from libs.catalogue.reward import PricePlan, Reward, Span


class Price(NamedTuple):
    """What so many pieces cost in all, by which plan; points from a wallet, or from all in the first one's unit."""

    plan: str
    points: int
    wallet: str | None = None
    money_minor: int = 0
    currency: str | None = None


def within(span: Span, now: datetime) -> bool:
    """Whether an instant lies in a window."""
    return (span.from_ is None or span.from_ <= now) and (span.to is None or now < span.to)


def matches(wanted: Iterable[str], has: frozenset[str]) -> bool:
    """Whether anything wanted is there, or nothing is wanted."""
    found = frozenset(wanted)
    return not found or bool(found & has)


def plans_for(reward: Reward, facts: MemberFacts, asking: Asking, now: datetime) -> list[PricePlan]:
    """The plans that count for somebody, the cheapest first: by points, by money, by name."""
    found = [
        plan
        for plan in reward.prices
        if within(plan.window, now)
        and (not plan.channels or asking.channel in plan.channels)
        and matches(plan.tiers, facts.tiers)
        and matches(plan.segments, facts.segments)
    ]
    return sorted(found, key=lambda plan: (plan.points, plan.money_minor or 0, plan.name))


def price_of(plan: PricePlan, quantity: int, points: int | None = None) -> Price | None:
    """What so many pieces cost by a plan; with `points` each is paid with so many, the rest in money.

    None where the plan does not let so many points be paid.
    """
    money = plan.money_minor or 0
    each = plan.points
    if points is not None and points != plan.points:
        slide = plan.sliding
        if slide is None or not slide.least <= points <= plan.points or (points - slide.least) % slide.step:
            return None
        missing = plan.points - points
        # A fraction of a minor unit is the member's to pay.
        money += -(-missing * slide.minor // slide.points)
        each = points
    return Price(plan.name, each * quantity, plan.wallet, money * quantity, plan.currency if money else None)
