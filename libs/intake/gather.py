"""Rows that belong together, such as the lines of one receipt: they stand one after the other and share a key."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, replace

from libs.contracts.rejection import Rejection
from libs.intake.lines import Place
from libs.intake.rows import Row

MOST_ROWS = 5_000
_MOST_TEXT = 64 * 1024
_MOST_DAMAGED = 100


@dataclass(frozen=True, slots=True)
class Gathered:
    """Rows of one key: the line of the first, the place behind the last, the text of all, and their cells."""

    line: int
    end: Place
    text: str
    content: tuple[Mapping[str, str], ...] | Rejection


KeyOf = Callable[[Mapping[str, str]], Hashable]


def gather(rows: Iterator[Row], key_of: KeyOf) -> Iterator[Gathered]:
    """Join neighbouring rows with the same key, at most `MOST_ROWS` of them.

    A damaged row spoils the rows around it when they share a key, since a part of them would be taken for the whole;
    anywhere else it stands alone.
    """
    group: _Group | None = None
    damaged: list[Row] = []
    for row in rows:
        if isinstance(row.content, Rejection):
            damaged.append(row)
            if len(damaged) < _MOST_DAMAGED:
                continue
        elif isinstance(row.content, Mapping):
            key = key_of(row.content)
            if group is not None and group.key == key:
                group.add(row, row.content, damaged)
                damaged = []
                continue
        if group is not None:
            yield group.gathered()
            group = None
        yield from map(_alone, damaged)
        damaged = []
        if isinstance(row.content, Mapping):
            group = _Group(row, row.content, key)
    if group is not None:
        yield group.gathered()
    yield from map(_alone, damaged)


def _alone(row: Row) -> Gathered:
    assert isinstance(row.content, Rejection)
    return Gathered(row.line, row.end, row.text, row.content)


class _Group:
    """Rows as they come; of too many only the first are kept."""

    def __init__(self, first: Row, cells: Mapping[str, str], key: Hashable) -> None:
        self.key = key
        self._first = first
        self._end = first.end
        self._cells = [cells]
        self._texts = [first.text]
        self._length = len(first.text)
        self._spoilt: Rejection | None = None

    def add(self, row: Row, cells: Mapping[str, str], damaged: list[Row]) -> None:
        """Take one more row, and the damaged ones before it."""
        for each in damaged:
            if self._spoilt is None and isinstance(each.content, Rejection):
                self._spoilt = replace(each.content, detail=f"line {each.line}: {each.content.detail}")
            self._say(each.text)
        self._end = row.end
        self._say(row.text)
        if len(self._cells) < MOST_ROWS:
            self._cells.append(cells)
        elif self._spoilt is None:
            self._spoilt = Rejection("too-large", "", f"at most {MOST_ROWS} rows that belong together")

    def _say(self, text: str) -> None:
        if self._length < _MOST_TEXT:
            self._texts.append(text)
            self._length += len(text)

    def gathered(self) -> Gathered:
        """The group as it is."""
        text = "\n".join(self._texts)
        return Gathered(self._first.line, self._end, text, self._spoilt or tuple(self._cells))
