"""How long a short message is on its way: in parts, each of which is paid for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPED = "\f^{}\\[~]|€"

_COST = {**dict.fromkeys(_BASIC, 1), **dict.fromkeys(_ESCAPED, 2)}

MOST_PARTS = 3
"""How many parts a template's message may have, filled with what is usual."""


@dataclass(frozen=True, slots=True)
class Length:
    """The length of a short message: its alphabet, characters as they count there, parts, and room in the last one."""

    alphabet: Literal["GSM-7", "UCS-2"]
    units: int
    parts: int
    left: int


def measure(text: str) -> Length:
    """Measure a text: 160 of GSM-7 or 70 of UCS-2 fit into one part, 153 or 67 into each of several.

    A character of the extension table, such as `€`, counts twice in GSM-7, and an emoji twice in UCS-2; neither is ever
    cut in two at the end of a part.
    """
    costs = [_COST.get(char, 0) for char in text]
    if all(costs):
        return _length("GSM-7", costs, 160, 153)
    return _length("UCS-2", [1 if ord(char) < 0x10000 else 2 for char in text], 70, 67)


def outside(text: str) -> tuple[str, ...]:
    """The characters that make a text UCS-2, each once, in the order of the text."""
    return tuple(dict.fromkeys([char for char in text if char not in _COST]))


def _length(alphabet: Literal["GSM-7", "UCS-2"], costs: list[int], alone: int, among: int) -> Length:
    units = sum(costs)
    if units <= alone:
        return Length(alphabet, units, 1 if units else 0, alone - units)
    parts, used = 1, 0
    for cost in costs:
        if used + cost > among:
            parts, used = parts + 1, 0
        used += cost
    return Length(alphabet, units, parts, among - used)
