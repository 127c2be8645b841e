"""What the API answers about reminders."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from libs.sweeps.losing import TierLoss
from libs.sweeps.reminder_reading import ReminderSeen
from libs.sweeps.reminders import Step
from services.gateway.views import View

State = Literal["running", "finished", "skipped", "stopped"]
_SHARE: JsonDict = {"tier": "gold", "members": 8412, "lots": 20115, "points": 1204560}
_STEP: JsonDict = {
    "programme": "main",
    "wallet": "points",
    "step": "7d",
    "days": 7,
    "due_at": "2024-03-24T08:00:00Z",
    "boundary": "2024-03-31T22:00:00Z",
    "last_day": "2024-03-31",
    "zone": "Europe/Rome",
    "min_points": 100,
    "tiers": [],
    "segments": [],
}
_SEEN: JsonDict = _STEP | {
    "state": "finished",
    "members": 8412,
    "told": [_SHARE],
    "started_at": "2024-03-24T08:00:01Z",
    "ended_at": "2024-03-24T08:00:14Z",
}


class ReminderShare(View):
    """What the members of one tier lose together."""

    tier: str | None
    members: int
    lots: int
    points: int = Field(description="In the wallet's minor unit.")


class StepView(View):
    """One step of a reminder series ahead of one boundary."""

    model_config = ConfigDict(json_schema_extra={"example": _STEP})

    programme: str
    wallet: str
    step: str = Field(description="Its name in the wallet's series.")
    days: int = Field(description="How many days before the last one it is due.")
    due_at: datetime
    boundary: datetime = Field(description="The instant at which points lapse.")
    last_day: date = Field(description="The last day on which they are valid, in the programme's zone.")
    zone: str
    min_points: int = Field(description="Only members who lose so many points.")
    tiers: tuple[str, ...] = Field(description="Only members in one of these tiers; empty for all.")
    segments: tuple[str, ...] = Field(description="Only members in one of these segments; empty for all.")


class ReminderView(StepView):
    """A step that came due, and who has been told of on `loyalty.reminders`."""

    model_config = ConfigDict(json_schema_extra={"example": _SEEN})

    state: State = Field(description="`skipped`: it came too late; `stopped`: so did the rest of its members.")
    members: int = Field(description="Members told of so far.")
    told: tuple[ReminderShare, ...]
    started_at: datetime | None
    ended_at: datetime | None


class RemindersPage(View):
    """A page of steps that came due."""

    model_config = ConfigDict(json_schema_extra={"example": {"data": [_SEEN], "next_cursor": None, "has_more": False}})

    data: tuple[ReminderView, ...]
    next_cursor: str | None
    has_more: bool


class ReminderPlanView(View):
    """The steps that come, and whom one of them would reach as of now."""

    model_config = ConfigDict(json_schema_extra={"example": {"coming": [_STEP], "step": _STEP, "shares": [_SHARE]}})

    coming: tuple[StepView, ...] = Field(description="All steps due within 400 days, the next first.")
    step: StepView | None = Field(description="The step that `shares` are of; null when none comes.")
    shares: tuple[ReminderShare, ...] = Field(description="Whom it reaches, if nothing is earned or spent before.")


def reminder_view(seen: ReminderSeen) -> ReminderView:
    """Return what is answered about a step that came due."""
    named = {name: getattr(seen, name) for name in ReminderView.model_fields if name in ReminderSeen._fields}
    return ReminderView.model_validate(
        named | {"last_day": seen.local_date, "members": seen.members, "told": shares_of(seen.told)}
    )


def step_view(programme: str, step: Step) -> StepView:
    """Return what is answered about a step that comes."""
    named = {name: getattr(step, name) for name in StepView.model_fields if name in Step._fields}
    audience = step.audience.model_dump()
    return StepView.model_validate(
        named | audience | {"programme": programme, "step": step.name, "last_day": step.local_date}
    )


def shares_of(found: Iterable[TierLoss]) -> tuple[ReminderShare, ...]:
    """Return what is answered about shares."""
    return tuple([ReminderShare(**each._asdict()) for each in found])
