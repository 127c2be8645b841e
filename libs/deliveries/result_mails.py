"""Who of the company gets a programme's figures by mail. Only stores and commands import this module."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from libs.contacts.masks import masked_address
from libs.deliveries.own import DigestDiffers
from libs.deliveries.periods import Every
from libs.runtime import sql
from libs.runtime.seal import Seal

_QUERIES = sql.load("libs.deliveries", "results.sql")
MOST = 50
"""How many addresses a company may have figures sent to."""


class Subscribed(NamedTuple):
    """Somebody who gets figures: how often, at which hour of the programme's zone, when next. The address is masked."""

    result_mail_id: UUID
    programme: str
    every: Every
    hour: int
    language: str
    address: str
    made_by: str
    made_at: datetime
    next_at: datetime


class Wish(NamedTuple):
    """What somebody asks for."""

    address: str
    every: Every
    hour: int
    language: str


async def add(
    connection: asyncpg.Connection,
    scope: tuple[int, int],
    named: tuple[UUID, bytes],
    wish: Wish,
    seal: Seal,
    by: str,
    now: datetime,
    next_at: datetime,
) -> None:
    """Have figures sent to an address, once by the name of the wish.

    Raises:
        DigestDiffers: the name stands for another wish.
    """
    name, digest = named
    known = await connection.fetchval(_QUERIES["known"], scope[0], name)
    if known is not None:
        if bytes(known) != digest:
            raise DigestDiffers("the name stands for another wish")
        return
    sealed = seal.close(wish.address.encode(), place_of(name))
    await connection.execute(
        _QUERIES["add"],
        scope[0],
        name,
        scope[1],
        digest,
        wish.every,
        wish.hour,
        wish.language,
        sealed,
        by,
        now,
        next_at,
    )


async def load(
    connection: asyncpg.Connection, tenant_id: int, seal: Seal, programme_id: int | None = None
) -> list[Subscribed]:
    """Return who gets figures, of one programme or all."""
    found = []
    for row in await connection.fetch(_QUERIES["load"], tenant_id, programme_id):
        plain = dict(row)
        address = seal.open(plain.pop("sealed"), place_of(plain["result_mail_id"])).decode()
        found.append(Subscribed(**plain, address=masked_address("email", address)))
    return found


async def remove(connection: asyncpg.Connection, tenant_id: int, name: UUID) -> bool:
    """Send somebody no more figures; False when nobody is meant."""
    return await connection.fetchval(_QUERIES["remove"], tenant_id, name) is not None


def place_of(name: UUID) -> str:
    """What an address is sealed for."""
    return f"result-mail/{name}"
