"""The parameters that operations share: how they are read, checked and described."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query, Request
from pydantic import BeforeValidator, WithJsonSchema

from libs.language.choice import choose
from libs.runtime.clock import parse_instant


def _instant(text: object) -> datetime:
    try:
        instant = parse_instant(str(text))
    except OverflowError:
        raise ValueError("must lie in the years 1970 to 9998") from None
    if not 1970 <= instant.year <= 9998:
        raise ValueError("must lie in the years 1970 to 9998")
    return instant


# A coroutine, so that FastAPI does not take it to a thread.
async def _language(
    request: Request,
    lang: Annotated[
        str | None,
        Query(
            max_length=35,
            description="The language of words, before `Accept-Language`: en or de. Another is answered in English.",
            examples=["de"],
        ),
    ] = None,
) -> str:
    language = choose(lang, request.headers.get("accept-language"))
    request.state.headers["Content-Language"] = language
    return language


Language = Annotated[str, Depends(_language)]
MemberId = Annotated[UUID, Path(description="The member's id.", examples=["0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e11"])]
ProgrammeSlug = Annotated[
    str | None,
    Query(
        description="The programme, where your company has several.",
        pattern="^[a-z0-9][a-z0-9-]{0,62}$",
        examples=["main"],
    ),
]
Instant = Annotated[datetime, BeforeValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})]
At = Annotated[
    Instant | None,
    Query(
        description="The instant that counts, RFC 3339: what took effect later is left out. A `+` is sent as `%2B`.",
        examples=["2024-03-31T22:00:00Z"],
    ),
]
KnownAt = Annotated[
    Instant | None,
    Query(
        description="The instant of knowledge, RFC 3339: what was recorded later is left out.",
        examples=["2024-04-02T08:00:00Z"],
    ),
]
IdentifierText = Annotated[
    str,
    Query(
        description="Kind and value as the till sends them; only an exact match is found.",
        pattern="^(card|virtual_card|nfc|invoice|phone|email|account):[^\\x00-\\x1f]{1,64}$",
        examples=["card:123456"],
    ),
]
Limit = Annotated[int, Query(ge=1, le=200, description="Entries a page.")]
CursorText = Annotated[str | None, Query(max_length=512, description="`next_cursor` of the page before.")]
SourcePath = Annotated[
    str,
    Path(
        description="The source of the receipt's event without its first slash; it may have several segments.",
        examples=["acme/pos/12/3"],
    ),
]
EventId = Annotated[str, Path(description="The id of the receipt's event; a slash as `%2F`.", examples=["R-1"])]
