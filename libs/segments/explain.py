"""Why a member is in a segment, or is not: every condition in words, whether it is met, and what there was. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from libs.language import wording
from libs.promotions.condition_words import (
    fact_words,
    last_of,
    number_writer,
    range_words,
    since_words,
    window_words,
    with_days_around,
)
from libs.promotions.effect_words import Teller, named
from libs.promotions.segments import (
    AnniversaryNear,
    AttributeIs,
    Balance,
    BirthdayNear,
    Counted,
    Criterion,
    EnrolledSince,
    Favourite,
    Group,
    InTier,
    Nested,
    OnList,
    Recency,
    Segment,
    Share,
)
from libs.promotions.streaks import InARow
from libs.segments.decide import belongs
from libs.segments.finding import Found, Look
from libs.segments.texts import SEGMENTS

_DASH = "\u2013 "


@dataclass(frozen=True, slots=True)
class Line:
    """A condition in words: how deep it lies in groups, whether it is met, what there was (None: nothing to say)."""

    depth: int
    words: str
    met: bool
    there: str | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether a member is in a segment by what is known now, with every condition in the order of the document."""

    segment: Segment
    member: bool
    lines: tuple[Line, ...]


def explain(segment: Segment, look: Look, teller: Teller) -> Explanation:
    """Explain one segment for one member, in the teller's language."""
    member = belongs(segment, look)
    if segment.when is None:
        return Explanation(segment, member, (Line(0, SEGMENTS.say(teller.language, "list"), member),))
    return Explanation(segment, member, tuple(_group(segment.when, look, teller, 0)))


def describe(segment: Segment, teller: Teller) -> tuple[str, ...]:
    """Say what a segment asks for, a line a condition, deeper ones behind dashes."""
    if segment.when is None:
        return (SEGMENTS.say(teller.language, "list"),)
    return tuple(_described(segment.when, teller, 0))


def _described(group: Group, teller: Teller, depth: int) -> Iterator[str]:
    for name, conditions in _sides(group):
        yield _DASH * depth + SEGMENTS.say(teller.language, name)
        for one in conditions:
            if isinstance(one, Nested):
                yield from _described(one, teller, depth + 1)
            else:
                yield _DASH * (depth + 1) + criterion_words(one, teller)


def _group(group: Group, look: Look, teller: Teller, depth: int) -> Iterator[Line]:
    for name, conditions in _sides(group):
        side = Group(**{name: conditions})
        yield Line(depth, SEGMENTS.say(teller.language, name), look.holds(side))
        for one in conditions:
            if isinstance(one, Nested):
                yield from _group(one, look, teller, depth + 1)
            else:
                found = look.find(one)
                yield Line(depth + 1, criterion_words(one, teller), found.met, _there(one, found, teller))


def _sides(group: Group) -> Iterator[tuple[str, tuple[Criterion, ...]]]:
    for name in ("all", "any", "none"):
        conditions: tuple[Criterion, ...] = getattr(group, name)
        if conditions:
            yield name, conditions


def criterion_words(one: Criterion, teller: Teller) -> str:
    """Say what a condition asks for."""
    language = teller.language
    match one:
        case Counted():
            told = _counted(one, teller)
        case Favourite() | Share():
            told = _spend(one, language)
        case Balance():
            told = _balance(one, teller)
        case Nested():
            told = wording.all_of([SEGMENTS.say(language, name) for name, _ in _sides(one)], language)
        case InTier(set=str(tier_set)):
            told = SEGMENTS.say(language, "tier.set", listed=named(one.one_of, language), set=tier_set)
        case InTier():
            told = SEGMENTS.say(language, "tier", listed=named(one.one_of, language))
        case OnList():
            told = SEGMENTS.say(language, "lists", listed=named(one.one_of, language))
        case AttributeIs():
            told = SEGMENTS.say(language, "attribute", fact=fact_words(one, language))
        case _:
            told = _day(one, language)
    return told


def _day(one: BirthdayNear | AnniversaryNear | EnrolledSince | Recency, language: str) -> str:
    match one:
        case BirthdayNear():
            return with_days_around(SEGMENTS.say(language, "birthday"), one, language)
        case AnniversaryNear():
            return with_days_around(_anniversary(one, language), one, language)
        case EnrolledSince():
            return SEGMENTS.say(language, "enrolled", since=since_words(one, language))
        case Recency():
            return SEGMENTS.say(language, "recency", since=since_words(one, language))


def _spend(one: Favourite | Share, language: str) -> str:
    told = {
        "of": SEGMENTS.say(language, one.of),
        "listed": named(one.one_of, language),
        "window": window_words(one.within, language),
    }
    if isinstance(one, Favourite):
        return SEGMENTS.say(language, "favourite", **told)
    percent = range_words(one.min_percent, one.max_percent, number_writer(language), language)
    return SEGMENTS.say(language, "share", range=percent, **told)


def _anniversary(one: AnniversaryNear, language: str) -> str:
    if not one.years:
        return SEGMENTS.say(language, "anniversary")
    return SEGMENTS.say(language, "anniversary.years", listed=wording.one_of(map(str, one.years), language))


def _counted(one: Counted, teller: Teller) -> str:
    language = teller.language
    window = window_words(one.within, language) if one.in_a_row is None else _streak(one.in_a_row, language)
    if one.what in ("spend_minor", "average_basket_minor"):
        money = range_words(one.min, one.max, teller.money, language)
        if one.of is None:
            return SEGMENTS.say(language, one.what, range=money, window=window)
        told = {"of": SEGMENTS.say(language, one.of), "listed": named(one.one_of, language)}
        return SEGMENTS.say(language, "spend_minor.of", range=money, window=window, **told)
    count = range_words(one.min, one.max, number_writer(language), language)
    told = {"range": count, "window": window}
    if one.what in ("activities", "tier_points"):
        told["listed"] = named(one.one_of, language)
    if one.wallets:
        told["listed"] = named(one.wallets, language)
        return SEGMENTS.say(language, "points.wallets", n=last_of(one.min, one.max), **told)
    return SEGMENTS.say(language, one.what, n=last_of(one.min, one.max), **told)


def _streak(one: InARow, language: str) -> str:
    number = wording.number(one.periods, language)
    return SEGMENTS.say(language, f"in_a_row.{one.of}", n=one.periods, number=number)


def _balance(one: Balance, teller: Teller) -> str:
    language = teller.language
    points = range_words(one.min, one.max, number_writer(language), language)
    wallet = one.wallet or teller.source.wallets[0].name
    return SEGMENTS.say(language, "balance", n=last_of(one.min, one.max), range=points, wallet=wallet)


def _there(one: Criterion, found: Found, teller: Teller) -> str | None:
    """What there was, in words."""
    language, there = teller.language, found.there
    if isinstance(one, AttributeIs | BirthdayNear):
        return SEGMENTS.say(language, "hidden")
    if there is None or there == ():
        return SEGMENTS.say(language, "nothing")
    if isinstance(there, tuple):
        return named(there, language)
    return _number(one, there, teller) if isinstance(there, int) else there


def _number(one: Criterion, there: int, teller: Teller) -> str:
    number = wording.number(there, teller.language)
    if isinstance(one, EnrolledSince | Recency):
        return SEGMENTS.say(teller.language, "days", n=there, number=number)
    if isinstance(one, Share):
        return SEGMENTS.say(teller.language, "percent", number=number)
    if isinstance(one, Counted) and one.in_a_row is not None:
        return SEGMENTS.say(teller.language, "in_a_row", number=number)
    return teller.money(there) if isinstance(one, Counted) and one.what.endswith("_minor") else number
