"""Redemption's desks for codes and gift cards on a real database, without a broker and without a server."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import asyncpg
import orjson
import pytest
from pydantic import SecretStr

from libs.codes import postgres as codes
from libs.codes.keeping import CodeKeeper
from libs.codes.rules import PoolRules
from libs.contracts.codes import CodeAsk, ValueAnswer
from libs.contracts.gift_cards import CardAsk
from libs.runtime import stream_store
from libs.runtime.leases import shards_of
from services.redemption.cards.desk import CardDesk
from services.redemption.codes.desk import CodeDesk
from services.redemption.handlers import WRITER
from services.redemption.programmes import Programmes
from services.redemption.settings import RedemptionSettings
from services.redemption.values import Tools
from tests.support.database import ACME, Database

SEAL = base64.b64encode(bytes(range(32))).decode()
KEEPER = CodeKeeper.from_base64(SEAL)
NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
SCOPE = (ACME.tenant_id, ACME.programme_id)


@dataclass
class Clock:
    """It stands until it is set."""

    instant: datetime = NOW

    def now(self) -> datetime:
        return self.instant

    def at(self, wall: datetime) -> datetime:
        return wall


@dataclass
class Desks:
    """Both desks, a clock to set, and what was missed."""

    tools: Tools
    clock: Clock
    missed: list[str]
    operator: asyncpg.Connection

    async def code(self, operation: Any, key: str = "", **told: Any) -> ValueAnswer:
        """Ask about a code; the same key is the same request."""
        ask = CodeAsk(operation, told.pop("tenant_id", SCOPE[0]), told.pop("credential", "till"), **_keyed(key), **told)
        return await CodeDesk(self.tools).serve(ask)

    async def card(self, operation: Any, key: str = "", **told: Any) -> ValueAnswer:
        """Ask about a gift card."""
        ask = CardAsk(operation, told.pop("tenant_id", SCOPE[0]), told.pop("credential", "till"), **_keyed(key), **told)
        return await CardDesk(self.tools).serve(ask)

    async def pool(self, name: str, rules: PoolRules, *texts: str) -> None:
        """Make a pool of these codes, which were brought along."""
        await codes.make_pool(self.operator, SCOPE, name, "coupon", None, rules, NOW)
        pool = await codes.load_pool(self.operator, SCOPE, name)
        assert pool is not None
        kept = [KEEPER.close(SCOPE[0], text) for text in texts]
        assert len(await codes.add(self.operator, SCOPE[0], pool.pool_id, kept, NOW)) == len(texts)

    async def told(self) -> list[dict[str, Any]]:
        """Every event in the outbox, in the order of each shard."""
        found = []
        for shard in shards_of(WRITER):
            for row in await stream_store.unpublished(self.operator, shard, 0):
                found += [orjson.loads(event.value) for event in row.events]
        return found


def _keyed(key: str) -> dict[str, Any]:
    return {"key": key.encode().ljust(32, b"\0"), "fingerprint": b"\1" * 32}


def body(answer: ValueAnswer) -> dict[str, Any]:
    """What an answer tells of what was done."""
    assert answer.refused is None, (answer.refused, answer.detail)
    return cast("dict[str, Any]", orjson.loads(bytes(answer.body)))


@asynccontextmanager
async def opened(database: Database) -> AsyncIterator[Desks]:
    """Desks over a database, with the shards of the outbox."""
    clock, missed = Clock(), list[str]()
    async with asyncpg.create_pool(database.dsn("redemption"), min_size=0, max_size=20) as pool:
        await pool.execute("INSERT INTO stream.outbox_shard (shard) SELECT unnest($1::text[])", shards_of(WRITER))
        programmes = Programmes(pool)
        await programmes.refresh()
        settings = RedemptionSettings.model_construct(
            **{name: each.default for name, each in RedemptionSettings.model_fields.items()}
            | {"seal_key": SecretStr(SEAL)}
        )
        chance = iter(range(10**6))
        tools = Tools(
            pool, programmes, clock, settings, KEEPER, lambda _shards: None, missed.append,
            lambda many: (f"{next(chance):08}" * many).encode()[:many],
        )  # fmt: skip
        operator = await asyncpg.connect(database.dsn())
        yield Desks(tools, clock, missed, operator)
        await operator.close()


@pytest.fixture
async def desks(database: Database) -> AsyncIterator[Desks]:
    """Desks on a database of their own."""
    async with opened(database) as made:
        yield made
