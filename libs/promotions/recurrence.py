"""Days that come again by a rule of RFC 5545, such as every first Friday of a month."""

from __future__ import annotations

from datetime import date, datetime
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

_ALLOWED = frozenset(("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYSETPOS")) | frozenset(
    ("BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY")
)
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")


def _rule(text: str) -> str:
    parts = {name: value for name, _, value in (part.partition("=") for part in text.split(";"))}
    unknown = sorted(parts.keys() - _ALLOWED)
    if unknown:
        raise ValueError(f"{unknown[0]!r} has no meaning for days; allowed: {', '.join(sorted(_ALLOWED))}")
    if parts.get("FREQ") not in _FREQUENCIES:
        raise ValueError(f"FREQ must be one of {', '.join(_FREQUENCIES)}")
    if "T" in parts.get("UNTIL", ""):
        raise ValueError("UNTIL must be a day, such as UNTIL=20251231, the last one included")
    if not parts.get("INTERVAL", "1").strip("0"):
        raise ValueError("INTERVAL must be at least 1")
    try:
        next(iter(rrulestr(text, dtstart=datetime(2000, 1, 1))), None)  # noqa: DTZ001 a day, not an instant
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no rule of RFC 5545: {error}") from error
    return text


class Recurrence(Part):
    """A rule of RFC 5545 that gives days, counted from `first_day`; without COUNT or UNTIL it ends after ten years."""

    rule: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_rule)]
    first_day: Day

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.days():
            raise Misplaced("rule", f"gives no day in the ten years from {self.first_day}")
        return self

    def days(self) -> frozenset[date]:
        """Return the days of the rule."""
        return _days(self.rule, self.first_day)


@lru_cache(maxsize=1_024)
def _days(rule: str, first: date) -> frozenset[date]:
    start = datetime(first.year, first.month, first.day)  # noqa: DTZ001 a day, not an instant
    last = same_day(first, 12 * YEARS)
    days = (moment.date() for moment in islice(rrulestr(rule, dtstart=start), MOST_DAYS))
    return frozenset(takewhile(lambda day: day < last, days))
