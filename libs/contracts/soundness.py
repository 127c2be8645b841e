"""What a payload must satisfy beyond its schema, before anything is looked up: at the door as in the stream."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from libs.contracts.currencies import CURRENCIES
from libs.contracts.rejection import Rejection

SEPARATOR = "\x1f"
"""Between identifiers that go to the database as one text, so that none may hold it."""

_CURRENCY = Rejection("unknown-currency", "/data/currency", "an active currency of ISO 4217")
_NO_POINTS = Rejection("field", "/data/points", "more or less than 0")
_TWO_ENDS = Rejection("field", "/data/expires_at", "null when the points never expire")
_TOTAL = Rejection("total-mismatch", "/data/total_minor", "the sum of the lines' amounts")


def unsound(data: Any) -> Rejection | None:
    """Return what is wrong with a decoded payload; None when nothing is.

    Currencies must exist, the lines of a receipt add up to its total, identifiers hold no U+001F, and an adjustment
    changes something and has at most one end.
    """
    currency = getattr(data, "currency", None)
    if currency is not None and currency not in CURRENCIES:
        return _CURRENCY
    total = getattr(data, "total_minor", None)
    lines = getattr(data, "lines", None)
    if total is not None and lines and sum([line.amount_minor for line in lines]) != total:
        return _TOTAL
    if getattr(data, "points", None) == 0:
        return _NO_POINTS
    if getattr(data, "never_expires", False) and data.expires_at is not None:
        return _TWO_ENDS
    for field in ("identifiers", "add", "remove", "move"):
        if _unseemly(getattr(data, field, ())):
            return Rejection("field", f"/data/{field}", "identifiers without the control character U+001F")
    return None


def _unseemly(identifiers: Iterable[Any]) -> bool:
    return any([SEPARATOR in identifier.value for identifier in identifiers])  # noqa: C419  faster for a few
