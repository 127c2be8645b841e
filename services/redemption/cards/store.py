"""Gift cards in PostgreSQL, for whoever writes their entries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from libs.gift_cards.decide import Done
from libs.gift_cards.model import Entry, GiftCard
from libs.runtime import sql

_QUERIES = sql.load("services.redemption", "cards.sql")


class FoundCard(NamedTuple):
    """A card with what answers and events tell beside it."""

    tenant: str
    programme: str
    sealed: bytes
    card: GiftCard


async def load(
    connection: asyncpg.Connection, tenant_id: int, ids: Sequence[UUID], *, lock: bool
) -> dict[UUID, FoundCard]:
    """Return cards of the tenant; with `lock` they are this transaction's until its end."""
    rows = await connection.fetch(_QUERIES["lock_cards" if lock else "cards"], tenant_id, list(ids))
    return {row["card_id"]: _found(row) for row in rows}


async def lock_due(connection: asyncpg.Connection, now: datetime, most: int) -> list[tuple[int, FoundCard]]:
    """Lock cards whose date has passed with something left, so many at most; with the number of their tenant."""
    return [(row["tenant_id"], _found(row)) for row in await connection.fetch(_QUERIES["lock_due"], now, most)]


def _found(row: asyncpg.Record) -> FoundCard:
    card = GiftCard(
        card_id=row["card_id"],
        currency=row["currency"],
        law=(row["law"], row["law_version"]),
        issued_at=row["issued_at"],
        initial_minor=row["initial_minor"],
        balance_minor=row["balance_minor"],
        seq=row["seq"],
        state=row["state"],
        expires_at=row["expires_at"],
        member_id=row["member_id"],
        last_load_at=row["last_load_at"],
    )
    return FoundCard(row["tenant"], row["programme"], row["sealed"], card)


async def insert(
    connection: asyncpg.Connection, scope: tuple[int, int], card: GiftCard, sealed: bytes, entry: Entry
) -> None:
    """Save a new card with its first entry."""
    await connection.execute(
        _QUERIES["insert_card"], *scope, card.card_id, sealed, card.currency, *card.law, card.initial_minor,
        card.balance_minor, card.seq, card.member_id, card.expires_at, card.issued_at,
    )  # fmt: skip
    await append(connection, scope[0], card.card_id, entry)


async def save(connection: asyncpg.Connection, tenant_id: int, done: Done, now: datetime) -> None:
    """Save a card as it is now, and the entry that made it so."""
    await update(connection, tenant_id, done.card, now)
    await append(connection, tenant_id, done.card.card_id, done.entry)


async def update(connection: asyncpg.Connection, tenant_id: int, card: GiftCard, now: datetime) -> None:
    """Save a card as it is now."""
    await connection.execute(
        _QUERIES["update_card"], tenant_id, card.card_id, card.balance_minor, card.seq, card.expires_at,
        card.last_load_at, card.state, now,
    )  # fmt: skip


async def append(connection: asyncpg.Connection, tenant_id: int, card_id: UUID, entry: Entry) -> None:
    """Append an entry."""
    await connection.execute(_QUERIES["insert_entry"], tenant_id, card_id, *entry)


async def entry_of_cause(connection: asyncpg.Connection, tenant_id: int, cause: UUID) -> tuple[UUID, Entry] | None:
    """Return what a request did, and to which card; of a transfer, what left."""
    row = await connection.fetchrow(_QUERIES["entry_of_cause"], tenant_id, cause)
    return None if row is None else (row["card_id"], Entry(*tuple(row)[1:]))


async def entry(connection: asyncpg.Connection, tenant_id: int, card_id: UUID, seq: int) -> Entry | None:
    """Return an entry of a card."""
    row = await connection.fetchrow(_QUERIES["entry"], tenant_id, card_id, seq)
    return None if row is None else Entry(*tuple(row)[1:])


async def refunded(connection: asyncpg.Connection, tenant_id: int, card_id: UUID, seq: int) -> int:
    """Return how much of a payment went back onto its card."""
    return int(await connection.fetchval(_QUERIES["refunded"], tenant_id, card_id, seq))
