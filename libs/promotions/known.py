"""What is known of the member in a situation: what conditions and expressions ask for, None where nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from libs.promotions.facts import NO_FACTS, Fact
from libs.promotions.history import EVER, History, same_day
from libs.promotions.situation import Situation


def history_of(situation: Situation) -> History | None:
    """Return the member's history; None without a member, or when nobody has loaded it."""
    return None if situation.member is None else situation.member.history


def attributes_of(situation: Situation) -> Mapping[str, Fact]:
    """Return the member's attributes; none without a member, or when nobody has loaded them."""
    return (situation.member and situation.member.attributes) or NO_FACTS


def purchases_before(situation: Situation) -> int | None:
    """Count the purchases that the member made before, those of that day included."""
    history = history_of(situation)
    return None if history is None else sum([day.visits for day in history.within(EVER, situation.today())])


def days_since_purchase(situation: Situation) -> int | None:
    """How many days ago the member bought something, 0 is today; None also for who never did."""
    history = history_of(situation)
    last = None if history is None else history.last_visit(situation.today())
    return None if last is None else (situation.today() - last).days


def days_enrolled(situation: Situation) -> int | None:
    """How many days ago the member enrolled; None also when that is still to come."""
    joined = None if situation.member is None else situation.member.joined_on
    days = None if joined is None else (situation.today() - joined).days
    return None if days is None or days < 0 else days


def days_to_birthday(situation: Situation) -> int | None:
    """How many days it is to the member's next birthday, 0 is today."""
    if situation.member is None or situation.member.birthday is None:
        return None
    today = situation.today()
    days = (in_year(situation.member.birthday, year) for year in (today.year, today.year + 1))
    return next((day - today).days for day in days if day >= today)


def in_year(month_day: tuple[int, int], year: int) -> date:
    """Return the day of a year that bears a month and a day; 29 February is the last of it where there is none."""
    month, day = month_day
    return date(year, month, day) if (month, day) != (2, 29) else same_day(date(2000, 2, 29), 12 * (year - 2000))
