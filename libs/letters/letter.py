"""A letter by post, and why one can't be printed. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from libs.design.style import DEFAULT, Look

MOST_LINES = 6
"""How many lines of an address a window shows (DIN 5008)."""
LONGEST_LINE = 60
_DASHES = str.maketrans({"\u2010": "-", "\u2011": "-", "\u2212": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " "})


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter: `address` has a line each for name, street, place; `text` has an empty line between paragraphs.

    `sender` is who writes, `returns` the line above the address. `written` is the day, as the language has it.
    """

    letter_id: str
    address: str = field(repr=False)
    language: str
    title: str = field(repr=False)
    text: str = field(repr=False)
    sender: str
    returns: str
    written: str
    look: Look = DEFAULT


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A letter that was not printed, and why: `address-missing`, `address-too-long` or `letters-unknown`."""

    letter_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Span:
    """Days of UTC, the first and the last."""

    first: date
    last: date


def lines_of(address: str) -> tuple[str, ...]:
    """Return the lines of an address; those that say nothing are left out."""
    return tuple(line for part in address.splitlines() if (line := plain(part)))


def plain(text: str) -> str:
    """Return a line as it is printed: composed, with the hyphens and spaces that every font has."""
    told = unicodedata.normalize("NFC", text).translate(_DASHES)
    return " ".join("".join(char if char.isprintable() else " " for char in told).split())


def why_not(letter: Letter, known: Collection[int]) -> str | None:
    """Say why a letter can't be printed in a font that knows some characters; None when it can."""
    lines = lines_of(letter.address)
    if not lines:
        return "address-missing"
    if len(lines) > MOST_LINES or any(len(line) > LONGEST_LINE for line in lines):
        return "address-too-long"
    said = [*lines, letter.title, letter.text, letter.sender, letter.returns, letter.written]
    if any(ord(char) not in known for text in said for line in text.splitlines() for char in plain(line)):
        return "letters-unknown"
    return None
