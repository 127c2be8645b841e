"""Expiry policies in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from functools import partial
from itertools import islice

from libs.language import wording
from libs.promotions.expiry import (
    AnniversaryExpiry,
    AnyExpiry,
    CalendarExpiry,
    FixedExpiry,
    InactivityExpiry,
    NaturalExpiry,
    NeverExpiry,
    RollingExpiry,
)
from libs.promotions.extensions import Extend
from libs.promotions.wallets import Wallet
from libs.promotions.wording import RULES

_SHOWN = 6
_ANY_LEAP_YEAR = 2000


def wallet_expiry_words(wallet: Wallet, language: str) -> Iterator[str]:
    """Say when the points of a wallet lapse, and those of members with another policy."""
    yield from expiry_words(wallet.expiry, language)
    say = partial(RULES.say, language)
    for other in wallet.expiry_for:
        parts = [
            say(f"expiry.of-{kind}", listed=wording.one_of(names, language))
            for kind, names in (("tiers", other.tiers), ("segments", other.segments))
            if names
        ]
        told = " ".join(expiry_words(other.expiry, language))
        yield say("expiry.for", who=wording.one_of(parts, language), told=told)


def with_own_expiry(what: str, expiry: AnyExpiry | None, language: str) -> str:
    """Add to what an effect gives that its points lapse by a policy of their own, where they do."""
    if expiry is None:
        return what
    told = " ".join(expiry_words(expiry, language)).removesuffix(".")
    told = told[:1].lower() + told[1:]
    return RULES.say(language, "expiry.own", what=what, told=told)


def extension_words(effect: Extend, wallet: str, language: str) -> str:
    """Say which points of a wallet get a later date, and how much later."""
    say = partial(RULES.say, language)
    named = RULES.say(language, "extend.points") if wallet == "points" else wallet
    what = say(f"extend.{effect.lots}", wallet=named)
    least, most = effect.older_than_days, effect.younger_than_days
    if least is not None and most is not None:
        what = say("extend.both", what=what, least=least, most=most)
    elif least is not None:
        what = say("extend.older", what=what, n=least)
    elif most is not None:
        what = say("extend.younger", what=what, n=most)
    unit = "days" if effect.boundaries is None else "boundaries"
    number = effect.days or effect.boundaries
    told = say(f"extend.{unit}.now" if effect.from_now else f"extend.{unit}", what=what, n=number)
    told = told if effect.most_days is None else say("extend.most", told=told, n=effect.most_days)
    return told if effect.most_points is None else say("extend.most-points", told=told, n=effect.most_points)


def expiry_words(expiry: AnyExpiry, language: str) -> Iterator[str]:
    """Say when points lapse that have a policy, in sentences."""
    yield _first(expiry, language)
    starts = getattr(expiry, "year_starts_in", 1)
    if starts != 1 and getattr(expiry, "period", None) != "month":
        yield RULES.say(language, "expiry.year-starts", month=wording.month(starts, language))
    if least := getattr(expiry, "at_least_days", 0):
        yield RULES.say(language, "expiry.at-least", n=least)


def _first(expiry: AnyExpiry, language: str) -> str:
    say = partial(RULES.say, language)
    match expiry:
        case NeverExpiry():
            told = say("expiry.never")
        case NaturalExpiry(period=period, extra_periods=extra):
            told = say(f"expiry.{period}.later", n=extra) if extra else say(f"expiry.{period}")
        case CalendarExpiry(extra_periods=extra):
            listed = _days(expiry, language)
            told = (
                say("expiry.calendar.later", n=extra, listed=listed) if extra else say("expiry.calendar", listed=listed)
            )
        case RollingExpiry():
            told = say(f"expiry.rolling.{expiry.rounded_to}", span=_span(expiry, language))
        case InactivityExpiry():
            kinds = [say("expiry.purchase")] if expiry.purchases else []
            listed = wording.one_of([*kinds, *(f"“{name}”" for name in expiry.activities)], language)
            told = say(f"expiry.inactivity.{expiry.rounded_to}", span=_span(expiry, language), listed=listed)
        case FixedExpiry():
            told = _fixed(expiry, language)
        case AnniversaryExpiry(extra_years=extra):
            told = say("expiry.anniversary.later", n=extra) if extra else say("expiry.anniversary")
    return told


def _fixed(expiry: FixedExpiry, language: str) -> str:
    say = partial(RULES.say, language)
    if expiry.day is not None:
        return say("expiry.fixed", day=wording.day(expiry.day, language))
    rows = [
        say("expiry.fixed.row", earned=wording.day(earned, language), lapses=wording.day(lapses, language))
        for earned, lapses in expiry.rows
    ]
    return say("expiry.fixed.table", listed="; ".join(rows))


def _span(expiry: RollingExpiry | InactivityExpiry, language: str) -> str:
    if expiry.months is not None:
        return RULES.say(language, "expiry.span.months", n=expiry.months)
    return RULES.say(language, "expiry.span.days", n=expiry.days)


def _days(expiry: CalendarExpiry, language: str) -> str:
    days: Iterable[str]
    if expiry.yearly:
        days = [wording.day_of_year(date.fromisoformat(f"{_ANY_LEAP_YEAR}-{day}"), language) for day in expiry.yearly]
        return wording.all_of(days, language)
    days = [wording.day(day, language) for day in islice(expiry.last_days, _SHOWN)]
    if len(expiry.last_days) <= _SHOWN:
        return wording.all_of(days, language)
    return RULES.say(language, "expiry.until", listed=", ".join(days), last=wording.day(expiry.last_days[-1], language))
