"""What is told of choices, and the body by which one is made."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from libs.contracts.primitives import Name64

_EXAMPLE: JsonDict = {
    "choice_id": "5e0a1b7c-6f0e-5b7d-8a63-2f1e9d4c7b51",
    "name": "birthday-treat",
    "title": "A treat for your birthday",
    "rewards": ["coffee", "cake", "ebook"],
    "state": "open",
    "granted_at": "2024-03-02T10:00:00Z",
    "until": "2024-04-01T10:00:00Z",
    "campaign": "birthday",
    "chosen": None,
    "order_id": None,
}


class ChoiceView(BaseModel):
    """Rewards of which a member chooses one."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"example": _EXAMPLE})

    choice_id: UUID = Field(description="Names it.")
    name: str = Field(description="Its name in the programme.", examples=["birthday-treat"])
    title: str = Field(description="How people call it.", examples=["A treat for your birthday"])
    rewards: tuple[str, ...] = Field(description="The rewards of the catalogue, one of which is chosen.")
    state: Literal["open", "chosen", "over"] = Field(description="Whether one can be chosen, was, or no more can be.")
    granted_at: datetime = Field(description="When it was granted.")
    until: datetime = Field(description="Until when one is to be chosen.")
    campaign: str = Field(description="The campaign that granted it.", examples=["birthday"])
    chosen: str | None = Field(description="The reward that was chosen.")
    order_id: UUID | None = Field(description="The order that it became.")


class ChoicesView(BaseModel):
    """The choices of a member, the youngest first."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"example": {"data": [_EXAMPLE]}})

    data: tuple[ChoiceView, ...] = Field(description="The choices.")


class ChooseBody(BaseModel):
    """What was chosen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reward: Name64 = Field(description="One of the choice's rewards.")
    answers: dict[str, Any] = Field(default_factory=dict, description="What its kind asks for, such as a size.")
