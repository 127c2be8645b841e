"""The picture of a calendar: a line for each campaign over the same days. Pure; each tells in words what it shows.

One unit is a pixel; the pictures are as wide as the range has days, so that lines stand under each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape

from libs.language import wording

_WIDTH, _HEIGHT, _AXIS = 920.0, 24, 34
_DAY = timedelta(1)
_FEW_DAYS = 45
"""Up to so many days each has its number."""
Run = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Scale:
    """Days as places: from the first to the last, and which of them are marked."""

    first: date
    last: date
    today: date
    lapses: Sequence[date]

    @property
    def step(self) -> float:
        """How wide a day is."""
        return _WIDTH / ((self.last - self.first).days + 1)

    def at(self, day: date) -> float:
        """Where a day begins."""
        return (day - self.first).days * self.step


def axis(scale: Scale, label: str, language: str) -> str:
    """The days: months by name, and each day or week by its number."""
    texts, day = [], scale.first
    few = (scale.last - scale.first).days < _FEW_DAYS
    while day <= scale.last:
        if day == scale.first or day.day == 1:
            month = f"{wording.month(day.month, language)} {day.year}"
            texts.append(f'<text x="{scale.at(day) + 2:.1f}" y="12">{escape(month)}</text>')
            texts.append(_line(scale.at(day), _AXIS, "edge"))
        if few or day.weekday() == 0:
            texts.append(f'<text x="{scale.at(day) + 2:.1f}" y="28" class="small">{day.day}</text>')
        day += _DAY
    return _svg(_AXIS, label, "".join(texts) + _marks(scale, _AXIS))


def line(scale: Scale, days: Sequence[Run], would: Sequence[Run], label: str) -> str:
    """When one campaign pays."""
    bars = "".join(_bar(scale, run, "would") for run in would) + "".join(_bar(scale, run, "pays") for run in days)
    return _svg(_HEIGHT, label, _weekends(scale) + bars + _marks(scale, _HEIGHT))


def _bar(scale: Scale, run: Run, kind: str) -> str:
    first, last = date.fromisoformat(run["first_day"]), date.fromisoformat(run["last_day"])
    width = scale.at(last + _DAY) - scale.at(first)
    return f'<rect class="{kind}" x="{scale.at(first):.1f}" y="5" width="{width:.1f}" height="14" rx="2"/>'


def _weekends(scale: Scale) -> str:
    days = range((scale.last - scale.first).days + 1)
    found = [scale.first + day * _DAY for day in days if (scale.first + day * _DAY).weekday() > 4]
    step = f"{scale.step:.1f}"
    return "".join(
        f'<rect class="weekend" x="{scale.at(day):.1f}" y="0" width="{step}" height="{_HEIGHT}"/>' for day in found
    )


def _marks(scale: Scale, height: int) -> str:
    lapses = "".join(_line(scale.at(day + _DAY), height, "lapse") for day in scale.lapses)
    here = scale.first <= scale.today <= scale.last
    return lapses + (_line(scale.at(scale.today) + scale.step / 2, height, "today") if here else "")


def _line(place: float, height: int, kind: str) -> str:
    place = min(max(place, 1), _WIDTH - 1)
    return f'<line class="{kind}" x1="{place:.1f}" x2="{place:.1f}" y1="0" y2="{height}"/>'


def _svg(height: int, label: str, inner: str) -> str:
    return f'<svg viewBox="0 0 {_WIDTH:.0f} {height}" role="img" aria-label="{escape(label)}">{inner}</svg>'
