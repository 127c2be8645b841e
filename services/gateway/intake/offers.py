"""From the JSON of a caller to an event that may be published, or what is wrong with it. Pure.

A caller sends a CloudEvent, or the plain form that lacks what the operation says anyway. Either is made the value of a
record and decoded as whoever reads the topic will decode it, so that both accept the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from libs.contacts.events import unfit
from libs.contracts.codec import Event, EventDecoder, canonical, ce_headers
from libs.contracts.identifiers import IdentifierNames
from libs.contracts.rejection import Rejection
from libs.contracts.soundness import unsound
from libs.contracts.topics import MAX_RECORD_BYTES, topic_of
from libs.runtime.keys import body_hash, event_key
from services.gateway.intake.publisher import Record

TYPE_PREFIX = "org.pointstream."
_PLAIN = frozenset({"id", "source", "time", "type", "subject", "traceparent", "data"})
_OURS = ("tenant", "programme", "memberseq")
OWN_SOURCES = "/pointstream"
"""Below it lie the events that the platform's own processes make."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An event that is fit to be published, and what it is known by."""

    event: Event[Any]
    key: UUID
    body_hash: int
    record: Record
    own: bool = False
    """Whether the gateway made it itself."""

    @property
    def source(self) -> str:
        """The path of the sender."""
        return self.event.source


@dataclass(frozen=True, slots=True)
class Kinds:
    """What one operation takes: event types, the first of which is meant where none is named."""

    types: tuple[str, ...]
    decoder: EventDecoder[Any]

    @classmethod
    def of(cls, *names: str) -> Kinds:
        """Name some types, named without our domain, like `purchase.completed.v1`."""
        types = tuple(TYPE_PREFIX + name for name in names)
        return cls(types, EventDecoder(types))


def offer(
    document: Any, kinds: Kinds, names: IdentifierNames, traceparent: str | None = None, *, own: bool = False
) -> Offer | Rejection:
    """Return the event that a document is; `traceparent` is put in where it has none.

    `own` is for an event that the gateway itself makes: only such may have a source below `OWN_SOURCES`.
    """
    completed = _complete(document, kinds, traceparent)
    if isinstance(completed, Rejection):
        return completed
    try:
        raw = orjson.dumps(completed)
    except orjson.JSONEncodeError:
        return Rejection("not-json", "", "JSON nested at most 100 deep")
    event = kinds.decoder.decode(raw)
    if isinstance(event, Rejection):
        return event
    if not own and (event.source == OWN_SOURCES or event.source.startswith(OWN_SOURCES + "/")):
        return Rejection("envelope", "/source", "a path that is not the platform's own")
    if (fault := unsound(event.data) or unfit(event.data)) is not None:
        return fault
    return _sealed(event, raw, names, own=own)


def _complete(document: Any, kinds: Kinds, traceparent: str | None) -> Mapping[str, Any] | Rejection:
    """Return a structured CloudEvent with the type that the operation implies."""
    if not isinstance(document, dict):
        return Rejection("not-json", "", "a JSON object")
    for name in _OURS:
        if name in document:
            return Rejection("envelope", f"/{name}", "no field of this name: the platform says it")
    event = {name: value for name, value in document.items() if name != "partitionkey"}
    if "specversion" not in event:
        for name in event:
            if name not in _PLAIN:
                return Rejection("envelope", f"/{_escaped(name)}", "no field of this name")
        event["specversion"] = "1.0"
        event.setdefault("type", kinds.types[0])
        if isinstance(event["type"], str) and not event["type"].startswith(TYPE_PREFIX):
            event["type"] = TYPE_PREFIX + event["type"]
    if traceparent is not None:
        event.setdefault("traceparent", traceparent)
    return event


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _sealed(event: Event[Any], raw: bytes, names: IdentifierNames, *, own: bool) -> Offer | Rejection:
    """Name the key of the record in the event too, and add the attributes as headers."""
    key = record_key(event.data, names)
    value = raw[:-1] + b',"partitionkey":' + orjson.dumps(key) + b"}"
    if len(value) > MAX_RECORD_BYTES:
        return Rejection("too-large", "", f"at most {MAX_RECORD_BYTES} bytes")
    headers = ce_headers(
        type=event.type,
        source=event.source,
        id=event.id,
        time=event.time,
        subject=event.subject,
        tenant=None,
        programme=None,
        memberseq=None,
        partitionkey=key,
        traceparent=event.traceparent,
    )
    record = Record(topic_of(event.type).name, key.encode(), value, headers)
    return Offer(event, event_key(event.source, event.id), body_hash(canonical(event.data)), record, own)


def record_key(data: Any, names: IdentifierNames) -> str:
    """Return the key of the record: the member where it is known, else the first identifier, else the receipt.

    An identifier is named as the platform names it, so that nothing personal stands in a key.
    """
    member: UUID | None = getattr(data, "member_id", None)
    if member is not None:
        return str(member)
    identifiers: Sequence[Any] = getattr(data, "identifiers", ())
    if identifiers:
        return names.name(identifiers[0])
    number = getattr(data, "receipt_number", None)
    return f"receipt:{getattr(data, 'store', None) or ''}:{number or ''}"
