"""Orders, rewards and their stock in PostgreSQL, in the transaction of the redemption that they belong to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import orjson

from libs.catalogue import postgres as catalogue
from libs.catalogue.orders import Order, moves
from libs.catalogue.postgres import Kept
from libs.catalogue.reward import Reward
from libs.catalogue.rows import MemberName, order_row, step_rows
from libs.contracts.orders import OrderAsk
from libs.runtime import sql
from services.redemption.domain import Redemption
from services.redemption.ordering import Goods

_QUERIES = sql.load("services.redemption", "orders.sql")
_CHOICES = sql.load("services.redemption", "choices.sql")
_MOST = 2**62


class Written(NamedTuple):
    """An order before and after a request, with its reward, and what is sealed of what was said with it."""

    name: MemberName
    before: Order | None
    after: Order
    reward: Reward | None = None
    sealed: bytes | None = None


async def load_reward(
    connection: asyncpg.Connection, name: MemberName, ask: OrderAsk | None, order: Order | None
) -> Kept | None:
    """Return the reward that is asked for, or that an order is of, as it was then; None where there is none."""
    if order is not None:
        return await catalogue.load_reward(connection, name[:2], order.reference, order.version)
    if ask is None or ask.reward is None:
        return None
    return await catalogue.load_reward(connection, name[:2], ask.reward)


async def load_goods(
    connection: asyncpg.Connection, name: MemberName, kept: Kept, store: str | None, now: datetime, zone: ZoneInfo
) -> Goods:
    """Return what a new order of a reward is decided on, but for the member's points; read behind the member's lock."""
    facts, had = await catalogue.load_facts(connection, name)
    supplies = await catalogue.load_supplies(connection, name[:2], [kept.reward], had, store, now, zone)
    return Goods(kept.reward, kept.version, facts, supplies[kept.reward.reference])


async def may_choose(connection: asyncpg.Connection, name: MemberName, order_id: UUID) -> bool:
    """Whether a choice still stands that is to become this order; from here on it does until the transaction ends."""
    return bool(await connection.fetchval(_CHOICES["open_choice"], *name, order_id))


async def save(connection: asyncpg.Connection, written: Sequence[Written]) -> str | None:
    """Save orders, and move stock and uses, which others wait for: as late in a transaction as can be.

    Returns what there was too little of: then nothing may be committed.
    """
    refused: str | None = await connection.fetchval(_QUERIES["save_orders"], *saved_as(written))
    return refused


def saved_as(written: Sequence[Written]) -> list[str]:
    """Orders as `redemption.save_orders` takes them."""
    orders = [order_row(each.name, each.after) for each in written]
    steps = [
        row
        for each in written
        for row in step_rows(each.name, each.after, 0 if each.before is None else len(each.before.steps))
    ]
    answers = [
        _whose(each) | {"order_id": each.after.order_id, "sealed": f"\\x{each.sealed.hex()}"}
        for each in written
        if each.sealed is not None
    ]
    moved = _together([row for each in written for row in _moved(each)])
    return [_json(rows) for rows in (orders, steps, answers, moved)]


async def end(connection: asyncpg.Connection, before: Sequence[Redemption], after: Sequence[Redemption]) -> None:
    """Save orders that ended with their holds: what they had set aside is free again."""
    written = [
        Written(now.name, was.order, now.order)
        for was, now in zip(before, after, strict=True)
        if was.order is not None and now.order is not None
    ]
    if written:
        refused = await save(connection, written)
        assert refused is None, "what was set aside can always be let go"


def _moved(each: Written) -> Iterable[dict[str, Any]]:
    move = moves(each.before, each.after)
    key = {"tenant_id": each.name[0], "programme_id": each.name[1], "reference": each.after.reference}
    if each.after.stock_at is not None and (move.left or move.reserved):
        yield key | {"store": each.after.stock_at, "free": move.left, "reserved": move.reserved}
    if each.after.counted_in is not None and move.used:
        limit = None if each.reward is None else each.reward.in_total
        yield key | {"period": each.after.counted_in, "used": move.used, "most": _MOST if limit is None else limit.most}


def _together(moved: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What orders move on the same row, as one move: it is locked by the first."""
    kept: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in moved:
        key = tuple([row.get(name) for name in ("programme_id", "reference", "store", "period")])
        known = kept.setdefault(key, row)
        if known is not row:
            known |= {name: known[name] + row[name] for name in ("free", "reserved", "used") if name in row}
    return list(kept.values())


def _whose(each: Written) -> dict[str, Any]:
    return {"tenant_id": each.name[0], "programme_id": each.name[1], "member_id": each.name[2]}


def _json(rows: Sequence[Mapping[str, Any]]) -> str:
    return orjson.dumps(rows, default=str).decode()
