"""What a message tells, as typed values: a template says where they stand, and the language how they are written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Literal, get_args

Type = Literal["text", "flag", "number", "points", "money", "day", "moment", "url", "names", "proposals"]
"""What a variable may be. `names` is a list of texts; `proposals` a list of products or rewards to show."""

TYPES: tuple[Type, ...] = get_args(Type)

LONGEST_TEXT = 1_000
LONGEST_URL = 2_000
MOST_ITEMS = 12
MOST_NAMES = 200

_LINK = re.compile(r"(?:https?://|mailto:|tel:\+)[^\s\"'<>\\`{}]+")
_MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True, slots=True)
class Points:
    """Points in a wallet's minor unit; `scale` is how many decimals that stands for."""

    amount: int
    scale: int = 0

    def __bool__(self) -> bool:
        """Whether there are any."""
        return self.amount != 0


@dataclass(frozen=True, slots=True)
class Money:
    """Money in minor units of its currency (ISO 4217), which has so many decimals."""

    minor: int
    currency: str
    digits: int = 2

    def __bool__(self) -> bool:
        """Whether there is any."""
        return self.minor != 0


@dataclass(frozen=True, slots=True)
class Proposal:
    """A product or a reward that is shown to a member. What is not known is None."""

    title: str
    text: str | None = None
    image: str | None = None
    link: str | None = None
    price: Money | None = None
    points: Points | None = None


FIELDS: Mapping[str, tuple[Type, bool]] = {
    "title": ("text", False),
    "text": ("text", True),
    "image": ("url", True),
    "link": ("url", True),
    "price": ("money", True),
    "points": ("points", True),
}
"""The fields of a proposal: their types, and whether they may be unknown."""


@dataclass(frozen=True, slots=True)
class Variable:
    """What a template may say under a name. An `optional` one may be unknown: a template asks before it says it."""

    type: Type
    optional: bool = False


class Unfit(ValueError):
    """A value that does not fit what was declared; `path` names it, and `reason` tells nothing of what it says."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


Declared = Mapping[str, Variable]


def fitted(declared: Declared, given: Mapping[str, object]) -> dict[str, object]:
    """Return values as templates take them: complete, of their types, and texts on one line without control characters.

    What was not declared is left out.

    Raises:
        Unfit: a value is missing, or of another type.
    """
    found: dict[str, object] = {}
    for name, variable in declared.items():
        value = given.get(name)
        if value is None:
            if not variable.optional:
                raise Unfit(name, "it is missing")
            found[name] = None
        else:
            found[name] = _FITTING[variable.type](name, value)
    return found


def one_line(text: str) -> str:
    """Put a text on one line: what breaks lines, controls a device or turns the direction of writing is taken out."""
    if text.isprintable():
        return text
    kept = _MARKS.sub("", text)
    return " ".join("".join([char if char.isprintable() or char == "\u200d" else " " for char in kept]).split())


def _text(path: str, value: object) -> str:
    if not isinstance(value, str):
        raise Unfit(path, "it is no text")
    return one_line(str(value))[:LONGEST_TEXT]


def _url(path: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_URL or not _LINK.fullmatch(value):
        raise Unfit(path, "it is no address that begins with https://, http://, mailto: or tel:+")
    return str(value)


def _is(kind: type, what: str) -> Callable[[str, object], object]:
    def check(path: str, value: object) -> object:
        if type(value) is not kind:
            raise Unfit(path, f"it is no {what}")
        return value

    return check


def _moment(path: str, value: object) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise Unfit(path, "it is no time with a zone")
    return value


def _names(path: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, tuple | list | frozenset):
        raise Unfit(path, "it is no list of texts")
    items = sorted(value) if isinstance(value, frozenset) else value
    return tuple([_text(f"{path}[{at}]", item) for at, item in enumerate(items[:MOST_NAMES])])


def _proposals(path: str, value: object) -> tuple[Proposal, ...]:
    if not isinstance(value, tuple | list):
        raise Unfit(path, "it is no list of proposals")
    return tuple([_proposal(f"{path}[{at}]", item) for at, item in enumerate(value[:MOST_ITEMS])])


def _proposal(path: str, value: object) -> Proposal:
    if not isinstance(value, Proposal):
        raise Unfit(path, "it is no proposal")
    try:
        return _fitted_proposal(value)
    except Unfit as unfit:
        raise Unfit(f"{path}.{unfit.path}", unfit.reason) from None


@lru_cache(maxsize=2_048)  # the same few are shown to everybody
def _fitted_proposal(value: Proposal) -> Proposal:
    fit = {
        name: None if (had := getattr(value, name)) is None and optional else _FITTING[kind](name, had)
        for name, (kind, optional) in FIELDS.items()
    }
    return Proposal(**fit)  # type: ignore[arg-type]  # each has just been checked by the type of its field


_FITTING: dict[str, Callable[[str, object], object]] = {
    "text": _text,
    "flag": _is(bool, "flag"),
    "number": _is(int, "whole number"),
    "points": _is(Points, "points"),
    "money": _is(Money, "money"),
    "day": _is(date, "day"),
    "moment": _moment,
    "url": _url,
    "names": _names,
    "proposals": _proposals,
}
