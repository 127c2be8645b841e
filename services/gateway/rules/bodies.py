"""What callers send about programmes, and how faults in it are told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema

from libs.programmes.plan import Wish
from libs.promotions.document import ProgrammeInvalid
from libs.promotions.switches import SwitchKind
from services.gateway.door.openapi import inlined
from services.gateway.door.parameters import Instant
from services.gateway.door.problems import FieldError, ProblemError, pointer
from services.gateway.intake.bodies import MOST_BATCH, read_json

_STEP = re.compile(r"[^.\[\]]+")
_OF_CAMPAIGN = re.compile(r"^campaigns\[\d+\]")
_B = TypeVar("_B", bound="Body")

Note = Annotated[str | None, Field(min_length=1, max_length=1000, description="Why, in words.")]
At = Annotated[
    Instant | None, Field(description="From when on it counts; at the earliest, and without it, in five seconds.")
]
BeforeWaiting = Annotated[
    bool, Field(description="Also when a version waits that will take its place in its own time.")
]
Document = Annotated[
    dict[str, Any],
    WithJsonSchema({"type": "object", "description": "The programme: see /schemas/programme.schema.json."}),
]
CampaignObject = Annotated[
    dict[str, Any],
    WithJsonSchema({"type": "object", "description": "A campaign, as in /schemas/programme.schema.json."}),
]


class Body(BaseModel):
    """Base of what is sent: a field that nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Timed(Body):
    """What publishes: when it counts from, and why."""

    at: At = None
    note: Note = None
    before_waiting: BeforeWaiting = False

    def wish(self) -> Wish:
        """What it asks for."""
        return Wish(self.at, None, self.before_waiting)


class Publishing(Timed):
    """A whole document."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "document": {
                    "zone": "Europe/Rome",
                    "currency": "EUR",
                    "wallets": [{"name": "points", "expiry": {"kind": "natural", "period": "quarter"}}],
                    "campaigns": [
                        {
                            "id": "base",
                            "name": "One point for every euro",
                            "state": "live",
                            "effect": {"kind": "per_amount", "points": 1, "per_minor": 100},
                        }
                    ],
                },
                "at": "2024-04-01T00:00:00+02:00",
                "note": "One point a euro",
            }
        }
    )

    document: Document


class Restoring(Timed):
    """Which version is to be taken up again."""

    model_config = ConfigDict(json_schema_extra={"example": {"to": 3, "note": "The prices were wrong"}})

    to: int | None = Field(default=None, ge=1, description="Its number; without it, the one before.")


class NewCampaign(Timed):
    """A campaign to add."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "campaign": {
                    "id": "spring",
                    "name": "Double points in spring",
                    "state": "scheduled",
                    "frame": {"starts_at": "2024-04-01T00:00:00+02:00", "ends_at": "2024-07-01T00:00:00+02:00"},
                    "effect": {"kind": "multiplier", "percent": 200},
                },
                "note": "Spring",
            }
        }
    )

    campaign: CampaignObject


class ChangedCampaign(Timed):
    """What is to change about a campaign."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"changes": {"effect": {"percent": 300}}, "note": "Triple, not double"}}
    )

    changes: Annotated[
        dict[str, Any],
        WithJsonSchema({"type": "object", "description": "A JSON Merge Patch (RFC 7396): null takes a field out."}),
    ]


class Turning(Timed):
    """When a campaign's state changes, and why."""

    model_config = ConfigDict(json_schema_extra={"example": {"note": "Sold out"}})


class SwitchTurn(Body):
    """Which switch, and why."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"kind": "campaign", "value": "spring", "note": "The price is wrong"}}
    )

    kind: SwitchKind = Field(description="What it stops.")
    value: str = Field(
        default="", max_length=64, description="A campaign's id, a kind of effect, a store, …; for everything, empty."
    )
    note: Note = None


async def read_body(request: Request, model: type[_B], *, optional: bool = False) -> _B:
    """Read a body.

    Raises:
        ProblemError: it is too large, no JSON, or not what is expected.
    """
    empty = (
        optional and request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers
    )
    document = {} if empty else await read_json(request, MOST_BATCH)
    try:
        return model.model_validate(document)
    except ValidationError as invalid:
        faults = [
            FieldError(pointer=pointer(("body", *fault["loc"])), detail=fault["msg"])
            for fault in invalid.errors(include_url=False, include_input=False)
        ]
        raise ProblemError("request-invalid", errors=faults) from None


def document_problem(invalid: ProgrammeInvalid, prefix: str) -> ProblemError:
    """Tell every fault of a document; `prefix` is the place of the document, or of one campaign of it, in the body."""
    faults = [
        FieldError(
            pointer=pointer(("body", *_STEP.findall(prefix), *_steps(error.path, prefix))),
            detail=error.reason + (f"; allowed: {error.allowed}" if error.allowed else ""),
        )
        for error in invalid.errors
    ]
    return ProblemError("document-invalid", errors=faults)


def document_pointer(field: str, path: str) -> str:
    """The JSON Pointer of a place in a document that stands in a field of the body."""
    return pointer(("body", field, *_STEP.findall(path)))


def _steps(path: str, prefix: str) -> list[str]:
    return _STEP.findall(path if prefix == "document" else _OF_CAMPAIGN.sub("", path))


def merged(target: Any, patch: Any) -> Any:
    """Apply a JSON Merge Patch."""
    if not isinstance(patch, Mapping):
        return patch
    before = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            before.pop(key, None)
        else:
            before[key] = merged(before.get(key), value)
    return before


def body_of(model: type[Body], *headers: Mapping[str, Any], required: bool = True) -> dict[str, Any]:
    """Describe a body, and headers that go with it."""
    schema = model.model_json_schema()
    specimen = schema.pop("example")
    content = {"application/json": {"schema": inlined(schema), "example": specimen}}
    described: dict[str, Any] = {"requestBody": {"required": required, "content": content}}
    return described | ({"parameters": [dict(header) for header in headers]} if headers else {})
