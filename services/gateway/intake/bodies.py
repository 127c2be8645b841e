"""Bodies of requests: read with a limit, as JSON, and the digest that two bodies are compared by."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from typing import Any

import orjson
from fastapi import Request

from libs.contracts.topics import MAX_RECORD_BYTES
from services.gateway.door.problems import ProblemError

MOST_EVENT = MAX_RECORD_BYTES
MOST_BATCH = 4 * 1024 * 1024
SECONDS = 30.0
"""How long a caller may take to send a body."""
MEDIA_TYPES = frozenset({"application/json", "application/cloudevents+json", "application/cloudevents-batch+json", ""})


async def read_json(request: Request, most: int) -> Any:
    """Return the body's JSON, of `most` bytes at most; a number too large for 64 bits comes as a float.

    Raises:
        ProblemError: 415 for another media type, 413 when it is too large, 408 when it takes too long, 400 for no JSON.
    """
    _check_media(request)
    raw = await _read(request, most)
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise ProblemError("body-not-json") from None


async def read_raw(request: Request, media: str, most: int) -> bytes:
    """Return the body as it is, of one media type and `most` bytes at most.

    Raises:
        ProblemError: 415 for another media type, 413 when it is too large, 408 when it takes too long.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != media:
        raise ProblemError("media-type-unsupported", f"It takes {media}.")
    return await _read(request, most)


def fingerprint(request: Request, document: Any) -> bytes:
    """Return the SHA-256 of method, path and body; spaces and the order of fields in the body make no difference.

    Raises:
        ProblemError: 400, the body is nested too deep to be written again.
    """
    try:
        body = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        raise ProblemError("body-not-json", "It is nested too deep.") from None
    target = request.url.path + ("?" + request.url.query if request.url.query else "")
    head = f"{request.method}\n{target}\n".encode()
    return sha256(head + body).digest()


def _check_media(request: Request) -> None:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if media not in MEDIA_TYPES:
        raise ProblemError("media-type-unsupported", "It takes application/json or application/cloudevents+json.")
    if coding != "identity":
        raise ProblemError("media-type-unsupported", "The body must not be compressed.")


async def _read(request: Request, most: int) -> bytes:
    too_large = ProblemError("body-too-large", f"At most {most} bytes are taken.")
    said = request.headers.get("content-length", "")
    if said.isdigit() and int(said) > most:
        raise too_large
    raw = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            async for chunk in request.stream():
                raw += chunk
                if len(raw) > most:
                    raise too_large
    except TimeoutError:
        raise ProblemError("body-too-slow") from None
    return bytes(raw)
