"""Every way in which a record may say what it says: structured CloudEvents, binary ones, and plain JSON by a mapping.

Whatever the way, what comes out is what `TopicDecoder` gives for the same event in structured JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from pydantic_core import from_json

from libs.contracts.codec import Event, EventDecoder, RecordHeaders, TopicDecoder, too_deep
from libs.contracts.envelope import DATA_CONTENT_TYPE, Envelope
from libs.contracts.mapping import EventMapping, SourceMapping, apply, in_the_original
from libs.contracts.rejection import Rejection
from libs.contracts.topics import MAX_RECORD_BYTES, Topic

_STRUCTURED = b"application/cloudevents"
_CONTENT_TYPE = "content-type"
_PREFIX = "ce_"
_TELLTALE = frozenset({"ce_specversion", "ce_id", "ce_source", "ce_type"})
_ATTRIBUTES = (*(name for name in Envelope.model_fields if name != "datacontenttype"), "type")

_EMPTY = Rejection("not-json", "", "a JSON object; the record is empty")

_to_json = msgspec.json.Encoder(decimal_format="number").encode
_read_exactly = msgspec.json.Decoder(float_hook=Decimal).decode


class Arrivals(TopicDecoder):
    """Decodes the records of one topic in whatever form they come.

    A record is taken as structured first. If it is none, its headers may make it a binary event; else the first mapping
    whose `match` fits says how to read it.
    """

    def __init__(self, topic: str | Topic, mappings: Iterable[SourceMapping] = ()) -> None:
        """Derive the decoder; mappings to events that do not lie in this topic are left aside.

        Raises:
            KeyError: there is no such topic.
        """
        super().__init__(topic)
        self._structured = TopicDecoder(self.topic)
        self._mappings = tuple(source for source in mappings if source.mapping.type in self.topic.types)

    def otherwise(self, raw: bytes | None, headers: RecordHeaders) -> Event[Any] | Rejection:
        """Look at a record that the fast decoder did not take as a structured event."""
        named = {name.lower(): value for name, value in headers}
        told = named.get(_CONTENT_TYPE) or b""
        if told[: len(_STRUCTURED)].lower() == _STRUCTURED:
            return self.decode_slowly(raw)
        if raw is not None and (b"specversion" in raw or b"\\" in raw):
            outcome = self.decode_slowly(raw)
            if not isinstance(outcome, Rejection):
                return outcome  # what the fast decoder was too strict for
        if not _TELLTALE.isdisjoint(named):
            return self._binary(raw, named)
        mapped = self._mapped(raw, named) if raw and self._mappings else None
        return self.decode_slowly(raw) if mapped is None else mapped

    def _binary(self, raw: bytes | None, named: Mapping[str, bytes | None]) -> Event[Any] | Rejection:
        composed = _composed(raw, named)
        return composed if isinstance(composed, Rejection) else self._structured.decode(composed)

    def _mapped(self, raw: bytes, named: Mapping[str, bytes | None]) -> Event[Any] | Rejection | None:
        document = read_document(raw)
        if isinstance(document, Rejection):
            return None
        for source in self._mappings:
            if source.mapping.fits(document, named):
                made = map_document(source, document, self._structured)
                return made if isinstance(made, Rejection) else made[1]
        return None


def map_document(
    source: SourceMapping, document: Any, decoder: EventDecoder[Any]
) -> tuple[bytes, Event[Any]] | Rejection:
    """Return the event that a mapping makes of a document, as structured JSON and decoded, or what is wrong with it.

    A rejection names its place in the document. `decoder` has to know the mapping's type.
    """
    made = apply(source.mapping, document, source.prefix)
    if isinstance(made, Rejection):
        return made
    raw = _to_json(made)
    event = decoder.decode(raw)
    return in_the_original(source.mapping, event, document) if isinstance(event, Rejection) else (raw, event)


def try_mapping(prefix: str, mapping: EventMapping, sample: bytes) -> dict[str, Any] | Rejection:
    """Return the CloudEvent that a mapping makes of a sample record, to be shown, or what is wrong with the sample.

    What `match` asks of headers is not looked at, since a sample has none.
    """
    document = read_document(sample)
    unmet = document if isinstance(document, Rejection) else mapping.unmet(document)
    if unmet is not None:
        return unmet
    made = map_document(SourceMapping(prefix, mapping), document, EventDecoder((mapping.type,)))
    if isinstance(made, Rejection):
        return made
    event: dict[str, Any] = json.loads(made[0])
    return event


def read_document(raw: bytes) -> Any:
    """Return a plain JSON record with its decimals exact, or the rejection that says why it is none."""
    if len(raw) > MAX_RECORD_BYTES:
        return Rejection("too-large", "", f"at most {MAX_RECORD_BYTES} bytes")
    try:
        raw.decode()
        return Rejection("not-json", "", "JSON that is nested less deep") if too_deep(raw) else _read_exactly(raw)
    except (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError):
        return Rejection("not-json", "", "valid JSON in UTF-8")


def _composed(raw: bytes | None, named: Mapping[str, bytes | None]) -> bytes | Rejection:
    """Return a binary event as the structured one that it stands for.

    The value is read by itself beforehand, so that nothing in it can reach beyond `data`.
    """
    flaw = _flaw(raw, named.get(_CONTENT_TYPE))
    if raw is None or flaw is not None:
        return flaw or _EMPTY
    attributes = _attributes(named)
    if isinstance(attributes, Rejection):
        return attributes
    return _to_json(attributes)[:-1] + (b',"data":' if attributes else b'"data":') + raw + b"}"


def _flaw(raw: bytes | None, content_type: bytes | None) -> Rejection | None:
    """Return why the value of a binary event is no payload; None when it may be one."""
    if not raw:
        return _EMPTY
    if len(raw) > MAX_RECORD_BYTES:
        return Rejection("too-large", "", f"at most {MAX_RECORD_BYTES} bytes")
    if content_type is not None and not _is_json(content_type):
        return Rejection("envelope", "/datacontenttype", f"one of '{DATA_CONTENT_TYPE}'")
    try:
        payload = from_json(raw, allow_inf_nan=False)
    except ValueError:
        return Rejection("not-json", "", "valid JSON in UTF-8")
    return None if isinstance(payload, dict) else Rejection("not-json", "", "a JSON object")


def _attributes(named: Mapping[str, bytes | None]) -> dict[str, str] | Rejection:
    attributes = {}
    for name in _ATTRIBUTES:
        value = named.get(_PREFIX + name)
        if value is None:
            continue
        try:
            attributes[name] = value.decode()
        except UnicodeDecodeError:
            return Rejection("envelope", f"/{name}", "text in UTF-8")
    return attributes


def _is_json(content_type: bytes) -> bool:
    """Tell whether a media type is JSON in UTF-8, with or without saying the charset."""
    media, *parameters = (part.strip().lower() for part in content_type.split(b";"))
    charsets: Sequence[bytes] = [part for part in parameters if part.startswith(b"charset=")]
    return media == DATA_CONTENT_TYPE.encode() and all(
        part.removeprefix(b"charset=").strip(b'"') in (b"utf-8", b"us-ascii") for part in charsets
    )
