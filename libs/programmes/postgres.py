"""Versions and kill switches in PostgreSQL; only stores and commands import this module.

Whatever writes does so in the caller's transaction, which begins with `publishing`: then it is alone with its programme.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import orjson

from libs.programmes.plan import Plan
from libs.programmes.switchboard import MOST_OFF, Switch, SwitchesFull
from libs.programmes.versions import StoredVersion, Versions
from libs.promotions.document import canonical_json, parse_programme, programme_hash
from libs.promotions.programme import Programme
from libs.runtime import sql

_QUERIES = sql.load("libs.programmes")

Key = tuple[int, int]
"""Tenant and programme, as rows name them."""


@dataclass(frozen=True, slots=True)
class Publication:
    """Who publishes a version, when, why, and which earlier version it takes up again, if any."""

    by: str
    at: datetime
    note: str | None = None
    restores: int | None = None


async def publishing(connection: asyncpg.Connection, key: Key) -> None:
    """Wait until nobody else publishes, up to the end of the transaction."""
    await connection.execute(_QUERIES["one_publisher"], *key)


async def load_versions(connection: asyncpg.Connection, key: Key, now: datetime) -> Versions:
    """Load all versions, with the documents of those that matter now.

    Raises:
        libs.promotions.document.ProgrammeInvalid: a stored document is none.
    """
    versions = Versions([StoredVersion(**row) for row in await connection.fetch(_QUERIES["versions"], *key)])
    matter = [each for each in (versions.head, versions.in_force(now), *versions.waiting(now)) if each is not None]
    return Versions(versions.all, await load_documents(connection, key, {each.number for each in matter}))


async def load_documents(connection: asyncpg.Connection, key: Key, numbers: Iterable[int]) -> dict[int, Programme]:
    """Load the documents of some versions, by number; what is not there is left out.

    Raises:
        libs.promotions.document.ProgrammeInvalid: a stored document is none.
    """
    rows = await connection.fetch(_QUERIES["documents"], *key, list(numbers))
    return {row["version"]: parse_programme(orjson.loads(row["document"])) for row in rows}


async def publish(connection: asyncpg.Connection, key: Key, plan: Plan, publication: Publication) -> StoredVersion:
    """Add the version that was planned in this transaction."""
    stored = StoredVersion(
        plan.programme.version,
        plan.active_from,
        programme_hash(plan.programme),
        publication.at,
        publication.by,
        publication.note,
        plan.summary,
        publication.restores,
    )
    await connection.execute(
        _QUERIES["add_version"],
        *key,
        stored.number,
        stored.active_from,
        canonical_json(plan.programme).decode(),
        stored.hash,
        stored.recorded_at,
        stored.published_by,
        stored.note,
        stored.summary,
        stored.restores,
    )
    return stored


async def load_switches(
    connection: asyncpg.Connection, key: Key, *, turned_on_too: bool = False, most: int = MOST_OFF
) -> list[Switch]:
    """Load the switches that are off, newest first; or all that ever were."""
    rows = await connection.fetch(_QUERIES["switches"], *key, turned_on_too, most)
    return [Switch(**row) for row in rows]


async def turn_off(
    connection: asyncpg.Connection, key: Key, kind: str, value: str, now: datetime, by: str, note: str | None
) -> tuple[Switch, bool]:
    """Turn a switch off, and say whether that is new; one that is off already stays as it is.

    Raises:
        SwitchesFull: too many are off already.
    """
    off = await load_switches(connection, key)
    for switch in off:
        if (switch.kind, switch.value) == (kind, value):
            return switch, False
    if len(off) >= MOST_OFF:
        raise SwitchesFull
    row = await connection.fetchrow(_QUERIES["switch_off"], *key, kind, value, now, by, note)
    return Switch(**row), True


async def turn_on(
    connection: asyncpg.Connection, key: Key, kind: str, value: str, now: datetime, by: str, note: str | None
) -> Switch | None:
    """Turn a switch on again; None when it is not off."""
    row = await connection.fetchrow(_QUERIES["switch_on"], *key, kind, value, now, by, note)
    return None if row is None else Switch(**row)
