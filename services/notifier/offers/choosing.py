"""Which products and rewards a message proposes to one member. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from libs.catalogue.facts import Asking, MemberFacts, Supply
from libs.catalogue.offering import offer, visible
from libs.catalogue.reward import Reward
from libs.messages.values import Money, Points, Proposal
from libs.promotions.proposals import ProductProposal
from libs.promotions.rates import digits

MOST = 4
"""So many of a kind are proposed at most."""
_ANYTHING = 10**18


@dataclass(frozen=True, slots=True)
class Suited:
    """What is known of a member for proposals: tier, segments, spend by part of the days, and rewards had before."""

    tier: str | None = None
    segments: frozenset[str] = frozenset()
    spend: Mapping[str, int] = field(default_factory=dict)
    had: frozenset[str] = frozenset()


def products(
    proposals: Sequence[ProductProposal], member: Suited, language: str, currency: str
) -> tuple[Proposal, ...]:
    """Return what suits a member: what is most bought of first, then what is for everybody, in the order written."""
    ranked = []
    for at, each in enumerate(proposals):
        if each.language not in (None, language.partition("-")[0]) or not _meant(each, member):
            continue
        spent = sum(member.spend.get(part, 0) for part in each.bought)
        if spent > 0 or not each.bought:
            ranked.append((-spent, at, each))
    return tuple([_product(each, currency) for _, _, each in sorted(ranked)[:MOST]])


def _meant(each: ProductProposal, member: Suited) -> bool:
    if each.tiers and member.tier not in each.tiers:
        return False
    return not each.segments or not member.segments.isdisjoint(each.segments)


def _product(each: ProductProposal, currency: str) -> Proposal:
    price = None if each.price_minor is None else Money(each.price_minor, currency, digits(currency))
    return Proposal(each.title, each.text, each.image, each.link, price)


class Priced(NamedTuple):
    """A reward that members of a tier and segments can have, at so many points of a wallet ("": the first)."""

    reward: Reward
    wallet: str
    points: int


def on_offer(
    rewards: Iterable[tuple[Reward, Supply]], tier: str | None, segments: frozenset[str], now: datetime, zone: ZoneInfo
) -> list[Priced]:
    """Return what members of a tier and segments can have now for points alone: by rank, then the dearest first."""
    shown = [(reward, supply) for reward, supply in rewards if visible(reward, now)]
    rich = {plan.wallet or "": _ANYTHING for reward, _ in shown for plan in reward.prices}
    facts = MemberFacts(tiers=frozenset(() if tier is None else (tier,)), segments=segments, spendable=rich)
    found = []
    for reward, supply in shown:
        made = offer(reward, facts, Asking(), supply, now, zone)
        prices = [price for price in made.prices if price.points and not price.money_minor]
        if made.in_reach and prices:
            cheapest = min(prices, key=lambda price: price.points)
            found.append(Priced(reward, cheapest.wallet or "", cheapest.points))
    return sorted(found, key=lambda each: (-each.reward.rank, -each.points, each.reward.reference))


def affordable(
    offered: Sequence[Priced], available: Mapping[str, int], member: Suited, language: str, scales: Mapping[str, int]
) -> tuple[Proposal, ...]:
    """Return those that the points of a member reach; what may be had so often and was had is left out."""
    first = next(iter(scales))
    chosen = []
    for each in offered:
        once = bool(each.reward.per_member) and each.reward.reference in member.had
        if each.points <= available.get(each.wallet or first, 0) and not once:
            chosen.append(_reward(each, language, scales.get(each.wallet or first, 0)))
            if len(chosen) == MOST:
                break
    return tuple(chosen)


def _reward(each: Priced, language: str, scale: int) -> Proposal:
    words = each.reward.words(language)
    picture = next((one.link for one in each.reward.media if one.form == "picture"), None)
    return Proposal(words.title, words.summary or None, picture, None, None, Points(each.points, scale))
