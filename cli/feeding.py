"""Feeding a file into topics: read as a stream, published in portions, a mark kept behind each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from cli.journal import Journal, Mark
from cli.rejects import Report
from libs.contracts.rejection import Rejection
from libs.intake.events import Prepared
from libs.intake.gather import Gathered
from libs.intake.publish import Publisher
from libs.intake.rows import Form, Row, read_rows, unpacked

_PORTION = 1_000
_PORTION_BYTES = 4 * 1024 * 1024


class Recipe(Protocol):
    """What is made of the rows of a file."""

    def documents(self, rows: Iterator[Row]) -> Iterator[Row] | Iterator[Gathered]:
        """Give the rows as they belong together."""
        ...

    def make(self, document: Row | Gathered) -> Sequence[Prepared] | Rejection:
        """Return the records of a document, or why it makes none."""
        ...


@dataclass(frozen=True, slots=True)
class Written:
    """A file and how it is written."""

    path: Path
    form: Form
    encoding: str = "utf-8"
    delimiter: str | None = None

    @property
    def size(self) -> int:
        """Its bytes, packed as they are."""
        return self.path.stat().st_size


Seen = Callable[[int, Mark], None]
"""Told how many bytes of the file, packed, were read, and the mark."""


async def feed(
    file: Written,
    recipe: Recipe,
    publisher: Publisher | None,
    journal: Journal | None,
    report: Report,
    seen: Seen = lambda _bytes, _mark: None,
) -> Mark:
    """Publish what a file holds, from its mark on; without a publisher or journal nothing is sent or kept.

    Rows that are refused go to the report. Stopped at any moment, the next call goes on behind the last portion that
    the broker has acknowledged; what was sent after it is sent again, under the same ids.

    Raises:
        libs.intake.rows.FileUnreadable: nothing can be made of the file.
        aiokafka.errors.KafkaError: the broker can't be reached or refuses a record.
        OSError: file, report or journal can't be read or written.
    """
    mark = journal.load() if journal is not None else Mark()
    if mark.done:
        return mark
    report.begin(mark.report_bytes)
    with file.path.open("rb") as packed:

        async def portion(now: Mark) -> Mark:
            if publisher is not None:
                await publisher.flush()
            kept = replace(now, report_bytes=report.sync())
            if journal is not None:
                journal.save(kept)
            seen(packed.tell(), kept)
            await asyncio.sleep(0)
            return kept

        seen(0, mark)
        rows = read_rows(unpacked(packed), file.form, mark.place, encoding=file.encoding, delimiter=file.delimiter)
        read, published, rejected, ahead = mark.read, mark.published, mark.rejected, 0
        for document in recipe.documents(rows):
            made = recipe.make(document)
            read += 1
            ahead += 1
            if isinstance(made, Rejection):
                rejected += 1
                report.add(document.line, made, document.text)
            else:
                published += len(made)
                if publisher is not None:
                    for record in made:
                        await publisher.send(record)
            if ahead >= _PORTION or (publisher is not None and publisher.unacknowledged >= _PORTION_BYTES):
                mark = await portion(Mark(document.end, read, published, rejected))
                ahead = 0
        return await portion(replace(mark, read=read, published=published, rejected=rejected, done=True))
