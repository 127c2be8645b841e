"""What is sent and answered about letters to an address of one's own."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from libs.deliveries.own import Stand
from services.gateway.templates.bodies import Previewing
from services.gateway.views import View

_EXAMPLE: JsonDict = {
    "letter_id": "a3f1c2d4-5b6e-5f70-8192-a3b4c5d6e7f8",
    "programme": "main",
    "channel": "email",
    "message": "welcome",
    "state": "handed",
    "reason": None,
    "detail": "captured",
    "asked_by": "marketing (k_7Q2M)",
    "asked_at": "2024-04-01T14:00:00Z",
    "ended_at": "2024-04-01T14:00:01Z",
}


class Testing(Previewing):
    """What is to be sent to an address of one's own: a draft, or what would be taken for a reader of a language."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "message": "expiry_reminder",
                "language": "de-AT",
                "channel": "email",
                "address": "marketing@shop.example",
            }
        }
    )

    address: str = Field(
        min_length=1, max_length=500, description="A mail address, a number, …, as the channel has them."
    )


class TestLetterView(View):
    """A letter to an address of one's own, as it stands."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    letter_id: UUID
    programme: str
    channel: str
    message: str
    state: Literal["waiting", "sending", "handed", "failed"]
    reason: str | None = Field(description="Why it failed, or is tried again.")
    detail: str | None = Field(description="What the carrier said, without personal data.")
    asked_by: str
    asked_at: datetime
    ended_at: datetime | None


def letter_view(stand: Stand) -> TestLetterView:
    """Return what is answered about one."""
    return TestLetterView(**{name: value for name, value in stand._asdict().items() if name != "kind"})
