"""Conditions in plain words: on what is bought, where, and by whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import partial

from libs.language import wording
from libs.promotions.audience import (
    Anniversary,
    Days,
    DaysSince,
    FactCondition,
    HistoryCondition,
    MemberConditions,
    NthPurchase,
    WindowPart,
)
from libs.promotions.criteria import LINE_EXCLUSIONS, LINE_KINDS, Conditions, LinesCondition
from libs.promotions.effect_words import Teller, named
from libs.promotions.frame_words import around_words
from libs.promotions.lines import chooses_lines
from libs.promotions.places import Circle
from libs.promotions.wording import RULES


def condition_words(teller: Teller, when: Conditions, *, of_activity: bool) -> Iterator[str]:
    """Say every condition that is given, one text each."""
    for name in type(when).model_fields:
        if getattr(when, name) not in (None, ()):
            yield from _condition(teller, name, when, of_activity=of_activity)


def _condition(teller: Teller, name: str, when: Conditions, *, of_activity: bool) -> Iterable[str]:
    value, say = getattr(when, name), partial(RULES.say, teller.language)
    match value:
        case int():
            told = [_bound(teller, name, value, when)]
        case str():
            told = [say(f"{name}.{value}")]
        case Circle():
            told = [_near(value, teller.language)]
        case MemberConditions():
            told = [*_member(teller, value)]
        case _ if name == "lines":
            told = [_lines(teller, one) for one in value]
        case _ if name == "data":
            told = [say(name, fact=fact_words(one, teller.language)) for one in value]
        case _ if name == "inside":
            told = [say(name, n=len(value))]
        case _:
            key = f"{name}.activity" if of_activity and name.endswith("labels") and name != "store_labels" else name
            told = [say(key, n=len(value), listed=named(value, teller.language))]
    return told


def _bound(teller: Teller, name: str, value: int, when: Conditions) -> str:
    if not name.endswith("_minor"):
        return RULES.say(teller.language, name, n=value)
    key = f"{name}.lines" if name.endswith("_amount_minor") and chooses_lines(when) else name
    return RULES.say(teller.language, key, money=teller.money(value))


def _near(circle: Circle, language: str) -> str:
    metres = circle.metres
    kilometres = metres >= 1_000
    length = wording.number(Decimal(metres) / 1_000 if kilometres else metres, language)
    return RULES.say(
        language,
        "near",
        distance=f"{length} {'km' if kilometres else 'm'}",
        latitude=_degrees(circle.latitude),
        longitude=_degrees(circle.longitude),
    )


def _degrees(micro: int) -> str:
    """Degrees with a point in every language, as maps take them."""
    return f"{Decimal(micro).scaleb(-6):.6f}".rstrip("0").rstrip(".")


def _lines(teller: Teller, asked: LinesCondition) -> str:
    say, language = partial(RULES.say, teller.language), teller.language
    kinds = ((kind, getattr(asked, kind)) for kind in (*LINE_KINDS, *LINE_EXCLUSIONS))
    what = [say(f"line.{kind}", n=len(names), listed=named(names, language)) for kind, names in kinds if names]
    if (asked.min_price_minor, asked.max_price_minor) != (None, None):
        what.append(
            say("line.price", range=range_words(asked.min_price_minor, asked.max_price_minor, teller.money, language))
        )
    if (asked.min_pieces, asked.max_pieces) != (None, None):
        pieces = range_words(asked.min_pieces, asked.max_pieces, number_writer(language), language)
        what.append(say("line.pieces", n=last_of(asked.min_pieces, asked.max_pieces), range=pieces))
    told = say(f"lines.{asked.match}", n=asked.min_lines or 1, listed=wording.all_of(what, language))
    together = [say("pieces", n=asked.min_quantity)] if asked.min_quantity is not None else []
    together += [teller.money(asked.min_amount_minor)] if asked.min_amount_minor is not None else []
    if not together:
        return told
    return say("lines.together", what=told, listed=wording.all_of(together, language))


def _member(teller: Teller, asked: MemberConditions) -> Iterator[str]:
    language = teller.language
    for one in asked.attributes:
        yield RULES.say(language, "member.attributes", fact=fact_words(one, language))
    if asked.birthday is not None:
        yield with_days_around(RULES.say(language, "member.birthday"), asked.birthday, language)
    if asked.anniversary is not None:
        yield with_days_around(_anniversary(asked.anniversary, language), asked.anniversary, language)
    if asked.enrolled is not None:
        yield RULES.say(language, "member.enrolled", since=since_words(asked.enrolled, language))
    if asked.last_purchase is not None:
        yield RULES.say(language, "member.last_purchase", since=since_words(asked.last_purchase, language))
    if asked.nth_purchase is not None:
        yield _nth_purchase(asked.nth_purchase, language)
    for past in asked.history:
        told = {"what": _history(teller, past), "window": window_words(past.within, language)}
        yield RULES.say(language, "member.history", **told)


def fact_words(asked: FactCondition, language: str) -> str:
    """Say what a fact must be."""
    match asked.type:
        case "text":
            what = named(asked.one_of, language)
        case "int":
            what = range_words(asked.at_least, asked.at_most, number_writer(language), language)
        case "bool":
            what = RULES.say(language, "yes" if asked.is_ else "no")
    return f"{asked.name}: {what}"


def with_days_around(day: str, asked: Days, language: str) -> str:
    """Add the days around one that count too."""
    return " ".join([day, *around_words(asked.days_before, asked.days_after, language)])


def _anniversary(asked: Anniversary, language: str) -> str:
    if not asked.years:
        return RULES.say(language, "member.anniversary")
    years = wording.one_of(map(str, asked.years), language)
    return RULES.say(language, "member.anniversary.years", n=max(asked.years), listed=years)


def since_words(asked: DaysSince, language: str) -> str:
    """Say how long ago something was."""
    if asked.max_days == 0:
        return RULES.say(language, "since.today")
    days = range_words(asked.min_days, asked.max_days, number_writer(language), language)
    return RULES.say(language, "since", n=last_of(asked.min_days, asked.max_days), range=days)


def _nth_purchase(asked: NthPurchase, language: str) -> str:
    if asked.every is None:
        listed = wording.one_of(map(str, asked.numbers), language)
        return RULES.say(language, "member.nth_purchase", listed=listed)
    first = ", ".join(str(asked.every * times) for times in (1, 2, 3))
    return RULES.say(language, "member.nth_purchase.every", n=asked.every, listed=first)


def _history(teller: Teller, asked: HistoryCondition) -> str:
    language = teller.language
    if asked.count != "spend_minor":
        count = range_words(asked.min, asked.max, number_writer(language), language)
        return RULES.say(language, f"history.{asked.count}", n=last_of(asked.min, asked.max), range=count)
    money = range_words(asked.min, asked.max, teller.money, language)
    if asked.category is None:
        return RULES.say(language, "history.spend_minor", range=money)
    return RULES.say(language, "history.spend_minor.category", range=money, category=asked.category)


def window_words(within: WindowPart | None, language: str) -> str:
    """Say which days count."""
    say = partial(RULES.say, language)
    match within:
        case None:
            return say("window.ever")
        case WindowPart(days=int() as days):
            return say("window.days", n=days)
        case WindowPart(months=int() as months):
            return say("window.months", n=months)
        case WindowPart(period=period, back=0):
            return say(f"window.{period}")
    return say(f"window.{within.period}.back", n=within.back)


def number_writer(language: str) -> Callable[[int], str]:
    """Return what writes a number."""
    return partial(wording.number, language=language)


def range_words(least: int | None, most: int | None, write: Callable[[int], str], language: str) -> str:
    """Say "at least 3", "at most 5", "3 to 5" or "exactly 3"."""
    if least is None:
        return RULES.say(language, "range.most", most=write(most or 0))
    if most is None:
        return RULES.say(language, "range.least", least=write(least))
    if least == most:
        return RULES.say(language, "range.exactly", number=write(least))
    return RULES.say(language, "range.between", least=write(least), most=write(most))


def last_of(least: int | None, most: int | None) -> int:
    """The number of a range that is said last: the noun after it takes its plural."""
    return most if most is not None else least or 0
