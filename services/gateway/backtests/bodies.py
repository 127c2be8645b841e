"""What callers ask of history: which rules, over which time, compared with what."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, model_validator

from services.gateway.door.parameters import Instant
from services.gateway.rules.bodies import Body, Document

Amount = Annotated[str, Field(pattern=r"^\d{1,9}(\.\d{1,9})?$")]


class Asking(Body):
    """A backtest. Rules B are a document, or a stored version; A are those that were in force, or `against`."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "version": 4,
                "from": "2024-01-01T00:00:00+01:00",
                "to": "2024-04-01T00:00:00+02:00",
                "against": 3,
                "point_values": {"points": "0.01"},
            }
        }
    )

    document: Document | None = None
    version: int | None = Field(default=None, ge=1, le=2**31 - 1, description="A stored version instead of a document.")
    from_: Instant = Field(alias="from", description="What counts from this instant on is compared.")
    to: Instant | None = Field(default=None, description="And before this one; without it, now.")
    against: int | None = Field(
        default=None, ge=1, le=2**31 - 1, description="A stored version as A; without it, those in force at the time."
    )
    point_values: dict[str, Amount] = Field(
        default={}, description="What a whole point is worth in the programme's currency, by wallet: tells the cost."
    )

    @model_validator(mode="after")
    def _one(self) -> Asking:
        if (self.document is None) == (self.version is None):
            raise ValueError("either a document or a version")
        return self
