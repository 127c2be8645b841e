"""Carts in PostgreSQL. Every statement is about one tenant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from types import MappingProxyType
from typing import Literal
from uuid import UUID

import asyncpg
import msgspec
from msgspec.structs import replace

from libs.runtime import sql
from services.redemption.carts.model import Cart, Parts

_QUERIES = sql.load("services.redemption", "carts.sql")
_read_parts = msgspec.json.Decoder(Parts).decode
_write = msgspec.json.Encoder().encode
Word = Literal["released", "expired", "returned"]
_BOUGHT = ("bought", "spent")
_AFTER: Mapping[Word, Sequence[str]] = MappingProxyType(
    {"released": ("held",), "expired": ("held",), "returned": _BOUGHT}
)
"""Which words each may follow."""


async def begin(pool: asyncpg.Pool, cart: Cart, now: datetime) -> Cart | None:
    """Keep a new cart, and return it as it is kept under its name; None when its receipt has another one."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_QUERIES["see"], cart.tenant_id)
        await connection.execute(
            _QUERIES["begin"], cart.tenant_id, cart.programme_id, cart.cart_id, cart.member_id, cart.receipt_key,
            cart.receipt_number, cart.store, cart.fingerprint, cart.held_until, cart.currency, cart.total_minor,
            _write(cart.parts).decode(), cart.told, now,
        )  # fmt: skip
        return await _one(connection, "cart", cart.tenant_id, cart.cart_id)


async def look(pool: asyncpg.Pool, tenant_id: int, cart_id: UUID) -> Cart | None:
    """Return a cart of the tenant."""
    async with pool.acquire() as connection, connection.transaction(readonly=True):
        await connection.execute(_QUERIES["see"], tenant_id)
        return await _one(connection, "cart", tenant_id, cart_id)


@asynccontextmanager
async def alone(
    pool: asyncpg.Pool, turns: asyncio.Semaphore, tenant_id: int, cart_id: UUID
) -> AsyncIterator[tuple[asyncpg.Connection, Cart | None]]:
    """Give a cart to nobody else while the block runs, which waits for its turn and is one transaction of its own."""
    async with turns, pool.acquire() as connection, connection.transaction():
        await connection.execute(_QUERIES["see"], tenant_id)
        yield connection, await _one(connection, "lock_cart", tenant_id, cart_id)


async def change(connection: asyncpg.Connection, cart: Cart, now: datetime) -> None:
    """Save a cart as it is now."""
    await connection.execute(
        _QUERIES["change"], cart.tenant_id, cart.cart_id, cart.state, cart.whole, cart.late, cart.total_minor,
        cart.returned_minor, _write(cart.parts).decode(), now,
    )  # fmt: skip


async def offer(connection: asyncpg.Connection, cart: Cart, now: datetime) -> None:
    """Let the receipt of a cart buy it, all of which is had."""
    late = replace(cart, late=True)
    await connection.execute(
        _QUERIES["offer"], cart.tenant_id, cart.cart_id, cart.programme_id, cart.receipt_key, cart.member_id,
        cart.uses, late.uses, now,
    )  # fmt: skip


async def say(connection: asyncpg.Connection, cart: Cart, word: Word, now: datetime) -> None:
    """Say what is done with a cart in the transaction that does it, and in its last statement."""
    await connection.execute(_QUERIES["say"], cart.tenant_id, cart.cart_id, word, _AFTER[word], now)


async def give_up(pool: asyncpg.Pool, tenant_id: int, cart_id: UUID, word: Word, now: datetime) -> bool:
    """Say that a cart is given up, before anything of it is; return whether it is, for its receipt may be first.

    Nothing else is locked meanwhile: whoever decides on the receipt holds its member.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_QUERIES["see"], tenant_id)
        await connection.execute(_QUERIES["say"], tenant_id, cart_id, word, _AFTER[word], now)
        return await connection.fetchval(_QUERIES["word"], tenant_id, cart_id) not in _BOUGHT


async def word_of(connection: asyncpg.Connection, tenant_id: int, cart_id: UUID) -> str | None:
    """Return the word of a cart; while it is `held`, its receipt may buy it at any moment."""
    word: str | None = await connection.fetchval(_QUERIES["word"], tenant_id, cart_id)
    return word


async def over(pool: asyncpg.Pool, before: datetime, most: int) -> list[tuple[int, UUID]]:
    """Return carts that were held until an instant or earlier, by tenant, so many at most."""
    return [(row["tenant_id"], row["cart_id"]) for row in await pool.fetch(_QUERIES["over"], before, most)]


async def forget(pool: asyncpg.Pool, before: datetime, most: int) -> None:
    """Forget carts that came to nothing before an instant, so many at most."""
    await pool.execute(_QUERIES["forget"], before, most)


async def _one(connection: asyncpg.Connection, query: str, tenant_id: int, cart_id: UUID) -> Cart | None:
    row = await connection.fetchrow(_QUERIES[query], tenant_id, cart_id)
    if row is None:
        return None
    kept = dict(row) | {"tenant_id": tenant_id, "parts": _read_parts(row["parts"])}
    return Cart(**kept)
