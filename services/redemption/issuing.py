"""Codes of pools for pieces of rewards: handed out in the order's own transaction, shown to whoever ordered, made void.

What an answer keeps of them is their id alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from libs.catalogue.orders import Order
from libs.catalogue.placing import Pooled, piece_of
from libs.codes.keeping import CodeKeeper
from libs.codes.postgres import Want, take, texts
from libs.lives.life import MemberName
from libs.runtime.batch import Outgoing
from services.redemption.codes import store, telling
from services.redemption.domain import Refusal

SOLD_OUT = Refusal("reward-sold-out", "There is no code left to be had for it.")
USED = Refusal("cancel-too-late", "A code of it was used already.")
_MARK = b'"code_id":"'


@dataclass(eq=False)
class PoolExhausted(Exception):
    """A pool had too few codes for an order; whose pool it is."""

    scope: tuple[int, int]
    pool: str


async def hand_out(
    connection: asyncpg.Connection,
    keeper: CodeKeeper,
    name: MemberName,
    pool: str,
    order_id: UUID,
    pieces: int,
    now: datetime,
) -> tuple[Pooled, ...]:
    """Hand out a code for each piece, behind the member's lock; the same ones when that is done again.

    Raises:
        PoolExhausted: there are too few; the transaction is to be undone.
    """
    scope = name[:2]
    wants = [Want(name[2], piece_of(order_id, piece)) for piece in range(pieces)]
    taken = await take(connection, keeper, scope, pool, wants, now)
    if len(taken) < pieces:
        raise PoolExhausted(scope, pool)
    await store.mark_exhausted(connection, *scope, pool, now)
    return tuple(Pooled(taken[want.issue].code_id, taken[want.issue].expires_at) for want in wants)


async def with_texts(connection: asyncpg.Connection, keeper: CodeKeeper, tenant_id: int, body: bytes) -> bytes:
    """Add the texts of codes to an answer for whoever ordered; one without any is given as it is."""
    if _MARK not in body:
        return body
    told: dict[str, Any] = orjson.loads(body)
    usable = [each for each in (told.get("order") or {}).get("usable", ()) if each.get("code_id") is not None]
    found = await texts(connection, keeper, tenant_id, [UUID(each["code_id"]) for each in usable])
    for each in usable:
        each["value"] = found.get(UUID(each["code_id"]), "")
    return orjson.dumps(told)


async def take_back(
    connection: asyncpg.Connection, tenant_id: int, before: Order, after: Order, now: datetime, *, own: bool
) -> list[Outgoing] | Refusal:
    """Make codes void of pieces that were given up; by the member's own word none that was used."""
    pieces = after.cancelled - before.cancelled
    ids = [UUID(each.value) for each in before.issued if each.shape == "pooled"]
    if not ids or pieces <= 0:
        return []
    found = [await store.find(connection, tenant_id, code_id, lock=True) for code_id in sorted(ids)]
    left = [each for each in found if each is not None and each.code.state != "void"]
    unused = [each for each in left if not each.code.uses][-pieces:]
    if own and len(unused) < pieces:
        return USED
    for each in unused:
        await store.mark(connection, tenant_id, each.code.code_id, "void", voided=now)
    return [telling.voided(each, now) for each in unused]
