"""The states of a mass message, and what may be done in each. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

State = Literal[
    "counting",  # it is found out whom it would reach
    "counted",
    "awaiting_approval",
    "refused",
    "scheduled",  # its hour has not come
    "sending",
    "paused",
    "cancelled",
    "finished",
]
Action = Literal["send", "approve", "refuse", "pause", "resume", "cancel", "count"]
ALLOWED: Mapping[Action, frozenset[State]] = {
    "count": frozenset(("counted",)),
    "send": frozenset(("counted",)),
    "approve": frozenset(("awaiting_approval",)),
    "refuse": frozenset(("awaiting_approval",)),
    "pause": frozenset(("scheduled", "sending")),
    "resume": frozenset(("paused",)),
    "cancel": frozenset(("counting", "counted", "awaiting_approval", "scheduled", "sending", "paused")),
}
DONE: Mapping[Action, frozenset[State]] = {
    "count": frozenset(("counting",)),
    "send": frozenset(("awaiting_approval", "scheduled", "sending", "finished")),
    "approve": frozenset(),
    "refuse": frozenset(("refused",)),
    "pause": frozenset(("paused",)),
    "resume": frozenset(("scheduled", "sending")),
    "cancel": frozenset(("cancelled",)),
}
"""Where asking again changes nothing, and is told how it stands."""
ENDED: frozenset[State] = frozenset(("refused", "cancelled", "finished"))
PREFIX = "mass/"
"""What the occasion of a delivery of a mass message begins with."""


def occasion_of(mass_id: UUID, variant: str) -> str:
    """The occasion of a variant's deliveries."""
    return f"{PREFIX}{mass_id}/{variant}"


def named_in(occasion: str) -> tuple[UUID, str] | None:
    """The mass message and the variant that an occasion is of; None for any other."""
    if not occasion.startswith(PREFIX):
        return None
    name, _, variant = occasion.removeprefix(PREFIX).partition("/")
    return UUID(name), variant


def after_go_ahead(starts_at: datetime | None, now: datetime) -> State:
    """How it stands once nothing but time is in its way."""
    return "scheduled" if starts_at is not None and starts_at > now else "sending"


def after_sending(members: int, approval_above: int | None, starts_at: datetime | None, now: datetime) -> State:
    """How it stands once somebody has said that it is to be sent."""
    if approval_above is not None and members > approval_above:
        return "awaiting_approval"
    return after_go_ahead(starts_at, now)
