"""Why a campaign paid nothing, with the numbers: what was needed and what was there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from libs.language.catalogue import DEFAULT
from libs.promotions.audience import (
    DaysSince,
    FactCondition,
    HistoryCondition,
    MemberConditions,
    NthPurchase,
    WindowPart,
)
from libs.promotions.campaigns import Campaign
from libs.promotions.criteria import LINE_EXCLUSIONS, LINE_KINDS, Conditions, LinesCondition
from libs.promotions.facts import ALL_LINES, ReceiptLike, amount_over, quantity_over
from libs.promotions.frames import Frame, WeeklyHours
from libs.promotions.lines import compile_line_test, counted_lines
from libs.promotions.membership import UNKNOWN
from libs.promotions.wording import NEEDS

SHOWN_VALUES = 5
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

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


def numbers(
    condition: str, campaign: Campaign, receipt: ReceiptLike, local: datetime | None, language: str = DEFAULT
) -> str | None:
    """Tell what a failed condition needed and what was there; None when its name says it all.

    `local` is the instant of the decision in the programme's zone.
    """
    key, when, tell = key_of(condition), campaign.when, _Teller(language)
    there = condition.partition(":")[2]
    found = _NUMBERED.search(condition)
    at = int(found[1]) if found else 0
    if key in _MEASURES:
        return tell.measured(key, when, receipt)
    if key in _READERS:
        return tell.named(key, when, receipt)
    if key.startswith("member.") and when.member is not None:
        return tell.member(key.removeprefix("member."), when.member, at, there)
    if key in ("hours", "weekdays") and local is not None:
        return tell.say("hours", needed=tell.hours(campaign.frame), there=tell.moment(local))
    if key == "lines[]":
        return tell.lines(when.lines[at], receipt)
    return tell.fact(when.data[at], there) if key == "data[]" else None


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


class _Teller:
    """Tells in one language."""

    def __init__(self, language: str) -> None:
        self._language = language

    def say(self, key: str, **values: object) -> str:
        return NEEDS.say(self._language, key, **values)

    def measured(self, key: str, when: Conditions, receipt: ReceiptLike) -> str:
        bound, there = getattr(when, key), _MEASURES[key](receipt, counted_lines(when, receipt))
        return self._needed(self.say("at-least" if key.startswith("min_") else "at-most", number=bound), there)

    def named(self, key: str, when: Conditions, receipt: ReceiptLike) -> str:
        values = self._some(getattr(when, key))
        needed = self.say("none-of", values=values) if key.startswith("not_") else values
        return self._needed(needed, _READERS[key](receipt) or self.say("none"))

    def lines(self, asked: LinesCondition, receipt: ReceiptLike) -> str:
        test = compile_line_test(asked)
        met = [line for line in receipt.lines if test is None or test(line)]
        what = self.say(f"match.{asked.match}", kinds="; ".join(self._kinds(asked)))
        if asked.match != "any":
            return self._needed(what, self.say("of", met=len(met), number=len(receipt.lines)))
        needed = [self.say("lines", n=asked.min_lines or 1)]
        there = [self.say("lines", n=len(met))]
        if asked.min_quantity is not None:
            needed.append(self.say("pieces", n=asked.min_quantity))
            there.append(self.say("pieces", n=sum(line.quantity for line in met)))
        if asked.min_amount_minor is not None:
            needed.append(self.say("minor", n=asked.min_amount_minor))
            there.append(self.say("minor", n=sum(line.amount_minor for line in met)))
        return f"{what}: {self._needed(', '.join(needed), ', '.join(there))}"

    def member(self, kind: str, asked: MemberConditions, at: int, there: str) -> str | None:
        match kind:
            case "attributes[]":
                return self.fact(asked.attributes[at], there)
            case "history[]":
                return self._found(self._history(asked.history[at]), there)
            case "nth_purchase" if asked.nth_purchase is not None:
                return self._found(self._nth(asked.nth_purchase), there)
            case "enrolled" | "last_purchase":
                part: DaysSince = getattr(asked, kind)
                return self._found(self.say("days-ago", range=self._range(part.min_days, part.max_days)), there)
        return self.say("not-known") if there == UNKNOWN else None

    def fact(self, asked: FactCondition, there: str) -> str:
        match asked.type:
            case "text":
                needed = self._some(asked.one_of)
            case "int":
                needed = self._range(asked.at_least, asked.at_most)
            case "bool":
                needed = self.say("yes" if asked.is_ else "no")
        return f"{asked.name}: {self._found(needed, there or self.say('something-else'))}"

    def hours(self, frame: Frame) -> str:
        plain = [WeeklyHours(from_=frame.hours.from_, to=frame.hours.to)] if frame.hours else []
        hours = [
            " ".join([*self._days(window.weekdays), self.say("span", first=window.from_, last=window.to)])
            for window in frame.windows or plain
        ]
        return " ".join([*self._days(frame.weekdays), *([", ".join(hours)] if hours else [])])

    def moment(self, local: datetime) -> str:
        day = WEEKDAYS[local.weekday()]
        return f"{self.say(f'day.{day}')} {local:%H:%M}"

    def _needed(self, needed: object, there: object) -> str:
        return self.say("needed", needed=needed, there=there)

    def _found(self, needed: str, there: str) -> str:
        return self.say("needed-unknown", needed=needed) if there == UNKNOWN else self._needed(needed, there)

    def _days(self, days: Sequence[str]) -> list[str]:
        return [self.say(f"day.{day}") for day in days]

    def _some(self, values: Sequence[object]) -> str:
        shown = ", ".join(str(value) for value in values[:SHOWN_VALUES])
        left = len(values) - SHOWN_VALUES
        return shown if left <= 0 else self.say("more", values=shown, number=left)

    def _range(self, least: int | None, most: int | None) -> str:
        if least is None or most is None:
            return self.say("at-most", number=most) if least is None else self.say("at-least", number=least)
        return self.say("between", least=least, most=most)

    def _kinds(self, asked: LinesCondition) -> list[str]:
        kinds = [
            self.say(kind, values=self._some(getattr(asked, kind)))
            for kind in (*LINE_KINDS, *LINE_EXCLUSIONS)
            if getattr(asked, kind)
        ]
        for name in ("price", "pieces"):
            field = "price_minor" if name == "price" else name
            least, most = getattr(asked, f"min_{field}"), getattr(asked, f"max_{field}")
            if (least, most) != (None, None):
                kinds.append(self.say(f"line.{name}", range=self._range(least, most)))
        return kinds

    def _nth(self, asked: NthPurchase) -> str:
        if asked.every is not None:
            return self.say("nth.every", number=asked.every)
        return self.say("nth.numbers", values=self._some(asked.numbers))

    def _history(self, asked: HistoryCondition) -> str:
        what = self.say(f"count.{asked.count}")
        if asked.category:
            what = self.say("on-category", what=what, category=asked.category)
        return f"{what} {self._window(asked.within)}: {self._range(asked.min, asked.max)}"

    def _window(self, part: WindowPart | None) -> str:
        if part is None:
            return self.say("ever")
        if part.period is not None:
            back = f"period.{part.period}.back" if part.back else f"period.{part.period}"
            return self.say(back, n=part.back) if part.back else self.say(back)
        return self.say("last-days", n=part.days) if part.days else self.say("last-months", n=part.months)
