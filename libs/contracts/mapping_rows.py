"""Rows of a table for a mapping: columns are pointers, and rows that stand together may make one document."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import Any

from libs.contracts.mapping import MAX_ITEMS, EventMapping

ROWS = "rows"
Cells = Mapping[str, Any]


def group_of(mapping: EventMapping, row: Cells) -> Hashable:
    """Return what the rows of one document have in common: the values of the mapping's `group_by`, in its order."""
    return tuple(map(str, (place.find(row) for place in mapping.group_by)))


def document_of(mapping: EventMapping, rows: Sequence[Cells]) -> dict[str, Any]:
    """Return the document of one group of rows, or of one row.

    It has the cells of the first row by their columns and, when the mapping gathers rows, all of them under `rows`.
    """
    first = dict(rows[0])
    return {**first, ROWS: [dict(row) for row in rows]} if mapping.group_by else first


def rows_to_documents(mapping: EventMapping, rows: Iterable[Cells]) -> Iterator[dict[str, Any]]:
    """Give the documents of a table, a group in memory at a time; the rows of a group stand one after the other.

    Of a group larger than a list may be, only one row more than allowed is kept: the mapping then rejects it.
    """
    if not mapping.group_by:
        yield from (document_of(mapping, [row]) for row in rows)
        return
    for _, group in groupby(rows, lambda row: group_of(mapping, row)):
        yield document_of(mapping, list(islice(group, MAX_ITEMS + 1)))
