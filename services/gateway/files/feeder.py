"""Feeding files that were received into topics: by one gateway each, in portions, from where another one stopped.

A portion counts when the broker has acknowledged all of it and the mark behind it is kept. What was published beyond
the mark is published again by whoever goes on, under the same ids, and dropped by who reads it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

from libs.contracts.identifiers import IdentifierNames
from libs.contracts.mapping import EventMapping, parse_mapping
from libs.intake.convert import Converter
from libs.intake.events import Preparer
from libs.intake.portions import Portion, portions
from libs.intake.rows import FileUnreadable, read_rows, unpacked
from libs.runtime import failpoint, logs
from libs.runtime.clock import Clock, happens_within
from libs.runtime.postgres import DATABASE_ERRORS, Trouble, trouble
from services.gateway.files.recipe import Permitted
from services.gateway.files.shelf import Shelf
from services.gateway.files.store import FileStore, Manner, Taken
from services.gateway.intake.publisher import CannotPublish, Publisher, Record
from services.gateway.metrics import FileMetrics
from services.gateway.settings import FilesPart

log = logs.get(__name__)
_MOST_DOCUMENTS = 200
_MOST_BYTES = 1024 * 1024
_PAUSE = 0.5
"""Seconds until a portion is tried again that the broker did not take."""
TOO_MANY = "more than {} rows are refused; the source's mapping, or the file, is another"
BROKEN = "something broke on our side; what was published stays"
TOO_LONG = "unpacked it has more than {} bytes"


@dataclass(frozen=True, slots=True)
class Feeder:
    """Brings in what lies on the shelf. Leases are kept by the machine's `clock`."""

    store: FileStore
    shelf: Shelf
    publisher: Publisher
    names: IdentifierNames
    settings: FilesPart
    clock: Clock
    metrics: FileMetrics
    news: asyncio.Event

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Feeder]:
        """Work on files while the block runs; then let them go, so that another gateway may take them at once."""
        workers = [asyncio.create_task(self._work()) for _ in range(self.settings.at_once)]
        try:
            yield self
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _work(self) -> None:
        while True:
            self.news.clear()
            try:
                while (file := await self._next()) is not None:
                    await self._bring_in(file)
            except DATABASE_ERRORS as error:
                log.warning("file.interrupted", error=type(error).__name__)
            await happens_within(self.news, self.settings.look_every.total_seconds())

    async def _next(self) -> Taken | None:
        """Take a file that lies here, of any tenant; None when there is none."""
        for tenant in await self.store.tenants():
            async with self.store.session(tenant) as session:
                now = self.clock.now()
                for file_id in await session.to_be_taken(now):
                    if self.shelf.has(file_id):
                        taken = await session.take(file_id, now, now + self.settings.lease)
                        if taken is not None:
                            return taken
        return None

    async def _bring_in(self, file: Taken) -> None:
        """Feed one file, as long as it is ours."""
        feeding, holding = asyncio.create_task(self._feed(file)), asyncio.create_task(self._hold(file))
        try:
            await asyncio.wait({feeding, holding}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            feeding.cancel()
            holding.cancel()
            outcomes = await asyncio.gather(feeding, holding, return_exceptions=True)
            with suppress(*DATABASE_ERRORS):
                async with self.store.session(file.tenant_id) as session:
                    await session.let_go(file)
        for outcome in outcomes:
            if isinstance(outcome, DATABASE_ERRORS):
                raise outcome

    async def _hold(self, file: Taken) -> None:
        """Keep the lease; return when the file is not ours any more."""
        while True:
            await asyncio.sleep(self.settings.lease.total_seconds() / 3)
            async with self.store.session(file.tenant_id) as session:
                if not await session.hold_on(file, self.clock.now() + self.settings.lease):
                    return

    async def _feed(self, file: Taken) -> None:
        try:
            with self.shelf.open(file.file_id) as packed:
                await self._feed_all(file, packed)
        except FileUnreadable as error:
            await self._fail(file, str(error))
        except FileNotFoundError:
            return  # it was cancelled between the claim and this line
        except Exception as error:
            if isinstance(error, DATABASE_ERRORS) and trouble(error) in (Trouble.PASSING, Trouble.REPEAT):
                raise  # the database or the disk is away: the file is tried again
            # Nobody else could: a fault of ours in one file must not hold up all the others.
            log.error("file.broken", file_id=str(file.file_id), exc_info=error)
            await self._fail(file, BROKEN)

    async def _feed_all(self, file: Taken, packed: BinaryIO) -> None:
        counts, cut = file.counts, _cut(file, packed, self.names)
        while (portion := await _next_portion(cut)) is not None:
            if counts.rejected + len(portion.refused) > self.settings.most_rejects:
                raise FileUnreadable(TOO_MANY.format(self.settings.most_rejects))
            if portion.end.offset > self.settings.most_unpacked_bytes:
                raise FileUnreadable(TOO_LONG.format(self.settings.most_unpacked_bytes))
            await self._publish(portion)
            failpoint.reach("after-send")
            async with self.store.session(file.tenant_id) as session:
                if not await session.move(file, portion, counts, packed.tell(), self.clock.now()):
                    log.info("file.left", file_id=str(file.file_id), tenant_id=file.tenant_id)
                    return
            counts = counts.after(portion)
            self.metrics.rows.labels("published").inc(len(portion.records))
            self.metrics.rows.labels("rejected").inc(len(portion.refused))
        self.metrics.files.labels("done").inc()
        log.info("file.done", file_id=str(file.file_id), tenant_id=file.tenant_id, published=counts.published)

    async def _publish(self, portion: Portion) -> None:
        """Publish a portion, however long the broker takes to take it."""
        records = [Record(*record) for record in portion.records]
        while records:
            try:
                return await self.publisher.publish(records)
            except CannotPublish as error:
                log.warning("file.waiting", why=error.why)
                await asyncio.sleep(_PAUSE)

    async def _fail(self, file: Taken, why: str) -> None:
        async with self.store.session(file.tenant_id) as session:
            await session.fail(file, why, self.clock.now())
        self.metrics.files.labels("failed").inc()
        log.info("file.failed", file_id=str(file.file_id), tenant_id=file.tenant_id)


def _cut(file: Taken, packed: BinaryIO, names: IdentifierNames) -> Iterator[Portion]:
    manner = file.manner
    converter = Converter(Preparer(manner.source, names), mapping_of(manner), manner.form)
    recipe = Permitted(converter, enrols=manner.enrols)
    rows = read_rows(unpacked(packed), manner.form, file.place, encoding=manner.encoding, delimiter=manner.delimiter)
    return portions(rows, recipe, file.place, most=_MOST_DOCUMENTS, most_bytes=_MOST_BYTES)


def mapping_of(manner: Manner) -> EventMapping | None:
    """The mapping by which a file is read, if there is one."""
    return None if manner.mapping is None else parse_mapping(json.loads(manner.mapping))


async def _next_portion(cut: Iterator[Portion]) -> Portion | None:
    """Return the next portion, read in a thread so that nobody at the door waits for it; None at the end.

    Whoever gives up waits for the thread, which still reads from the file.
    """
    reading = asyncio.ensure_future(asyncio.to_thread(next, cut, None))
    try:
        return await asyncio.shield(reading)
    except asyncio.CancelledError:
        await asyncio.wait({reading})
        raise
