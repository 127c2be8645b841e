"""What the ways in answer."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from services.gateway.door.problems import FieldError
from services.gateway.views import View

Status = Literal["accepted", "known"]
_STATUS = "`accepted`: it will be decided in a moment. `known`: it was accepted before, and counts once."
_ONE = {"status": "accepted", "source": "/acme/pos/12/3", "id": "R-1", "receipt": "/v1/receipts/acme/pos/12/3/R-1"}


class Accepted(View):
    """An event that the broker has; what becomes of it is told at `receipt`."""

    model_config = ConfigDict(json_schema_extra={"example": {**_ONE, "member": None}})

    status: Status = Field(description=_STATUS)
    source: str = Field(description="The source of the event.")
    id: str = Field(description="The id of the event.")
    receipt: str | None = Field(
        default=None, description="Where its decision is told, 404 until it is made; null for what needs none."
    )
    member: str | None = Field(default=None, description="The member that it names.")


class BatchItem(View):
    """What became of one event of a batch."""

    index: int = Field(description="Its place in the request, from 0.")
    status: Literal["accepted", "known", "refused"] = Field(description=f"{_STATUS} `refused`: `code` says why.")
    source: str | None = Field(default=None, description="The source of the event, if it could be read.")
    id: str | None = Field(default=None, description="The id of the event, if it could be read.")
    receipt: str | None = Field(default=None, description="Where its decision is told.")
    code: str | None = Field(default=None, description="The kind of problem, as on /problems.")
    errors: tuple[FieldError, ...] | None = Field(default=None, description="What is wrong with it.")


class BatchAccepted(View):
    """What became of each event of a batch; those accepted are at the broker, whatever became of the others."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "accepted": 1,
                "known": 0,
                "refused": 1,
                "data": [
                    {"index": 0, **_ONE},
                    {
                        "index": 1,
                        "status": "refused",
                        "source": "/acme/pos/12/3",
                        "id": "R-2",
                        "code": "event-invalid",
                        "errors": [{"pointer": "/body/1/data/total_minor", "detail": "the sum of the lines' amounts"}],
                    },
                ],
            }
        }
    )

    accepted: int = Field(description="How many are new.")
    known: int = Field(description="How many were accepted before.")
    refused: int = Field(description="How many were refused; the others are not affected.")
    data: tuple[BatchItem, ...] = Field(description="The events in the order of the request.")


EXAMPLE_ADJUSTMENT = {"wallet": "points", "points": 500, "reason": "goodwill", "note": "Waited an hour for help."}
EXAMPLE_CLAIM = {"receipt_number": "000123", "store": "12", "total_minor": 4510}
EXAMPLE_EXTENSION = {"wallet": "points", "boundaries": 1, "reason": "goodwill", "note": "Was in hospital."}
EXAMPLE_REFERRAL = {
    "member_id": "0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e22",
    "decision": "release",
    "reason": "Two sisters, one tablet.",
}
EXAMPLE_RESOLUTION = {
    "receipt_number": "000123",
    "store": "12",
    "decision": "award",
    "reason": "The till's clock was a year ahead.",
}
EXAMPLE_TRANSFER = {
    "to_member_id": "0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e22",
    "wallet": "points",
    "points": 250,
    "reason": "gift",
}
EXAMPLE_MERGE = {"to_member_id": "0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e22", "reason": "duplicate"}
EXAMPLE_UNMERGE = {"reason": "mistake", "note": "Mother and daughter, not one person."}
EXAMPLE_REDATING = {
    "from_version": 3,
    "to_version": 4,
    "notice_until": "2026-12-31T23:00:00Z",
    "reason": "new-terms",
    "note": "Points live two years now, old ones too.",
}
