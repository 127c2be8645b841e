"""Conditions on the member and on declared facts, compiled to checks.

What a check finds instead of what was needed follows the condition's name after a colon, since nothing else of a
decision remembers what was known of the member then: `member.history[0]:40000`. Attributes and a date of birth are not
told: they may be personal, and decisions outlive them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from libs.promotions.audience import DaysSince, FactCondition, HistoryCondition, MemberConditions, NthPurchase
from libs.promotions.facts import Fact, MemberFacts
from libs.promotions.history import HistoryDay
from libs.promotions.known import (
    attributes_of,
    days_enrolled,
    days_since_purchase,
    history_of,
    in_year,
    purchases_before,
)
from libs.promotions.situation import Situation

Check = Callable[[Situation, int], str | None]

UNKNOWN = "unknown"

_TYPES: Mapping[str, type] = {"text": str, "int": int, "bool": bool}


def compile_member_checks(asked: MemberConditions) -> list[Check]:
    """Compile all that is asked of a member, the cheapest first."""
    checks = compile_fact_checks("member.attributes", asked.attributes, attributes_of, told=False)
    if asked.enrolled is not None:
        checks.append(_of_member("member.enrolled", days_enrolled, asked.enrolled))
    if asked.birthday is not None:
        before, after = asked.birthday.days_before, asked.birthday.days_after
        checks.append(_near("member.birthday", lambda member: member.birthday, before, after, None))
    if asked.anniversary is not None:
        before, after = asked.anniversary.days_before, asked.anniversary.days_after
        checks.append(_near("member.anniversary", _joined, before, after, frozenset(asked.anniversary.years)))
    if asked.last_purchase is not None:
        checks.append(_of_member("member.last_purchase", days_since_purchase, asked.last_purchase))
    if asked.nth_purchase is not None:
        checks.append(_nth_purchase(asked.nth_purchase))
    return checks + [_history(f"member.history[{at}]", one) for at, one in enumerate(asked.history)]


def compile_fact_checks(
    name: str, asked: Iterable[FactCondition], read: Callable[[Situation], Mapping[str, Fact]], *, told: bool = True
) -> list[Check]:
    """Compile questions about facts; `read` finds the facts, `told` says whether one may stand in a decision."""
    return [_fact(f"{name}[{at}]", one, read, told=told) for at, one in enumerate(asked)]


def counted(condition: HistoryCondition) -> Callable[[HistoryDay], int]:
    """Return what a condition counts of a day."""
    category = condition.category
    match condition.count:
        case "visits":
            return lambda day: day.visits
        case "points":
            return lambda day: day.points
        case "redemptions":
            return lambda day: day.redemptions
        case "spend_minor":
            return (lambda day: day.spend_minor) if category is None else (lambda day: day.spend_in(category))


def _history(name: str, condition: HistoryCondition) -> Check:
    window, count, least, most = condition.window, counted(condition), condition.min, condition.max

    def check(situation: Situation, _: int) -> str | None:
        history = history_of(situation)
        if history is None:
            return f"{name}:{UNKNOWN}"
        there = sum([count(day) for day in history.within(window, situation.today())])
        return None if (least is None or there >= least) and (most is None or there <= most) else f"{name}:{there}"

    return check


def _nth_purchase(asked: NthPurchase) -> Check:
    numbers, every = frozenset(asked.numbers), asked.every

    def check(situation: Situation, _: int) -> str | None:
        before = purchases_before(situation)
        if before is None:
            return f"member.nth_purchase:{UNKNOWN}"
        this = before + 1
        met = this in numbers if every is None else this % every == 0
        return None if met else f"member.nth_purchase:{this}"

    return check


def _of_member(name: str, read: Callable[[Situation], int | None], asked: DaysSince) -> Check:
    least, most = asked.min_days or 0, asked.max_days

    def check(situation: Situation, _: int) -> str | None:
        days = read(situation)
        if days is None:
            return f"{name}:{UNKNOWN}"
        return None if days >= least and (most is None or days <= most) else f"{name}:{days}"

    return check


def _near(
    name: str,
    read: Callable[[MemberFacts], tuple[int, int] | date | None],
    before: int,
    after: int,
    years: frozenset[int] | None,
) -> Check:
    """Compile "near a day that comes again every year"; with `years`, how many years it must be since the first."""

    def check(situation: Situation, _: int) -> str | None:
        day = None if situation.member is None else read(situation.member)
        if day is None:
            return f"{name}:{UNKNOWN}"
        today = situation.today()
        month_day = (day.month, day.day) if isinstance(day, date) else day
        for year in (today.year - 1, today.year, today.year + 1):
            if years is not None and isinstance(day, date) and not _counts(year - day.year, years):
                continue
            apart = (today - in_year(month_day, year)).days
            if -before <= apart <= after:
                return None
        return name

    return check


def _counts(number: int, years: frozenset[int]) -> bool:
    return number >= 1 and (not years or number in years)


def _fact(name: str, asked: FactCondition, read: Callable[[Situation], Mapping[str, Fact]], *, told: bool) -> Check:
    key, wanted, allowed = asked.name, _TYPES[asked.type], frozenset(asked.one_of)
    least, most, flag = asked.at_least, asked.at_most, asked.is_

    def check(situation: Situation, _: int) -> str | None:
        fact = read(situation).get(key)
        if type(fact) is not wanted:
            return f"{name}:{UNKNOWN}"
        if isinstance(fact, bool):
            met = fact is flag
        elif isinstance(fact, int):
            met = (least is None or fact >= least) and (most is None or fact <= most)
        else:
            met = fact in allowed
        if met:
            return None
        return f"{name}:{fact}" if told else name

    return check


def _joined(member: MemberFacts) -> date | None:
    return member.joined_on
