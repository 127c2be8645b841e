"""A picture of bars with their names and numbers, for whoever would rather look than read. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

_WIDTH, _LABEL, _ROW, _ROOM = 760, 190, 24, 440
_LEAST = 1.5
"""The least width of a bar that stands for something."""
_LONGEST = 27
"""So many letters of a name have room before its bar."""


class Bar(NamedTuple):
    """A bar: its name, how long it is, and what stands behind it."""

    name: str
    size: float
    told: str


def bars(title: str, found: Sequence[Bar]) -> str:
    """Return the picture; the longest bar fills the room."""
    most = max((each.size for each in found), default=0) or 1
    parts = []
    for at, each in enumerate(found):
        y, wide = at * _ROW, max(each.size / most * _ROOM, _LEAST if each.size else 0)
        short = each.name if len(each.name) <= _LONGEST else f"{each.name[: _LONGEST - 1]}…"
        parts.append(
            f'<text x="{_LABEL - 10}" y="{y + 16}" text-anchor="end">{escape(short)}</text>'
            f'<rect x="{_LABEL}" y="{y + 4}" width="{wide:.1f}" height="16" rx="1">'
            f"<title>{escape(each.name)}: {escape(each.told)}</title></rect>"
            f'<text x="{_LABEL + wide + 6:.1f}" y="{y + 16}">{escape(each.told)}</text>'
        )
    name = escape(title)
    return (
        f'<figure class="ahead scroll" tabindex="0" role="region" aria-label="{name}">'
        f'<svg viewBox="0 0 {_WIDTH} {len(found) * _ROW + 4}" role="img" aria-label="{name}">'
        f"<title>{name}</title>{''.join(parts)}</svg></figure>"
    )
