"""Why a campaign paid nothing, with the numbers: what was needed and what was there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from libs.promotions.audience import DaysSince, FactCondition, HistoryCondition, MemberConditions, NthPurchase
from libs.promotions.campaigns import Campaign
from libs.promotions.criteria import LINE_EXCLUSIONS, LINE_KINDS, Conditions, LinesCondition
from libs.promotions.facts import ALL_LINES, ReceiptLike, amount_over, quantity_over
from libs.promotions.frames import Frame, WeeklyHours
from libs.promotions.lines import compile_line_test, counted_lines
from libs.promotions.membership import UNKNOWN

SHOWN_VALUES = 5

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "days": "not on this day",
        "recurrence": "not on a day of its rule",
        "holidays": "on no holiday of its kind",
        "blackouts": "not on a day that it leaves out",
        "not_holidays": "not on a public holiday",
        "before_expiry": "not in the last days of its period",
        "places": "not where this store is",
        "segments": "not for the member's segments",
        "lists": "the member is on none of its lists",
        "not_stores": "not in this store",
        "not_channels": "not in this channel",
        "not_partners": "not at this partner",
        "not_tiers": "not for the member's tier",
        "not_payments": "not with this means of payment",
        "not_segments": "not for a segment of the member",
        "not_lists": "not for members of a list",
        "not_skus": "nothing but products that do not count was bought",
        "not_categories": "nothing outside categories that do not count was bought",
        "not_brands": "nothing outside brands that do not count was bought",
        "not_labels": "nothing without labels that do not count was bought",
        "min_price_minor": "nothing was bought at such a price",
        "max_price_minor": "nothing was bought at such a price",
        "only_line": "no line has a price",
        "max_total_minor": "the receipt's total is too high",
        "max_quantity": "too many pieces",
        "max_amount_minor": "too much spent on the products that count",
        "min_lines": "too few lines",
        "max_lines": "too many lines",
        "lines": "no line meets all its conditions on lines",
        "lines[]": "the lines do not meet its condition on them",
        "data[]": "the activity's data is not as it should be",
        "member.attributes[]": "an attribute of the member is not as it should be",
        "member.birthday": "the member's birthday is not near",
        "member.anniversary": "the day of the member's enrolment is not near",
        "member.enrolled": "the member has not been enrolled as long as it should be, or for longer",
        "member.last_purchase": "the member's last purchase is not as long ago as it should be, or longer",
        "member.nth_purchase": "it is another purchase of the member",
        "member.history[]": "the member did too little before, or too much",
    }
)

_NUMBERED = re.compile(r"\[(\d+)\]")


def key_of(condition: str) -> str:
    """Return the condition's name as `WORDS` has it: without its number, and without what was there."""
    return _NUMBERED.sub("[]", condition.partition(":")[0])


def numbers(condition: str, campaign: Campaign, receipt: ReceiptLike, local: datetime | None) -> str | None:
    """Tell what a failed condition needed and what was there; None when its name says it all.

    `local` is the instant of the decision in the programme's zone.
    """
    key, when = key_of(condition), campaign.when
    there = condition.partition(":")[2]
    found = _NUMBERED.search(condition)
    at = int(found[1]) if found else 0
    if key in _MEASURES:
        return _measured(key, when, receipt)
    if key in _READERS:
        return _named(key, when, receipt)
    if key.startswith("member.") and when.member is not None:
        return _member(key.removeprefix("member."), when.member, at, there)
    if key in ("hours", "weekdays") and local is not None:
        return f"{_hours(campaign.frame)} needed, {local:%a %H:%M} there"
    if key == "lines[]":
        return _lines(when.lines[at], receipt)
    return _fact(when.data[at], there) if key == "data[]" else None


def _measured(key: str, when: Conditions, receipt: ReceiptLike) -> str:
    bound = "at least" if key.startswith("min_") else "at most"
    there = _MEASURES[key](receipt, counted_lines(when, receipt))
    return f"{bound} {getattr(when, key)} needed, {there} there"


def _amount(receipt: ReceiptLike, chosen: int) -> int:
    return receipt.total_minor if chosen == ALL_LINES else amount_over(receipt.lines, chosen)


def _count(receipt: ReceiptLike, chosen: int) -> int:
    return len(receipt.lines) if chosen == ALL_LINES else chosen.bit_count()


_OF_LINES: dict[str, Callable[[ReceiptLike, int], int]] = {
    "total_minor": lambda receipt, _: receipt.total_minor,
    "quantity": lambda receipt, chosen: quantity_over(receipt.lines, chosen),
    "amount_minor": _amount,
    "lines": _count,
}
_MEASURES = {f"{bound}_{name}": read for bound in ("min", "max") for name, read in _OF_LINES.items()}

