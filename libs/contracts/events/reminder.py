"""Reminders: whom to tell, ahead of a boundary, what lapses at it."""

from __future__ import annotations

from typing import Annotated, ClassVar
from uuid import UUID

from annotated_types import Ge, Le
from pydantic import Field

from libs.contracts.events.sweep import Count, LocalDate
from libs.contracts.primitives import Instant, Name32, Name64, Payload, PositivePoints, ProgrammeVersion, Text32


class ReminderDueV1(Payload):
    """A step of a reminder series is due for a member: what would lapse as of now. Whoever tells asks again first."""

    event_type: ClassVar[str] = "org.pointstream.reminder.due.v1"

    member_id: UUID = Field(description="Whom to remind.")
    wallet: Name32 = Field(description="Name of the wallet.")
    points: PositivePoints = Field(description="How many lapse, in the wallet's minor unit, if nothing is done before.")
    lots: Count = Field(description="In how many lots they lie.")
    worth_minor: Annotated[int, Ge(0), Le(10**15)] | None = Field(
        default=None, description="What the points are worth at most, in minor units of the programme's currency."
    )
    boundary: Instant = Field(description="The instant at which they lapse; no reminder is of use from then on.")
    local_date: LocalDate = Field(description="The last day on which they are valid, in the programme's zone.")
    zone: Name64 = Field(description="IANA name of the zone.")
    step: Name64 = Field(description="Name of the step in the wallet's series.")
    days: Annotated[int, Ge(0), Le(366)] = Field(description="How many days before the last one the step is due.")
    due_at: Instant = Field(description="When the step was due.")
    tier: Text32 | None = Field(default=None, description="The member's tier at that time; null for none.")
    programme_version: ProgrammeVersion = Field(description="The version of the programme whose series it is.")
