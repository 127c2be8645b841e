"""Pictures of numbers, drawn as SVG: bars of a distribution, pairs of bars over time, pairs of bars by name.

Colours come from the page, by class: `a` and `b` for the two sides, `more` and `less` for who is better or worse off.
Every bar tells its numbers to who points at it, and to who can't see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

MINUS = "\u2212"
_WIDTH = 760
_LEFT, _RIGHT, _TOP = 64, 8, 12
_LABEL = 190
_ROW = 38
_LEAST = 1.5
"""The least height of a bar that stands for something."""


def number(value: int, scale: int = 0) -> str:
    """A whole number, or one of minor units with their decimals, with commas between thousands."""
    sign, value = (MINUS, -value) if value < 0 else ("", value)
    whole, rest = divmod(value, 10**scale)
    text = f"{sign}{whole:,}"
    return f"{text}.{rest:0{scale}}" if scale else text


def signed(value: int, scale: int = 0) -> str:
    """The same with a plus where it is one."""
    return f"+{number(value, scale)}" if value > 0 else number(value, scale)


def distribution(bars: Sequence[tuple[int, int, int]], scale: int, title: str) -> str:
    """Bars of how many members lie between two differences; those below 0 stand apart in colour from those above."""
    height, bottom = 220, 34
    most = max((count for _, _, count in bars), default=1)
    ticks = round_ticks(0, most)
    top, each = ticks[-1], (_WIDTH - _LEFT - _RIGHT) / max(len(bars), 1)
    parts = _grid(ticks, height, bottom, 0)
    span = height - _TOP - bottom
    for at, (low, high, count) in enumerate(bars):
        tall = max(count / top * span, _LEAST) if count else 0
        kind = "same" if low <= 0 < high and high - low == 1 else "less" if high <= 0 else "more" if low > 0 else "same"
        kind = "more" if low == 0 and high - low > 1 else kind
        told = f"{signed(low, scale)} to {signed(high - 1, scale)}: {number(count)} members"
        parts.append(_bar(kind, _LEFT + at * each + 1, height - bottom - tall, each - 2, tall, told))
    for at in _labelled(len(bars)):
        middle = _LEFT + (at + 0.5) * each
        parts.append(_text(middle, height - bottom + 16, signed(bars[at][0], scale), "middle"))
    parts.append(_text(_WIDTH - _RIGHT, height - 2, "points more or less a member under B", "end"))
    return _svg(height, title, parts)


def over_time(rows: Sequence[tuple[str, int, int]], scale: int, title: str) -> str:
    """Pairs of bars, A beside B, in the order of the rows."""
    height, bottom = 240, 26
    values = [value for _, a, b in rows for value in (a, b)]
    ticks = round_ticks(min([0, *values]), max([1, *values]))
    low, high = ticks[0], ticks[-1]
    each, span = (_WIDTH - _LEFT - _RIGHT) / max(len(rows), 1), height - _TOP - bottom
    parts = _grid(ticks, height, bottom, scale)
    zero = _TOP + high / (high - low) * span
    wide = min(each * 0.36, 34)
    for at, (name, a, b) in enumerate(rows):
        middle = _LEFT + (at + 0.5) * each
        for kind, value, left in (("a", a, middle - wide - 1), ("b", b, middle + 1)):
            tall = abs(value) / (high - low) * span
            y = zero - tall if value >= 0 else zero
            parts.append(_bar(kind, left, y, wide, tall, f"{name}, {kind.upper()}: {number(value, scale)} points"))
    for at in _labelled(len(rows)):
        parts.append(_text(_LEFT + (at + 0.5) * each, height - 8, rows[at][0], "middle"))
    return _svg(height, title, parts)


def by_name(rows: Sequence[tuple[str, int, int]], scale: int, title: str) -> str:
    """Pairs of lying bars, A over B, each with its number."""
    height = _ROW * max(len(rows), 1) + 4
    room = _WIDTH - _LABEL - 110
    most = max([1, *(abs(value) for _, a, b in rows for value in (a, b))])
    parts: list[str] = []
    for at, (name, a, b) in enumerate(rows):
        y = at * _ROW + 4
        parts.append(_text(_LABEL - 10, y + 19, _shortened(name), "end", "name"))
        for kind, value, top in (("a", a, y), ("b", b, y + 15)):
            wide = max(abs(value) / most * room, _LEAST) if value else 0
            parts.append(_bar(kind, _LABEL, top, wide, 13, f"{name}, {kind.upper()}: {number(value, scale)} points"))
            parts.append(_text(_LABEL + wide + 6, top + 10.5, number(value, scale), "start"))
    return _svg(height, title, parts)


def round_ticks(low: int, high: int) -> list[int]:
    """Four to six round numbers that hold a range; whole, and never all the same."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            wide = step * factor
            first, last = low // wide, -(-high // wide)
            if last - first <= 5:
                return [wide * at for at in range(first, max(last, first + 1) + 1)]
        step *= 10


def _grid(ticks: Sequence[int], height: int, bottom: int, scale: int) -> list[str]:
    low, high, span = ticks[0], ticks[-1], height - _TOP - bottom
    parts = []
    for tick in ticks:
        y = _TOP + (high - tick) / (high - low) * span
        kind = "axis" if tick == 0 else "grid"
        parts.append(f'<line class="{kind}" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(_text(_LEFT - 8, y + 4, number(tick, scale), "end"))
    return parts


def _labelled(count: int) -> list[int]:
    """Which of many bars have room for a label: the first, the last, and some at even distances between."""
    if count <= 12:
        return list(range(count))
    stride = -(-count // 8)
    return [*range(0, count - stride, stride), count - 1]


def _shortened(name: str) -> str:
    return name if len(name) <= 26 else f"{name[:25]}…"


def _bar(kind: str, x: float, y: float, wide: float, tall: float, told: str) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" width="{max(wide, 0):.1f}" height="{tall:.1f}"'
    return f'<rect class="{kind}" {place} rx="1"><title>{escape(told)}</title></rect>'


def _text(x: float, y: float, text: str, anchor: str, kind: str = "tick") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(height: float, title: str, parts: Sequence[str]) -> str:
    head = f'<svg viewBox="0 0 {_WIDTH} {height:g}" role="img" aria-label="{escape(title)}">'
    return "\n".join([head, f"<title>{escape(title)}</title>", *parts, "</svg>"])
