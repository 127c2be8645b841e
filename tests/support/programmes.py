"""Other programmes and rates than a test database begins with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import asyncpg

from libs.promotions.document import canonical_json, parse_programme, programme_hash
from libs.runtime import sql
from tests.support.database import ACME, Database, SeededTenant, programme_document

_QUERIES = sql.load("tests.support", "programmes.sql")


def with_wallet(tenant: SeededTenant = ACME, **wallet: Any) -> dict[str, object]:
    """The document of a seeded tenant, whose wallet `points` has these further fields."""
    document = programme_document(tenant)
    points = {"name": "points", "expiry": {"kind": "natural", "period": "quarter", "extra_periods": 1}} | wallet
    return document | {"wallets": [points]}


async def put_programme(database: Database, document: Mapping[str, object], tenant: SeededTenant = ACME) -> None:
    """Let a document take the place of the tenant's only version, in force since 2016."""
    await _execute(database, "put_version", *_version(document, tenant))


async def put_version(
    connection: asyncpg.Connection, document: Mapping[str, object], tenant: SeededTenant = ACME
) -> None:
    """The same on a connection of the database's owner."""
    await connection.execute(_QUERIES["put_version"], *_version(document, tenant))


def _version(document: Mapping[str, object], tenant: SeededTenant) -> tuple[int, int, str, str]:
    programme = parse_programme(document)
    return tenant.tenant_id, tenant.programme_id, canonical_json(programme).decode(), programme_hash(programme)


async def put_rate(
    database: Database, currency: str, version: int, rate_e9: int, valid_from: datetime, tenant: SeededTenant = ACME
) -> None:
    """Add a version of a rate to the tenant's programme, recorded when it becomes valid."""
    key = (tenant.tenant_id, tenant.programme_id)
    await _execute(database, "put_rate", *key, currency, version, rate_e9, valid_from, valid_from)


async def _execute(database: Database, query: str, *arguments: object) -> None:
    connection = await asyncpg.connect(database.dsn())
    try:
        await connection.execute(_QUERIES[query], *arguments)
    finally:
        await connection.close()
