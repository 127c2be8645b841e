"""Scenarios: what they did for a member beside messages."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from annotated_types import MaxLen
from pydantic import Field

from libs.contracts.primitives import Instant, Name32, Name64, Payload, PositivePoints, Text64, Text256, Whole

Value = Text256 | Whole | bool


class ScenarioActedV1(Payload):
    """A step of a scenario was taken for a member: points or a reward were asked for, a tag set, or this is all."""

    event_type: ClassVar[str] = "org.pointstream.scenario.acted.v1"

    member_id: UUID = Field(description="For whom.")
    scenario: Name64 = Field(description="Name of the scenario in the programme.")
    step: Name64 = Field(description="Name of its step.")
    action: Literal["points", "reward", "webhook", "tag"] = Field(description="What was done.")
    trigger: Name32 = Field(description="What kind of thing the scenario began with.")
    arm: Name64 | None = Field(default=None, description="The arm of the member; null without arms.")
    began_at: Instant = Field(description="When the scenario began for the member.")
    wallet: Name32 | None = Field(default=None, description="Of points: their wallet.")
    points: PositivePoints | None = Field(default=None, description="Of points: how many, in the wallet's minor unit.")
    reference: Text64 | None = Field(default=None, description="Of a reward: what the catalogue calls it.")
    quantity: PositivePoints | None = Field(default=None, description="Of a reward: how many.")
    attribute: Name64 | None = Field(default=None, description="Of a tag: the member's attribute.")
    value: Value | None = Field(default=None, description="Of a tag: its new value; null when it was taken away.")
    data: Annotated[dict[Name64, Value], MaxLen(32)] | None = Field(
        default=None, description="What the step says of its own for whoever listens."
    )
