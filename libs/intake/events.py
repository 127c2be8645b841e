"""Events that are about to be published: looked at as their consumer will, and given the key of their record."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import msgspec

from libs.contracts.codec import Event, TopicDecoder, ce_headers, encode
from libs.contracts.identifiers import PERSONAL, IdentifierNames
from libs.contracts.registry import EVENTS
from libs.contracts.rejection import Rejection
from libs.contracts.soundness import unsound

_INCOMING = frozenset(contract.type for contract in EVENTS.values() if contract.direction == "in")


class Prepared(NamedTuple):
    """A record to publish: its topic without the platform's prefix, key, value and headers."""

    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


class _Typed(msgspec.Struct, gc=False):
    type: str


_type_of = msgspec.json.Decoder(_Typed).decode


@dataclass(frozen=True, slots=True)
class Preparer:
    """Prepares the events of one source, which is a registered prefix.

    Without `names` a personal identifier is no key, since a key is readable.
    """

    source: str
    names: IdentifierNames | None = None

    def prepare(self, raw: bytes) -> Prepared | Rejection:
        """Return the record for an event in structured JSON, or why nobody would take it.

        It is written anew, so that fields which are not ours stay behind.
        """
        topic = _topic(raw)
        if topic is None:
            told = _decoder("loyalty.purchases").decode(raw)  # it knows what is wrong with what is no event at all
            return told if isinstance(told, Rejection) and told.code != "unknown-type" else _NO_TYPE
        event = _decoder(topic).decode(raw)
        if isinstance(event, Rejection):
            return event
        if event.source != self.source and not event.source.startswith(self.source + "/"):
            return Rejection("unknown-source", "/source", f"{self.source}, or something below it")
        return self.record(event)

    def record(self, event: Event[Any]) -> Prepared | Rejection:
        """Return the record for a decoded event of the source, or why nobody would take it."""
        if EVENTS[event.type].internal and not event.source.startswith(_OWN):
            return _NOT_OURS
        if (flaw := unsound(event.data)) is not None:
            return flaw
        key = self._key(event)
        attributes: dict[str, Any] = {
            "type": event.type,
            "source": event.source,
            "id": event.id,
            "time": event.time,
            "subject": event.subject,
            "tenant": None,
            "programme": None,
            "memberseq": None,
            "partitionkey": key,
            "traceparent": event.traceparent,
        }
        return Prepared(
            EVENTS[event.type].topic.name, key.encode(), encode(**attributes, data=event.data), ce_headers(**attributes)
        )

    def _key(self, event: Event[Any]) -> str:
        """The member where known, else the first identifier, else the receipt or the event itself."""
        member = getattr(event.data, "member_id", None)
        if member is not None:
            return str(member)
        for identifier in getattr(event.data, "identifiers", ()):
            if self.names is not None:
                return self.names.name(identifier)
            if identifier.kind not in PERSONAL:
                return f"{identifier.kind}:{identifier.value}"
        return getattr(event.data, "receipt_number", None) or event.id


_OWN = "/pointstream/"
_NOT_OURS = Rejection("unknown-source", "/source", "a source of the platform's own, for nobody else may say this")
_NO_TYPE = Rejection("unknown-type", "/type", "the type of an event that comes in")


def _topic(raw: bytes) -> str | None:
    try:
        event_type = _type_of(raw).type
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return EVENTS[event_type].topic.name if event_type in _INCOMING else None


@cache
def _decoder(topic: str) -> TopicDecoder:
    return TopicDecoder(topic)
