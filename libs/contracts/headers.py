"""The headers of a published CloudEvent, read from its value: the outbox stores values alone."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from libs.contracts.envelope import CONTENT_TYPE


class _Attributes(msgspec.Struct, frozen=True, gc=False):
    id: str
    source: str
    type: str
    time: str
    specversion: str = "1.0"
    subject: str | None = None
    partitionkey: str | None = None
    traceparent: str | None = None
    tenant: str | None = None
    programme: str | None = None
    memberseq: int | None = None


_decode = msgspec.json.Decoder(_Attributes).decode


def headers_of(value: bytes) -> list[tuple[str, bytes]]:
    """Return the attributes of a structured event as `ce_*` headers, for readers that route without opening the value.

    Raises:
        msgspec.MsgspecError: the value is no event that `codec.encode` made.
    """
    event = _decode(value)
    headers = [
        ("content-type", CONTENT_TYPE),
        ("ce_specversion", b"1.0"),
        ("ce_id", event.id.encode()),
        ("ce_source", event.source.encode()),
        ("ce_type", event.type.encode()),
        ("ce_time", event.time.encode()),
    ]
    if event.subject is not None:
        headers.append(("ce_subject", event.subject.encode()))
    if event.partitionkey is not None:
        headers.append(("ce_partitionkey", event.partitionkey.encode()))
    if event.traceparent is not None:
        headers.append(("ce_traceparent", event.traceparent.encode()))
    if event.tenant is not None:
        headers.append(("ce_tenant", event.tenant.encode()))
    if event.programme is not None:
        headers.append(("ce_programme", event.programme.encode()))
    if event.memberseq is not None:
        headers.append(("ce_memberseq", b"%d" % event.memberseq))
    return headers


def type_of(headers: Iterable[tuple[str, bytes]]) -> bytes | None:
    """Return the type of an event as the headers of its record say it; None where they do not."""
    return next((value for name, value in headers if name == "ce_type"), None)
