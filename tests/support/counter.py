"""Redemption inside the test's own process: what the gateway asks is served on the same database, without a broker."""

from __future__ import annotations

import base64
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from libs.contracts import carts as wire_carts
from libs.contracts import codes as wire_codes
from libs.contracts import gift_cards as wire_cards
from libs.contracts import redemption as wire
from libs.contracts.carts import CartAsk
from libs.contracts.codes import CodeAsk, ValueAnswer
from libs.contracts.gift_cards import CardAsk
from libs.contracts.redemption import Answer, Ask
from libs.runtime import postgres, sql
from libs.runtime.clock import Clock
from libs.runtime.leases import shards_of
from services.gateway.door.problems import ProblemError
from services.redemption.carts.desk import CartDesk
from services.redemption.gathering import Gathering
from services.redemption.handlers import WRITER, Desk
from services.redemption.programmes import Programmes
from services.redemption.reward_desk import RewardDesk
from services.redemption.settings import RedemptionSettings
from tests.support.database import Database

_QUERIES = sql.load("libs.runtime", "leases.sql")


class Counter:
    """Answers as the gateway's client does, and goes through the same bytes."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.gathering = Gathering(desk, lambda rows: None)
        self.short: list[int] = []
        self.carts = CartDesk.over(desk, lambda why: None, self.short.append, secrets.token_bytes)

    async def ask_value(self, path: str, ask: CodeAsk | CardAsk | CartAsk) -> ValueAnswer:
        """Return what became of a request about a code, a gift card or a cart.

        Raises:
            ProblemError: it was refused.
        """
        sent = wire_codes.write(ask)
        if path == wire_carts.PATH:
            answer = await self.carts.serve(wire_carts.read_cart_ask(sent))
        elif path == wire_codes.PATH:
            answer = await self.carts.parts.codes.serve(wire_codes.read_code_ask(sent))
        else:
            answer = await self.carts.parts.cards.serve(wire_cards.read_card_ask(sent))
        answer = wire_codes.read_value_answer(wire_codes.write(answer))
        if answer.refused is not None:
            raise ProblemError(answer.refused, answer.detail)
        return answer

    async def ask(self, ask: Ask) -> Answer:
        """Return what became of a request.

        Raises:
            ProblemError: it was refused.
        """
        served = await self.gathering.serve(wire.read_ask(wire.write(ask)))
        answer = wire.read_answer(wire.write(served))
        if answer.refused is not None:
            raise ProblemError(answer.refused, answer.detail)
        return answer


@asynccontextmanager
async def counter(database: Database, clock: Clock, seal_key: bytes) -> AsyncIterator[Counter]:
    """Serve redemptions while the block runs."""
    settings = RedemptionSettings(
        postgres={"dsn": database.dsn("redemption")},
        kafka={"bootstrap": "127.0.0.1:9"},
        web={"port": 1},
        POINTSTREAM_SEAL_KEY=base64.b64encode(seal_key).decode(),
    )
    pool = postgres.pool(settings.postgres, "redemption", most=8)
    async with postgres.opened(pool):
        await _make_shards(pool)
        programmes = Programmes(pool)
        await programmes.refresh()
        yield Counter(Desk(pool, programmes, clock, settings, RewardDesk.of(settings), lambda shards: None))


async def _make_shards(pool: asyncpg.Pool) -> None:
    await pool.execute(_QUERIES["ensure"], shards_of(WRITER))
