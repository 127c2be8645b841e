"""Effects in plain words: what a campaign pays, takes off, hands out or gives a later date."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import Protocol

from libs.language import wording
from libs.promotions.campaigns import Campaign, Effect
from libs.promotions.discounts import AmountOff, Bundle, BuyGet, Discounting, FreeShipping, PercentOff
from libs.promotions.expiry_words import extension_words, with_own_expiry
from libs.promotions.extensions import Extend
from libs.promotions.gifts import REWARD, Gift, StatusPoints
from libs.promotions.payouts import (
    Fixed,
    Formula,
    Multiplier,
    Payout,
    PerAmount,
    PerQuantity,
    PerTier,
    Thresholds,
    Together,
)
from libs.promotions.programme import Programme
from libs.promotions.selections import Selection
from libs.promotions.tiers import reserved
from libs.promotions.wording import RULES

MOST_NAMES = 6
TIMES = "\u00d7"
OWN_NAME = "points"
"""A wallet of this name has points in every language; any other is called by its name."""


class Teller(Protocol):
    """Whoever puts numbers of one programme into words of one language."""

    @property
    def language(self) -> str: ...  # noqa: D102
    @property
    def source(self) -> Programme: ...  # noqa: D102
    def points(self, minor: int, wallet: str) -> str: ...  # noqa: D102
    def money(self, minor: int) -> str: ...  # noqa: D102


def effect_words(teller: Teller, effect: Effect, campaign: Campaign) -> str:
    """Say what an effect of a campaign gives."""
    if isinstance(effect, Gift):
        return gift_words(teller, effect)
    if isinstance(effect, StatusPoints):
        return _tier_points(teller, effect)
    if isinstance(effect, Extend):
        return extension_words(effect, teller.source.wallet_for(effect), teller.language)
    if isinstance(effect, Payout):
        return _payout(teller, effect, campaign)
    return _discount(teller, effect)


def _payout(teller: Teller, effect: Payout, campaign: Campaign) -> str:
    wallet = teller.source.wallet_for(effect)
    say = partial(RULES.say, teller.language)
    points = partial(teller.points, wallet=wallet)
    match effect:
        case PerAmount(points=each, per_minor=per, above_minor=0):
            told = say("per_amount", points=points(each), money=teller.money(per))
        case PerAmount(points=each, per_minor=per, above_minor=above):
            told = say("per_amount.above", points=points(each), money=teller.money(per), above=teller.money(above))
        case PerQuantity(points=each, per=per):
            key = "per_quantity.activity" if campaign.trigger.kind != "purchase" else "per_quantity"
            told = say(key, n=per, points=points(each))
        case Fixed(points=each):
            told = say("fixed", points=points(each))
        case PerTier():
            told = _per_tier(teller, effect, wallet)
        case Thresholds(steps=steps):
            listed = [say("from", what=points(one.points), start=teller.money(one.from_minor)) for one in steps]
            told = wording.one_of(listed, teller.language)
        case Together(points=each, with_=other):
            told = say("together", points=points(each), listed=selection_words(other, teller.language))
        case Formula(most=most):
            told = say("formula", points=points(most))
        case Multiplier(percent=percent):
            told = _multiplier(percent, wallet, teller.language)
    return with_own_expiry(told, effect.expiry, teller.language)


def _per_tier(teller: Teller, effect: PerTier, wallet: str) -> str:
    say = partial(RULES.say, teller.language)
    listed = [say("of-tier", tier=one.tier, what=teller.points(one.points, wallet)) for one in effect.tiers]
    if effect.otherwise:
        listed.append(say("of-others", what=teller.points(effect.otherwise, wallet)))
    told = wording.all_of(listed, teller.language)
    if effect.per_minor is None:
        return told
    return say("tier.per_amount", listed=told, money=teller.money(effect.per_minor))


def selection_words(selection: Selection, language: str) -> str:
    """Name the articles, categories, brands and labels of a selection."""
    kinds = [getattr(selection, kind) for kind in ("skus", "categories", "brands", "labels")]
    return wording.all_of([named(values, language) for values in kinds if values], language)


def named(values: Sequence[str], language: str) -> str:
    """List names, the first of them when they are many."""
    if len(values) <= MOST_NAMES:
        return wording.one_of(values, language)
    shown = ", ".join(values[:MOST_NAMES])
    return RULES.say(language, "more", listed=shown, n=len(values) - MOST_NAMES)


def _multiplier(percent: int, wallet: str, language: str) -> str:
    times = wording.number(Decimal(percent) / 100, language)
    if wallet != OWN_NAME:
        return RULES.say(language, "multiplier.wallet", times=times, wallet=wallet)
    if percent in (200, 300):
        return RULES.say(language, f"multiplier.points.{percent}")
    return RULES.say(language, "multiplier.points", times=times)


def gift_words(teller: Teller, gift: Gift) -> str:
    """Name a gift, and how many there are."""
    kind = RULES.say(teller.language, f"gift.{gift.kind}")
    told = RULES.say(teller.language, "gift", n=gift.quantity, times=TIMES, kind=kind, reference=gift.reference)
    if gift.per_minor is not None:
        told = RULES.say(teller.language, "gift.per_amount", what=told, money=teller.money(gift.per_minor))
    levels = reserved(teller.source.tier_sets).get(gift.reference) if gift.kind == REWARD else None
    if levels is None:
        return told
    listed = wording.all_of([level.title or level.name for level in levels], teller.language)
    return RULES.say(teller.language, "gift.reserved", what=told, levels=listed)


def _tier_points(teller: Teller, effect: StatusPoints) -> str:
    say = partial(RULES.say, teller.language)
    number = wording.number(Decimal(effect.points), teller.language)
    told = say("tier_points", n=effect.points, number=number)
    if effect.per_minor is not None:
        told = say("tier_points.per_amount", what=told, money=teller.money(effect.per_minor))
    if effect.tier_set is not None and len(teller.source.tier_sets) > 1:
        told = say("tier_points.of-set", what=told, tier_set=effect.tier_set)
    return told


def _discount(teller: Teller, effect: Discounting) -> str:
    say, language = partial(RULES.say, teller.language), teller.language
    match effect:
        case AmountOff(amount_minor=amount, per_minor=None):
            told = say("amount_off", money=teller.money(amount))
        case AmountOff(amount_minor=amount, per_minor=int() as per):
            told = say("amount_off.per_amount", money=teller.money(amount), per=teller.money(per))
        case PercentOff():
            told = _percent_off(teller, effect)
        case FreeShipping(min_minor=least):
            told = say("free_shipping")
            if least:
                told = say("from", what=told, start=teller.money(least))
        case BuyGet(buy=buy, get=get, percent=percent, of=None):
            told = say("buy_get", buy=buy, get=get, what=say("free" if percent == 100 else "off", percent=percent))
        case BuyGet(buy=buy, get=get, percent=percent, of=Selection() as of):
            what = say("free" if percent == 100 else "off", percent=percent)
            told = say("buy_get.of", buy=buy, get=get, what=what, listed=selection_words(of, language))
        case Bundle(items=items, price_minor=price):
            listed = [f"{one.quantity} {TIMES} {selection_words(one, language)}" for one in items]
            told = say("bundle", listed=wording.all_of(listed, language), money=teller.money(price))
    return told


def _percent_off(teller: Teller, effect: PercentOff) -> str:
    say = partial(RULES.say, teller.language)
    listed = [say("of-tier", tier=one.tier, what=say("off", percent=one.percent)) for one in effect.tiers]
    listed += [say("from-pieces", n=one.from_quantity, what=say("off", percent=one.percent)) for one in effect.steps]
    listed += [say("off", percent=effect.percent)] if effect.percent else []
    return wording.one_of(listed, teller.language)
