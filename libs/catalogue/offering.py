"""What a reward is to one member, here and now: its price, what is missing, and every reason why it is out of reach.

Pure. The list in the app, the quote and the redemption itself ask the same question here.
"""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from libs.catalogue.facts import Asking, MemberFacts, Supply
from libs.catalogue.kinds.registry import kind_of
from libs.catalogue.pricing import Price, matches, plans_for, price_of, within
from libs.catalogue.reasons import Reason
from libs.catalogue.reward import Reward, Times

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Offer(NamedTuple):
    """A reward as it is offered: the price asked for, all prices there are, and why it can't be had; none: it can."""

    price: Price | None
    prices: tuple[Price, ...]
    reasons: tuple[Reason, ...]
    missing: int = 0

    @property
    def in_reach(self) -> bool:
        """Whether it can be had now."""
        return not self.reasons


def visible(reward: Reward, now: datetime) -> bool:
    """Whether it is shown at all."""
    return reward.state == "live" and within(reward.visible, now)


def offer(reward: Reward, facts: MemberFacts, asking: Asking, supply: Supply, now: datetime, zone: ZoneInfo) -> Offer:
    """Look at a reward for a member; all that bars it is told, and not the first alone."""
    reasons = [*_times(reward, now, zone), *_audience(reward, facts, asking), *_supply(reward, asking, supply)]
    plans = plans_for(reward, facts, asking, now)
    prices = tuple(price for plan in plans if (price := price_of(plan, asking.quantity)) is not None)
    price, no_price = _chosen(reward, facts, asking, now)
    if no_price is not None:
        reasons.append(no_price)
    missing = 0
    if price is not None:
        missing = max(price.points - facts.spendable.get(price.wallet or "", 0), 0)
        if missing:
            reasons.append(Reason("insufficient-points", MappingProxyType({"missing": missing})))
        if facts.owing and price.points:
            reasons.append(Reason("in-debt"))
    return Offer(price, prices, tuple(reasons), missing)


def _chosen(reward: Reward, facts: MemberFacts, asking: Asking, now: datetime) -> tuple[Price | None, Reason | None]:
    """The price that was asked for, else the cheapest that the member can pay, else the cheapest."""
    plans = plans_for(reward, facts, asking, now)
    if not plans:
        return None, Reason("no-price")
    if asking.plan is not None:
        plans = [plan for plan in plans if plan.name == asking.plan]
        if not plans:
            return None, Reason("plan-unknown")
    priced = [price for plan in plans if (price := price_of(plan, asking.quantity, asking.points)) is not None]
    if not priced:
        return None, Reason("points-outside")
    payable = (price for price in priced if price.points <= facts.spendable.get(price.wallet or "", 0))
    return next(payable, priced[0]), None


def _times(reward: Reward, now: datetime, zone: ZoneInfo) -> list[Reason]:
    found = []
    if not visible(reward, now):
        found.append(Reason("not-live"))
    window = reward.available.window
    if window.from_ is not None and now < window.from_:
        found.append(Reason("not-available-yet"))
    elif window.to is not None and now >= window.to:
        found.append(Reason("no-longer-available"))
    elif not _open(reward.available, now, zone):
        found.append(Reason("closed-now"))
    return found


def _open(times: Times, now: datetime, zone: ZoneInfo) -> bool:
    """Whether weekday and hour fit; a window over midnight belongs to the day on which it opened."""
    local = now.astimezone(zone)
    day, clock = local.weekday(), f"{local:%H:%M}"
    if times.hours is not None:
        first, last = times.hours.from_, times.hours.to
        if times.hours.wraps:
            if not (clock >= first or clock < last):
                return False
            day = (day - 1) % 7 if clock < last else day
        elif not first <= clock < last:
            return False
    return not times.weekdays or _WEEKDAYS[day] in times.weekdays


def _audience(reward: Reward, facts: MemberFacts, asking: Asking) -> list[Reason]:
    wanted = reward.audience
    checks = (
        ("tier", matches(wanted.tiers, facts.tiers)),
        ("segment", matches(wanted.segments, facts.segments)),
        ("list", matches(wanted.lists, facts.lists)),
        ("store", _from_here(wanted.stores, asking.store)),
        ("partner", _from_here(wanted.partners, asking.partner)),
        ("country", _from_here(wanted.countries, asking.country)),
    )
    found = [Reason(code) for code, met in checks if not met]
    if (barred := kind_of(reward.what).bars(reward.what, facts)) is not None:
        found.append(Reason(barred))
    return found


def _from_here(wanted: tuple[str, ...], here: str | None) -> bool:
    return here is None or not wanted or here in wanted


def _supply(reward: Reward, asking: Asking, supply: Supply) -> list[Reason]:
    found = []
    if reward.stock == "by_store" and asking.store is None:
        found.append(Reason("store-needed"))
    elif supply.left is not None and supply.left < asking.quantity:
        found.append(Reason("sold-out", MappingProxyType({"left": supply.left})))
    for limit, had in zip(reward.per_member, supply.used_by_member, strict=False):
        if had + asking.quantity > limit.most:
            found.append(Reason("member-limit", MappingProxyType({"most": limit.most, "had": had})))
    total = reward.in_total
    if total is not None and supply.used + asking.quantity > total.most:
        found.append(Reason("total-limit", MappingProxyType({"most": total.most, "used": supply.used})))
    return found
