"""Rows of a file: CSV or JSON lines, packed with gzip or not, read as a stream.

A row that makes no sense is a rejection and not the end: the next row is looked for on the next line.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import BinaryIO, Literal, cast

from libs.contracts.rejection import Rejection
from libs.intake.lines import MAX_ROW_BYTES, START, Line, Lines, Place

Form = Literal["csv", "jsonl"]
_FORMS: Mapping[str, Form] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
}
_DELIMITERS = ",;\t|"
_GZIP = b"\x1f\x8b"
_BOM = "\ufeff"
_LINE_FEEDS = b"\r\n"
_DAMAGED = "the packed file is damaged, or not complete"

csv.field_size_limit(MAX_ROW_BYTES)


class FileUnreadable(ValueError):
    """Nothing can be made of a file; the message says why, and nothing of what it holds."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line that it begins on, the place behind it, its text, and what it holds.

    That is the cells by column for CSV (empty ones left out), the bytes of one JSON value for JSON lines.
    """

    line: int
    end: Place
    text: str
    content: Mapping[str, str] | bytes | Rejection


def cells_of(row: Row) -> Mapping[str, str] | Rejection:
    """Return what a row of CSV holds."""
    assert not isinstance(row.content, bytes), "rows of CSV come as cells"
    return row.content


def form_of(name: str) -> Form:
    """Return the form that a file's name speaks of, `.gz` behind it or not.

    Raises:
        FileUnreadable: it speaks of none.
    """
    path = PurePath(name.lower())
    if path.suffix == ".gz":
        path = path.with_suffix("")
    try:
        return _FORMS[path.suffix]
    except KeyError:
        raise FileUnreadable(f"{name}: no .csv, .jsonl or .ndjson (with .gz or not); say which with --format") from None


def unpacked(stream: BinaryIO) -> BinaryIO:
    """Return the stream itself, or what is inside when it begins as gzip does."""
    first = stream.read(len(_GZIP))
    stream.seek(0)
    return cast("BinaryIO", gzip.GzipFile(fileobj=stream, mode="rb")) if first == _GZIP else stream


def read_rows(
    stream: BinaryIO,
    form: Form,
    start: Place = START,
    *,
    encoding: str = "utf-8",
    delimiter: str | None = None,
) -> Iterator[Row]:
    """Give the rows of an unpacked stream, from a place that an earlier row named or from the beginning.

    CSV has a header; without a `delimiter` the most frequent of comma, semicolon, tab and bar in it is taken. Empty
    lines are passed over.

    Raises:
        FileUnreadable: it has no header, or can't be unpacked.
    """
    try:
        if form == "csv":
            columns, place, delimiter = _header(stream, encoding, delimiter)
            yield from _Csv(Lines(stream, max(start, place)), columns, encoding, delimiter).rows()
        else:
            yield from _json_rows(Lines(stream, start))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FileUnreadable(_DAMAGED) from error


def columns_of(stream: BinaryIO, *, encoding: str = "utf-8", delimiter: str | None = None) -> list[str]:
    """Return the columns that an unpacked stream of CSV names, from its beginning.

    Raises:
        FileUnreadable: it has no header, or can't be unpacked.
    """
    try:
        return _header(stream, encoding, delimiter)[0]
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FileUnreadable(_DAMAGED) from error


def _header(stream: BinaryIO, encoding: str, delimiter: str | None) -> tuple[list[str], Place, str]:
    line = Lines(stream).take()
    if line is None:
        raise FileUnreadable("the file is empty")
    try:
        text = line.raw.decode(encoding).removeprefix(_BOM).strip()
    except UnicodeDecodeError:
        raise FileUnreadable(f"the header is no {encoding}; name the encoding with --encoding") from None
    delimiter = delimiter or max(_DELIMITERS, key=text.count)
    try:
        columns = [name.strip() for name in next(csv.reader([text], delimiter=delimiter, strict=True), [])]
    except csv.Error:
        raise FileUnreadable("the header is no row of CSV") from None
    if not columns or "" in columns or len(set(columns)) != len(columns) or line.cut:
        raise FileUnreadable("the first line has to name every column, each differently")
    return columns, line.end, delimiter


class _Refused(Exception):
    def __init__(self, rejection: Rejection) -> None:
        self.rejection = rejection


class _Csv:
    """Feeds lines to the CSV reader and remembers which it took for a row."""

    def __init__(self, lines: Lines, columns: list[str], encoding: str, delimiter: str) -> None:
        self._lines = lines
        self._columns = columns
        self._encoding = encoding
        self._delimiter = delimiter
        self._taken: list[Line] = []
        self._size = 0

    def __iter__(self) -> _Csv:
        return self

    def __next__(self) -> str:
        line = self._lines.take()
        if line is None:
            raise StopIteration
        self._taken.append(line)
        self._size += len(line.raw)
        if line.cut or self._size > MAX_ROW_BYTES:
            raise _Refused(Rejection("too-large", "", f"at most {MAX_ROW_BYTES} bytes; is a quotation mark missing?"))
        try:
            return line.raw.decode(self._encoding)
        except UnicodeDecodeError:
            raise _Refused(Rejection("not-text", "", f"text in {self._encoding}")) from None

    def rows(self) -> Iterator[Row]:
        reader = self._reader()
        while True:
            self._taken, self._size = [], 0
            try:
                cells = next(reader, None)
            except csv.Error:
                yield self._refuse(Rejection("not-csv", "", "a row of CSV; quotation marks come in pairs"))
                reader = self._reader()
            except _Refused as refused:
                yield self._refuse(refused.rejection)
                reader = self._reader()
            else:
                if cells is None:
                    return
                if any(cells):
                    yield self._row(cells)

    def _reader(self) -> Iterator[list[str]]:
        return csv.reader(self, delimiter=self._delimiter, strict=True)

    def _refuse(self, rejection: Rejection) -> Row:
        """Refuse the first line that was taken; what follows it may be good."""
        first, *others = self._taken
        self._lines.put_back(others)
        return Row(first.number, first.end, _shown([first], self._encoding), rejection)

    def _row(self, cells: list[str]) -> Row:
        text = _shown(self._taken, self._encoding)
        first, last = self._taken[0], self._taken[-1]
        if len(cells) != len(self._columns):
            detail = f"{len(self._columns)} columns, as the header has; these are {len(cells)}"
            return Row(first.number, last.end, text, Rejection("columns", "", detail))
        cells = [cell.strip() for cell in cells]
        named = {name: cell for name, cell in zip(self._columns, cells, strict=True) if cell}
        return Row(first.number, last.end, text, named)


def _json_rows(lines: Lines) -> Iterator[Row]:
    while (line := lines.take()) is not None:
        raw = line.raw.strip()
        if line.number == 1:
            raw = raw.removeprefix(_BOM.encode())
        if not raw:
            continue
        too_large = Rejection("too-large", "", f"at most {MAX_ROW_BYTES} bytes a line")
        yield Row(line.number, line.end, _shown([line], "utf-8"), too_large if line.cut else raw)


def _shown(lines: list[Line], encoding: str) -> str:
    return b"".join(line.raw for line in lines).rstrip(_LINE_FEEDS).decode(encoding, "backslashreplace")
