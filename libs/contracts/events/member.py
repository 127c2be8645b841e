"""Members: who takes part in a programme, without a word about the person."""

from __future__ import annotations

from typing import Annotated, ClassVar
from uuid import UUID

from annotated_types import MaxLen, MinLen
from pydantic import FailFast, Field

from libs.contracts.events.purchase import Identifier, Identifiers
from libs.contracts.primitives import Payload, Text32


class MemberEnrolledV1(Payload):
    """Somebody joined the programme; the event's time is the time of joining."""

    event_type: ClassVar[str] = "org.pointstream.member.enrolled.v1"

    member_id: UUID = Field(description="UUIDv7 chosen by whoever enrols.")
    identifiers: Annotated[tuple[Identifier, ...], MinLen(1), MaxLen(8), FailFast()] = Field(
        description="How shops will know the member."
    )
    tier: Text32 | None = Field(default=None, description="Name of the first tier; null for the programme's lowest.")


class MemberUpdatedV1(Payload):
    """A member is known by other identifiers, or stands in another tier."""

    event_type: ClassVar[str] = "org.pointstream.member.updated.v1"

    member_id: UUID = Field(description="Whose they are.")
    add: Identifiers = Field(default=(), description="By what the member is known from now on.")
    remove: Identifiers = Field(default=(), description="By what no more.")
    move: Identifiers = Field(default=(), description="What to take over from whoever has it.")
    tier: Text32 | None = Field(default=None, description="Name of the tier; null for as it was.")
