"""Bytes to events and back, for the hot path.

A record is decoded by msgspec into structs derived from the pydantic models. When that refuses, pydantic looks again
and has the last word: it names the field and the reason, or accepts what msgspec was too strict for. So what is
accepted is exactly what pydantic accepts, and `tests/contract/test_codec.py` holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, Protocol, TypeVar, Union

import msgspec
import orjson
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from libs.contracts.envelope import CONTENT_TYPE, DATA_CONTENT_TYPE, SPEC_VERSION
from libs.contracts.primitives import EARLIEST_YEAR, LATEST_YEAR
from libs.contracts.registry import TYPE_DOMAIN, contract_of, event_model
from libs.contracts.rejection import Rejection, explain
from libs.contracts.structs import NoEvent, checked_envelope, data_struct, event_struct, to_event
from libs.contracts.topics import MAX_RECORD_BYTES, Topic, topic_named

MAX_NESTING = 100
MOST_NAMED_TYPES = 12
_MOST_NAMED = 220

_D = TypeVar("_D", bound=BaseModel)
_D_co = TypeVar("_D_co", covariant=True)

RecordHeaders = Iterable[tuple[str, bytes | None]]
"""The headers of a record; a name may come more than once, then the last counts."""

_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_LONGEST_NUMBER = 4300  # pydantic's reader refuses longer ones, msgspec skips them in fields that it doesn't know
_SAMPLE = 64


class Event(Protocol[_D_co]):
    """A decoded event. At run time it and its `data` are frozen msgspec structs with the model's attributes."""

    @property
    def id(self) -> str:
        """Unique within the source."""

    @property
    def source(self) -> str:
        """The path of the sender."""

    @property
    def type(self) -> str:
        """What happened."""

    @property
    def time(self) -> datetime:
        """When it happened, aware and in UTC."""

    @property
    def subject(self) -> str | None:
        """What it is about."""

    @property
    def partitionkey(self) -> str | None:
        """The key of the record, as the sender wrote it into the event."""

    @property
    def traceparent(self) -> str | None:
        """Trace context of the cause."""

    @property
    def data(self) -> _D_co:
        """The payload; ducks as its pydantic model, `isinstance` does not hold."""


class EventDecoder(Generic[_D]):
    """Decodes records that hold an event of one of the given types, in structured CloudEvents JSON."""

    def __init__(self, types: Sequence[str]) -> None:
        """Derive the decoder; `types` are event types of the registry.

        Raises:
            KeyError: a type is not ours.
        """
        self._types = tuple(types)
        self._expected_type = _one_of(self._types)
        self._decode = msgspec.json.Decoder(Union[(*map(event_struct, self._types), NoEvent)]).decode

    def decode(self, raw: bytes | None, headers: RecordHeaders = ()) -> Event[_D] | Rejection:
        """Return the event in `raw`, or why it is none. Never raises for anything that bytes may hold.

        `raw` is the value of a record; None, a tombstone, is rejected. The headers are for decoders that know other
        forms than the structured one.
        """
        if raw and _plain(raw):
            try:
                event: Event[_D] = self._decode(raw)
                moment = event.time
                if event.source[0] == "/" and moment.tzinfo is UTC and EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
                    return event
                return checked_envelope(event)  # type: ignore[no-any-return]
            except (msgspec.MsgspecError, ValueError, RecursionError):
                pass  # pydantic finds out why, or that it may pass after all
        return self.otherwise(raw, headers)

    def otherwise(self, raw: bytes | None, headers: RecordHeaders) -> Event[_D] | Rejection:
        """Look at a record that the fast decoder did not take."""
        return self.decode_slowly(raw)

    def decode_slowly(self, raw: bytes | None) -> Event[_D] | Rejection:
        """Do the same with pydantic alone: the reference for `decode`."""
        if not raw:
            return Rejection("not-json", "", "a JSON object; the record is empty")
        if len(raw) > MAX_RECORD_BYTES:
            return Rejection("too-large", "", f"at most {MAX_RECORD_BYTES} bytes")
        if too_deep(raw):
            return Rejection("not-json", "", f"JSON nested at most {MAX_NESTING} deep")
        try:
            document = from_json(raw, allow_inf_nan=False)
        except ValueError:
            return Rejection("not-json", "", "valid JSON in UTF-8")
        if not isinstance(document, dict):
            return Rejection("not-json", "", "a JSON object")
        return self._validate(document, raw)

    def _validate(self, document: dict[str, Any], raw: bytes) -> Event[_D] | Rejection:
        event_type = document.get("type")
        if not isinstance(event_type, str):
            return Rejection("envelope", "/type", "the type of the event, as text")
        if event_type not in self._types:
            return Rejection("unknown-type", "/type", self._expected_type)
        try:
            event: Event[_D] = to_event(event_type, event_model(event_type).model_validate_json(raw, strict=True))
        except ValidationError as error:
            return explain(error, document)
        return event


def _one_of(types: Sequence[str]) -> str:
    """Say which types are expected; more than a rejection has room for are counted."""
    if not types:
        return "no type: no event lies here yet"
    names = ", ".join(name.removeprefix(TYPE_DOMAIN) for name in types)
    if len(types) > MOST_NAMED_TYPES or len(names) > _MOST_NAMED:
        return f"{TYPE_DOMAIN} and one of the {len(types)} types of docs/events.md"
    return f"{TYPE_DOMAIN} and one of {names}"


class TopicDecoder(EventDecoder[Any]):
    """Decodes the records of one topic: any of the event types that the table of topics allows there."""

    def __init__(self, topic: str | Topic) -> None:
        """Derive the decoder; a name is that of the table, without the platform's prefix.

        Raises:
            KeyError: there is no such topic.
        """
        self.topic = topic_named(topic) if isinstance(topic, str) else topic
        super().__init__(self.topic.types)


