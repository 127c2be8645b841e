"""Naive answers to a campaign's conditions: straight from the document, for the evaluator in `reference`."""

from __future__ import annotations

import re
from calendar import isleap
from collections.abc import Callable
from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from libs.promotions.audience import Anniversary, DaysSince, FactCondition, HistoryCondition, MemberConditions
from libs.promotions.criteria import Conditions, LinesCondition
from libs.promotions.facts import Line, MemberFacts, Receipt
from libs.promotions.frames import DayRange, Frame, WeeklyHours
from libs.promotions.programme import Programme

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Lines = frozenset[int] | None  # None: the receipt as a whole

RULES: dict[str, Callable[[date, date], bool]] = {
    "FREQ=DAILY;INTERVAL=3": lambda day, first: (day - first).days % 3 == 0,
    "FREQ=WEEKLY;BYDAY=TU,SA": lambda day, _: day.weekday() in (1, 5),
    "FREQ=MONTHLY;BYDAY=1FR": lambda day, _: day.weekday() == 4 and day.day <= 7,
    "FREQ=MONTHLY;BYMONTHDAY=-1": lambda day, _: (day + timedelta(1)).day == 1,
    "FREQ=YEARLY;BYMONTH=7;BYMONTHDAY=1,2,3": lambda day, _: day.month == 7 and day.day <= 3,
    "FREQ=DAILY;UNTIL=20170401": lambda day, _: day <= date(2017, 4, 1),
}


def price(line: Line) -> Fraction | None:
    return Fraction(line.amount_minor, line.quantity) if line.quantity > 0 else None


def meets(part: Conditions | LinesCondition, line: Line) -> bool:
    """Whether one line meets all that a part asks of it."""
    labels, cost = set(line.labels), price(line)
    return (
        (not part.skus or line.sku in part.skus)
        and (not part.categories or line.category in part.categories)
        and (not part.brands or line.brand in part.brands)
        and (not part.labels or bool(set(part.labels) & labels))
        and line.sku not in part.not_skus
        and line.category not in part.not_categories
        and line.brand not in part.not_brands
        and not set(part.not_labels) & labels
        and (part.min_price_minor is None or (cost is not None and cost >= part.min_price_minor))
        and (part.max_price_minor is None or (cost is not None and cost <= part.max_price_minor))
        and (not isinstance(part, LinesCondition) or part.min_pieces is None or line.quantity >= part.min_pieces)
        and (not isinstance(part, LinesCondition) or part.max_pieces is None or line.quantity <= part.max_pieces)
    )


def chosen(when: Conditions, receipt: Receipt) -> Lines:
    named = bool(when.skus or when.categories or when.brands or when.labels)
    priced = when.min_price_minor is not None or when.max_price_minor is not None
    left_out = bool(when.not_skus or when.not_categories or when.not_brands or when.not_labels)
    lines: Lines = None
    if named or priced or (left_out and receipt.lines):
        lines = frozenset(number for number, line in enumerate(receipt.lines) if meets(when, line))
    if when.only_line is None:
        return lines
    numbers = range(len(receipt.lines)) if lines is None else sorted(lines)
    priced_lines = [
        (cost, number)
        for number in numbers
        if receipt.lines[number].amount_minor > 0 and (cost := price(receipt.lines[number])) is not None
    ]
    if not priced_lines:
        return frozenset()
    best = (min if when.only_line == "cheapest" else max)(cost for cost, _ in priced_lines)
    return frozenset({next(number for cost, number in priced_lines if cost == best)})


def lines_are(condition: LinesCondition, receipt: Receipt) -> bool:
    met = [line for line in receipt.lines if meets(condition, line)]
    match condition.match:
        case "every":
            return len(met) == len(receipt.lines) > 0
        case "none":
            return not met
    return (
        len(met) >= (condition.min_lines or 1)
        and (condition.min_quantity is None or sum(line.quantity for line in met) >= condition.min_quantity)
        and (condition.min_amount_minor is None or sum(line.amount_minor for line in met) >= condition.min_amount_minor)
    )


def is_there(programme: Programme, when: Conditions, store: str | None) -> bool:
    """Places are a grid in the tests: distances and areas have tests of their own."""
    if not (when.countries or when.regions or when.cities or when.store_labels):
        return True
    found = [one for one in programme.stores if one.id == store]
    return bool(found) and (
        (not when.countries or found[0].country in when.countries)
        and (not when.regions or found[0].region in when.regions)
        and (not when.cities or found[0].city in when.cities)
        and (not when.store_labels or bool(set(when.store_labels) & set(found[0].labels)))
    )


def is_for(when: Conditions, member: MemberFacts, local: datetime) -> bool:
    for wanted, barred, names in (
        (when.segments, when.not_segments, member.segments),
        (when.lists, when.not_lists, member.lists),
    ):
        if (wanted or barred) and names is None:
            return False
        if (wanted and not set(wanted) & set(names or ())) or set(barred) & set(names or ()):
            return False
    return when.member is None or member_meets(when.member, member, local.date())