_READERS: dict[str, Callable[[ReceiptLike], str | None]] = {
    f"{prefix}{kind}": read
    for prefix in ("", "not_")
    for kind, read in {
        "stores": lambda receipt: receipt.store,
        "channels": lambda receipt: receipt.channel,
        "partners": lambda receipt: receipt.partner,
        "payments": lambda receipt: receipt.payment,
    }.items()
}


def _named(key: str, when: Conditions, receipt: ReceiptLike) -> str:
    needed = f"{'none of ' if key.startswith('not_') else ''}{_some(getattr(when, key))}"
    return f"{needed} needed, {_READERS[key](receipt) or 'none'} there"


def _some(values: Sequence[object]) -> str:
    shown = ", ".join(str(value) for value in values[:SHOWN_VALUES])
    return shown if len(values) <= SHOWN_VALUES else f"{shown} or {len(values) - SHOWN_VALUES} more"


def _range(least: int | None, most: int | None, unit: str = "") -> str:
    bounds = ([f"at least {least}"] if least is not None else []) + ([f"at most {most}"] if most is not None else [])
    return " and ".join(bounds) + (f" {unit}" if unit else "")


def _lines(asked: LinesCondition, receipt: ReceiptLike) -> str:
    test = compile_line_test(asked)
    met = [line for line in receipt.lines if test is None or test(line)]
    kinds = [f"{kind} {_some(getattr(asked, kind))}" for kind in LINE_KINDS if getattr(asked, kind)]
    kinds += [
        f"{kind.removeprefix('not_')} other than {_some(getattr(asked, kind))}"
        for kind in LINE_EXCLUSIONS
        if getattr(asked, kind)
    ]
    for name, unit in (("price_minor", "price"), ("pieces", "pieces")):
        least, most = getattr(asked, f"min_{name}"), getattr(asked, f"max_{name}")
        kinds += [_range(least, most, unit)] if (least, most) != (None, None) else []
    what = f"{asked.match} line of {'; '.join(kinds)}"
    if asked.match != "any":
        return f"{what} needed, {len(met)} of {len(receipt.lines)} there"
    needed, there = [f"{asked.min_lines or 1} lines"], [f"{len(met)} lines"]
    if asked.min_quantity is not None:
        needed.append(f"{asked.min_quantity} pieces")
        there.append(f"{sum(line.quantity for line in met)} pieces")
    if asked.min_amount_minor is not None:
        needed.append(f"{asked.min_amount_minor} minor units")
        there.append(f"{sum(line.amount_minor for line in met)} minor units")
    return f"{what}: {', '.join(needed)} needed, {', '.join(there)} there"


def _member(kind: str, asked: MemberConditions, at: int, there: str) -> str | None:
    found = "not known" if there == UNKNOWN else f"{there} there"
    match kind:
        case "attributes[]":
            return _fact(asked.attributes[at], there)
        case "history[]":
            return f"{_history(asked.history[at])} needed, {found}"
        case "nth_purchase" if asked.nth_purchase is not None:
            return f"{_nth(asked.nth_purchase)} needed, {found}"
        case "enrolled" | "last_purchase":
            part: DaysSince = getattr(asked, kind)
            return f"{_range(part.min_days, part.max_days, 'days ago')} needed, {found}"
    return "not known" if there == UNKNOWN else None


def _nth(asked: NthPurchase) -> str:
    return f"every {asked.every}" if asked.every is not None else f"number {_some(asked.numbers)}"


def _history(asked: HistoryCondition) -> str:
    what = asked.count + (f" on {asked.category}" if asked.category else "")
    part = asked.within
    if part is None:
        window = "ever"
    elif part.period is not None:
        window = f"in the {part.period}" + (f" {part.back} back" if part.back else "")
    else:
        window = f"in the last {part.days or part.months} {'days' if part.days else 'months'}"
    return f"{what} {window}: {_range(asked.min, asked.max)}"


def _fact(asked: FactCondition, there: str) -> str:
    match asked.type:
        case "text":
            needed = _some(asked.one_of)
        case "int":
            needed = _range(asked.at_least, asked.at_most)
        case "bool":
            needed = str(asked.is_)
    found = "not known" if there == UNKNOWN else f"{there or 'something else'} there"
    return f"{asked.name}: {needed} needed, {found}"


def _hours(frame: Frame) -> str:
    windows = frame.windows or ([WeeklyHours(from_=frame.hours.from_, to=frame.hours.to)] if frame.hours else [])
    hours = [" ".join([*window.weekdays, f"{window.from_} to {window.to}"]) for window in windows]
    return " ".join([*frame.weekdays, *([", ".join(hours)] if hours else [])])
