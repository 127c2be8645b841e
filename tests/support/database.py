"""A database of its own for every test: copied from one template that is migrated once a run, with two tenants in it.

`acme` (tenant 1, programme 1, Europe/Rome, EUR, source `/acme/pos`) and `globex` (tenant 2, programme 2,
America/New_York, USD, source `/globex/pos`) have a programme version each, in force since 2016; there are no members.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import asyncpg
import pytest

from deploy.embedded.postgres import EmbeddedPostgres
from libs.promotions.document import canonical_json, parse_programme, programme_hash
from libs.runtime import sql
from libs.runtime.migrate import ROLES, ensure_database, ensure_roles, migrate

TEMPLATE = "pointstream_template"
PASSWORD = "test"
_QUERIES = {**sql.load("tests.support", "database.sql"), **sql.load("tests.support", "seed.sql")}
_numbers = itertools.count(1)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class SeededTenant:
    """One of the tenants that every test database has."""

    tenant_id: int
    programme_id: int
    slug: str
    source: str
    zone: str
    currency: str


ACME = SeededTenant(1, 1, "acme", "/acme/pos", "Europe/Rome", "EUR")
GLOBEX = SeededTenant(2, 2, "globex", "/globex/pos", "America/New_York", "USD")


@dataclass(frozen=True, slots=True)
class Database:
    """A migrated and seeded database that only this test uses."""

    server: EmbeddedPostgres
    name: str

    def dsn(self, role: str = "postgres") -> str:
        """A connection URL: for the superuser, or for one of the platform's roles (`earning`, `gateway`, …)."""
        if role == "postgres":
            return self.server.dsn(database=self.name)
        return f"postgresql://pointstream_{role}:{PASSWORD}@127.0.0.1:{self.server.port}/{self.name}"


def programme_document(tenant: SeededTenant) -> dict[str, object]:
    """The programme of a seeded tenant: a point for each 1.00, double on produce, 25 for coffee, 50 from 100.00.

    Lots lapse one quarter after the one they were earned in.
    """
    return {
        "version": 1,
        "zone": tenant.zone,
        "currency": tenant.currency,
        "rounding": "floor",
        "wallets": [{"name": "points", "expiry": {"kind": "natural", "period": "quarter", "extra_periods": 1}}],
        "campaigns": [
            {
                "id": "base",
                "name": "A point for every 1.00",
                "state": "live",
                "effect": {"kind": "per_amount", "points": 1, "per_minor": 100},
            },
            {
                "id": "produce",
                "name": "Double on fruit and vegetables",
                "state": "live",
                "when": {"categories": ["PRODUCE"]},
                "effect": {"kind": "multiplier", "percent": 200},
            },
            {
                "id": "coffee",
                "name": "25 points for coffee",
                "state": "live",
                "when": {"skus": ["coffee-500g"]},
                "effect": {"kind": "fixed", "points": 25},
                "limits": [{"scope": "campaign", "period": "ever", "points": 1_000}],
            },
            {
                "id": "big-basket",
                "name": "50 points from 100.00",
                "state": "live",
                "when": {"min_total_minor": 10_000},
                "effect": {"kind": "fixed", "points": 50},
            },
        ],
    }


@pytest.fixture(scope="session")
def database_template(postgres_server: EmbeddedPostgres) -> str:
    """The name of the migrated and seeded database that tests copy."""
    prepare(postgres_server)
    return TEMPLATE


def prepare(server: EmbeddedPostgres) -> None:
    """Make the template in a server."""
    _run(_make_template(server))


@contextmanager
def fresh_copy(server: EmbeddedPostgres) -> Iterator[Database]:
    """A copy of the template in a server that has one, dropped after the block."""
    fresh = Database(server, f"pointstream_test_{next(_numbers)}")
    _run(_execute(server.dsn(), "copy_database", fresh.name, TEMPLATE))
    yield fresh
    _run(_execute(server.dsn(), "drop_database", fresh.name))


@pytest.fixture
def database(postgres_server: EmbeddedPostgres, database_template: str) -> Iterator[Database]:
    """A fresh copy of the template, dropped after the test."""
    assert database_template == TEMPLATE
    with fresh_copy(postgres_server) as fresh:
        yield fresh


async def _make_template(server: EmbeddedPostgres) -> None:
    await ensure_roles(server.dsn(), dict.fromkeys(ROLES, PASSWORD))
    await ensure_database(server.dsn(), TEMPLATE)
    template = server.dsn(database=TEMPLATE)
    await migrate(template)
    tenants = (ACME, GLOBEX)
    programmes = [parse_programme(programme_document(tenant)) for tenant in tenants]
    connection = await asyncpg.connect(template)
    try:
        await connection.execute(
            _QUERIES["seed"],
            [tenant.tenant_id for tenant in tenants],
            [tenant.programme_id for tenant in tenants],
            [canonical_json(programme).decode() for programme in programmes],
            [programme_hash(programme) for programme in programmes],
        )
    finally:
        await connection.close()


async def _execute(dsn: str, query: str, *names: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(await connection.fetchval(_QUERIES[query], *names))
    finally:
        await connection.close()


def _run(work: Coroutine[Any, Any, _T]) -> _T:
    """Run on a loop of its own, leaving the one of asynchronous tests as it is."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(work)
