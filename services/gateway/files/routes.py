"""The operations on files: send one, look how far it is, read which rows were refused, cancel it."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from services.gateway.door.access import EventsWriter
from services.gateway.door.cursors import Place
from services.gateway.door.openapi import refusals
from services.gateway.door.paging import link_next, read_place
from services.gateway.door.parameters import CursorText, Limit
from services.gateway.door.problems import ProblemError
from services.gateway.files.desk import FileDesk, Wish, desk_of_files
from services.gateway.files.store import Reject, State
from services.gateway.files.views import FilePage, FileView, RejectPage, RejectView, SentFile

router = APIRouter(prefix="/v1")

_ROWS_AT_ONCE = 1_000
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file itself.",
        "content": dict.fromkeys(
            ("text/csv", "application/x-ndjson", "application/gzip", "application/octet-stream"), _BINARY
        ),
    }
}
_CSV: dict[int | str, dict[str, Any]] = {
    200: {"description": "The rejected rows.", "content": {"text/csv": {"schema": {"type": "string"}}}}
}

SourceQuery = Annotated[
    str,
    Query(
        pattern="^/[^\\x00-\\x20]{1,255}$",
        description="Whose events it holds: a registered source, or a path below one. Its mapping reads the rows.",
        examples=["/acme/files"],
    ),
]
NameQuery = Annotated[
    str,
    Query(
        pattern="^[^/\\\\\\x00-\\x1f]{1,200}$",
        description="What the file is called; its end says how it is written.",
        examples=["receipts.csv.gz"],
    ),
]
FormatQuery = Annotated[
    Literal["csv", "jsonl"] | None, Query(alias="format", description="How it is written, if its name does not say so.")
]
EncodingQuery = Annotated[str, Query(pattern="^[A-Za-z0-9_.-]{1,40}$", description="Of CSV.", examples=["cp1250"])]
DelimiterQuery = Annotated[
    Literal[",", ";", "|", "\t"] | None, Query(description="Of CSV; found in the header by default.")
]
StateQuery = Annotated[State | None, Query(description="Only files in this state.")]
FileId = Annotated[UUID, Path(description="The file's id.", examples=["0192f0c4-3b00-7a5e-8c11-2f6f1d9c7a10"])]


@router.post(
    "/files",
    operation_id="postFile",
    summary="A file of receipts, or of whatever else may come in",
    tags=["files"],
    status_code=202,
    responses=refusals(
        "body-too-slow",
        "body-too-large",
        "media-type-unsupported",
        "file-unreadable",
        "source-unknown",
        "request-invalid",
        "files-waiting",
        "file-not-stored",
    ),
    openapi_extra=_BODY,
)
async def post_file(
    request: Request,
    response: Response,
    caller: EventsWriter,
    source: SourceQuery,
    name: NameQuery,
    form: FormatQuery = None,
    encoding: EncodingQuery = "utf-8",
    delimiter: DelimiterQuery = None,
) -> SentFile:
    """Take in a file: CSV by the mapping of its source, JSON lines by a mapping or as CloudEvents; either may be gzip.

    It is answered when the file is stored, and brought in from then on; `Location` tells how far it is. Each row is
    taken as it would be taken by itself, and counts once. The same file is known by its content, so that it needs no
    Idempotency-Key.
    """
    file, known = await desk_of_files(request).receive(request, caller, Wish(name, source, form, encoding, delimiter))
    response.headers["Location"] = f"/v1/files/{file.file_id}"
    return SentFile.as_it_was(file, "known" if known else "accepted")


@router.get(
    "/files",
    operation_id="listFiles",
    summary="Files that were sent",
    tags=["files"],
    responses=refusals("cursor-invalid", "request-invalid"),
)
async def list_files(
    request: Request,
    response: Response,
    caller: EventsWriter,
    state: StateQuery = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> FilePage:
    """List the files of your company, newest first."""
    listing = f"files {caller.tenant_id} {state or ''}"
    place = read_place(caller.parts.cursors, cursor, listing)
    async with desk_of_files(request).store.session(caller.tenant_id) as session:
        found = await session.files(place.receipt if place else None, state, limit + 1)
    more, found = len(found) > limit, found[:limit]
    following = caller.parts.cursors.write(Place(0, receipt=found[-1].file_id), listing) if more else None
    link_next(request, response, following)
    return FilePage(data=tuple(map(FileView.of, found)), next_cursor=following, has_more=more)


@router.get(
    "/files/{file_id}",
    operation_id="getFile",
    summary="How far a file is",
    tags=["files"],
    responses=refusals("file-unknown", "request-invalid"),
)
async def get_file(request: Request, caller: EventsWriter, file_id: FileId) -> FileView:
    """Tell the state of a file, its rows, its pace, and how long the rest will take."""
    async with desk_of_files(request).store.session(caller.tenant_id) as session:
        file = await session.file(file_id)
    if file is None:
        raise ProblemError("file-unknown")
    return FileView.of(file)


@router.delete(
    "/files/{file_id}",
    operation_id="cancelFile",
    summary="Cancel a file",
    tags=["files"],
    responses=refusals("file-unknown", "file-ended", "request-invalid"),
)
async def cancel_file(request: Request, caller: EventsWriter, file_id: FileId) -> FileView:
    """Stop bringing a file in and remove its bytes. What was published stays; cancelled twice is cancelled."""
    return FileView.of(await desk_of_files(request).cancel(caller.tenant_id, file_id))


@router.get(
    "/files/{file_id}/rejects",
    operation_id="listFileRejects",
    summary="The rows of a file that make no event",
    tags=["files"],
    responses=refusals("file-unknown", "cursor-invalid", "request-invalid"),
)
async def list_rejects(
    request: Request,
    response: Response,
    caller: EventsWriter,
    file_id: FileId,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> RejectPage:
    """List the rejected rows in the order of the file: where each begins, the field, and what is wrong there."""
    listing = f"rejects {caller.tenant_id} {file_id}"
    place = read_place(caller.parts.cursors, cursor, listing)
    found = await _rejects(desk_of_files(request), caller.tenant_id, file_id, place.seq if place else 0, limit + 1)
    more, found = len(found) > limit, found[:limit]
    following = caller.parts.cursors.write(Place(found[-1].number), listing) if more else None
    link_next(request, response, following)
    return RejectPage(data=tuple(map(RejectView.of, found)), next_cursor=following, has_more=more)


@router.get(
    "/files/{file_id}/rejects.csv",
    operation_id="downloadFileRejects",
    summary="The rejected rows of a file as CSV",
    tags=["files"],
    response_class=StreamingResponse,
    responses=_CSV | refusals("file-unknown", "request-invalid"),
)
async def download_rejects(request: Request, caller: EventsWriter, file_id: FileId) -> StreamingResponse:
    """Download all rejected rows as CSV."""
    desk = desk_of_files(request)
    first = await _rejects(desk, caller.tenant_id, file_id, 0, _ROWS_AT_ONCE)
    headers = {"Content-Disposition": f'attachment; filename="{file_id}.rejects.csv"'}
    return StreamingResponse(
        _as_csv(desk, caller.tenant_id, file_id, first), media_type="text/csv; charset=utf-8", headers=headers
    )


async def _rejects(desk: FileDesk, tenant_id: int, file_id: UUID, after: int, count: int) -> list[Reject]:
    async with desk.store.session(tenant_id) as session:
        if await session.file(file_id) is None:
            raise ProblemError("file-unknown")
        return await session.rejects(file_id, after, count)


async def _as_csv(desk: FileDesk, tenant_id: int, file_id: UUID, rows: list[Reject]) -> AsyncIterator[str]:
    yield "line,field,reason,detail\r\n"
    while rows:
        text = io.StringIO()
        views = map(RejectView.of, rows)
        csv.writer(text).writerows([(row.line, *map(_inert, (row.field, row.reason, row.detail))) for row in views])
        yield text.getvalue()
        async with desk.store.session(tenant_id) as session:
            rows = await session.rejects(file_id, rows[-1].number, _ROWS_AT_ONCE)


def _inert(text: str) -> str:
    """Text that a spreadsheet takes for text, and never for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
