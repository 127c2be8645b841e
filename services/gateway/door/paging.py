"""Pages of a list: reading the cursor of a request, and pointing at the next page."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Request, Response

from services.gateway.door.cursors import CursorInvalid, Cursors, Place
from services.gateway.door.problems import FieldError, ProblemError


def read_place(cursors: Cursors, cursor: str | None, listing: str) -> Place | None:
    """Return where a list goes on; None from its beginning. `listing` names tenant and list.

    Raises:
        ProblemError: it is no cursor of this list.
    """
    try:
        return None if cursor is None else cursors.read(cursor, listing)
    except CursorInvalid:
        raise ProblemError(
            "cursor-invalid", errors=[FieldError(pointer="/query/cursor", detail="not a cursor of this list")]
        ) from None


def read_before(cursors: Cursors, cursor: str | None, listing: str) -> tuple[datetime, UUID] | None:
    """Return behind which instant and id a list that begins with the newest goes on; None from its beginning.

    Raises:
        ProblemError: it is no cursor of this list.
    """
    place = read_place(cursors, cursor, listing)
    if place is None or place.recorded_at is None or place.receipt is None:
        return None
    return place.recorded_at, place.receipt


def write_before(cursors: Cursors, last: tuple[datetime, UUID], listing: str) -> str:
    """Return the cursor behind the last one of a page, by its instant and its id."""
    return cursors.write(Place(0, recorded_at=last[0], receipt=last[1]), listing)


def link_next(request: Request, response: Response, cursor: str | None) -> None:
    """Point at the next page: the same request with its cursor."""
    if cursor is not None:
        wanted = {**dict(request.query_params), "cursor": cursor}
        response.headers["Link"] = f'<{request.url.path}?{urlencode(wanted)}>; rel="next"'
