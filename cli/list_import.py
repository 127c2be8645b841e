"""Putting the rows of a file on a static list, or taking them off: portion by portion, a mark kept behind each."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import asyncpg

from cli.connections import Connections
from cli.feeding import Written
from cli.intake import JOURNALS
from cli.journal import Journal, Mark, digest_of
from cli.pace import Pace
from cli.programmes import Programme
from cli.rejects import Report
from deploy.embedded.report import Step
from libs.intake.rows import FileUnreadable, Row, cells_of, columns_of, read_rows, unpacked
from libs.segments.lists import COLUMNS
from libs.segments.reading import change_by_rows

_PORTION = 1_000


@dataclass(frozen=True, slots=True)
class Listed:
    """What an import came to: rows read, members who changed, rows that named nobody or made no sense."""

    list: str
    rows: int
    changed: int
    known: int
    rejected: int
    report: Path | None
    dry_run: bool

    def described(self) -> dict[str, Any]:
        """The same in what JSON has."""
        return {name: getattr(self, name) for name in self.__slots__} | {
            "report": None if self.report is None else str(self.report)
        }


class ListImport:
    """The import of one file into one list."""

    def __init__(
        self,
        connection: asyncpg.Connection,
        connections: Connections,
        where: Programme,
        name: str,
        file: Path,
        report: Path,
        *,
        remove: bool,
    ) -> None:
        self._connection = connection
        self._connections = connections
        self._scope = where[:2]
        self._purpose = (connections.dsn(), where.slug, name, "remove" if remove else "add")
        self._name = name
        self._file = Written(file, "csv")
        self._report = report
        self._names = connections.identifier_names()
        self._remove = remove

    async def all(self, step: Step, *, dry_run: bool, restart: bool) -> Listed:
        """Do all of it, or look at all of it with `dry_run`. Stopped at any moment, the next run goes on from there.

        Raises:
            FileUnreadable: nothing can be made of the file.
            OSError, asyncpg.PostgresError: file or database fail.
        """
        self._check_columns()
        journal = None
        if not dry_run:
            journal = Journal(self._connections.data / JOURNALS, digest_of(self._file.path), *self._purpose)
            if restart:
                journal.forget()
        report = Report(self._report)
        try:
            mark = await self._portions(step, journal, report)
        finally:
            report.close()
        known = mark.read - mark.rejected
        told = self._report if mark.rejected else None
        return Listed(self._name, mark.read, mark.published, known, mark.rejected, told, dry_run)

    def _check_columns(self) -> None:
        with self._file.path.open("rb") as stream:
            columns = columns_of(unpacked(stream))
        if not set(columns) & set(COLUMNS):
            raise FileUnreadable(f"it has none of the columns {', '.join(COLUMNS)}")

    async def _portions(self, step: Step, journal: Journal | None, report: Report) -> Mark:
        mark = journal.load() if journal is not None else Mark()
        if mark.done:  # the same file once more: the list may have changed meanwhile
            mark = Mark()
        report.begin(mark.report_bytes)
        pace = Pace(step, "rows", self._file.size, mark.read)
        with self._file.path.open("rb") as packed:
            rows = read_rows(unpacked(packed), "csv", mark.place)
            while True:
                portion = list(islice(rows, _PORTION))
                changed, rejected = await self._portion(portion, report, changes=journal is not None)
                mark = Mark(
                    portion[-1].end if portion else mark.place,
                    mark.read + len(portion),
                    mark.published + changed,
                    mark.rejected + rejected,
                    report.sync(),
                    len(portion) < _PORTION,
                )
                if journal is not None:
                    journal.save(mark)
                pace.at(packed.tell(), count=mark.read)
                if mark.done:
                    return mark

    async def _portion(self, rows: list[Row], report: Report, *, changes: bool) -> tuple[int, int]:
        changed, faults = await change_by_rows(
            self._connection,
            self._connections.clock().now(),
            self._scope,
            self._name,
            [cells_of(row) for row in rows],
            self._names,
            remove=self._remove,
            dry_run=not changes,
        )
        for row, fault in zip(rows, faults, strict=True):
            if fault is not None:
                report.add(row.line, fault, row.text)
        return changed, sum(fault is not None for fault in faults)
