"""Public holidays of a country, as days that are written into the document when they are first looked up."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from libs.promotions.parts import Day, Misplaced, Part, Text

MOST_YEARS = 20

Year = Annotated[int, Field(strict=True, ge=1970, le=2_999)]
Around = Annotated[int, Field(strict=True, ge=0, le=30)]


class PublicHolidays(Part):
    """The public holidays of a country or of one of its subdivisions (ISO 3166), and days around them.

    `names` leaves only some of them. Without `dates` they are looked up for the years from the first to the last, once,
    when the document is read, and stand in its canonical form from then on: what a version means does not change with
    the calendar of a later release. With `dates` nothing is looked up. In other years there are none.
    """

    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    subdivision: Annotated[str, Field(pattern=r"^[A-Z0-9-]{1,8}$")] | None = None
    first_year: Year
    last_year: Year
    names: tuple[Text, ...] = ()
    days_before: Around = 0
    days_after: Around = 0
    dates: Annotated[tuple[Day, ...], Field(max_length=2_000)] = ()

    @model_validator(mode="after")
    def _looked_up(self) -> Self:
        if not self.first_year <= self.last_year < self.first_year + MOST_YEARS:
            raise Misplaced("last_year", f"must be at least `first_year`, and make at most {MOST_YEARS} years")
        if "dates" in self.model_fields_set:
            return self
        return self.model_copy(update={"dates": _look_up(self)})

    def days(self) -> frozenset[date]:
        """Return the holidays and the days around them."""
        around = [timedelta(days) for days in range(-self.days_before, self.days_after + 1)]
        return frozenset(day + apart for day in self.dates for apart in around)


def _look_up(asked: PublicHolidays) -> tuple[date, ...]:
    import holidays  # big, and most programmes name none

    known = {name: own for name, own in holidays.list_supported_countries().items() if len(name) == 2}
    if asked.country not in known:
        raise Misplaced("country", f"the holidays of {asked.country!r} are not known", ", ".join(sorted(known)))
    if asked.subdivision is not None and asked.subdivision not in known[asked.country]:
        reason = f"{asked.country} has no subdivision {asked.subdivision!r} with holidays of its own"
        raise Misplaced("subdivision", reason, ", ".join(sorted(known[asked.country])) or "none")
    found: Any = holidays.country_holidays(
        asked.country, subdiv=asked.subdivision, years=range(asked.first_year, asked.last_year + 1), language="en_US"
    )
    named = {name for names in found.values() for name in names.split("; ")}
    for at, name in enumerate(asked.names):
        if name not in named:
            raise Misplaced(f"names[{at}]", "no such holiday in these years", ", ".join(sorted(named)))
    wanted = set(asked.names)
    days = (day for day, names in found.items() if not wanted or not wanted.isdisjoint(names.split("; ")))
    return tuple(sorted(day for day in days if asked.first_year <= day.year <= asked.last_year))
