"""Segments: who came into one, and who left it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from libs.contracts.primitives import Instant, Name64, Payload, ProgrammeVersion, Sequence, Text64

_WHY = Field(
    description="Something that was done or became known of the member; time; another version of the programme; "
    "or a static list that was changed."
)
_Reason = Literal["deeds", "time", "programme", "list"]


class MemberSegmentEnteredV1(Payload):
    """A member came into a segment of the programme."""

    event_type: ClassVar[str] = "org.pointstream.member.segment_entered.v1"

    member_id: UUID = Field(description="Who.")
    segment: Name64 = Field(description="Name of the segment in the programme.")
    title: Text64 | None = Field(default=None, description="What people call it; null for its name.")
    number: Sequence = Field(description="The member's entries and exits of this segment are numbered without gaps.")
    reason: Annotated[_Reason, _WHY]
    effective_at: Instant = Field(description="Since when decisions see the member in it.")
    programme_version: ProgrammeVersion = Field(description="The version of the programme that decided.")


class MemberSegmentLeftV1(Payload):
    """A member left a segment of the programme, or the programme has it no more."""

    event_type: ClassVar[str] = "org.pointstream.member.segment_left.v1"

    member_id: UUID = Field(description="Who.")
    segment: Name64 = Field(description="Name of the segment in the programme.")
    title: Text64 | None = Field(
        default=None, description="What people call it; null for its name, or for one that is gone."
    )
    number: Sequence = Field(description="The member's entries and exits of this segment are numbered without gaps.")
    reason: Annotated[_Reason, _WHY]
    effective_at: Instant = Field(description="Since when decisions do not see the member in it.")
    programme_version: ProgrammeVersion = Field(description="The version of the programme that decided.")
