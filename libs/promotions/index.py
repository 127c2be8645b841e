"""From a receipt to the few campaigns that can concern it, however many are live.

A `Timeline` cuts time where a campaign starts or ends, or a day of it does, and keeps one `Index` for each slice, made
when first needed; so neither instants nor days are checked again, and what does not run costs nothing. A campaign lies
in an index under one condition: under each value of its most selective one; without any it is always a candidate.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import TypeVar

from libs.promotions.days import BEGIN, END, Span, in_spans
from libs.promotions.facts import ALL_LINES, LineLike, MemberFacts, ReceiptLike
from libs.promotions.lines import LineTest

KEPT_SLICES = 64

_LINE_READERS = {"skus": attrgetter("sku"), "categories": attrgetter("category"), "brands": attrgetter("brand")}
_RECEIPT_READERS = {
    "stores": attrgetter("store"),
    "places": attrgetter("store"),
    "partners": attrgetter("partner"),
    "payments": attrgetter("payment"),
    "channels": attrgetter("channel"),
}

Table = TypeVar("Table", bound=Mapping[str | None, object])


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A campaign to be indexed: `rank` stands for it, `values` are those of the condition `indexed_by`.

    `spans` are those of its frame. `line_test` is what a line must meet besides, when `indexed_by` is a condition on
    lines.
    """

    rank: int
    spans: Sequence[Span]
    indexed_by: str | None
    values: tuple[str, ...]
    line_test: LineTest | None


LineTable = Mapping[str | None, Sequence[tuple[int, LineTest | None]]]
ReceiptTable = Mapping[str | None, Sequence[int]]


class Index:
    """The campaigns of one slice of time by what they ask for."""

    __slots__ = (
        "_always",
        "_asks_for_members",
        "_by_code",
        "_by_label",
        "_by_line",
        "_by_list",
        "_by_receipt",
        "_by_segment",
        "_by_tier",
        "_for_some_members",
        "_looks_at_lines",
    )

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._always = {entry.rank: ALL_LINES for entry in entries if entry.indexed_by is None}
        self._by_line = _present((read, _line_table(entries, kind)) for kind, read in _LINE_READERS.items())
        self._by_label = _line_table(entries, "labels")
        self._looks_at_lines = bool(self._by_line or self._by_label)
        self._by_receipt = _present((read, _receipt_table(entries, kind)) for kind, read in _RECEIPT_READERS.items())
        self._by_code = _receipt_table(entries, "codes")
        self._by_tier = _receipt_table(entries, "tiers")
        self._by_segment = _receipt_table(entries, "segments")
        self._by_list = _receipt_table(entries, "lists")
        by_member = (self._by_tier, self._by_segment, self._by_list)
        self._for_some_members = {rank: ALL_LINES for table in by_member for ranks in table.values() for rank in ranks}
        self._asks_for_members = bool(self._for_some_members)

    def candidates(self, receipt: ReceiptLike, member: MemberFacts | None) -> dict[int, int]:
        """Return the ranks of the campaigns that can concern a receipt, each with the set of lines it chooses."""
        found = self._by_receipt_alone(receipt)
        if self._asks_for_members and member is not None:
            for rank in self._by_tier.get(member.tier, ()):
                found[rank] = ALL_LINES
            for names, table in ((member.segments, self._by_segment), (member.lists, self._by_list)):
                for name in names or ():
                    for rank in table.get(name, ()):
                        found[rank] = ALL_LINES
        return found

    def for_anybody(self, receipt: ReceiptLike) -> list[int]:
        """Return the ranks of the campaigns that can concern a receipt, whatever tier or segment its member is in."""
        return list(self._by_receipt_alone(receipt) | self._for_some_members)

    def _by_receipt_alone(self, receipt: ReceiptLike) -> dict[int, int]:
        found = self._always.copy()
        if self._looks_at_lines:
            self._add_by_lines(receipt, found)
        for read, table in self._by_receipt:
            for rank in table.get(read(receipt), ()):
                found[rank] = ALL_LINES
        if self._by_code and receipt.codes:
            for pool in receipt.codes:
                for rank in self._by_code.get(pool, ()):
                    found[rank] = ALL_LINES
        return found

    def _add_by_lines(self, receipt: ReceiptLike, found: dict[int, int]) -> None:
        by_line, by_label = self._by_line, self._by_label
        bit = 1
        for line in receipt.lines:
            for read, table in by_line:
                hits = table.get(read(line))
                if hits is not None:
                    _choose(hits, line, bit, found)
            if by_label:
                for label in line.labels:
                    _choose(by_label.get(label, ()), line, bit, found)
            bit <<= 1


def _choose(hits: Sequence[tuple[int, LineTest | None]], line: LineLike, bit: int, found: dict[int, int]) -> None:
    for rank, test in hits:
        if test is None or test(line):
            found[rank] = found.get(rank, 0) | bit


class Timeline:
    """One index for each slice of time between two instants at which a span of a campaign starts or ends."""

    __slots__ = ("_bounds", "_entries", "_last", "_slices")

    def __init__(self, entries: Sequence[Entry]) -> None:
        instants = {instant for entry in entries for span in entry.spans for instant in span} - {BEGIN, END}
        self._entries = tuple(entries)
        self._bounds = sorted(instants)
        self._slices: dict[int, tuple[datetime, datetime, Index]] = {}
        self._last = self._slice(0)

    def at(self, instant: datetime) -> Index:
        """Return the index of the campaigns that may run at this aware instant."""
        since, until, index = self._last
        if since <= instant < until:
            return index
        number = bisect_right(self._bounds, instant)
        self._last = found = self._slices.get(number) or self._slice(number)
        return found[2]

    def _slice(self, number: int) -> tuple[datetime, datetime, Index]:
        """Make a slice and keep it; the oldest of too many goes. Nothing but memory depends on what is kept."""
        since = self._bounds[number - 1] if number else BEGIN
        until = self._bounds[number] if number < len(self._bounds) else END
        made = since, until, Index([entry for entry in self._entries if in_spans(entry.spans, since)])
        if len(self._slices) >= KEPT_SLICES:
            self._slices.pop(next(iter(self._slices)), None)
        self._slices[number] = made
        return made


def _present(
    tables: Iterable[tuple[attrgetter[str | None], Table]],
) -> tuple[tuple[attrgetter[str | None], Table], ...]:
    return tuple(pair for pair in tables if pair[1])


def _line_table(entries: Sequence[Entry], kind: str) -> LineTable:
    table: defaultdict[str | None, list[tuple[int, LineTest | None]]] = defaultdict(list)
    for entry in entries:
        if entry.indexed_by == kind:
            for value in dict.fromkeys(entry.values):
                table[value].append((entry.rank, entry.line_test))
    return {value: tuple(hits) for value, hits in table.items()}


def _receipt_table(entries: Sequence[Entry], kind: str) -> ReceiptTable:
    table: defaultdict[str | None, list[int]] = defaultdict(list)
    for entry in entries:
        if entry.indexed_by == kind:
            for value in dict.fromkeys(entry.values):
                table[value].append(entry.rank)
    return {value: tuple(ranks) for value, ranks in table.items()}
