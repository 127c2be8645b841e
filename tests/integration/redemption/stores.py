"""Earning and redemption in the test's own process, on a real database; whatever is asked is asked twice."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import orjson

from cli.verify import Result, examine
from libs.catalogue import postgres as catalogue
from libs.catalogue.reward import parse_reward
from libs.codes import postgres as codes
from libs.codes.keeping import CodeKeeper
from libs.codes.proof import CartProofs
from libs.codes.rules import PoolRules
from libs.contracts.carts import CartAsk
from libs.contracts.codes import CodeAsk, ValueAnswer
from libs.contracts.gift_cards import CardAsk
from libs.contracts.households import HouseholdAsk
from libs.contracts.redemption import Answer, Ask
from libs.ledger.catch_up import catch_up
from libs.ledger.evolve import apply_all
from libs.ledger.model import MemberLedger
from libs.runtime.batch import Applied
from services.earning.events import ACTIVITIES, PURCHASES
from services.redemption import store
from services.redemption.carts import following
from services.redemption.gathering import Gathering
from services.redemption.households.desk import HouseholdDesk
from tests.support.counter import Counter, counter
from tests.support.database import ACME, Database, programme_document
from tests.support.on_database import EarningLane
from tests.support.programmes import put_programme
from tests.support.receipts import PROFILES, Record, event, member_id

SEAL_KEY = bytes(range(32))
KEEPER = CodeKeeper.from_seal_key(SEAL_KEY)
SCOPE = (ACME.tenant_id, ACME.programme_id)
START = datetime(2024, 3, 1, 12, tzinfo=UTC)
LENDING = {"most": 80, "fee_percent": 10, "repays_percent": 40, "days": 20}
HOUSEHOLD = {"mode": "percentage", "percent": 50}
TRADES = {
    "sale": {"rates": [{"points": 1, "minor": 2}]},
    "lending": {"terms": [LENDING], "min_points": 5},
    "charities": [{"name": "reef", "title": "The reef", "points": 10, "minor": 5, "min_points": 10}],
}
LIMITS = {"idle_in_transaction_session_timeout": "0", "transaction_timeout": "0", "lock_timeout": "'90s'"}
PATIENT = "ALTER ROLE pointstream_{role} IN DATABASE {database} SET {limit} = {value}"
STOCK = """
SELECT s.reference, s.free, s.reserved, coalesce((SELECT sum(u.used)::int FROM redemption.reward_use u
       WHERE u.programme_id = s.programme_id AND u.reference = s.reference), 0)
