"""The operation on letters: what was kept for the post, as sheets of paper or as rows for an agency."""

from __future__ import annotations

import asyncio
import csv
import io
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, BinaryIO, Literal, cast

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from libs.language.spreadsheets import harmless
from libs.letters.batch import MOST_LETTERS, Form, Printed, print_letters
from libs.letters.letter import Letter
from libs.letters.telling import letter_of, logos_of
from services.gateway.designs.desk import desk_of_designs
from services.gateway.door.access import PersonReader
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import ProgrammeSlug
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.messages.desk import MessageDesk

router = APIRouter(prefix="/v1", tags=["messages"])
COLUMNS = ("message_id", "address", "language", "title", "text", "sender")
_MEDIA = {"pdf": "application/pdf", "zip": "application/zip", "csv": "text/csv; charset=utf-8"}
_IN_MEMORY, _PORTION, _LONGEST_DAYS = 4 * 1024 * 1024, 64 * 1024, 31
_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The letters. `Letters` says how many there are, `Left-Out` how many could not be printed.",
        "content": {
            "application/pdf": {"schema": {"type": "string", "format": "binary"}},
            "application/zip": {"schema": {"type": "string", "format": "binary"}},
            "text/csv": {"schema": {"type": "string"}},
        },
    }
}


@router.get(
    "/letters",
    operation_id="downloadLetters",
    summary="Letters for the post, as PDF or for an agency",
    response_class=Response,
    responses=refusals("programme-unknown", "programme-needed", "request-invalid") | _ANSWER,
)
async def download_letters(
    request: Request,
    caller: PersonReader,
    first: Annotated[date, Query(description="From this day of UTC on.", examples=["2026-03-02"])],
    last: Annotated[date | None, Query(description="Up to and with this day; without it, that one.")] = None,
    form: Annotated[
        Literal["pdf", "zip", "csv"],
        Query(alias="format", description="One PDF; an archive of a PDF each with a list of those left out; rows."),
    ] = "pdf",
    part: Annotated[int, Query(ge=1, le=1_000, description="Which five thousand of them, the oldest last.")] = 1,
    programme: ProgrammeSlug = None,
) -> Response:
    """Write the letters that were kept because nobody carries the channel `file`: A4 for window envelopes (DIN 5008).

    They wear their brand's style. One whose address is missing or too long, or that has characters that the font
    lacks, is left out; the archive names each with its reason.
    """
    until = last or first
    if not timedelta(0) <= until - first < timedelta(days=_LONGEST_DAYS):
        fault = FieldError(pointer="/query/last", detail=f"not before `first`, and {_LONGEST_DAYS} days at most")
        raise ProblemError("request-invalid", errors=[fault])
    letters, pictures = await _letters(request, caller.tenant_id, programme, (first, until), part)
    headers = {
        "Content-Disposition": f'attachment; filename="letters-{first}-{until}.{form}"',
        "Letters": str(len(letters)),
    }
    if form == "csv":
        return Response(_rows(letters), media_type=_MEDIA["csv"], headers=headers)
    stream, printed = await asyncio.to_thread(_printed, letters, form, pictures)
    headers |= {"Letters": str(printed.letters), "Left-Out": str(len(printed.left_out))}
    return StreamingResponse(_read(stream), media_type=_MEDIA[form], headers=headers)


async def _letters(
    request: Request, tenant_id: int, programme: str | None, days: tuple[date, date], part: int
) -> tuple[list[Letter], dict[str, bytes]]:
    """Return the letters of some days in the order in which they were written, and the pictures that they show."""
    desk: MessageDesk = request.app.state.messages
    designs = desk_of_designs(request).store
    since = datetime.combine(days[0], time(), UTC)
    until = datetime.combine(days[1], time(), UTC) + timedelta(days=1)
    async with designs.opened(tenant_id, programme) as opened:
        brands, scope = await opened.brands(), opened.scope
    kept = await desk.letters(scope, (since, until), MOST_LETTERS, (part - 1) * MOST_LETTERS)
    letters = [letter_of(each, brands) for each in reversed(kept)]
    return letters, await designs.pictures(tenant_id, logos_of(letters))


def _printed(letters: Sequence[Letter], form: Form, pictures: dict[str, bytes]) -> tuple[BinaryIO, Printed]:
    stream = cast(BinaryIO, tempfile.SpooledTemporaryFile(_IN_MEMORY))  # noqa: SIM115 - closed when it was read
    printed = print_letters(letters, form, stream, pictures, "Letters")
    stream.seek(0)
    return stream, printed


def _read(stream: BinaryIO) -> Iterator[bytes]:
    with stream:
        while portion := stream.read(_PORTION):
            yield portion


def _rows(letters: Sequence[Letter]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for each in letters:
        told = (each.address, each.language, each.title, each.text, each.sender)
        writer.writerow([each.letter_id, *map(harmless, told)])
    return text.getvalue()
