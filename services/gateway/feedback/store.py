"""Ratings in PostgreSQL; their words are sealed under the member's own key, and gone with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from libs.catalogue.orders import Order
from libs.contacts.postgres import hold
from libs.contacts.vault import MemberName, Vault, open_key
from libs.runtime import sql
from libs.runtime.seal import Seal
from services.gateway.feedback.figures import Liking, likings

_QUERIES = sql.load("services.gateway", "feedback.sql")


class Rating(NamedTuple):
    """A member's word on an order; without words where none were said, or where the member was erased."""

    member_id: UUID
    order_id: UUID
    reference: str
    kind: str
    stars: int
    words: str
    rated_at: datetime


class Erased(Exception):
    """Nothing more is kept of this member."""


async def rate(
    connection: asyncpg.Connection, name: MemberName, order: Order, stars: int, words: str, now: datetime, vault: Vault
) -> Rating:
    """Keep what a member says of an order, in place of what was said before.

    Raises:
        Erased: the member was.
    """
    seal = (await hold(connection, now, [name], vault)).get(name)
    if seal is None:
        raise Erased
    sealed = seal.close(words, _place(order.order_id)) if words else None
    said = (order.order_id, order.reference, order.kind, stars, sealed, now)
    await connection.execute(_QUERIES["rate"], *name, *said)
    return Rating(name[2], order.order_id, order.reference, order.kind, stars, words, now)


async def load_rating(connection: asyncpg.Connection, name: MemberName, order_id: UUID, seal: Seal) -> Rating | None:
    """Return what a member said of an order; None where nothing was."""
    row = await connection.fetchrow(_QUERIES["rating"], *name, order_id)
    return None if row is None else _rating(row, name[:2], seal)


async def load_last(
    connection: asyncpg.Connection, scope: tuple[int, int], reference: str | None, most: int, seal: Seal
) -> list[Rating]:
    """Return the last words on a reward, or on all of a programme, the newest first."""
    rows = await connection.fetch(_QUERIES["last_ratings"], *scope, reference, most)
    return [_rating(row, scope, seal) for row in rows]


async def load_figures(
    connection: asyncpg.Connection, scope: tuple[int, int], reference: str | None = None
) -> Mapping[str, Liking]:
    """Return how each reward of a programme is liked, or one; what nobody rated is left out."""
    rows = await connection.fetch(_QUERIES["figures"], *scope, reference)
    return likings((row["reference"], row["stars"], row["times"]) for row in rows)


async def load_stars(connection: asyncpg.Connection, name: MemberName, orders: Iterable[UUID]) -> dict[UUID, int]:
    """Return the stars that a member gave to some orders."""
    rows = await connection.fetch(_QUERIES["rated"], *name, list(orders))
    return {row["order_id"]: row["stars"] for row in rows}


def _rating(row: Mapping[str, Any], scope: tuple[int, int], seal: Seal) -> Rating:
    name, words = (*scope, row["member_id"]), ""
    if row["sealed"] is not None and row["sealed_key"] is not None:
        words = open_key(name, row["sealed_key"], seal).open(row["sealed"], _place(row["order_id"]))
    return Rating(
        row["member_id"], row["order_id"], row["reference"], row["kind"], row["stars"], words, row["rated_at"]
    )


def _place(order_id: UUID) -> str:
    return f"rating/{order_id}"