FROM redemption.stock s WHERE s.reference = $1
"""
CODES = "SELECT code_id, uses, state = 'void' FROM redemption.code WHERE code_id = ANY ($1::uuid[])"
CARDS = "SELECT card_id, balance_minor FROM redemption.gift_card WHERE card_id = ANY ($1::uuid[])"
T = TypeVar("T")
Asked = TypeVar("Asked", Ask, CodeAsk, CardAsk, CartAsk, HouseholdAsk)
Answered = TypeVar("Answered", Answer, ValueAnswer)


@dataclass
class DrivenClock:
    """It stands until it is set."""

    instant: datetime = START

    def now(self) -> datetime:
        return self.instant

    def at(self, wall: datetime) -> datetime:
        return wall


class Stores:
    """What there is, behind the desks and lanes that the services have; a loop of its own runs them."""

    def __init__(self, database: Database, **rules: Any) -> None:
        self.database = database
        self.clock = DrivenClock()
        self._turns = itertools.count()
        self.last: tuple[Any, Any] = (None, None)
        self._open = AsyncExitStack()
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self.run(self._start(rules))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something to its end."""
        return self._runner.run(work)

    def close(self) -> None:
        """Let everything go."""
        self.run(self._open.aclose())
        self._runner.close()

    async def _start(self, rules: dict[str, Any]) -> None:
        document = dict(programme_document(ACME))
        base = document["campaigns"][:1]  # type: ignore[index]  # a list, as `programme_document` writes it
        payment = {"rates": [{"points": 1, "minor": 1}]}
        own = {"campaigns": base, "payment": payment, "trades": TRADES, "household": HOUSEHOLD}
        await put_programme(self.database, document | own | rules)
        self.operator: asyncpg.Connection = await asyncpg.connect(self.database.dsn())
        self._open.push_async_callback(self.operator.close)
        for role in ("earning", "redemption"):  # a loop that stands still between steps is no frozen worker
            for limit, value in LIMITS.items():
                patient = PATIENT.format(role=role, database=self.database.name, limit=limit, value=value)
                await self.operator.execute(patient)
        self.counter: Counter = await self._open.enter_async_context(counter(self.database, self.clock, SEAL_KEY))
        self._households = HouseholdDesk(self.counter.desk)
        self._gathering = Gathering(self.counter.desk, lambda rows: None)
        pool = await self._open.enter_async_context(
            asyncpg.create_pool(self.database.dsn("earning"), min_size=0, max_size=2)
        )
        proofs = CartProofs.from_seal_key(SEAL_KEY)
        self._lanes = {
            topic: await EarningLane(pool, self.clock, topic=topic, proofs=proofs).claim()
            for topic in (PURCHASES, ACTIVITIES, PROFILES)
        }

    # What shops tell.

    def enrol(self, card: str) -> UUID:
        """Enrol whoever has this card."""
        member = member_id(card)
        data = {"member_id": str(member), "identifiers": [{"kind": "card", "value": card}]}
        kind, now = "org.pointstream.member.enrolled.v1", self.clock.now()
        self.tell(event(PROFILES, kind, f"enrol-{card}", ACME.source, now, str(member), data))
        return member

    def tell(self, record: Record) -> Applied:
        """Apply an event twice; the second time nothing comes of it. What carts are bought or come back follows."""
        applied = self.run(self._tell(record))
        again = self.run(self._tell(record))
        assert not [each for events in again.events for each in events if each.topic == "loyalty.points"]
        return applied

    async def _tell(self, record: Record) -> Applied:
        applied = await self._lanes[record.topic].apply([record.value])
        heard = [orjson.loads(each.value) for events in applied.events for each in events]
        for each in heard:
            if each["type"] == following.SETTLED:
                for _ in range(2):
                    await following.take(self.counter.carts, orjson.dumps(each), asyncio.Event())
        return applied

    # What is asked of redemption.

    def spend(self, operation: Any, key: str, **told: Any) -> Answer:
        """Ask about points and rewards."""
        return self.twice(self._gathering.serve, Ask(operation, SCOPE[0], "till", **keyed(key), **told))

    def server_of(self, ask: Ask | CodeAsk | CardAsk | CartAsk) -> Callable[[Any], Awaitable[Any]]:
        """Who serves such a request."""
        carts = self.counter.carts
        servers: dict[type, Callable[[Any], Awaitable[Any]]] = {
            Ask: self._gathering.serve,
            CodeAsk: carts.parts.codes.serve,
            CardAsk: carts.parts.cards.serve,
            CartAsk: carts.serve,
        }
        return servers[type(ask)]

    def rush(self, asks: Sequence[Ask]) -> list[Answer]:
        """Ask several things at once; they are done in this order."""
        return self.run(self._rush(asks))

    async def _rush(self, asks: Sequence[Ask]) -> list[Answer]:
        return await asyncio.gather(*(self._gathering.serve(ask) for ask in asks))

    def household(self, operation: Any, key: str, **told: Any) -> ValueAnswer:
        """Ask about a household."""
        return self.twice(self._households.serve, HouseholdAsk(operation, SCOPE[0], "till", **keyed(key), **told))

    def code(self, operation: Any, key: str, **told: Any) -> ValueAnswer:
        """Ask about a code."""
        ask = CodeAsk(operation, SCOPE[0], "till", **keyed(key), **told)
        return self.twice(self.counter.carts.parts.codes.serve, ask)

    def card(self, operation: Any, key: str, **told: Any) -> ValueAnswer:
        """Ask about a gift card."""
        ask = CardAsk(operation, SCOPE[0], "till", **keyed(key), **told)
        return self.twice(self.counter.carts.parts.cards.serve, ask)

    def cart(self, operation: Any, key: str, **told: Any) -> ValueAnswer:
        """Ask about a cart."""
        return self.twice(self.counter.carts.serve, CartAsk(operation, SCOPE[0], "till", **keyed(key), **told))

    def twice(self, serve: Callable[[Asked], Awaitable[Answered]], ask: Asked) -> Answered:
        """Ask, and ask again, every other time at once: the same answer, and nothing more is done."""
        self.last = (serve, ask)
        first, second = self.run(_twice(serve, ask, at_once=next(self._turns) % 2 == 0))
        assert (first.refused is None) == (second.refused is None), (ask, first, second)
        assert first.refused is not None or bytes(first.body) == bytes(second.body), (ask, first, second)
        return first

    def again(self, serve: Any, ask: Any) -> Any:
        """Ask once more what was asked before."""
        return self.run(_served(serve, ask))

    # What the clock brings.

    def look(self) -> None:
        """Let holds, cards and carts go whose time is over."""
        self.run(self._look())

    async def _look(self) -> None:
        while await self.counter.desk.release_expired():
            pass
        for desk in (self.counter.carts.parts.cards, self.counter.carts, self.counter.carts.parts.cards):
            while await desk.expire_due(100):
                pass

    # What there is.

    def reward(self, document: dict[str, Any], stock: int | None) -> None:
        """Put a reward into the catalogue."""
        self.run(self._reward(document, stock))

    async def _reward(self, document: dict[str, Any], stock: int | None) -> None:
        reward = parse_reward(document)
        assert await catalogue.put_reward(self.operator, SCOPE, reward, 1, "eva", START)
        if stock is not None:
            await catalogue.set_stock(self.operator, SCOPE, reward.reference, "", to=stock, by=None)

    def pool(self, name: str, rules: PoolRules, many: int) -> list[UUID]:
        """Make a pool of so many codes, and return their ids in the order in which they are handed out."""
        return self.run(self._pool(name, rules, many))

    async def _pool(self, name: str, rules: PoolRules, many: int) -> list[UUID]:
        await codes.make_pool(self.operator, SCOPE, name, "coupon", None, rules, START)
        pool = await codes.load_pool(self.operator, SCOPE, name)
        assert pool is not None
        kept = [KEEPER.close(SCOPE[0], f"{name}-{number}") for number in range(many)]
        await codes.add(self.operator, SCOPE[0], pool.pool_id, kept, START)
        return [each.code_id for each in kept]

    def ask(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        """Rows of the database, read as its owner."""
        return [tuple(row) for row in self.run(self.operator.fetch(query, *arguments))]

    def ledgers(self, members: Sequence[UUID]) -> list[MemberLedger]:
        """What members have and owe now, with what time has done and nobody has recorded yet."""
        return self.run(self._ledgers(members))

    async def _ledgers(self, members: Sequence[UUID]) -> list[MemberLedger]:
        now, found = self.clock.now(), []
        async with self.counter.desk.pool.acquire() as connection, connection.transaction(readonly=True):
            for member in members:
                ledger = await store.look(connection, (*SCOPE, member))
                assert ledger is not None
                found.append(apply_all(ledger, catch_up(ledger, now, now)))
        return found

    def flaws(self) -> list[Result]:
        """Every invariant that `pointstream verify` finds broken."""
        return [result for result in self.run(examine(self.operator)) if result.violations]


async def _served(serve: Callable[[Asked], Awaitable[Answered]], ask: Asked) -> Answered:
    return await serve(ask)


async def _twice(
    serve: Callable[[Asked], Awaitable[Answered]], ask: Asked, *, at_once: bool
) -> tuple[Answered, Answered]:
    if not at_once:
        return await serve(ask), await serve(ask)
    first, second = await asyncio.gather(serve(ask), serve(ask))
    return (second, first) if first.replayed else (first, second)


def keyed(key: str) -> dict[str, Any]:
    """An Idempotency-Key as it is asked with."""
    digest = sha256(key.encode()).digest()
    return {"key": digest, "fingerprint": digest}
