"""From the JSON of a caller to what a quote is asked for. Pure.

The body is that of a purchase, so that a till asks with what it is about to send; what a quote does not need may be
left out. It is read by the decoder of the topic, so that what can be quoted can be bought.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from libs.contracts.rejection import Rejection
from libs.contracts.soundness import unsound
from libs.runtime.clock import parse_instant
from services.gateway.carts.bodies import FIELDS, CartWants, read_wants
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.intake.desk import refusal
from services.gateway.intake.offers import Kinds

AHEAD = timedelta(days=366)
"""How far ahead a quote may lie."""
BEHIND = timedelta(minutes=5)
"""How far a clock may be behind; a quote for such an instant is one for now."""

_KIND = Kinds.of("purchase.completed.v1")
_OWN = frozenset({"at", "programme", "member_id"}) | FIELDS
_OF_PURCHASE = frozenset({"id", "source", "time", "type", "subject", "traceparent", "data"})
_NOBODY = "quote"
_STANDING_IN: Mapping[str, str] = {"specversion": "1.0", "type": _KIND.types[0], "id": _NOBODY}


@dataclass(frozen=True, slots=True)
class QuoteBody:
    """What is asked: the payload as the codec decodes it, when it counts, and what names programme and member.

    `wants` are codes, points and gift cards, where any were named.
    """

    purchase: Any
    at: datetime
    source: str | None
    programme: str | None
    member_id: UUID | None
    wants: CartWants | None = None


def read_quote(document: Any, now: datetime) -> QuoteBody:
    """Read a body; without `at` it is asked for now.

    Raises:
        ProblemError: what is wrong with it.
    """
    if not isinstance(document, dict):
        raise ProblemError("body-not-json", "A JSON object is expected.")
    if "specversion" not in document:
        for name in document:
            if name not in _OWN and name not in _OF_PURCHASE:
                raise _wrong(f"/{name.replace('~', '~0').replace('/', '~1')}", "no field of this name")
    source = _text(document, "source")
    return QuoteBody(
        _purchase(document.get("data"), source, now),
        _instant(document.get("at"), now),
        source,
        _text(document, "programme"),
        _member(document.get("member_id")),
        read_wants(document),
    )


def _purchase(data: Any, source: str | None, now: datetime) -> Any:
    if not isinstance(data, dict):
        raise _wrong("/data", "the payload of a purchase")
    event = {
        **_STANDING_IN,
        "source": source or f"/{_NOBODY}",
        "time": now,
        "data": {"receipt_number": _NOBODY, "lines": [], **data},
    }
    try:
        decoded = _KIND.decoder.decode(orjson.dumps(event))
    except orjson.JSONEncodeError:
        raise ProblemError("body-not-json", "It is nested too deep.") from None
    if isinstance(decoded, Rejection):
        raise refusal(decoded)
    if (fault := unsound(decoded.data)) is not None:
        raise refusal(fault)
    return decoded.data


def _instant(given: Any, now: datetime) -> datetime:
    if given is None:
        return now
    try:
        at = parse_instant(str(given))
    except (ValueError, OverflowError):
        raise _wrong("/at", "an RFC 3339 date-time with an offset") from None
    if at < now - BEHIND:
        raise _wrong("/at", "now or later: what would have been is told by the receipt itself")
    if at > now + AHEAD:
        raise _wrong("/at", f"at most {AHEAD.days} days ahead")
    return max(at, now)


def _member(given: Any) -> UUID | None:
    if given is None:
        return None
    try:
        return UUID(str(given))
    except ValueError:
        raise _wrong("/member_id", "a UUID") from None


def _text(document: Mapping[str, Any], name: str) -> str | None:
    given = document.get(name)
    if given is None or (isinstance(given, str) and 0 < len(given) <= 256):
        return given
    raise _wrong(f"/{name}", "text of 1 to 256 characters")


def _wrong(pointer: str, expected: str) -> ProblemError:
    return ProblemError(
        "request-invalid", errors=[FieldError(pointer=f"/body{pointer}", detail=f"expected {expected}")]
    )
