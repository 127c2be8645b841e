"""What is sent and answered about figures that people of the company get by mail."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from libs.deliveries.periods import Every
from libs.deliveries.result_mails import Subscribed
from services.gateway.rules.bodies import Body
from services.gateway.views import View

_EXAMPLE: JsonDict = {
    "result_mail_id": "b81c7d1e-0c6a-5a3e-9d2f-4e5f6a7b8c9d",
    "programme": "main",
    "every": "week",
    "hour": 7,
    "language": "en",
    "address": "m•••@s•••.example",
    "made_by": "marketing (k_7Q2M)",
    "made_at": "2024-04-01T14:00:00Z",
    "next_at": "2024-04-08T05:00:00Z",
}


class NewResultMail(Body):
    """Who is to get a programme's figures, and how often."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"address": "marketing@shop.example", "every": "week", "hour": 7, "language": "en"}
        }
    )

    address: str = Field(min_length=3, max_length=254, description="A mail address of the company's.")
    every: Every = Field(default="week", description="Every day, on Mondays, or on the first of a month.")
    hour: Annotated[int, Field(strict=True, ge=0, le=23)] = Field(
        default=7, description="The hour, in the programme's zone."
    )
    language: Literal["en", "de"] = Field(default="en", description="The language of the words.")


class ResultMailView(View):
    """Somebody who gets a programme's figures by mail."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    result_mail_id: UUID
    programme: str
    every: Every
    hour: int
    language: str
    address: str = Field(description="Masked.")
    made_by: str
    made_at: datetime
    next_at: datetime = Field(description="When the next figures are due.")


class ResultMailsView(View):
    """Who gets figures by mail."""

    model_config = ConfigDict(json_schema_extra={"example": {"data": [_EXAMPLE]}})

    data: tuple[ResultMailView, ...]


def result_mail_view(found: Subscribed) -> ResultMailView:
    """Return what is answered about one."""
    return ResultMailView(**found._asdict())
