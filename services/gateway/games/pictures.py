"""Pictures of games: a wheel with its sectors, and how bids went up. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from math import cos, pi, sin
from typing import NamedTuple

COLOURS = 8
"""How many classes of colours the style sheet has for sectors."""
_SIZE, _RADIUS = 240, 110
_FITS = 0.035
"""The least share of a wheel that has room for its number."""
_WIDE, _HIGH, _EDGE = 600, 150, 6


class Slice(NamedTuple):
    """A sector as it is drawn: its name, its share of all, and words about it."""

    name: str
    share: float
    told: str


def wheel(title: str, slices: Sequence[Slice]) -> str:
    """Draw the sectors from the top on, clockwise, each as wide as its share, with the number of its row."""
    middle, turned, parts = _SIZE / 2, 0.0, []
    for at, each in enumerate(slices):
        css = f"s{at % COLOURS}"
        hint = f"<title>{escape(each.name)}: {escape(each.told)}</title>"
        if each.share >= 1:
            shape = f'<circle class="{css}" cx="{middle}" cy="{middle}" r="{_RADIUS}">{hint}</circle>'
        else:
            large = int(each.share > 0.5)
            begin, end = _on(turned, _RADIUS), _on(turned + each.share, _RADIUS)
            path = f"M{middle} {middle}L{begin}A{_RADIUS} {_RADIUS} 0 {large} 1 {end}Z"
            shape = f'<path class="{css}" d="{path}">{hint}</path>'
        parts.append(shape)
        if each.share >= _FITS:
            x, y = _on(turned + each.share / 2, _RADIUS * 0.72).split()
            parts.append(f'<text x="{x}" y="{y}" text-anchor="middle" dominant-baseline="middle">{at + 1}</text>')
        turned += each.share
    name = escape(title)
    return (
        f'<figure class="wheel"><svg viewBox="0 0 {_SIZE} {_SIZE}" role="img" aria-label="{name}">'
        f"<title>{name}</title>{''.join(parts)}</svg></figure>"
    )


def swatch(at: int) -> str:
    """A small field in the colour of a sector, with its number beside."""
    return (
        f'<span class="swatch"><svg viewBox="0 0 10 10" aria-hidden="true">'
        f'<rect class="s{at % COLOURS}" width="10" height="10"/></svg>{at + 1}</span>'
    )


def rising(title: str, bids: Sequence[tuple[datetime, int]]) -> str:
    """Draw how the best bid went up over time, step by step; of fewer than two bids there is nothing to see."""
    if len(bids) < 2:
        return ""
    ordered = sorted(bids)
    begin, span = ordered[0][0], (ordered[-1][0] - ordered[0][0]).total_seconds() or 1.0
    most = max(points for _, points in ordered)
    points: list[str] = []
    last: float | None = None
    for at, bid in ordered:
        x = _EDGE + (at - begin).total_seconds() / span * (_WIDE - 2 * _EDGE)
        y = _HIGH - _EDGE - bid / most * (_HIGH - 2 * _EDGE)
        points += [f"{x:.1f},{last:.1f}"] if last is not None else []
        points.append(f"{x:.1f},{y:.1f}")
        last = y
    name = escape(title)
    return (
        f'<figure class="rising"><svg viewBox="0 0 {_WIDE} {_HIGH}" role="img" aria-label="{name}">'
        f'<title>{name}</title><polyline points="{" ".join(points)}"/></svg></figure>'
    )


def _on(turned: float, radius: float) -> str:
    """A place on a circle around the middle, `turned` of a whole turn from the top on."""
    angle, middle = turned * 2 * pi, _SIZE / 2
    return f"{middle + radius * sin(angle):.2f} {middle - radius * cos(angle):.2f}"
