"""The door on a fresh database, without a socket; and keys to it."""

from __future__ import annotations

import base64
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from libs.runtime.api_keys import ApiKey, mint
from services.gateway.app import compose
from services.gateway.settings import GatewaySettings
from tests.integration.gateway.scribe import QUERIES, Scribe
from tests.integration.gateway.till import connected, with_broker
from tests.support.database import ACME, Database, SeededTenant
from tests.support.stack import Stack

NOW = datetime(2024, 3, 2, 10, tzinfo=UTC)
SEAL_KEY = bytes(range(32))
_seeds = itertools.count(1)


@dataclass
class SetClock:
    """A clock that stands where the test puts it."""

    instant: datetime = NOW

    def now(self) -> datetime:
        return self.instant

    def at(self, wall: datetime) -> datetime:
        return wall

    def forward(self, step: timedelta) -> None:
        self.instant += step


class LineLog:
    """A logger that keeps what it is told."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def info(self, event: str, **fields: object) -> None:
        self._lines.append(f"{event} {fields}\n")

    warning = error = info


MakeKey = Callable[..., Awaitable[tuple[str, ApiKey]]]


@pytest.fixture
async def superuser(database: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.dsn())
    yield connection
    await connection.close()


@pytest.fixture
def scribe(superuser: asyncpg.Connection) -> Scribe:
    return Scribe(superuser)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def log_lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the door logs."""
    lines: list[str] = []
    monkeypatch.setattr("services.gateway.door.middleware._LOG", LineLog(lines))
    return lines


@pytest.fixture
def settings(database: Database, monkeypatch: pytest.MonkeyPatch) -> GatewaySettings:
    monkeypatch.setenv("POINTSTREAM_SEAL_KEY", base64.b64encode(SEAL_KEY).decode())
    return GatewaySettings(
        postgres={"dsn": database.dsn("gateway")},
        kafka={"bootstrap": "127.0.0.1:9"},
        key_cache=timedelta(0),
        public={"address": "http://door.test"},
    )


@pytest.fixture
async def anonymous(settings: GatewaySettings, clock: SetClock) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a key."""
    async with running(settings, clock) as client:
        yield client


@pytest.fixture
def make_key(superuser: asyncpg.Connection) -> MakeKey:
    async def make(tenant: SeededTenant = ACME, *scopes: str, revoked: bool = False, **options: Any) -> Any:
        seed = next(_seeds)
        text, key = mint(
            tenant.tenant_id, "test", scopes or ("admin",), NOW, lambda size: seed.to_bytes(size, "big"), **options
        )
        await superuser.execute(
            QUERIES["api_key"],
            key.key_id,
            key.tenant_id,
            key.name,
            key.digest,
            list(key.scopes),
            key.created_at,
            key.expires_at,
            NOW if revoked else None,
        )
        return text, key

    return make


@pytest.fixture
async def client(anonymous: httpx.AsyncClient, make_key: MakeKey) -> httpx.AsyncClient:
    """A client with an administrator's key of acme."""
    text, _ = await make_key()
    anonymous.headers["Authorization"] = f"Bearer {text}"
    return anonymous


class running:
    """The door, served to a client."""

    def __init__(self, settings: GatewaySettings, clock: SetClock) -> None:
        self._gateway = compose(settings, clock=clock)
        self._lifespan = self._gateway.app.router.lifespan_context(self._gateway.app)
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self._gateway.asgi), base_url="http://door.test", timeout=30
        )

    @property
    def app(self) -> FastAPI:
        """The application behind the door."""
        return self._gateway.app

    async def __aenter__(self) -> httpx.AsyncClient:
        await self._lifespan.__aenter__()
        return self._client

    async def __aexit__(self, *error: Any) -> None:
        await self._client.aclose()
        await self._lifespan.__aexit__(*error)


def bearer(text: str) -> dict[str, str]:
    """The header that presents a key."""
    return {"Authorization": f"Bearer {text}"}


@pytest.fixture
async def till(
    settings: GatewaySettings, stack: Stack, clock: SetClock, make_key: MakeKey
) -> AsyncIterator[httpx.AsyncClient]:
    """A client with an administrator's key of acme, at a door that has a broker."""
    text, _ = await make_key()
    async with running(with_broker(settings, stack), clock) as client:
        client.headers.update(bearer(text))
        await connected(client)
        yield client
