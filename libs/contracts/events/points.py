"""Points: what happened to a member's ledger."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from libs.contracts.primitives import (
    Instant,
    Name32,
    Name128,
    Name256,
    Payload,
    PositivePoints,
    ProgrammeVersion,
    Sequence,
)


class PointsCreditedV1(Payload):
    """A purchase brought points: one lot, with its dates."""

    event_type: ClassVar[str] = "org.pointstream.points.credited.v1"

    member_id: UUID = Field(description="Who got them.")
    wallet: Name32 = Field(description="Name of the wallet.")
    points: PositivePoints = Field(description="How many, in the wallet's minor unit.")
    lot: Sequence = Field(description="The member's number of the credit, which names the lot for ever.")
    receipt_source: Name256 = Field(description="`source` of the receipt's event.")
    receipt_id: Name128 = Field(description="`id` of the receipt's event.")
    earned_at: Instant = Field(description="When they were earned.")
    active_from: Instant = Field(description="From when they may be spent.")
    expires_at: Instant | None = Field(default=None, description="When they lapse; null for never.")
    programme_version: ProgrammeVersion = Field(description="The version of the programme that decided.")
