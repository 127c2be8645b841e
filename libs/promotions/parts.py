"""What the parts of a programme document are built from: their base, their scalars, and faults between parts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from libs.promotions.expressions import SOURCE_LIMIT, ExpressionInvalid
from libs.promotions.variables import EXPRESSIONS

NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,63}$"

Name = Annotated[str, Field(pattern=NAME_PATTERN)]
FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Tiers = Annotated[tuple[Name, ...], Field(max_length=64)]
Text = Annotated[str, Field(min_length=1, max_length=64)]
Texts = Annotated[tuple[Text, ...], Field(max_length=10_000)]
Points = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
Positive = Annotated[int, Field(strict=True, ge=1, le=1_000_000_000)]
NonNegative = Annotated[int, Field(strict=True, ge=0, le=10**12)]
Days = Annotated[int, Field(strict=True, ge=1, le=3_650)]


_POSITION = re.compile(r"\[(\d+)\]")
"""A place in a list, as `Misplaced` writes it."""


class Misplaced(ValueError):
    """A fault between parts: `path` is where, below the part that found it; `allowed` the values it could have."""

    def __init__(self, path: str, reason: str, allowed: str | None = None) -> None:
        super().__init__(reason)
        self.path = path
        self.allowed = allowed


def faults_of(invalid: ValidationError) -> list[tuple[str, str]]:
    """Return what is wrong with a document that is told step by step: places such as `words.0.text`, and reasons."""
    found = []
    for fault in invalid.errors(include_url=False, include_input=False):
        error = fault.get("ctx", {}).get("error")
        inside = _POSITION.sub(r".\1", error.path) if isinstance(error, Misplaced) else ""
        place = ".".join([*map(str, fault["loc"]), *([inside] if inside else [])])
        found.append((place, fault["msg"].removeprefix("Value error, ")))
    return found


class Part(BaseModel):
    """Base of everything in the document: frozen, and a key that nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, defer_build=True)


def unless_written(meaning: Any, description: str | None = None) -> Any:
    """Declare a field that the canonical form leaves out when it says what its absence means.

    For fields that came after the first documents were stored: their hashes stay. The meaning is fixed for ever.
    """
    return Field(default=meaning, exclude_if=lambda value: value == meaning, description=description)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError(f"{name!r} is no IANA time zone, such as Europe/Rome") from error
    return name


def _local_time(text: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d|24:00", text):
        raise ValueError(f"{text!r} is no local time; allowed: 00:00 to 24:00")
    return text


def _expression(source: str) -> str:
    try:
        EXPRESSIONS.compile(source)
    except ExpressionInvalid as invalid:
        raise ValueError(str(invalid)) from invalid
    return source


def _in_utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{instant.isoformat()!r} lies in no year from 1 to 9999 of UTC") from error


def _day(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return date.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise ValueError(f"{value!r} is no day, such as 2024-12-24")


Day = Annotated[date, Field(ge=date(1970, 1, 1), le=date(2999, 12, 31)), BeforeValidator(_day)]
Zone = Annotated[str, AfterValidator(_zone)]
LocalTime = Annotated[str, AfterValidator(_local_time)]
Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
CelSource = Annotated[str, Field(min_length=1, max_length=SOURCE_LIMIT), AfterValidator(_expression)]


class Timed(Part):
    """What holds for members of some levels, from an instant to another; without these for everybody, at any time."""

    tiers: Tiers = ()
    since: Instant | None = None
    until: Instant | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.since is not None and self.until is not None and self.until <= self.since:
            raise Misplaced("until", "it ends before it begins")
        return self

    def fits(self, tier: str | None, at: datetime) -> bool:
        """Whether it holds for a member of this level at an instant."""
        return (
            (not self.tiers or tier in self.tiers)
            and (self.since is None or self.since <= at)
            and (self.until is None or at < self.until)
        )


def refuse_repeats(path: str, names: Sequence[object]) -> None:
    """Raise `Misplaced` at `path` (with a place for the position) where a name stands for the second time."""
    seen: set[object] = set()
    for at, name in enumerate(names):
        if name in seen:
            raise Misplaced(path.format(at), f"{name!r} is declared twice")
        seen.add(name)
