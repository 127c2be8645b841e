"""Letters to people of the company: a template tried on an address of one's own, figures for operators.

No member is told by one, so that none of them is a delivery. Whoever asks stores the words with the address under seal;
the notifier hands them over. Only stores and commands import this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from libs.messages.content import ChannelName, Content
from libs.runtime import sql
from libs.runtime.seal import Seal

_QUERIES = sql.load("libs.deliveries", "own.sql")
Kind = Literal["test", "results", "invitation", "confirmation"]
TESTED: tuple[ChannelName, ...] = ("email", "sms", "push", "web_push", "http", "file")
"""Channels on which an address can be written to that is no member's."""


A_DAY = 100
"""Letters that one person, or one key, may have tried within a day: they go to any address, and cost money."""
_DAY = timedelta(days=1)


class DigestDiffers(ValueError):
    """The id stands for another letter."""


class Spent(ValueError):
    """Whoever asks has had as many letters tried as they may in a day; the next one is let through at `again_at`."""

    def __init__(self, again_at: datetime) -> None:
        super().__init__(f"no more than {A_DAY} letters a day, the next one at {again_at:%H:%M} UTC")
        self.again_at = again_at


class OwnLetter(NamedTuple):
    """A letter to an address; `sender` is under whose name."""

    letter_id: UUID
    programme_id: int
    kind: Kind
    channel: ChannelName
    message: str
    address: str
    sender: str
    content: Content


class Stand(NamedTuple):
    """How a letter stands: `waiting`, `sending`, `handed`, or `failed` and why."""

    letter_id: UUID
    programme: str
    kind: Kind
    channel: str
    message: str
    state: str
    reason: str | None
    detail: str | None
    asked_by: str
    asked_at: datetime
    ended_at: datetime | None


class Shown(NamedTuple):
    """A letter that was captured, because nobody carries its channel: as its reader would see it."""

    letter_id: UUID
    kind: Kind
    message: str
    channel: str
    captured_at: datetime
    address: str
    title: str
    text: str
    html: str | None


async def put(
    connection: asyncpg.Connection, tenant_id: int, seal: Seal, letter: OwnLetter, digest: bytes, by: str, now: datetime
) -> None:
    """Store a letter by its id, unless it is there; `digest` tells a repeat from another one.

    Raises:
        DigestDiffers: the id stands for another letter.
        Spent: it is a test, and one too many of whoever asks.
    """
    known = await connection.fetchval(_QUERIES["known"], tenant_id, letter.letter_id)
    if known is not None:
        if bytes(known) != digest:
            raise DigestDiffers("the name stands for another letter")
        return
    if letter.kind == "test" and (again_at := await _spent(connection, tenant_id, by, now)) is not None:
        raise Spent(again_at)
    sealed = seal.close(_packed(letter), place_of(letter.letter_id))
    await connection.execute(
        _QUERIES["put"], tenant_id, letter.letter_id, letter.programme_id, letter.kind, letter.channel, letter.message,
        digest, sealed, by, now,
    )  # fmt: skip


async def _spent(connection: asyncpg.Connection, tenant_id: int, by: str, now: datetime) -> datetime | None:
    """Until when somebody has to wait, if they must; who asks twice at once is counted one after the other."""
    await connection.execute(_QUERIES["one_by_one"], tenant_id, by)
    first: datetime | None = await connection.fetchval(_QUERIES["spent"], tenant_id, by, now - _DAY, A_DAY - 1)
    return None if first is None else first + _DAY


async def load(connection: asyncpg.Connection, tenant_id: int, letter_id: UUID) -> Stand | None:
    """Return how a letter stands."""
    row = await connection.fetchrow(_QUERIES["load"], tenant_id, letter_id)
    return None if row is None else Stand(**row)


async def captured(
    connection: asyncpg.Connection, tenant_id: int, seal: Seal, *, most: int = 50, letter_id: UUID | None = None
) -> list[Shown]:
    """Return what was captured of them, the newest first.

    Raises:
        libs.runtime.seal.SealBroken: it was sealed with another key.
    """
    found = []
    for row in await connection.fetch(_QUERIES["captured"], tenant_id, most, letter_id):
        plain = dict(row)
        told = orjson.loads(seal.open(plain.pop("sealed"), f"captured/{plain['letter_id']}"))
        found.append(Shown(**plain, **{name: told[name] for name in ("address", "title", "text", "html")}))
    return found


def opened(sealed: bytes, letter_id: UUID, seal: Seal) -> tuple[str, str, Content]:
    """Return address, sender and words of a letter.

    Raises:
        libs.runtime.seal.SealBroken: it was sealed with another key.
    """
    told: Mapping[str, Any] = orjson.loads(seal.open(sealed, place_of(letter_id)))
    parts = {name: told[name] for name in ("language", "title", "text", "html", "link")}
    return told["address"], told["sender"], Content(**parts)


def place_of(letter_id: UUID) -> str:
    """What a letter is sealed for."""
    return f"own-letter/{letter_id}"


def _packed(letter: OwnLetter) -> bytes:
    content = letter.content
    return orjson.dumps(
        {
            "address": letter.address,
            "sender": letter.sender,
            "language": content.language,
            "title": content.title,
            "text": content.text,
            "html": content.html,
            "link": content.link,
        }
    )
