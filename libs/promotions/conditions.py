"""Conditions compiled to checks: small functions that answer None when they hold, else the condition's name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from libs.promotions.campaigns import Campaign
from libs.promotions.criteria import Conditions
from libs.promotions.evaluation import RULE_ERROR
from libs.promotions.expressions import ExpressionFailed
from libs.promotions.facts import ALL_LINES, LineLike, amount_over, quantity_over
from libs.promotions.frames import Frame, Hours
from libs.promotions.situation import Situation
from libs.promotions.variables import EXPRESSIONS, READERS

Check = Callable[[Situation, int], str | None]
"""Takes the situation and the set of lines that the campaign's line conditions chose."""

LineTest = Callable[[LineLike], bool]

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

LINE_KINDS = ("skus", "labels", "categories", "brands")
"""Conditions on lines, the most selective first."""

RECEIPT_KINDS = ("stores", "partners", "tiers", "payments", "channels")
"""Conditions on the receipt that an index can answer, the most selective first."""

_RECEIPT_READERS: dict[str, Callable[[Situation], str | None]] = {
    "stores": lambda s: s.receipt.store,
    "partners": lambda s: s.receipt.partner,
    "tiers": lambda s: s.tier,
    "payments": lambda s: s.receipt.payment,
    "channels": lambda s: s.receipt.channel,
}


def compile_checks(campaign: Campaign, indexed_by: str | None) -> tuple[Check, ...]:
    """Compile all that the index (by the condition `indexed_by`) and the timeline leave to check, cheapest first."""
    checks = [_one_of(kind, campaign.when) for kind in RECEIPT_KINDS if kind != indexed_by]
    checks += [_at_least_total(campaign.when), _at_least_amount(campaign.when), _at_least_quantity(campaign.when)]
    checks += [_local_frame(campaign.frame), _expression(campaign.cel)]
    return tuple(check for check in checks if check is not None)


def compile_line_test(when: Conditions, without: str | None) -> LineTest | None:
    """Compile the line conditions other than `without` to one test of a line; None when there is none."""
    tests = [_line_test(kind, frozenset(getattr(when, kind))) for kind in LINE_KINDS if kind != without]
    present = [test for test in tests if test is not None]
    if len(present) <= 1:
        return present[0] if present else None
    return lambda line: all(test(line) for test in present)


def chooses_lines(when: Conditions) -> bool:
    """Tell whether the conditions restrict the lines that count."""
    return any(getattr(when, kind) for kind in LINE_KINDS)


def _line_test(kind: str, allowed: frozenset[str]) -> LineTest | None:
    if not allowed:
        return None
    match kind:
        case "skus":
            return lambda line: line.sku in allowed
        case "categories":
            return lambda line: line.category in allowed
        case "brands":
            return lambda line: line.brand in allowed
        case _:
            return lambda line: not allowed.isdisjoint(line.labels)


def _one_of(kind: str, when: Conditions) -> Check | None:
    allowed = frozenset(getattr(when, kind))
    if not allowed:
        return None
    read = _RECEIPT_READERS[kind]
    return lambda situation, _: None if read(situation) in allowed else kind


def _at_least_total(when: Conditions) -> Check | None:
    least = when.min_total_minor
    if least is None:
        return None
    return lambda situation, _: None if situation.receipt.total_minor >= least else "min_total_minor"


def _at_least_amount(when: Conditions) -> Check | None:
    least = when.min_amount_minor
    if least is None:
        return None

    def check(situation: Situation, chosen: int) -> str | None:
        receipt = situation.receipt
        amount = receipt.total_minor if chosen == ALL_LINES else amount_over(receipt.lines, chosen)
        return None if amount >= least else "min_amount_minor"

    return check


def _at_least_quantity(when: Conditions) -> Check | None:
    least = when.min_quantity
    if least is None:
        return None
    return lambda s, chosen: None if quantity_over(s.receipt.lines, chosen) >= least else "min_quantity"


def _local_frame(frame: Frame) -> Check | None:
    if frame.hours is None and not frame.weekdays:
        return None
    days = frozenset(WEEKDAYS.index(day) for day in frame.weekdays) or frozenset(range(7))
    since, until = _minutes(frame.hours)
    wraps = since > until

    def check(situation: Situation, _: int) -> str | None:
        local = situation.local()
        minute, day = local.hour * 60 + local.minute, local.weekday()
        if wraps:
            if until <= minute < since:
                return "hours"
            if minute < until:  # past midnight: the window opened the evening before
                day = (day - 1) % 7
        elif not since <= minute < until:
            return "hours"
        return None if day in days else "weekdays"

    return check


def _minutes(hours: Hours | None) -> tuple[int, int]:
    if hours is None:
        return 0, 24 * 60
    since, until = (int(text[:2]) * 60 + int(text[3:]) for text in (hours.from_, hours.to))
    return since, until


def _expression(source: str | None) -> Check | None:
    if source is None:
        return None
    predicate = EXPRESSIONS.compile(source)
    readers = tuple((name, READERS[name]) for name in predicate.names)

    def check(situation: Situation, _: int) -> str | None:
        answer = predicate.holds({name: read(situation) for name, read in readers})
        if answer is True:
            return None
        return RULE_ERROR + answer.reason if isinstance(answer, ExpressionFailed) else "cel"

    return check


def within(frame: Frame, at: datetime) -> bool:
    """Tell whether an instant is between a frame's start (included) and end (not included)."""
    return (frame.starts_at is None or frame.starts_at <= at) and (frame.ends_at is None or at < frame.ends_at)
