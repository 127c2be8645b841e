"""The document's frames: when a campaign runs."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from libs.promotions.before_expiry import BeforeExpiry
from libs.promotions.parts import Day, Instant, LocalTime, Misplaced, Part, unless_written
from libs.promotions.public_holidays import PublicHolidays
from libs.promotions.recurrence import Recurrence

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

MOST_DAYS = 3_660
"""Days of one range: ten years."""


class Hours(Part):
    """A daily window of local wall-clock time, half-open; it wraps midnight when `to` is before `from`."""

    from_: LocalTime = Field(alias="from")
    to: LocalTime

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.from_ in (self.to, "24:00"):
            raise Misplaced("to", "an empty window; for the whole day leave `hours` out")
        return self

    @property
    def wraps(self) -> bool:
        """Tell whether it goes over midnight."""
        return self.from_ > self.to


class WeeklyHours(Hours):
    """One of several daily windows, on some weekdays or on all."""

    weekdays: tuple[Weekday, ...] = ()


class DayRange(Part):
    """The days from the first to the last, both included; one day without a last."""

    first_day: Day
    last_day: Day | None = None

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.last_day is not None and self.last_day < self.first_day:
            raise Misplaced("last_day", "must not be before `first_day`")
        if self.last_day is not None and (self.last_day - self.first_day).days >= MOST_DAYS:
            raise Misplaced("last_day", f"more than {MOST_DAYS} days; for long times use `starts_at` and `ends_at`")
        return self


DayRanges = Annotated[tuple[DayRange, ...], Field(max_length=1_000)]
Recurrences = Annotated[tuple[Recurrence, ...], Field(max_length=16)]
HolidaysOf = Annotated[tuple[PublicHolidays, ...], Field(max_length=16)]


class Frame(Part):
    """When a campaign runs: all kinds given must hold, of one kind any.

    Instants are half-open; days, weekdays and hours are those of the programme's zone. `days`, `recurrence` and
    `holidays` name the days on which it runs, `blackouts` and `not_holidays` those on which it does not;
    `before_expiry` the last days of each period of a wallet. `hours` is one
    window a day, `windows` are several.

    In a window that wraps midnight, the day is that of the evening on which it opened, but nothing is paid on a day of
    a blackout, whenever the window opened.
    """

    starts_at: Instant | None = None
    ends_at: Instant | None = None
    weekdays: tuple[Weekday, ...] = ()
    hours: Hours | None = None
    windows: Annotated[tuple[WeeklyHours, ...], Field(max_length=32)] = unless_written(())
    days: DayRanges = unless_written(())
    recurrence: Recurrences = unless_written(())
    holidays: HolidaysOf = unless_written(())
    blackouts: DayRanges = unless_written(())
    not_holidays: HolidaysOf = unless_written(())
    before_expiry: BeforeExpiry | None = unless_written(None)

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.starts_at and self.ends_at and self.starts_at >= self.ends_at:
            raise Misplaced("ends_at", "must be after `starts_at`")
        if self.hours is not None and self.windows:
            raise Misplaced("windows", "either `hours` or these")
        return self
