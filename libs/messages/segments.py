"""How many text messages a text is: what a provider counts, and what the sender pays for.

A text of the alphabet of GSM 03.38 takes seven bits a character, any other two bytes. What is too long for one message
is cut into several, each with a header, and the telephone puts them together again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Encoding = Literal["GSM-7", "UCS-2"]

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPED = frozenset("\f^{}\\[~]|€")
"""Characters that take an escape before them, so two places; a cut never falls between."""

_ROOM: dict[Encoding, tuple[int, int]] = {"GSM-7": (160, 153), "UCS-2": (70, 67)}


@dataclass(frozen=True, slots=True)
class Segments:
    """A text as the network carries it: `units` are septets of GSM-7, or UTF-16 code units of UCS-2."""

    encoding: Encoding
    units: int
    count: int


def count_segments(text: str) -> Segments:
    """Count the messages that `text` is; none for an empty one."""
    encoding: Encoding = "GSM-7" if all(each in _BASIC or each in _ESCAPED for each in text) else "UCS-2"
    widths = [_width(each, encoding) for each in text]
    alone, together = _ROOM[encoding]
    units = sum(widths)
    if units <= alone:
        return Segments(encoding, units, 1 if units else 0)
    count, left = 1, together
    for width in widths:  # a character of two places goes whole into the next message
        if width > left:
            count, left = count + 1, together
        left -= width
    return Segments(encoding, units, count)


def foreign_characters(text: str) -> str:
    """Return the characters, each once and in order, for which `text` takes UCS-2; empty where it is GSM-7."""
    return "".join(dict.fromkeys(each for each in text if each not in _BASIC and each not in _ESCAPED))


def _width(character: str, encoding: Encoding) -> int:
    if encoding == "GSM-7":
        return 2 if character in _ESCAPED else 1
    return 2 if ord(character) > 0xFFFF else 1
