"""Conditions compiled to checks: small functions that answer None when they hold, else the condition's name."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta

from libs.promotions.campaigns import Campaign
from libs.promotions.criteria import Conditions, LinesCondition
from libs.promotions.days import goes_over_midnight, wanted_days
from libs.promotions.evaluation import RULE_ERROR
from libs.promotions.expressions import ExpressionFailed
from libs.promotions.facts import ALL_LINES, amount_over, data_of, quantity_over
from libs.promotions.frames import Frame, Hours, Weekday
from libs.promotions.language import Language
from libs.promotions.lines import compile_lines_condition
from libs.promotions.membership import UNKNOWN, Check, compile_fact_checks, compile_member_checks
from libs.promotions.situation import Situation

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

RECEIPT_KINDS = ("codes", "stores", "places", "partners", "lists", "segments", "tiers", "payments", "channels")
"""Conditions on the receipt and the member that an index can answer, the most selective first."""

_RECEIPT_READERS: dict[str, Callable[[Situation], str | None]] = {
    "stores": lambda s: s.receipt.store,
    "places": lambda s: s.receipt.store,
    "partners": lambda s: s.receipt.partner,
    "tiers": lambda s: s.tier,
    "payments": lambda s: s.receipt.payment,
    "channels": lambda s: s.receipt.channel,
}
_NAMES_READERS: dict[str, Callable[[Situation], Collection[str] | None]] = {
    "codes": lambda s: s.receipt.codes,
    "segments": lambda s: None if s.member is None else s.member.segments,
    "lists": lambda s: None if s.member is None else s.member.lists,
}
_DAY = timedelta(1)

Measure = Callable[[Situation, int], int]
"""What is measured of a receipt, on the set of lines that count."""


def receipt_values(when: Conditions, places: tuple[str, ...] | None) -> dict[str, tuple[str, ...]]:
    """Return what each of `RECEIPT_KINDS` allows, those left out that are not asked for.

    `places` are the stores that lie where the conditions say; they may be none.
    """
    values: dict[str, tuple[str, ...]] = {} if places is None else {"places": places}
    return values | {kind: named for kind in RECEIPT_KINDS if kind != "places" and (named := getattr(when, kind))}


def compile_checks(
    campaign: Campaign, indexed_by: str | None, places: tuple[str, ...] | None, language: Language
) -> tuple[Check, ...]:
    """Compile all that the index (by the condition `indexed_by`) and the timeline leave to check, cheapest first."""
    when, values = campaign.when, receipt_values(campaign.when, places)
    checks: list[Check | None] = []
    checks += [_one_of(kind, values[kind]) for kind in RECEIPT_KINDS if kind in values and kind != indexed_by]
    checks += [_none_of(kind, getattr(when, f"not_{kind}", ())) for kind in RECEIPT_KINDS]
    checks += [_total(when), _amount(when), _quantity(when), _count(when), _local_frame(campaign.frame)]
    checks += [_lines(at, condition) for at, condition in enumerate(when.lines)]
    checks += compile_fact_checks("data", when.data, lambda situation: data_of(situation.receipt))
    checks += [] if when.member is None else compile_member_checks(when.member)
    checks.append(_expression(campaign.cel, language))
    return tuple(check for check in checks if check is not None)


def _one_of(kind: str, values: tuple[str, ...]) -> Check:
    allowed = frozenset(values)
    if kind in _NAMES_READERS:
        names_of = _NAMES_READERS[kind]

        def check(situation: Situation, _: int) -> str | None:
            names = names_of(situation)
            return None if names is not None and not allowed.isdisjoint(names) else kind

        return check
    read = _RECEIPT_READERS[kind]
    return lambda situation, _: None if read(situation) in allowed else kind


def _none_of(kind: str, values: tuple[str, ...]) -> Check | None:
    if not values:
        return None
    barred, name = frozenset(values), f"not_{kind}"
    if kind in _NAMES_READERS:
        names_of = _NAMES_READERS[kind]

        def check(situation: Situation, _: int) -> str | None:
            names = names_of(situation)
            if names is None:
                return None if situation.member is None else f"{name}:{UNKNOWN}"
            return None if barred.isdisjoint(names) else name

        return check
    read = _RECEIPT_READERS[kind]
    return lambda situation, _: name if read(situation) in barred else None


def _total(when: Conditions) -> Check | None:
    return _bounded("total_minor", when.min_total_minor, when.max_total_minor, lambda s, _: s.receipt.total_minor)


def _amount(when: Conditions) -> Check | None:
    return _bounded("amount_minor", when.min_amount_minor, when.max_amount_minor, amount_that_counts)


def _quantity(when: Conditions) -> Check | None:
    read: Measure = lambda s, chosen: quantity_over(s.receipt.lines, chosen)  # noqa: E731 typed so
    return _bounded("quantity", when.min_quantity, when.max_quantity, read)


def _count(when: Conditions) -> Check | None:
    return _bounded("lines", when.min_lines, when.max_lines, lines_that_count)


def amount_that_counts(situation: Situation, chosen: int) -> int:
    """Add up the chosen lines of a receipt, or take its total."""
    receipt = situation.receipt
    return receipt.total_minor if chosen == ALL_LINES else amount_over(receipt.lines, chosen)


def lines_that_count(situation: Situation, chosen: int) -> int:
    """Count the chosen lines of a receipt."""
    return len(situation.receipt.lines) if chosen == ALL_LINES else chosen.bit_count()


def _bounded(name: str, least: int | None, most: int | None, read: Measure) -> Check | None:
    too_low, too_high = f"min_{name}", f"max_{name}"
    if most is None:
        return None if least is None else lambda s, chosen: None if read(s, chosen) >= least else too_low
    floor = least

    def check(situation: Situation, chosen: int) -> str | None:
        there = read(situation, chosen)
        if floor is not None and there < floor:
            return too_low
        return None if there <= most else too_high

    return check


def _lines(at: int, condition: LinesCondition) -> Check:
    met, name = compile_lines_condition(condition), f"lines[{at}]"
    return lambda situation, _: None if met(situation.receipt.lines) else name


def _local_frame(frame: Frame) -> Check | None:
    windows = [(*_minutes(frame.hours), _weekdays(frame.weekdays))] if frame.hours or frame.weekdays else []
    if frame.windows:
        windows = [(*_minutes(hours), _weekdays(frame.weekdays) & _weekdays(hours.weekdays)) for hours in frame.windows]
    if not windows:
        return None
    # The timeline knows the day of the receipt; after midnight the one on which the window opened counts.
    opening_days = wanted_days(frame) if goes_over_midnight(frame) else None

    def check(situation: Situation, _: int) -> str | None:
        local = situation.local()
        minute, weekday = local.hour * 60 + local.minute, local.weekday()
        failed = "hours"
        for since, until, days in windows:
            opened = 0
            if since > until:
                if until <= minute < since:
                    continue
                if minute < until:  # past midnight: the window opened the evening before
                    opened = 1
            elif not since <= minute < until:
                continue
            if (weekday - opened) % 7 not in days:
                failed = "weekdays"
            elif opening_days is not None and local.date() - opened * _DAY not in opening_days:
                failed = "days"
            else:
                return None
        return failed

    return check


def _weekdays(names: tuple[Weekday, ...]) -> frozenset[int]:
    return frozenset(WEEKDAYS.index(day) for day in names) or frozenset(range(7))


def _minutes(hours: Hours | None) -> tuple[int, int]:
    if hours is None:
        return 0, 24 * 60
    since, until = (int(text[:2]) * 60 + int(text[3:]) for text in (hours.from_, hours.to))
    return since, until


def _expression(source: str | None, language: Language) -> Check | None:
    if source is None:
        return None
    predicate = language.expressions.compile(source)
    readers = tuple((name, language.readers[name]) for name in predicate.names)

    def check(situation: Situation, _: int) -> str | None:
        values = {name: read(situation) for name, read in readers}
        answer = predicate.holds(values)
        if answer is True:
            return None
        if not isinstance(answer, ExpressionFailed):
            return "cel"
        unknown = next((name for name, value in values.items() if value is None), None)
        return RULE_ERROR + (answer.reason if unknown is None else f"{unknown} is not known")

    return check
