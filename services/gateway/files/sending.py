"""The body of a request as it comes in, piece by piece."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import Request
from starlette.requests import ClientDisconnect

from services.gateway.door.problems import ProblemError
from services.gateway.intake.bodies import SECONDS


async def chunks_of(request: Request, most: int) -> AsyncIterator[bytes]:
    """Give the pieces of a body.

    Raises:
        ProblemError: 415 for a form, 413 when it says that it has more than `most` bytes, 408 when the next piece is
            too long in coming or never comes.
    """
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if media.startswith("multipart/"):
        raise ProblemError("media-type-unsupported", "Send the file itself as the body.")
    if coding not in {"identity", "gzip"}:
        raise ProblemError("media-type-unsupported", "It may be packed with gzip, and with nothing else.")
    said = request.headers.get("content-length", "")
    if said.isdigit() and int(said) > most:
        raise ProblemError("body-too-large", f"At most {most} bytes are taken.")
    pieces = request.stream()
    while True:
        try:
            async with asyncio.timeout(SECONDS):
                piece = await anext(pieces, None)
        except (TimeoutError, ClientDisconnect):
            raise ProblemError("body-too-slow") from None
        if piece is None:
            return
        yield piece
