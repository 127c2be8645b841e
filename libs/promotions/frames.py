"""The document's frames: when a campaign runs."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from libs.promotions.parts import Instant, LocalTime, Misplaced, Part

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Hours(Part):
    """A daily window of local wall-clock time, half-open; it wraps midnight when `to` is before `from`."""

    from_: LocalTime = Field(alias="from")
    to: LocalTime

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.from_ in (self.to, "24:00"):
            raise Misplaced("to", "an empty window; for the whole day leave `hours` out")
        return self


class Frame(Part):
    """When a campaign runs: instants half-open, weekdays and hours in the programme's zone.

    In a window that wraps midnight, the weekday is that of the evening on which it opened.
    """

    starts_at: Instant | None = None
    ends_at: Instant | None = None
    weekdays: tuple[Weekday, ...] = ()
    hours: Hours | None = None

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.starts_at and self.ends_at and self.starts_at >= self.ends_at:
            raise Misplaced("ends_at", "must be after `starts_at`")
        return self
