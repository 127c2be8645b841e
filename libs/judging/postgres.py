"""What purchases are judged by, as PostgreSQL has it: programmes in all their versions, sources, rates.

A stream worker sees everybody's; whoever reads in the name of a tenant sees that tenant's alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg
import orjson

from libs.contracts.mapping import SourceMapping, parse_mapping
from libs.contracts.mapping_language import MappingInvalid
from libs.history.needs import needs_of, together
from libs.judging.programmes import Programmes, by_prefix
from libs.judging.versions import ActiveVersion, RunningProgramme, activate
from libs.promotions.document import ProgrammeInvalid
from libs.promotions.rates import Rates
from libs.runtime import sql

__all__ = ["MappingInvalid", "ProgrammeInvalid"]

_QUERIES = sql.load("libs.judging", "programmes.sql")


async def programmes_fingerprint(connection: asyncpg.Connection) -> str:
    """Return a text that changes whenever sources or programmes do."""
    fingerprint: str = await connection.fetchval(_QUERIES["fingerprint"])
    return fingerprint


class StoredProgrammes(NamedTuple):
    """Programmes, their versions, the sources and the exchange rates, as rows."""

    programmes: Sequence[asyncpg.Record]
    versions: Sequence[asyncpg.Record]
    sources: Sequence[asyncpg.Record]
    rates: Sequence[asyncpg.Record] = ()


async def load_programmes(connection: asyncpg.Connection) -> StoredProgrammes:
    """Load every programme, version, source and rate."""
    return StoredProgrammes(
        await connection.fetch(_QUERIES["programmes"]),
        await connection.fetch(_QUERIES["versions"]),
        await connection.fetch(_QUERIES["sources"]),
        await connection.fetch(_QUERIES["rates"]),
    )


def compile_programmes(stored: StoredProgrammes) -> Programmes:
    """Compile all that was loaded; takes a while, so it runs beside the event loop.

    Raises:
        ProgrammeInvalid: a stored document is none.
        MappingInvalid: a stored mapping is none.
    """
    versions: dict[tuple[int, int], list[ActiveVersion]] = {}
    for row in stored.versions:
        version = activate(row["active_from"], orjson.loads(row["document"]))
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
            row["name"],
            together([needs_of(version.compiled.source) for version in own]),
        )
    sources = ((row["source_prefix"], (row["tenant_id"], row["programme_id"])) for row in stored.sources)
    mappings = [
        SourceMapping(row["source_prefix"], parse_mapping(orjson.loads(row["mapping"])))
        for row in stored.sources
        if row["mapping"] is not None
    ]
    return by_prefix(sources, programmes, mappings)
