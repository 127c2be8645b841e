"""Messages in PostgreSQL, for whoever shows them or hears of them. Only stores and commands import this module."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID, uuid5

import asyncpg
import orjson

from libs.deliveries.told import Captured, Told, read_trail
from libs.runtime import sql
from libs.runtime.seal import Seal

_QUERIES = sql.load("libs.deliveries", "deliveries.sql")
_NAMESPACE = UUID("5d1b8a0e-6b41-5c0f-9d7e-0a4b3c2d1e6f")
_PLAIN = tuple(name for name in Told.__dataclass_fields__ if name not in ("route", "facts", "trail"))
Kind = Literal["delivered", "opened", "clicked", "bounced", "complained", "failed"]


@dataclass(frozen=True, slots=True)
class Heard:
    """What a carrier, a mailbox or a link says of a message: by the message's id, by the digest of an address, or both.

    `dead` says that the address is written to no more. The same thing heard twice counts once.
    """

    kind: Kind
    at: datetime
    reason: str
    delivery_id: UUID | None = None
    digest: bytes | None = None
    dead: bool = False


async def of_member(
    connection: asyncpg.Connection,
    name: tuple[int, int, UUID],
    *,
    before: tuple[datetime, UUID] | None = None,
    most: int = 50,
    message: str | None = None,
    channel: str | None = None,
) -> list[Told]:
    """Return the messages of a member, named by tenant, programme and id, the newest first."""
    place = before or (None, None)
    rows = await connection.fetch(_QUERIES["of_member"], *name, *place, most, message, channel)
    return [_told(row) for row in rows]


async def one(connection: asyncpg.Connection, tenant_id: int, delivery_id: UUID) -> Told | None:
    """Return a message by its id."""
    row = await connection.fetchrow(_QUERIES["one"], tenant_id, delivery_id)
    return None if row is None else _told(row)


async def captured(
    connection: asyncpg.Connection,
    tenant_id: int,
    seal: Seal,
    *,
    most: int = 50,
    delivery_id: UUID | None = None,
    channel: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    behind: int = 0,
    programme_id: int | None = None,
) -> list[Captured]:
    """Return what was captured, the newest first, opened; `behind` so many of them, all of a programme if given.

    Raises:
        libs.runtime.seal.SealBroken: it was sealed with another key.
    """
    span = (channel, since, until, behind, programme_id)
    rows = await connection.fetch(_QUERIES["captured"], tenant_id, most, delivery_id, *span)
    return [_captured(row, seal) for row in rows]


async def totals(connection: asyncpg.Connection, scope: tuple[int, int], since: date) -> list[asyncpg.Record]:
    """Return how many messages of occasions since a day stand how: message, channel, state, reason, messages."""
    return list(await connection.fetch(_QUERIES["totals"], *scope, since))


async def hear(connection: asyncpg.Connection, tenant_id: int, heard: Sequence[Heard], now: datetime) -> None:
    """Keep what was heard; the notifier applies it in its order."""
    if not heard:
        return
    rows = [
        (_feedback_id(tenant_id, each), each.delivery_id, each.digest, each.kind, each.reason, each.dead, each.at)
        for each in heard
    ]
    columns = [list(column) for column in zip(*rows, strict=True)]
    await connection.execute(_QUERIES["hear"], tenant_id, *columns, now)


def _feedback_id(tenant_id: int, heard: Heard) -> UUID:
    """A message comes back once; an address that was set right may come back again on another day."""
    about = heard.delivery_id or f"{(heard.digest or b'').hex()}@{heard.at.date()}"
    return uuid5(_NAMESPACE, f"{tenant_id}/{about}/{heard.kind}/{heard.reason}")


def _told(row: asyncpg.Record) -> Told:
    own: dict[str, Any] = {name: row[name] for name in _PLAIN}
    return Told(**own, route=tuple(row["route"]), facts=orjson.loads(row["facts"]), trail=read_trail(row["trail"]))


def _captured(row: asyncpg.Record, seal: Seal) -> Captured:
    opened = seal.open(row["sealed"], f"captured/{row['delivery_id']}")
    return Captured(_told(row), row["captured_at"], **orjson.loads(opened))
