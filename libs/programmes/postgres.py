"""Versions and kill switches in PostgreSQL; only stores and commands import this module.

Whatever writes does so in the caller's transaction, which begins with `publishing`, to be alone with its programme.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import orjson

from libs.programmes.draft import Draft
from libs.programmes.plan import LEAD, Plan, PlanRefused, Wish, plan
from libs.programmes.rates import Rate, add_rates
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
    """Who publishes a version, when, and why."""

    by: str
    at: datetime
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Where:
    """A programme as rows name it, and what it keeps for ever."""

    key: Key
    zone: str
    currency: str


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
    # In a thread: a programme of thousands of campaigns takes long enough to hold up whatever else the process does.
    return await asyncio.to_thread(_parsed, rows)


async def look_ahead(
    connection: asyncpg.Connection, where: Where, draft: Draft, wish: Wish, now: datetime
) -> tuple[Versions, Plan]:
    """Return the versions that there are, and what publishing a draft now would do.

    Raises:
        PlanRefused: it can't be published so.
        libs.promotions.document.ProgrammeInvalid: it changes what a programme keeps for ever.
    """
    versions = await load_versions(connection, where.key, now)
    return versions, await asyncio.to_thread(plan, versions, draft, wish, now, where.zone, where.currency)


def _parsed(rows: Iterable[asyncpg.Record]) -> dict[int, Programme]:
    return {row["version"]: parse_programme(orjson.loads(row["document"])) for row in rows}


async def publish(
    connection: asyncpg.Connection, where: Where, draft: Draft, wish: Wish, publication: Publication
) -> tuple[Plan, StoredVersion]:
    """Publish a draft, if it says anything new, in the caller's transaction; return also the version that says it.

    Raises:
        PlanRefused: it can't be published so.
        libs.promotions.document.ProgrammeInvalid: it changes what a programme keeps for ever.
    """
    await publishing(connection, where.key)
    _, planned = await look_ahead(connection, where, draft, wish, publication.at)
    if planned.unchanged and planned.base is not None:
        return planned, planned.base
    return planned, await _add(connection, where.key, planned, publication, draft.restores)


async def _add(
    connection: asyncpg.Connection, key: Key, plan: Plan, publication: Publication, restores: int | None
) -> StoredVersion:
    stored = StoredVersion(
        plan.programme.version,
        plan.active_from,
        programme_hash(plan.programme),
        publication.at,
        publication.by,
        publication.note,
        plan.summary,
        restores,
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
    rates = [Rate(each.currency, each.rate_e9, each.from_) for each in plan.programme.exchange_rates]
    await add_rates(connection, key, rates, publication.at)
    return stored


async def draft_to_restore(connection: asyncpg.Connection, key: Key, number: int | None, now: datetime) -> Draft:
    """Return the document of an earlier version; None: of the one whose place the present version took.

    Raises:
        PlanRefused: there is no such version.
    """
    versions = await load_versions(connection, key, now)
    if number is None:
        present = versions.in_force(now + LEAD)
        earlier = None if present is None else versions.before(present)
        if earlier is None:
            raise PlanRefused("unknown-version", "there is no earlier version to go back to")
        number = earlier.number
    found = await load_documents(connection, key, [number])
    if number not in found:
        raise PlanRefused("unknown-version", f"there is no version {number}")
    return Draft(found[number], None, restores=number)


async def load_switches(
    connection: asyncpg.Connection, key: Key, *, turned_on_too: bool = False, most: int = MOST_OFF
) -> list[Switch]:
    """Load the switches that are off, newest first; or all that ever were."""
    rows = await connection.fetch(_QUERIES["switches"], *key, turned_on_too, most)
    return [Switch(**row) for row in rows]


async def load_used(connection: asyncpg.Connection, key: Key, counters: Sequence[str]) -> dict[str, int]:
    """Load what limits have used, by the key of the counter; what is not there has used nothing."""
    rows = await connection.fetch(_QUERIES["counters"], *key, list(counters)) if counters else ()
    return {row["counter_key"]: row["used"] for row in rows}


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
