"""Days that come again by a rule of RFC 5545, such as every first Friday of a month."""

from __future__ import annotations

import re
from datetime import MAXYEAR, date, datetime
from functools import lru_cache
from itertools import islice, takewhile
from typing import Annotated, Self

from dateutil.rrule import rrulestr
from pydantic import AfterValidator, Field, model_validator

from libs.promotions.history import same_day
from libs.promotions.parts import Day, Misplaced, Part

YEARS = 10
"""How long a rule without an end runs."""

MOST_DAYS = 3_700
"""Days of one rule: every day of ten years, and some."""

_CALENDAR = 400
"""Years after which the calendar begins anew, with the same weekdays."""

_ALLOWED = frozenset(("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYSETPOS")) | frozenset(
    ("BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY")
)
_MOST = {"BYMONTH": 12, "BYMONTHDAY": 31, "BYYEARDAY": 366, "BYWEEKNO": 53, "BYSETPOS": 366}
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")


def _rule(text: str) -> str:
    parts = _parts(text)
    unknown = sorted(parts.keys() - _ALLOWED)
    if unknown:
        raise ValueError(f"{unknown[0]!r} has no meaning for days; allowed: {', '.join(sorted(_ALLOWED))}")
    if parts.get("FREQ") not in _FREQUENCIES:
        raise ValueError(f"FREQ must be one of {', '.join(_FREQUENCIES)}")
    if not re.fullmatch(r"[A-Za-z0-9=;,+-]+", text):
        raise ValueError("one rule in one line, such as FREQ=MONTHLY;BYDAY=1FR")
    if "UNTIL" in parts and _day(parts["UNTIL"]) is None:
        raise ValueError("UNTIL must be a day, such as UNTIL=20251231, the last one included")
    if not re.fullmatch(r"0*[1-9]\d*", parts.get("INTERVAL", "1")):
        raise ValueError("INTERVAL must be at least 1")
    for name, most in _MOST.items():
        if not all(_is_number(one, most, signed=name != "BYMONTH") for one in parts.get(name, "1").split(",")):
            raise ValueError(f"{name} must be numbers up to {most}")
    return text


def _is_number(text: str, most: int, *, signed: bool) -> bool:
    return re.fullmatch(r"[+-]?\d{1,3}" if signed else r"\d{1,2}", text) is not None and 1 <= abs(int(text)) <= most


def _parts(text: str) -> dict[str, str]:
    return {name: value for name, _, value in (part.partition("=") for part in text.split(";"))}


def _day(text: str) -> date | None:
    if not re.fullmatch(r"\d{8}|\d{4}-\d\d-\d\d", text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


class Recurrence(Part):
    """A rule of RFC 5545 that gives days, counted from `first_day`; without COUNT or UNTIL it ends after ten years."""

    rule: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_rule)]
    first_day: Day

    @model_validator(mode="after")
    def _some(self) -> Self:
        try:
            days = self.days()
        except (ValueError, TypeError, AttributeError, LookupError, OverflowError) as error:
            raise Misplaced("rule", f"no rule of RFC 5545: {error}") from error
        if not days:
            raise Misplaced("rule", f"gives no day in the ten years from {self.first_day}")
        return self

    def days(self) -> frozenset[date]:
        """Return the days of the rule."""
        return _days(self.rule, self.first_day)


@lru_cache(maxsize=1_024)
def _days(rule: str, first: date) -> frozenset[date]:
    """The days, found as late in the calendar as it goes: who looks for one that never comes looks until its end."""
    parts = _parts(rule)
    ends, until = same_day(first, 12 * YEARS), _day(parts.pop("UNTIL", ""))
    later = (MAXYEAR - ends.year) // _CALENDAR * _CALENDAR
    start = datetime(first.year + later, first.month, first.day)  # noqa: DTZ001 a day, not an instant
    text = ";".join([f"{name}={value}" for name, value in parts.items()])
    found = (moment.date() for moment in islice(rrulestr(text, dtstart=start), MOST_DAYS))
    days = (day.replace(year=day.year - later) for day in found)
    return frozenset(takewhile(lambda day: day < ends and (until is None or day <= until), days))
