"""How well a colour stands out against another, as WCAG 2.2 reckons it. Pure; colours are written `#rrggbb`."""

from __future__ import annotations

import re

COLOUR = re.compile(r"#[0-9a-f]{6}")
LEAST = 4.5
"""The contrast that a text needs (WCAG 2.2, AA)."""
_STEPS = 20


def luminance(colour: str) -> float:
    """Return how light a colour is, from 0 to 1."""
    red, green, blue = [_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5)]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def readable(text: str, ground: str) -> bool:
    """Whether a text can be read on a ground."""
    return contrast(text, ground) >= LEAST


def lightened(colour: str, ground: str) -> str:
    """Return a colour mixed with as much white as it takes to be read on a dark ground."""
    for step in range(_STEPS + 1):
        mixed = _mixed(colour, step / _STEPS)
        if readable(mixed, ground):
            return mixed
    return "#ffffff"


def _mixed(colour: str, white: float) -> str:
    parts = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(part + (255 - part) * white):02x}" for part in parts)


def _linear(part: float) -> float:
    return float(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
