"""What a webhook says of an event: its type and ids by default, all of it where an endpoint asks for that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid5

import msgspec

MOST_BYTES = 20_000
"""A body is shorter than this; a longer one is sent thin."""
Style = Literal["thin", "full"]
_ENCODE = msgspec.json.Encoder().encode
_MESSAGES = UUID("5d3f5b0e-8c1f-5b41-9a55-1c6a4a2f7d10")
_TEST = "webhook.test"


class Told(msgspec.Struct, frozen=True):
    """What is read of an event: whose it is, what happened, and all that it says."""

    id: str
    source: str
    type: str
    time: datetime
    tenant: str
    programme: str
    data: dict[str, Any]
    subject: str | None = None
    memberseq: int | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A webhook before it is signed: for one endpoint, the same at every attempt."""

    message_id: UUID
    event_type: str
    occurred_at: datetime
    body: bytes


def short_type(event_type: str) -> str:
    """Return the type as receivers know it: `org.pointstream.points.credited.v1` is `points.credited`."""
    return event_type.removeprefix("org.pointstream.").rsplit(".v", 1)[0]


def message_of(event: Told, endpoint_id: UUID, style: Style) -> Message:
    """Make the webhook that tells an endpoint of an event. The same event makes the same one, however often."""
    kind = short_type(event.type)
    said: dict[str, Any] = {
        "event_id": event.id,
        "event_type": event.type,
        "source": event.source,
        "programme": event.programme,
        "subject": event.subject,
        "memberseq": event.memberseq,
        **_ids(event.data),
    }
    body = _body(kind, event.time, {**said, "details": event.data}) if style == "full" else b""
    if not 0 < len(body) < MOST_BYTES:
        body = _body(kind, event.time, said if style == "thin" else {**said, "details_left_out": True})
    name = "\x1f".join((event.tenant, event.source, event.id, event.type))
    return Message(uuid5(_MESSAGES, f"{endpoint_id}\x1f{name}"), kind, event.time, body)


def trial_message(endpoint_id: UUID, message_id: UUID, at: datetime) -> Message:
    """Make a webhook that tells of nothing but that it arrives."""
    return Message(message_id, _TEST, at, _body(_TEST, at, {"endpoint_id": str(endpoint_id)}))


def message_name(message_id: UUID) -> str:
    """Return the id as receivers are told it."""
    return f"msg_{message_id.hex}"


def _body(kind: str, at: datetime, data: Mapping[str, Any]) -> bytes:
    return _ENCODE({"type": kind, "timestamp": at, "data": data})


def _ids(data: Mapping[str, Any]) -> dict[str, Any]:
    """What names something, of what an event says at its top."""
    return {name: value for name, value in data.items() if name.endswith("_id") and isinstance(value, str)}
