"""Facts that arrive late, or from a clock that runs ahead.

Lateness is judged by arrival, never by when somebody got round to the record: a backlog must not cost members points.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from msgspec import Struct

from libs.ledger.boundary import Boundary, ExpiryCalendar

CLOCK_TOLERANCE = timedelta(minutes=5)
GRACE = timedelta(days=7)


class EffectiveTime(NamedTuple):
    """The time that a fact counts from; `reason` says why it is not the time that the fact names."""

    instant: datetime
    reason: Literal["event-time-ahead"] | None


class Placed(Struct, frozen=True):
    """The lot lapses at `boundary` (None: never); `carried` when its own boundary had passed on arrival."""

    boundary: Boundary | None
    carried: bool

    @property
    def expires_at(self) -> datetime | None:
        """The instant of the boundary; None for never."""
        return None if self.boundary is None else self.boundary.instant


class AwaitingOperator(Struct, frozen=True):
    """Too late to be decided by rule; a person says whether the points are still given."""

    reason: Literal["period-closed"]
    boundary: Boundary


def effective_time(event_time: datetime, arrived_at: datetime) -> EffectiveTime:
    """The event's own time, or its arrival when that time lies more than five minutes ahead of it; aware instants."""
    if event_time - arrived_at > CLOCK_TOLERANCE:
        return EffectiveTime(arrived_at, "event-time-ahead")
    return EffectiveTime(event_time, None)


def place(
    earned_at: datetime, arrived_at: datetime, calendar: ExpiryCalendar, grace: timedelta = GRACE
) -> Placed | AwaitingOperator:
    """Give a lot its expiry: its own boundary, the next one if that had passed on arrival, or leave it to an operator.

    A fact that arrives exactly at the boundary is past it; one that arrives exactly at the end of `grace` is in time.
    """
    boundary = calendar.expires_at(earned_at)
    if boundary is None or arrived_at < boundary.instant:
        return Placed(boundary, carried=False)
    if arrived_at - boundary.instant > grace:
        return AwaitingOperator("period-closed", boundary)
    return Placed(calendar.next_boundary(arrived_at), carried=True)
