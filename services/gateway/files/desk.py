"""Taking a file in: what it may be is asked first, then its bytes are stored, then it is known."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from fastapi import Request

from libs.contracts.topics import topic_of
from libs.intake.rows import FileUnreadable, Form, form_of
from libs.runtime.clock import Clock
from services.gateway.door.access import Caller
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.files.feeder import Feeder, mapping_of
from services.gateway.files.purge import FilePurge
from services.gateway.files.recipe import MEMBERS_SCOPE, MEMBERS_TOPIC
from services.gateway.files.sending import chunks_of
from services.gateway.files.shelf import Shelf, Stored, TooLarge
from services.gateway.files.store import FileStore, Kept, Manner, Received
from services.gateway.metrics import FileMetrics
from services.gateway.settings import FilesPart

_NO_FORM = "expected a name that ends with .csv, .tsv, .txt, .jsonl, .ndjson or .json, with .gz behind it or not"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a sender says of a file."""

    name: str
    source: str
    form: Form | None
    encoding: str
    delimiter: str | None


@dataclass(frozen=True, slots=True)
class FileDesk:
    """What the operations on files are served with. `random` gives so many unpredictable bytes."""

    store: FileStore
    shelf: Shelf | None
    feeder: Feeder | None
    purge: FilePurge | None
    settings: FilesPart
    clock: Clock
    metrics: FileMetrics
    random: Callable[[int], bytes]

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[FileDesk]:
        """Bring in what lies here while the block runs."""
        if self.feeder is None or self.purge is None:
            yield self
            return
        purge = asyncio.create_task(self.purge.run())
        try:
            async with self.feeder.running():
                yield self
        finally:
            purge.cancel()
            await asyncio.gather(purge, return_exceptions=True)

    async def receive(self, request: Request, caller: Caller, wish: Wish) -> tuple[Kept, bool]:
        """Store the body of a request, and return the file and whether it was known.

        Raises:
            ProblemError: it is not taken; nothing of it is left then.
        """
        if self.shelf is None:
            raise ProblemError("file-not-stored", "This gateway has no directory for files.")
        manner = await self._manner(caller, wish)
        received_at = self.clock.now()
        file_id = id_of(received_at, self.random(10))
        try:
            stored = await self.shelf.put(
                file_id, chunks_of(request, self.settings.most_bytes), self.settings.most_bytes
            )
        except TooLarge:
            raise ProblemError("body-too-large", f"At most {self.settings.most_bytes} bytes are taken.") from None
        except OSError:
            raise ProblemError("file-not-stored", headers={"Retry-After": "60"}) from None
        file = Received(file_id, wish.name, manner, stored.digest, _sameness(stored, manner), stored.size, received_at)
        return await self._keep(caller.tenant_id, self.shelf, file)

    async def _manner(self, caller: Caller, wish: Wish) -> Manner:
        """Say how a file is to be read, before a byte of it is."""
        form = _form(wish)
        async with self.store.session(caller.tenant_id) as session:
            registered, mapping = await session.source(wish.source)
            waiting = await session.open_count()
        if not registered:
            detail = "not at or below a registered source of your company"
            raise ProblemError("source-unknown", errors=[FieldError(pointer="/query/source", detail=detail)])
        if waiting >= self.settings.most_open:
            raise ProblemError("files-waiting", headers={"Retry-After": "60"})
        manner = Manner(wish.source, form, wish.encoding, wish.delimiter, mapping, caller.key.allows(MEMBERS_SCOPE))
        parsed = mapping_of(manner)
        if form == "csv" and parsed is None:
            raise _unreadable("/query/source", "expected a source with a mapping, by which rows are read")
        if form == "jsonl" and parsed is not None and parsed.group_by:
            raise _unreadable("/query/name", "expected CSV: the source's mapping gathers rows")
        if parsed is not None and topic_of(parsed.type).name == MEMBERS_TOPIC and not manner.enrols:
            raise ProblemError("scope-missing", f"It takes the scope {MEMBERS_SCOPE} too.")
        return manner

    async def _keep(self, tenant_id: int, shelf: Shelf, file: Received) -> tuple[Kept, bool]:
        kept: Kept | None = None
        try:
            async with self.store.session(tenant_id) as session:
                kept = await session.file(await session.keep(file))
        finally:
            known = kept is None or kept.file_id != file.file_id
            if known:
                await asyncio.to_thread(shelf.remove, file.file_id)
        if kept is None:
            raise ProblemError("database-away", headers={"Retry-After": "2"})  # forgotten in this very moment
        self.metrics.files.labels("known" if known else "received").inc()
        if self.feeder is not None:
            self.feeder.news.set()
        return kept, known

    async def cancel(self, tenant_id: int, file_id: UUID) -> Kept:
        """End a file.

        Raises:
            ProblemError: it is not there, or was brought in already.
        """
        async with self.store.session(tenant_id) as session:
            await session.cancel(file_id, self.clock.now())
            file = await session.file(file_id)
        if file is None:
            raise ProblemError("file-unknown")
        if file.state != "cancelled":
            raise ProblemError("file-ended")
        if self.shelf is not None:
            await asyncio.to_thread(self.shelf.remove, file_id)
        self.metrics.files.labels("cancelled").inc()
        return file


def desk_of_files(request: Request) -> FileDesk:
    """The desk of the running application."""
    desk: FileDesk = request.app.state.files
    return desk


def id_of(instant: datetime, chance: bytes) -> UUID:
    """Return a UUIDv7 (RFC 9562) of an instant and ten random bytes."""
    bits = int(instant.timestamp() * 1000) << 80 | int.from_bytes(chance, "big")
    return UUID(int=bits & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62)


def _form(wish: Wish) -> Form:
    try:
        b"x".decode(wish.encoding)
    except (LookupError, UnicodeError):
        raise _unreadable("/query/encoding", "expected the name of an encoding, like utf-8 or cp1250") from None
    try:
        return wish.form or form_of(wish.name)
    except FileUnreadable:
        raise _unreadable("/query/name", _NO_FORM) from None


def _unreadable(pointer: str, detail: str) -> ProblemError:
    return ProblemError("file-unreadable", errors=[FieldError(pointer=pointer, detail=detail)])


def _sameness(stored: Stored, manner: Manner) -> bytes:
    """What a file is known by: its content, and all that decides what is made of it."""
    how = (manner.source, manner.form, manner.encoding, manner.delimiter or "", manner.mapping or "", manner.enrols)
    return sha256(stored.digest + "\x1f".join(map(str, how)).encode()).digest()
