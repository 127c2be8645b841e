"""Lists that come as CSV: stored as they come, then read and put on the list portion by portion."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import IO, BinaryIO, NamedTuple, cast

from fastapi import Request

from libs.contracts.identifiers import IdentifierNames
from libs.intake.rows import FileUnreadable, Row, cells_of, columns_of, read_rows
from libs.runtime.clock import Clock
from libs.segments.lists import COLUMNS
from libs.segments.reading import change_by_rows
from services.gateway.door.problems import ProblemError
from services.gateway.files.sending import chunks_of
from services.gateway.rules.store import RulesStore
from services.gateway.segments.views import ListUploadedView, RejectedRow

MEDIA_TYPE = "text/csv"
MOST_BYTES = 16 * 1024 * 1024
_IN_MEMORY = 1024 * 1024
_PORTION = 1_000
_SHOWN = 1_000


class Upload(NamedTuple):
    """Which list of whom a file is for; `remove` takes its members off, `dry_run` changes nothing."""

    tenant_id: int
    programme: str
    list: str
    remove: bool
    dry_run: bool


class Uploads:
    """Reads lists into the programmes of tenants."""

    def __init__(self, store: RulesStore, clock: Clock, names: IdentifierNames) -> None:
        self._store = store
        self._clock = clock
        self._names = names

    async def of_request(self, request: Request, upload: Upload) -> ListUploadedView:
        """Put the rows of a request's body on a list.

        A portion of rows is one transaction; sent again the whole changes nothing more.

        Raises:
            ProblemError: the body is too large, too slow, or no CSV with a column that names members.
        """
        with SpooledTemporaryFile(_IN_MEMORY) as spool:
            await _keep(spool, chunks_of(request, MOST_BYTES))
            return await self._read(cast("BinaryIO", spool), upload)

    async def of_bytes(self, content: bytes, upload: Upload) -> ListUploadedView:
        """The same for bytes at hand.

        Raises:
            ProblemError: it is no CSV with a column that names members.
        """
        return await self._read(BytesIO(content), upload)

    async def _read(self, stream: BinaryIO, upload: Upload) -> ListUploadedView:
        try:
            return await self._rows(stream, upload)
        except FileUnreadable as unreadable:
            raise ProblemError("file-unreadable", f"{unreadable}") from None

    async def _rows(self, stream: BinaryIO, upload: Upload) -> ListUploadedView:
        if not set(columns_of(stream)) & set(COLUMNS):
            raise FileUnreadable(f"it has none of the columns {', '.join(COLUMNS)}")
        stream.seek(0)
        rows = read_rows(stream, "csv")
        read = changed = rejected = 0
        rejects: list[RejectedRow] = []
        while portion := await asyncio.to_thread(lambda: list(islice(rows, _PORTION))):
            more, wrong = await self._portion(portion, upload)
            read, changed, rejected = read + len(portion), changed + more, rejected + len(wrong)
            rejects += wrong[: _SHOWN - len(rejects)]
        return ListUploadedView(
            rows=read,
            added=0 if upload.remove else changed,
            removed=changed if upload.remove else 0,
            rejected=rejected,
            rejects=tuple(rejects),
            dry_run=upload.dry_run,
        )

    async def _portion(self, rows: list[Row], upload: Upload) -> tuple[int, list[RejectedRow]]:
        async with self._store.opened(upload.tenant_id, upload.programme) as opened:
            changed, faults = await change_by_rows(
                opened.connection,
                self._clock.now(),
                opened.where.key,
                upload.list,
                [cells_of(row) for row in rows],
                self._names,
                remove=upload.remove,
                dry_run=upload.dry_run,
            )
        wrong = [
            RejectedRow(line=row.line, pointer=fault.field, expected=fault.detail)
            for row, fault in zip(rows, faults, strict=True)
            if fault is not None
        ]
        return changed, wrong


async def _keep(spool: IO[bytes], chunks: AsyncIterator[bytes]) -> None:
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > MOST_BYTES:
            raise ProblemError("body-too-large", f"At most {MOST_BYTES} bytes are taken.")
        await asyncio.to_thread(spool.write, chunk)
    spool.seek(0)


def is_csv(request: Request) -> bool:
    """Whether a request says that its body is CSV."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == MEDIA_TYPE
