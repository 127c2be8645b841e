"""Writing many events of one type at once: what they share is written once, for the path that every receipt takes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from libs.contracts.envelope import CONTENT_TYPE, DATA_CONTENT_TYPE, SPEC_VERSION

Headers = tuple[tuple[str, bytes], ...]


class EventWriter:
    """Writes events of one type, source, tenant and instant; `time` is aware UTC.

    Gives the same events and headers as `codec.encode` and `codec.ce_headers`, but for the order of the attributes.
    """

    __slots__ = ("_shared", "_shared_headers")

    def __init__(self, *, type: str, source: str, time: datetime, tenant: str, programme: str) -> None:
        shared = {
            "specversion": SPEC_VERSION,
            "source": source,
            "type": type,
            "time": time,
            "datacontenttype": DATA_CONTENT_TYPE,
            "tenant": tenant,
            "programme": programme,
        }
        self._shared = orjson.dumps(shared, option=orjson.OPT_UTC_Z)[:-1] + b","
        self._shared_headers: Headers = (
            ("content-type", CONTENT_TYPE),
            ("ce_specversion", SPEC_VERSION.encode()),
            ("ce_source", source.encode()),
            ("ce_type", type.encode()),
            ("ce_time", orjson.dumps(time, option=orjson.OPT_UTC_Z)[1:-1]),
            ("ce_tenant", tenant.encode()),
            ("ce_programme", programme.encode()),
        )

    def write(self, id: str, subject: str | None, memberseq: int | None, data: Mapping[str, Any]) -> bytes:
        """Return the event as the value of a record; attributes that are None are left out.

        Raises:
            TypeError: something in `data` has no JSON form.
        """
        own: dict[str, Any] = {"id": id}
        if subject is not None:
            own["subject"] = subject
        if memberseq is not None:
            own["memberseq"] = memberseq
        own["data"] = data
        return self._shared + orjson.dumps(own, option=orjson.OPT_UTC_Z)[1:]

    def headers(self, id: str, subject: bytes | None, memberseq: int | None) -> Headers:
        """Return the attributes as `ce_*` headers."""
        own: Headers = (("ce_id", id.encode()),)
        if subject is not None:
            own += (("ce_subject", subject),)
        if memberseq is not None:
            own += (("ce_memberseq", b"%d" % memberseq),)
        return self._shared_headers + own