def member_meets(asked: MemberConditions, member: MemberFacts, today: date) -> bool:
    history = member.history
    before = None if history is None else sum(one.visits for one in history.days if one.day <= today)
    bought = [] if history is None else [one.day for one in history.days if one.visits and one.day <= today]
    joined = member.joined_on
    nth = asked.nth_purchase
    return (
        all(fact_is(one, member) for one in asked.attributes)
        and (
            asked.birthday is None
            or near(member.birthday, today, asked.birthday.days_before, asked.birthday.days_after)
        )
        and (asked.anniversary is None or (joined is not None and is_anniversary(asked.anniversary, joined, today)))
        and (asked.enrolled is None or (joined is not None and since(asked.enrolled, joined, today)))
        and (asked.last_purchase is None or (bool(bought) and since(asked.last_purchase, max(bought), today)))
        and (
            nth is None
            or (
                before is not None
                and ((before + 1) in nth.numbers or (nth.every is not None and not (before + 1) % nth.every))
            )
        )
        and (not asked.history or (history is not None and all(did(one, member, today) for one in asked.history)))
    )


def fact_is(asked: FactCondition, member: MemberFacts) -> bool:
    fact = (member.attributes or {}).get(asked.name)
    if asked.is_ is not None:
        return fact is asked.is_
    if asked.one_of:
        return fact in asked.one_of
    if fact is None or isinstance(fact, (str, bool)):
        return False
    return (asked.at_least is None or fact >= asked.at_least) and (asked.at_most is None or fact <= asked.at_most)


def bears(day: date, month_day: tuple[int, int]) -> bool:
    return (day.month, day.day) == (month_day if month_day != (2, 29) or isleap(day.year) else (2, 28))


def near(month_day: tuple[int, int] | None, today: date, before: int, after: int) -> bool:
    return month_day is not None and any(
        bears(today + timedelta(apart), month_day) for apart in range(-after, before + 1)
    )


def is_anniversary(asked: Anniversary, joined: date, today: date) -> bool:
    days = [today + timedelta(apart) for apart in range(-asked.days_after, asked.days_before + 1)]
    years = [day.year - joined.year for day in days if bears(day, (joined.month, joined.day))]
    return any(year >= 1 and (not asked.years or year in asked.years) for year in years)


def since(asked: DaysSince, day: date, today: date) -> bool:
    days = (today - day).days
    return days >= max(asked.min_days or 0, 0) and (asked.max_days is None or days <= asked.max_days)


def did(asked: HistoryCondition, member: MemberFacts, today: date) -> bool:
    assert member.history is not None
    amount = 0
    for one in member.history.days:
        if one.day > today or not in_window(asked, one.day, today):
            continue
        if asked.category is not None:
            amount += sum(spend for name, spend in one.categories if name == asked.category)
        else:
            amount += getattr(one, asked.count)
    return (asked.min is None or amount >= asked.min) and (asked.max is None or amount <= asked.max)


def in_window(asked: HistoryCondition, day: date, today: date) -> bool:
    part = asked.within
    if part is None:
        return True
    if part.days is not None:
        return (today - day).days < part.days
    if part.months is not None:
        return day > today - relativedelta(months=part.months)
    step = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}[str(part.period)]
    this, that = ((one.year * 12 + one.month - 1) // step for one in (today, day))
    return this - that == part.back


def runs(frame: Frame, at: datetime, zone: ZoneInfo) -> bool:
    local = at.astimezone(zone)
    if (frame.starts_at and at < frame.starts_at) or (frame.ends_at and at >= frame.ends_at):
        return False
    if any(in_range(local.date(), one) for one in frame.blackouts):
        return False
    if any(local.date() in around(one.dates, one.days_before, one.days_after) for one in frame.not_holidays):
        return False
    windows = frame.windows or ([WeeklyHours(from_=frame.hours.from_, to=frame.hours.to)] if frame.hours else [])
    if not windows:
        return may_open(frame, local.date(), ())
    now = f"{local:%H:%M}"
    for window in windows:
        since, until, day = window.from_, window.to, local.date()
        if since < until:
            inside = since <= now < until
        else:
            inside = now >= since or now < until
            day -= timedelta(now < until)
        if inside and may_open(frame, day, window.weekdays):
            return True
    return False


def may_open(frame: Frame, day: date, weekdays: tuple[str, ...]) -> bool:
    name = DAYS[day.weekday()]
    return (
        (not frame.weekdays or name in frame.weekdays)
        and (not weekdays or name in weekdays)
        and (not frame.days or any(in_range(day, one) for one in frame.days))
        and (not frame.recurrence or any(recurs(one.rule, day, one.first_day) for one in frame.recurrence))
        and (
            not frame.holidays
            or any(day in around(one.dates, one.days_before, one.days_after) for one in frame.holidays)
        )
    )


def in_range(day: date, days: DayRange) -> bool:
    return days.first_day <= day <= (days.last_day or days.first_day)


def around(dates: tuple[date, ...], before: int, after: int) -> set[date]:
    return {one + timedelta(apart) for one in dates for apart in range(-before, after + 1)}


def recurs(rule: str, day: date, first: date) -> bool:
    plain = re.sub(r";COUNT=\d+", "", rule)
    return day >= first and RULES[plain](day, first)