def decoder(model: type[_D]) -> EventDecoder[_D]:
    """Return the decoder of events that carry one payload model.

    Raises:
        KeyError: the model is no event of ours.
    """
    return EventDecoder((contract_of(model).type,))


_to_json = msgspec.json.Encoder().encode


def canonical(data: Any) -> bytes:
    """Return the one JSON form of a decoded payload: what bodies are compared by and facts are stored as.

    It has the known fields in the model's order and leaves out what is absent, null or empty by default. A field that
    is added to the model later leaves it as it was.
    """
    return _to_json(data)


class Canonical(Generic[_D]):
    """Reads stored payloads in canonical form."""

    def __init__(self, model: type[_D]) -> None:
        """Derive the reader of one payload model."""
        self._decode = msgspec.json.Decoder(data_struct(model)).decode

    def read(self, stored: bytes | str) -> _D:
        """Return the payload as `EventDecoder` gave it.

        Raises:
            msgspec.MsgspecError: it is not what `canonical` wrote for this model.
        """
        data: Any = self._decode(stored)
        return data  # type: ignore[no-any-return]


def encode(
    *,
    type: str,
    source: str,
    id: str,
    time: datetime,
    subject: str | None,
    tenant: str | None,
    programme: str | None,
    memberseq: int | None,
    data: Mapping[str, Any],
    partitionkey: str | None = None,
    traceparent: str | None = None,
) -> bytes:
    """Return an event as the value of a record. Attributes that are None are left out.

    `time` and the instants in `data` are aware UTC; `data` may hold UUIDs, instants, structs and what JSON has. It
    isn't validated here: contract tests hold each producer's samples against the strict models.

    Raises:
        TypeError: something in `data` has no JSON form.
    """
    event: dict[str, Any] = {"specversion": SPEC_VERSION, "id": id, "source": source, "type": type, "time": time}
    if subject is not None:
        event["subject"] = subject
    event["datacontenttype"] = DATA_CONTENT_TYPE
    if partitionkey is not None:
        event["partitionkey"] = partitionkey
    if traceparent is not None:
        event["traceparent"] = traceparent
    if tenant is not None:
        event["tenant"] = tenant
    if programme is not None:
        event["programme"] = programme
    if memberseq is not None:
        event["memberseq"] = memberseq
    event["data"] = data
    return orjson.dumps(event, _struct_to_json, orjson.OPT_UTC_Z)


def ce_headers(
    *,
    type: str,
    source: str,
    id: str,
    time: datetime,
    subject: str | None,
    tenant: str | None,
    programme: str | None,
    memberseq: int | None,
    partitionkey: str | None = None,
    traceparent: str | None = None,
) -> list[tuple[str, bytes]]:
    """Return the attributes as headers of the record, for readers that route without opening the value."""
    headers = [
        ("content-type", CONTENT_TYPE),
        ("ce_specversion", b"1.0"),
        ("ce_id", id.encode()),
        ("ce_source", source.encode()),
        ("ce_type", type.encode()),
        ("ce_time", _to_json(time)[1:-1]),
    ]
    if subject is not None:
        headers.append(("ce_subject", subject.encode()))
    if partitionkey is not None:
        headers.append(("ce_partitionkey", partitionkey.encode()))
    if traceparent is not None:
        headers.append(("ce_traceparent", traceparent.encode()))
    if tenant is not None:
        headers.append(("ce_tenant", tenant.encode()))
    if programme is not None:
        headers.append(("ce_programme", programme.encode()))
    if memberseq is not None:
        headers.append(("ce_memberseq", b"%d" % memberseq))
    return headers


def _struct_to_json(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return msgspec.to_builtins(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _plain(raw: bytes) -> bool:
    """Tell whether msgspec may be trusted with `raw`: nothing in it that it would let pass and pydantic would not.

    It knows no U+0000, and reads over invalid UTF-8, deep nests and endless numbers in fields that it skips. Each test
    asks the cheap question first.
    """
    return (
        len(raw) <= MAX_RECORD_BYTES
        and (b"\\" not in raw or b"\\u0000" not in raw)
        and (raw.isascii() or _is_utf8(raw))
        and (raw.count(b"{") + raw.count(b"[") <= MAX_NESTING or not too_deep(raw))
        and (len(raw) <= _LONGEST_NUMBER or not _may_hold_endless_number(raw))
    )


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def too_deep(raw: bytes) -> bool:
    """Tell whether arrays and objects nest deeper than `MAX_NESTING`; of what is no JSON the answer means nothing."""
    # Nowhere is it deeper than there are openers, and each `},{` makes one of them useless: before the deepest place it
    # closes one, behind it it opens one too late. This settles any receipt whose lines have no labels.
    if raw.count(b"{") + raw.count(b"[") - raw.count(b"},{") - raw.count(b"}, {") <= MAX_NESTING:
        return False
    outside_texts = b"".join(raw.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2])
    brackets = outside_texts.translate(_ONE_KIND, _NOT_BRACKETS)
    for _ in range(MAX_NESTING):
        brackets = brackets.replace(b"[]", b"")  # takes away the innermost level everywhere
        if not brackets:
            return False
    return True


def _may_hold_endless_number(raw: bytes) -> bool:
    """Tell whether a run of digits may be as long as `_LONGEST_NUMBER`: such a run fills at least one sample."""
    stride = _LONGEST_NUMBER - 2 * _SAMPLE
    return any(raw[at : at + _SAMPLE].isdigit() for at in range(0, len(raw), stride))
