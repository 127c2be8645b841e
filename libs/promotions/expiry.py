"""The document's expiry policies: when points lapse, of a wallet, of some of its members, or of one effect."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from libs.promotions.parts import Day, Misplaced, Name, Part, Texts, refuse_repeats, unless_written

PeriodName = Literal["month", "quarter", "half_year", "year"]
Extra = Annotated[int, Field(strict=True, ge=0, le=120)]
FirstMonth = Annotated[int, Field(strict=True, ge=1, le=12)]
LeastDays = Annotated[int, Field(strict=True, ge=0, le=3_650)]
_LEAP_YEAR = 2000


def _month_day(text: str) -> str:
    try:
        date.fromisoformat(f"{_LEAP_YEAR}-{text}")
    except ValueError:
        raise ValueError(f"{text!r} is no day of a year, such as 01-31") from None
    return text


MonthDay = Annotated[str, Field(pattern=r"^\d\d-\d\d$"), AfterValidator(_month_day)]


class NeverExpiry(Part):
    """Points do not lapse."""

    kind: Literal["never"]


class NaturalExpiry(Part):
    """Points lapse together at the end of the calendar period they were earned in, or `extra_periods` later.

    Years begin with the first day of the month `year_starts_in`. What would lapse within `at_least_days` lapses a
    period later.
    """

    kind: Literal["natural"]
    period: PeriodName
    extra_periods: Extra = 0
    year_starts_in: FirstMonth = unless_written(1)
    at_least_days: LeastDays = unless_written(0)


class CalendarExpiry(Part):
    """The same by a calendar of your own: its `last_days`, as 4-4-5 weeks have them, or days that are `yearly`.

    Behind the last of `last_days` a period ends whenever that day of the year comes round.
    """

    kind: Literal["calendar"]
    last_days: Annotated[tuple[Day, ...], Field(max_length=1_000)] = ()
    yearly: Annotated[tuple[MonthDay, ...], Field(max_length=366)] = ()
    extra_periods: Extra = 0
    at_least_days: LeastDays = unless_written(0)

    @model_validator(mode="after")
    def _one_calendar(self) -> Self:
        if bool(self.last_days) == bool(self.yearly):
            raise Misplaced("last_days", "needs either `last_days` or `yearly`", "last_days, yearly")
        _refuse_falling("last_days[{}]", self.last_days)
        _refuse_falling("yearly[{}]", self.yearly)
        return self


class RollingExpiry(Part):
    """Points lapse `months` or `days` after they were earned, at the end of the day, or of the period it lies in."""

    kind: Literal["rolling"]
    months: Annotated[int, Field(strict=True, ge=1, le=240)] | None = None
    days: Annotated[int, Field(strict=True, ge=1, le=3_650)] | None = None
    rounded_to: Literal["day", "month", "quarter", "half_year", "year"] = "day"
    year_starts_in: FirstMonth = unless_written(1)
    at_least_days: LeastDays = unless_written(0)

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        _refuse_both(self.months, self.days)
        return self


class InactivityExpiry(Part):
    """Points lapse `months` or `days` after the last of what keeps them alive, at the end of the period it lies in.

    Purchases do, unless `purchases` says no, and so do the `activities`. Earning counts as the first.
    """

    kind: Literal["inactivity"]
    months: Annotated[int, Field(strict=True, ge=1, le=240)] | None = None
    days: Annotated[int, Field(strict=True, ge=1, le=3_650)] | None = None
    purchases: Annotated[bool, Field(strict=True)] = True
    activities: Annotated[tuple[Name, ...], Field(max_length=64)] = ()
    rounded_to: Literal["day", "month", "quarter", "half_year", "year"] = "month"
    year_starts_in: FirstMonth = unless_written(1)

    @model_validator(mode="after")
    def _kept_alive(self) -> Self:
        _refuse_both(self.months, self.days)
        refuse_repeats("activities[{}]", self.activities)
        if not self.purchases and not self.activities:
            raise Misplaced("activities", "nothing would keep the points alive: that is `rolling`")
        return self


class FixedRow(Part):
    """What is earned up to the end of one day lapses at the end of another."""

    earned_to: Day
    lapses_on: Day


class FixedExpiry(Part):
    """Points lapse at the end of one `day`, or by a `table` of when they were earned.

    What is earned later than the day, or than the last row says, lapses when the last day comes round again.
    """

    kind: Literal["fixed"]
    day: Day | None = None
    table: Annotated[tuple[FixedRow, ...], Field(max_length=1_000)] = ()
    at_least_days: LeastDays = unless_written(0)

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        if (self.day is None) == (not self.table):
            raise Misplaced("day", "needs either one day or a table", "day, table")
        _refuse_falling("table[{}].earned_to", [row.earned_to for row in self.table])
        for at, row in enumerate(self.table):
            if row.lapses_on < row.earned_to:
                raise Misplaced(f"table[{at}].lapses_on", "must not lie before `earned_to`")
        for at, (one, other) in enumerate(pairwise(self.table), start=1):
            if other.lapses_on < one.lapses_on:
                raise Misplaced(f"table[{at}].lapses_on", "must not lie before that of the row before")
        return self

    @property
    def rows(self) -> tuple[tuple[date, date], ...]:
        """Until when points were earned, and on which day they lapse."""
        if self.day is not None:
            return ((self.day, self.day),)
        return tuple([(row.earned_to, row.lapses_on) for row in self.table])


class AnniversaryExpiry(Part):
    """Points lapse at the end of the membership year they were earned in, or `extra_years` later.

    It ends the day before enrolment comes round; 29 February counts as the 28th in other years.
    """

    kind: Literal["anniversary"]
    extra_years: Annotated[int, Field(strict=True, ge=0, le=20)] = 0
    at_least_days: LeastDays = unless_written(0)


AnyExpiry = (
    NeverExpiry | NaturalExpiry | CalendarExpiry | RollingExpiry | InactivityExpiry | FixedExpiry | AnniversaryExpiry
)
Expiry = Annotated[AnyExpiry, Field(discriminator="kind")]
OwnExpiry = Annotated[
    NeverExpiry | NaturalExpiry | CalendarExpiry | RollingExpiry | FixedExpiry | AnniversaryExpiry,
    Field(discriminator="kind"),
]


class ExpiryFor(Part):
    """Another policy for members of one of the `tiers` or `segments`: as they are when the points are earned."""

    tiers: Texts = ()
    segments: Annotated[tuple[Name, ...], Field(max_length=1_000)] = ()
    expiry: Expiry

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not self.tiers and not self.segments:
            raise Misplaced("tiers", "for whom? It needs tiers or segments", "tiers, segments")
        return self


def check_kept_alive(expiry: AnyExpiry, others: Sequence[ExpiryFor]) -> None:
    """Refuse a wallet in which it could not be told which points an activity keeps alive.

    Raises:
        Misplaced: some points lapse by inactivity and others by a date of their own.
    """
    kinds = {expiry.kind} | {one.expiry.kind for one in others}
    if "inactivity" in kinds and not kinds <= {"inactivity", "never"}:
        for at, one in enumerate(others):
            if one.expiry.kind not in ("inactivity", "never"):
                reason = "points of the wallet lapse by inactivity, or never: others belong in a wallet of their own"
                raise Misplaced(f"expiry_for[{at}].expiry.kind", reason, "inactivity, never")
        raise Misplaced("expiry.kind", "some of its points lapse by inactivity", "inactivity, never")


def _refuse_both(months: int | None, days: int | None) -> None:
    if (months is None) == (days is None):
        raise Misplaced("months", "needs one of them", "months, days")


def _refuse_falling(path: str, values: Sequence[date] | Sequence[str]) -> None:
    for at, (one, other) in enumerate(pairwise(values), start=1):
        if other <= one:  # type: ignore[operator]  # a sequence has values of one type
            raise Misplaced(path.format(at), "must lie behind the one before")
