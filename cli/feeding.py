"""Feeding a file into topics: read as a stream, published in portions, a mark kept behind each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cli.journal import Journal, Mark
from cli.rejects import Report
from libs.intake.portions import Recipe, portions
from libs.intake.publish import Publisher
from libs.intake.rows import Form, read_rows, unpacked


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
        seen(0, mark)
        rows = read_rows(unpacked(packed), file.form, mark.place, encoding=file.encoding, delimiter=file.delimiter)
        for portion in portions(rows, recipe, mark.place):
            if publisher is not None:
                for record in portion.records:
                    await publisher.send(record)
                await publisher.flush()
            for each in portion.refused:
                report.add(each.line, each.why, each.text)
            mark = Mark(
                portion.end,
                mark.read + portion.documents,
                mark.published + len(portion.records),
                mark.rejected + len(portion.refused),
                report.sync(),
                portion.last,
            )
            if journal is not None:
                journal.save(mark)
            seen(packed.tell(), mark)
            await asyncio.sleep(0)
    return mark
