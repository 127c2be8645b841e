"""Notifier's door to the database: what programmes say, deliveries, and what is heard of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import orjson

from libs.messages.content import Purpose
from libs.runtime import sql
from services.notifier.deliveries import Claimed, Delivery, Settled
from services.notifier.domain import Sent

_QUERIES = sql.load("services.notifier", "deliveries.sql")
_OLDEST = timedelta(days=60)
"""How long after its day a message may be handed over at most; older rows are not asked for what was sent."""
_PLAIN = (
    "tenant_id", "programme_id", "member_id", "message", "occasion", "channel", "occasion_on", "delivery_id", "purpose",
    "place", "spread", "useful_until",
)  # fmt: skip
Database: TypeAlias = asyncpg.Connection | asyncpg.Pool


async def load_versions(pool: asyncpg.Pool) -> list[asyncpg.Record]:
    """Return every version of every programme, without its document."""
    return list(await pool.fetch(_QUERIES["versions"]))


async def digest_versions(pool: asyncpg.Pool) -> str:
    """Return what changes whenever a version comes, or another takes its place."""
    return str(await pool.fetchval(_QUERIES["digest"]))


async def load_document(pool: asyncpg.Pool, tenant_id: int, programme_id: int, version: int) -> str:
    """Return the document of a version as JSON."""
    return str(await pool.fetchval(_QUERIES["document"], tenant_id, programme_id, version))


async def keep_months(database: Database, now: datetime, ahead: int) -> None:
    """See to the partitions of this month and those that come."""
    day = now.date().replace(day=15)
    for _ in range(ahead + 1):
        await database.fetchval(_QUERIES["keep_month"], day)
        day = (day + timedelta(days=30)).replace(day=15)


async def queue(
    connection: asyncpg.Connection,
    deliveries: Sequence[Delivery],
    due: Sequence[datetime],
    now: datetime,
    *,
    first: bool,
) -> set[UUID]:
    """Store deliveries, and return the ids of those that are new; `first` are those of occasions not told of yet."""
    if not deliveries:
        return set()
    rows = [
        (*each.key, each.delivery_id, each.purpose, ",".join(each.route), each.place, each.spread, _json(each.facts),
         at, each.useful_until)
        for each, at in zip(deliveries, due, strict=True)
    ]  # fmt: skip
    columns = [list(column) for column in zip(*rows, strict=True)]
    found = await connection.fetch(_QUERIES["queue"], *columns, now, first)
    return {row["delivery_id"] for row in found}


async def claim(
    database: Database, channel: str, now: datetime, holder: str, lease_until: datetime, most: int
) -> list[Claimed]:
    """Take deliveries that are due, those that wait for longest first."""
    rows = await database.fetch(_QUERIES["claim"], channel, now, holder, lease_until, most)
    return [Claimed(delivery_of(row), row["epoch"], row["attempts"], row["lapses"]) for row in rows]


async def give_back(database: Database, wall: datetime, now: datetime) -> list[str]:
    """Free what workers had that are not heard of any more, and return its channels."""
    return [row["channel"] for row in await database.fetch(_QUERIES["give_back"], wall, now)]


async def let_go(database: Database, claimed: Sequence[Claimed]) -> None:
    """Free what this worker has taken and not begun."""
    if claimed:
        ids = [each.delivery.delivery_id for each in claimed]
        await database.execute(_QUERIES["let_go"], ids, [each.epoch for each in claimed])


async def hold(database: Database, claimed: Sequence[Claimed], lease_until: datetime) -> None:
    """Keep what this worker is still at, until another instant."""
    rows = [(*each.delivery.key, each.epoch) for each in claimed]
    columns = [list(column) for column in zip(*rows, strict=True)]
    await database.execute(_QUERIES["hold"], *columns, lease_until)


async def settle(connection: asyncpg.Connection, settled: Sequence[Settled]) -> set[UUID]:
    """Store what became of deliveries, and return the ids of those that nobody else has taken meanwhile."""
    rows = [(*each.claimed.delivery.key, *each.row) for each in settled]
    columns = [list(column) for column in zip(*rows, strict=True)]
    return {row["delivery_id"] for row in await connection.fetch(_QUERIES["settle"], *columns)}


async def sent_before(
    database: Database, scope: tuple[int, int], members: Sequence[UUID], now: datetime, span: timedelta
) -> dict[tuple[UUID, Purpose], dict[UUID, datetime | None]]:
    """Return what members were handed within a span, and None for when of what is being sent, by member and purpose."""
    oldest = (now - span - _OLDEST).date()
    found: dict[tuple[UUID, Purpose], dict[UUID, datetime | None]] = {}
    for row in await database.fetch(_QUERIES["sent_before"], *scope, list(members), now - span, oldest):
        own = found.setdefault((row["member_id"], row["purpose"]), {})
        own[row["delivery_id"]] = None if row["sending"] else row["handed_at"]
    return found


def sent_of(before: Mapping[UUID, datetime | None], mine: Iterable[UUID]) -> Sent:
    """Put it as a decision takes it, without what the same worker has in hand."""
    without = set(mine)
    others = [at for name, at in before.items() if name not in without]
    return Sent(tuple(at for at in others if at is not None), sum(at is None for at in others))


async def reached(database: Database, asked: Sequence[tuple[Delivery, bool]]) -> set[UUID]:
    """Return which of these have reached their member over an earlier channel; with True, only if it was opened."""
    if not asked:
        return set()
    rows = [
        (*each.member, each.message, each.occasion, each.occasion_on, each.place, each.delivery_id, opened)
        for each, opened in asked
    ]
    columns = [list(column) for column in zip(*rows, strict=True)]
    return {row["delivery_id"] for row in await database.fetch(_QUERIES["reached"], *columns)}


async def following(connection: asyncpg.Connection, now: datetime, most: int) -> list[tuple[Delivery, str]]:
    """Return deliveries whose next channel is due, with their states, and take the mark away."""
    rows = await connection.fetch(_QUERIES["following"], now, most)
    return [(delivery_of(row), row["state"]) for row in rows]


async def backlog(database: Database, now: datetime) -> list[asyncpg.Record]:
    """Return what waits, by channel."""
    return list(await database.fetch(_QUERIES["backlog"], now))


async def channels_due(database: Database, channels: Sequence[str], now: datetime) -> list[str]:
    """Return the channels of which something is due."""
    return [row["channel"] for row in await database.fetch(_QUERIES["channels_due"], list(channels), now)]


def delivery_of(row: asyncpg.Record) -> Delivery:
    """Read the columns of a delivery."""
    own = {name: row[name] for name in _PLAIN}
    return Delivery(**own, route=tuple(row["route"]), facts=orjson.loads(row["facts"]))


def _json(facts: Mapping[str, Any]) -> str:
    return orjson.dumps(facts).decode()
