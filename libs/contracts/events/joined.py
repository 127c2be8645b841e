"""Memberships: who came to a programme."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from libs.contracts.primitives import Instant, Payload


class MemberJoinedV1(Payload):
    """A member was added to the programme. An enrolment that is told again has the same event id."""

    event_type: ClassVar[str] = "org.pointstream.member.joined.v1"

    member_id: UUID = Field(description="Who.")
    enrolled_at: Instant = Field(description="Since when they are a member.")
