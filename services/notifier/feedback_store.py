"""Notifier's door to the database for what is heard of messages after they were handed over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson

from libs.deliveries.postgres import Heard, hear
from libs.runtime import sql
from services.notifier.deliveries import Delivery
from services.notifier.states import Bounced, Clicked, Delivered, FeedbackKind, Opened, name_of
from services.notifier.store import delivery_of

_QUERIES = sql.load("services.notifier", "feedback.sql")
_IN_DOUBT = ("no-answer", "lease_ended")
"""Why deliveries are postponed that their carrier may have."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What somebody heard: of a delivery, of an address (by its digest), or both."""

    tenant_id: int
    feedback_id: UUID
    delivery_id: UUID | None
    digest: bytes | None
    kind: FeedbackKind
    reason: str
    dead: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """A delivery that something was heard of, with its state and the address that it went to.

    One that no answer came for, or whose worker ended over it, was handed over after all.
    """

    delivery: Delivery
    state: str
    digest: bytes | None


async def hear_of_sent(pool: asyncpg.Pool, heard: Sequence[Heard], now: datetime) -> frozenset[UUID]:
    """Keep what was heard of mails by somebody who knows no companies, as far as we sent them; returns which we did."""
    named = {each.delivery_id for each in heard}
    async with pool.acquire() as connection, connection.transaction():
        whose = {
            row["delivery_id"]: row["tenant_id"]
            for row in await connection.fetch(_QUERIES["whose"], list(named), list(_IN_DOUBT))
        }
        for tenant_id in set(whose.values()):
            theirs = [each for each in heard if whose.get(each.delivery_id) == tenant_id]
            await hear(connection, tenant_id, theirs, now)
    return frozenset(whose)


async def take(connection: asyncpg.Connection, most: int) -> list[Feedback]:
    """Return what is not applied yet, held."""
    return [Feedback(**row) for row in await connection.fetch(_QUERIES["take"], most)]


async def known(connection: asyncpg.Connection, feedback: Sequence[Feedback]) -> dict[tuple[int, UUID], Known]:
    """Return the deliveries that are meant, held, by tenant and id."""
    named = list({(each.tenant_id, each.delivery_id) for each in feedback if each.delivery_id is not None})
    if not named:
        return {}
    tenants, ids = (list(column) for column in zip(*named, strict=True))
    rows = await connection.fetch(_QUERIES["deliveries"], tenants, ids)
    return {(r["tenant_id"], r["delivery_id"]): Known(delivery_of(r), _state(r), r["digest"]) for r in rows}


async def save(
    connection: asyncpg.Connection, heard: Sequence[tuple[Delivery, Delivered | Opened | Clicked | Bounced]]
) -> None:
    """Store states; of a delivery that is there twice, call this twice."""
    rows = []
    for delivery, state in heard:
        reason = state.reason if isinstance(state, Bounced) else None
        entry = {"at": state.at, "state": name_of(state)} | ({} if reason is None else {"reason": reason})
        told = orjson.dumps(entry, option=orjson.OPT_UTC_Z).decode()
        rows.append((*delivery.key, name_of(state), reason, state.at, told))
    columns = [list(column) for column in zip(*rows, strict=True)]
    await connection.execute(_QUERIES["heard"], *columns)


async def applied(connection: asyncpg.Connection, feedback: Sequence[Feedback], now: datetime) -> None:
    """Note that these are applied."""
    tenants, ids = [each.tenant_id for each in feedback], [each.feedback_id for each in feedback]
    await connection.execute(_QUERIES["applied"], tenants, ids, now)


async def forget(pool: asyncpg.Pool, until: datetime, most: int) -> None:
    """Forget what was applied by an instant, so many at most."""
    await pool.execute(_QUERIES["forget"], until, most)


def _state(row: asyncpg.Record) -> str:
    state: str = row["state"]
    return "handed" if state == "postponed" and row["reason"] in _IN_DOUBT else state
