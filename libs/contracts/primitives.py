"""The primitive types that every event is built from, and the base that makes a payload frozen and strict.

Only the kinds of rule written here may stand in a payload: `structs` derives the fast decoder from the same annotations
and refuses to start when it meets one that it does not know, so that no rule is lost between the two.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import AfterValidator, BaseModel, ConfigDict, PlainValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

EARLIEST_YEAR = 1970
LATEST_YEAR = 9998  # a year of room, so that no time zone or period boundary can fall off the calendar


class Payload(BaseModel):
    """A part of an event: never changed once made, no coercion, tolerant of fields that it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, defer_build=True)


def as_utc(moment: datetime) -> datetime:
    """Return the same instant in UTC.

    Raises:
        ValueError: it has no offset, or lies outside the years that we accept.
    """
    if moment.tzinfo is None:
        raise ValueError("no offset")
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("outside the calendar") from None
    if not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        raise ValueError("outside the accepted years")
    return moment


def read_instant(value: Any) -> datetime:
    """Read an RFC 3339 date-time with an offset as an aware UTC instant; digits beyond microseconds are rounded.

    It parses with msgspec, whose reading is RFC 3339 and no more; pydantic's own would also take numbers and dates.

    Raises:
        PydanticCustomError: it is none, has no offset, or lies outside the years that we accept.
    """
    try:
        return as_utc(value if isinstance(value, datetime) else msgspec.convert(value, datetime))
    except (msgspec.ValidationError, ValueError):
        raise PydanticCustomError("instant", "an RFC 3339 date-time with an offset") from None


def refuse_nul(value: str) -> str:
    """Let a text pass that PostgreSQL can store.

    Raises:
        PydanticCustomError: it holds the character U+0000.
    """
    if "\0" in value:
        raise PydanticCustomError("nul", "text without the character U+0000")
    return value


NO_NUL = AfterValidator(refuse_nul)
INSTANT = PlainValidator(read_instant)

Instant = Annotated[
    datetime,
    INSTANT,
    WithJsonSchema(
        {"type": "string", "format": "date-time", "description": "RFC 3339 with an offset; written in UTC."}
    ),
]
Text32 = Annotated[str, MaxLen(32), NO_NUL]
Text64 = Annotated[str, MaxLen(64), NO_NUL]
Text256 = Annotated[str, MaxLen(256), NO_NUL]
Name32 = Annotated[str, MinLen(1), MaxLen(32), NO_NUL]
Name64 = Annotated[str, MinLen(1), MaxLen(64), NO_NUL]
Name128 = Annotated[str, MinLen(1), MaxLen(128), NO_NUL]
Name256 = Annotated[str, MinLen(1), MaxLen(256), NO_NUL]
Slug = Annotated[str, MinLen(1), MaxLen(64), StringConstraints(pattern="^[a-z0-9][a-z0-9_-]*$")]
Whole = Annotated[int, Ge(-(2**53)), Le(2**53)]
CurrencyCode = Annotated[str, MinLen(3), MaxLen(3), StringConstraints(pattern="^[A-Z]{3}$")]
Sequence = Annotated[int, Ge(1), Le(2**63 - 1)]
PositivePoints = Annotated[int, Ge(1), Le(10**15)]
Points = Annotated[int, Ge(0), Le(10**15)]
PointsChange = Annotated[int, Ge(-(10**15)), Le(10**15)]
Money = Annotated[int, Ge(-(10**12)), Le(10**12)]
MoneyDue = Annotated[int, Ge(0), Le(10**12)]
Quantity = Annotated[int, Ge(-1_000_000), Le(1_000_000)]
Pieces = Annotated[int, Ge(1), Le(1_000_000)]
ProgrammeVersion = Annotated[int, Ge(0), Le(2**31 - 1)]
LineNumber = Annotated[int, Ge(1), Le(2**31 - 1)]
