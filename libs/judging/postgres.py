"""What purchases are judged by, as PostgreSQL has it: programmes in all versions, sources, rates, switches, blocks.

A stream worker sees everybody's; whoever reads in the name of a tenant sees that tenant's alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import orjson

from libs.contracts.mapping import SourceMapping, parse_mapping
from libs.contracts.mapping_language import MappingInvalid
from libs.history.needs import needs_of, together
from libs.judging.programmes import Programmes, Stops, by_prefix
from libs.judging.versions import ActiveVersion, RunningProgramme, activate, segmented
from libs.promotions.document import ProgrammeInvalid
from libs.promotions.rates import Rates
from libs.promotions.switches import switch_name
from libs.runtime import sql

__all__ = ["MappingInvalid", "ProgrammeInvalid"]

_QUERIES = sql.load("libs.judging", "programmes.sql")


class Digests(NamedTuple):
    """Texts that change whenever what is judged by does: sources, programmes and rates; and switches and blocks."""

    rules: str
    switches: str


async def load_digests(connection: asyncpg.Connection) -> Digests:
    """Return the digests of what there is to load."""
    return Digests(*await connection.fetchrow(_QUERIES["digests"]))


async def load_switches(connection: asyncpg.Connection) -> dict[tuple[int, int], tuple[str, ...]]:
    """Return the names of the switches that are off, by programme."""
    off: dict[tuple[int, int], tuple[str, ...]] = {}
    for tenant, programme, kind, value in await connection.fetch(_QUERIES["switches"]):
        off[tenant, programme] = (*off.get((tenant, programme), ()), switch_name(kind, value))
    return off


async def load_blocked(connection: asyncpg.Connection) -> dict[tuple[int, int], frozenset[UUID]]:
    """Return the members who are blocked, by programme."""
    rows = await connection.fetch(_QUERIES["blocked"])
    return {(row["tenant_id"], row["programme_id"]): frozenset(row["members"]) for row in rows}


async def load_stops(connection: asyncpg.Connection) -> Stops:
    """Return what is stopped by hand, by programme."""
    return Stops(await load_switches(connection), await load_blocked(connection))


class StoredProgrammes(NamedTuple):
    """Programmes, their versions, the sources and the exchange rates, as rows."""

    programmes: Sequence[asyncpg.Record]
    versions: Sequence[asyncpg.Record]
    sources: Sequence[asyncpg.Record]
    rates: Sequence[asyncpg.Record]
    stops: Stops


async def load_programmes(connection: asyncpg.Connection) -> StoredProgrammes:
    """Load every programme, version, source and rate, and what is stopped."""
    return StoredProgrammes(
        await connection.fetch(_QUERIES["programmes"]),
        await connection.fetch(_QUERIES["versions"]),
        await connection.fetch(_QUERIES["sources"]),
        await connection.fetch(_QUERIES["rates"]),
        await load_stops(connection),
    )


class Compiler:
    """Compiles what was loaded, and remembers it: a version is compiled once, however often others join it."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], ActiveVersion] = {}

    def compile(self, stored: StoredProgrammes) -> Programmes:
        """Compile all that is not known yet; takes a while, so it runs beside the event loop.

        Raises:
            ProgrammeInvalid: a stored document is none.
            MappingInvalid: a stored mapping is none.
        """
        known: dict[tuple[object, ...], ActiveVersion] = {}
        for row in stored.versions:
            name = tuple(row[field] for field in _VERSION)
            known[name] = self._known.get(name) or activate(row["active_from"], orjson.loads(row["document"]))
        programmes = compile_programmes(stored, known.values())
        self._known = known
        return programmes


_VERSION = ("tenant_id", "programme_id", "version", "active_from", "hash")


def compile_programmes(stored: StoredProgrammes, compiled: Iterable[ActiveVersion]) -> Programmes:
    """Put what was loaded together with its versions, compiled and in the order of their rows.

    Raises:
        MappingInvalid: a stored mapping is none.
    """
    versions: dict[tuple[int, int], list[ActiveVersion]] = {}
    for row, version in zip(stored.versions, compiled, strict=True):
        versions.setdefault((row["tenant_id"], row["programme_id"]), []).append(version)
    rates: dict[tuple[int, int], list[tuple[str, int, int, datetime]]] = {}
    for row in stored.rates:
        rates.setdefault((row["tenant_id"], row["programme_id"]), []).append(
            (row["currency"], row["version"], row["rate_e9"], row["valid_from"])
        )
    programmes = {}
    for row in stored.programmes:
        key = (row["tenant_id"], row["programme_id"])
        own = tuple(versions.get(key, ()))
        programmes[key] = RunningProgramme(
            *key,
            row["tenant"],
            row["programme"],
            own,
            any(version.counts_members for version in own),
            any(version.pends for version in own),
            Rates(rates.get(key, ())),
            stored.stops.switches.get(key, ()),
            row["name"],
            together([needs_of(version.compiled.source) for version in own]),
            any(version.compiled.needs.profile for version in own),
            blocked=stored.stops.blocked.get(key, frozenset()),
            **segmented(own),
        )
    sources = ((row["source_prefix"], (row["tenant_id"], row["programme_id"])) for row in stored.sources)
    mappings = [
        SourceMapping(row["source_prefix"], parse_mapping(orjson.loads(row["mapping"])))
        for row in stored.sources
        if row["mapping"] is not None
    ]
    return by_prefix(sources, programmes, mappings)
