"""What a mapping makes of what it finds: texts, whole numbers and instants. Nothing passes through a float."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from libs.contracts.primitives import as_utc

_MOST_DIGITS = 18
_LONGEST = 64

_NUMBER = re.compile(r"([-+]?)([0-9]{1,40})(?:\.([0-9]{1,40}))?")
_LOCAL_OR_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?([Zz]|[-+][0-9]{2}:?[0-9]{2})?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNIX = {"unix": 1_000_000, "unix-ms": 1_000}


@cache
def pinned_zone(name: str) -> ZoneInfo:
    """Return a time zone from the pinned tzdata wheel, so that every worker reads a local time alike.

    Raises:
        LookupError: the pinned data has none of this name.
    """
    if name not in (resources.files("tzdata") / "zones").read_text("utf-8").split():
        raise LookupError("no such time zone")
    with resources.files("tzdata.zoneinfo").joinpath(*name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


class Misfit(ValueError):
    """A value is not what the mapping takes it for; the text says what was expected, never what was found."""


def as_text(value: Any) -> str:
    """Return a text as it is and a whole number or truth value as its text.

    Raises:
        Misfit: it is anything else.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) < 10**_LONGEST:
        return str(value)
    raise Misfit("text or a whole number")


def as_minor_units(value: Any, decimals: int, mark: str) -> int:
    """Return a number, or its text, as a whole number of its `decimals`-th decimal: 12.5 with 2 decimals is 1250.

    `mark` is the decimal mark of a text. Zeros behind the last decimal are let pass, other digits are not: nothing is
    rounded.

    Raises:
        Misfit: it is no number, has more decimals, or more than 18 digits.
    """
    expected = f"a number with at most {decimals} decimals" if decimals else "a whole number"
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        number = Decimal(value)
    elif isinstance(value, str) and (found := _NUMBER.fullmatch(value.strip().replace(mark, ".", 1))):
        if mark != "." and "." in value:
            raise Misfit(expected)
        number = Decimal(f"{found[1]}{found[2]}.{found[3] or 0}")
    else:
        raise Misfit(expected)
    minor = _shifted(number, decimals)
    if minor is None:
        raise Misfit(expected)
    return minor


def _shifted(number: Decimal, decimals: int) -> int | None:
    """Multiply by a power of ten without a context that could round, and without room for a number like 1e999999."""
    sign, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int) or len(digits) > _LONGEST:
        return None  # an infinity or no number, or endless
    text = "".join(map(str, digits)).lstrip("0")
    if not text:
        return 0
    shift = exponent + decimals
    if shift < 0:
        if text[shift:].strip("0"):
            return None
        text = text[:shift]
    elif len(text) + shift > _MOST_DIGITS:
        return None
    else:
        text += "0" * shift
    return None if len(text) > _MOST_DIGITS else int(text) * (-1 if sign else 1)


def as_instant(value: Any, zone: ZoneInfo | None, layout: str | None) -> datetime:
    """Return an instant in UTC.

    `layout` is `unix` or `unix-ms` for seconds or milliseconds since 1970, or a layout of strptime; without one the
    value is a date-time of RFC 3339, whose offset may be missing. A local time is read in `zone`: of a time that the
    clocks pass twice it is the first, and one that they skip is read by the offset from before.

    Raises:
        Misfit: it is none, has no offset while there is no zone, or lies outside the years that we accept.
    """
    try:
        moment = _since_epoch(value, layout) if layout in _UNIX else _written(value, layout)
        return as_utc(moment if moment.tzinfo is not None or zone is None else moment.replace(tzinfo=zone))
    except (ValueError, OverflowError):
        raise Misfit(_expected(zone, layout)) from None


def _expected(zone: ZoneInfo | None, layout: str | None) -> str:
    if layout is not None:
        return f"a date and time of the layout {layout}"
    return "a date-time such as 2024-03-15T17:20:05" + ("" if zone else "+01:00, with its offset")


def _since_epoch(value: Any, layout: str | None) -> datetime:
    unit = _UNIX[layout or "unix"]
    return _EPOCH + timedelta(microseconds=as_minor_units(value, len(str(unit)) - 1, "."))


def _written(value: Any, layout: str | None) -> datetime:
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise Misfit("text")
    if layout is not None:
        return datetime.strptime(value, layout)  # noqa: DTZ007 - its zone, if it lacks one, is the caller's
    if not _LOCAL_OR_RFC_3339.fullmatch(value):
        raise Misfit("a date-time")
    return datetime.fromisoformat(value.upper())
