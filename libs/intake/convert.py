"""What a file holds, made into records: by a mapping, or as the events that its lines already are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from libs.contracts.arrivals import map_document, read_document
from libs.contracts.codec import EventDecoder
from libs.contracts.mapping import EventMapping, SourceMapping, in_the_original
from libs.contracts.mapping_rows import document_of, group_of
from libs.contracts.pointers import NOTHING
from libs.contracts.rejection import Rejection
from libs.intake.events import Prepared, Preparer
from libs.intake.gather import Gathered, gather
from libs.intake.rows import FileUnreadable, Form, Row


class Converter:
    """Makes records of the rows of one file; with a mapping that gathers rows, of neighbours that belong together."""

    def __init__(self, preparer: Preparer, mapping: EventMapping | None, form: Form) -> None:
        """Raise FileUnreadable when the form needs a mapping and there is none, or has no rows to gather."""
        if form == "csv" and mapping is None:
            raise FileUnreadable("CSV needs a mapping: name one with --map, or register one with the source")
        if form == "jsonl" and mapping is not None and mapping.group_by:
            raise FileUnreadable("group_by is for CSV; a line of JSON holds a whole event")
        self._preparer = preparer
        self._mapping = mapping
        self._decoder = EventDecoder[Any]((mapping.type,)) if mapping is not None else None

    def documents(self, rows: Iterator[Row]) -> Iterator[Row] | Iterator[Gathered]:
        """Give the rows as each makes one event."""
        mapping = self._mapping
        if mapping is None or not mapping.group_by:
            return rows
        return gather(rows, lambda cells: group_of(mapping, cells))

    def convert(self, document: Row | Gathered) -> Prepared | Rejection:
        """Return the record that a document makes, or why it makes none.

        With a mapping a rejection names its field as the file does.
        """
        content = document.content
        if isinstance(content, Rejection):
            return content
        if self._mapping is None:
            assert isinstance(content, bytes)
            return self._preparer.prepare(content)
        if isinstance(content, bytes):
            parsed = read_document(content)
            return parsed if isinstance(parsed, Rejection) else self._mapped(self._mapping, parsed)
        rows = content if isinstance(content, tuple) else (content,)
        missing = [place for place in self._mapping.group_by if place.find(rows[0]) is NOTHING]
        if missing:
            return Rejection("field", missing[0].text, "a value: rows are gathered by it")
        return self._mapped(self._mapping, document_of(self._mapping, rows))

    def _mapped(self, mapping: EventMapping, document: Mapping[str, Any]) -> Prepared | Rejection:
        assert self._decoder is not None
        made = map_document(SourceMapping(self._preparer.source, mapping), document, self._decoder)
        if isinstance(made, Rejection):
            return made
        prepared = self._preparer.record(made[1])
        return in_the_original(mapping, prepared, document) if isinstance(prepared, Rejection) else prepared
