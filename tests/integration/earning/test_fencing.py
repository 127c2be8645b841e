"""Two lanes claim the same partitions by hand: the older claim is worth nothing, whatever it still has in hand."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from libs.codes.proof import CartProofs
from libs.contacts.vault import Vault
from libs.contracts.headers import headers_of
from libs.contracts.identifiers import IdentifierNames
from libs.judging import postgres as programme_store
from libs.runtime import kafka, postgres, stream_store
from libs.runtime.batch import Applied, Work
from libs.runtime.clock import SystemClock
from libs.runtime.lane import LEASE, Lane, Wiring
from libs.runtime.limits import Limits
from libs.runtime.metrics import StreamMetrics
from libs.runtime.outbox import Relay, Row
from libs.runtime.seal import Seal
from libs.runtime.settings import KafkaSettings, PostgresSettings
from libs.runtime.topic_identity import identify
from services.earning.arrivals import Arrival
from services.earning.events import CONSUMERS, EventHandler
from services.earning.metrics import EarningMetrics
from services.earning.profiles import CONSUMER as PROFILES_CONSUMER
from services.earning.profiles import Profile, ProfileHandler
from tests.support.invariants import exactly_once
from tests.support.loads import Load, enrol, two_tenants
from tests.support.locks import waiting
from tests.support.receipts import PROFILES, PURCHASES
from tests.support.stack import PATIENCE, SEAL_KEY, Stack, until


class HeldBack(EventHandler):
    """Earning's own handler, which on request waits with everything done and nothing committed."""

    def __init__(self, topic: str, *wired: object) -> None:
        super().__init__(topic, *wired, CartProofs(bytes(32)))  # type: ignore[call-arg, arg-type]
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()
        self.go_on.set()

    async def apply(
        self, connection: asyncpg.Connection, work: Work[Arrival], now: datetime, *, careful: bool
    ) -> Applied:
        applied = await super().apply(connection, work, now, careful=careful)
        self.reached.set()
        await self.go_on.wait()
        return applied


class ProfilesHeldBack(ProfileHandler):
    """The same for profiles."""

    def __init__(self, topic: str, *wired: object) -> None:
        super().__init__(*wired, vault=Vault.from_seal_key(bytes(32)))  # type: ignore[arg-type, misc]
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()
        self.go_on.set()

    async def apply(
        self, connection: asyncpg.Connection, work: Work[Profile], now: datetime, *, careful: bool
    ) -> Applied:
        applied = await super().apply(connection, work, now, careful=careful)
        self.reached.set()
        await self.go_on.wait()
        return applied


_PATIENT = f"lock_timeout={PATIENCE:.0f}s&idle_in_transaction_session_timeout={PATIENCE:.0f}s&transaction_timeout=0"
"""A lane by hand waits, and is waited for, as long as the test needs."""
HELD: dict[str, Any] = {PURCHASES: HeldBack, PROFILES: ProfilesHeldBack}
HAND_CONSUMERS = {**CONSUMERS, PROFILES: PROFILES_CONSUMER}


@dataclass
class Hand:
    """A lane that is moved by hand, and the consumer it fetches with."""

    stack: Stack
    name: str
    lane: Lane[Any]
    handler: Any
    consumer: AIOKafkaConsumer
    of: str = PURCHASES

    async def claim(self, *parts: int) -> dict[int, stream_store.Claimed]:
        """Take partitions over, and publish first what the former holder left."""
        partitions = [TopicPartition(self.stack.topic(self.of), part) for part in parts]
        identity = await identify(self.consumer, {partitions[0].topic})
        begins = await self.consumer.beginning_offsets(partitions)
        now = SystemClock().now()
        asked = [
            stream_store.Wanted(
                p.topic, p.partition, identity.topic_ids[p.topic], begins[p], self.lane.shard(p.topic, p.partition)
            )
            for p in partitions
        ]
        claimed = await stream_store.claim(
            await self.lane.connection(),
            HAND_CONSUMERS[self.of],
            self.name,
            identity.cluster_id,
            now,
            now + LEASE,
            asked,
        )
        for one in claimed:
            await self.lane.relay.adopt(self.lane.shard(one.topic, one.part), one.published)
            self.lane.hold(TopicPartition(one.topic, one.part), one)
        return {one.part: one for one in claimed}

    async def fetch(self, *parts: int, most: int = 1_000) -> dict[TopicPartition, list[ConsumerRecord]]:
        """The next records of partitions, by what the lane believes of its positions."""
        found: dict[TopicPartition, list[ConsumerRecord]] = {}
        for part in parts:
            partition = TopicPartition(self.stack.topic(self.of), part)
            self.consumer.seek(partition, self.lane.held[partition].next_offset)
            found |= await self.consumer.getmany(partition, timeout_ms=int(PATIENCE * 1_000), max_records=most)
        return found

    async def behind(self) -> list[int]:
        """The partitions that hold records after what the lane believes of its positions."""
        ends = await self.consumer.end_offsets(list(self.lane.held))
        return [p.partition for p, held in self.lane.held.items() if ends[p] > held.next_offset]

    def holds(self) -> set[int]:
        """The partitions that the lane believes to hold."""
        return {partition.partition for partition in self.lane.held}


@asynccontextmanager
async def by_hand(stack: Stack, name: str, *, publishing: bool = True, of: str = PURCHASES) -> AsyncIterator[Hand]:
    """A lane wired as in the service, without a loop; its relay may be left asleep, as if it died after the commit."""
    settings = KafkaSettings(bootstrap=stack.bootstrap, topic_prefix=stack.prefix)
    dsn = SecretStr(f"{stack.database.dsn('earning')}?{_PATIENT}")
    connect = partial(postgres.connect, PostgresSettings(dsn=dsn), f"lane-{name}")
    side = await connect()
    programmes = programme_store.Compiler().compile(await programme_store.load_programmes(side))
    names = IdentifierNames.from_seal_key(base64.b64decode(SEAL_KEY))
    registry = CollectorRegistry()
    metrics = StreamMetrics(registry, "earning")
    handler = HELD[of](of, lambda: programmes, names, SystemClock(), EarningMetrics(registry))

    async def read_rows(shard: str, after: int) -> Sequence[Row]:
        return await stream_store.unpublished(side, shard, after)

    relay = Relay(
        partial(kafka.idempotent_producer, settings, name), headers_of, read_rows, metrics, topic_prefix=stack.prefix
    )
    lane: Lane[Any] = Lane(
        Wiring(
            HAND_CONSUMERS[of],
            handler,
            SystemClock(),
            Seal.from_base64(SEAL_KEY),
            Limits(),
            metrics,
            connect,
            stack.prefix,
        ),
        relay,
        lambda *_: None,
        asyncio.Event(),
    )
    async with AsyncExitStack() as ending:
        ending.push_async_callback(side.close)
        consumer = AIOKafkaConsumer(bootstrap_servers=stack.bootstrap, enable_auto_commit=False)
        await consumer.start()
        ending.push_async_callback(consumer.stop)
        topic = stack.topic(of)
        await consumer._client._wait_on_metadata(topic)
        consumer.assign([TopicPartition(topic, part) for part in range(12)])
        if publishing:
            await relay.start()
            ending.push_async_callback(relay.stop)
        ending.push_async_callback(lane.close)
        yield Hand(stack, name, lane, handler, consumer, of)


@pytest.fixture
async def load(stack: Stack) -> Load:
    """Receipts of two tenants, on the topic; nobody has read them."""
    made = two_tenants(600, members=60, seed=6, coffees=10)
    await enrol(stack, made.cards)
    await stack.produce(made.records)
    return made


async def rest(stack: Stack, hand: Hand) -> None:
    """Do everything that is left, and store what is published."""
    await hand.claim(*range(12))
    while parts := await hand.behind():
        await hand.lane.run(await hand.fetch(*parts))
    await hand.lane.relay.settled()
    await hand.lane.flush()


async def position(stack: Stack, part: int) -> int:
    """Where a partition stands."""
    rows = await stack.fetch("SELECT next_offset FROM stream.position WHERE part = $1", part)
    return int(rows[0]["next_offset"]) if rows else 0


async def lots(stack: Stack) -> int:
    """How many lots there are."""
    count: int = (await stack.fetch("SELECT count(*) FROM ledger.lot"))[0][0]
    return count


async def test_old_claim_is_dropped_and_the_rest_of_its_batch_goes_on(stack: Stack, load: Load) -> None:
    async with by_hand(stack, "old") as old, by_hand(stack, "new") as new:
        await old.claim(0, 1, 2)
        fetched = await old.fetch(0, 1, 2)
        in_hand = {partition.partition: len(records) for partition, records in fetched.items()}
        assert min(in_hand.values()) > 0
        assert len(in_hand) == 3
        await new.claim(1)

        await old.lane.run(fetched)
        assert [await position(stack, part) for part in (0, 1, 2)] == [in_hand[0], 0, in_hand[2]]
        assert await lots(stack) == in_hand[0] + in_hand[2]
        assert old.holds() == {0, 2}

        await new.lane.run(await new.fetch(1))
        assert await position(stack, 1) == in_hand[1]
        await old.lane.relay.settled()
        await old.lane.flush()
        await rest(stack, new)
        await exactly_once(stack, load)


async def test_claim_waits_for_the_transaction_in_flight(stack: Stack, load: Load) -> None:
    """A claim that meets an open transaction of the former holder begins where that one ends."""
    async with by_hand(stack, "old", publishing=False) as old, by_hand(stack, "new") as new:
        await old.claim(3)
        fetched = await old.fetch(3, most=20)
        in_hand = sum(map(len, fetched.values()))
        old.handler.go_on.clear()
        running = asyncio.create_task(old.lane.run(fetched))
        await old.handler.reached.wait()
        claiming = asyncio.create_task(new.claim(3))

        async def waits() -> bool:
            return await waiting(stack) == 1

        await until(waits, "the claim waits for the transaction")
        assert not claiming.done()
        old.handler.go_on.set()
        claimed = (await claiming)[3]
        await running
        assert claimed.next_offset == in_hand > 0
        assert claimed.published == 0, "the former holder had published nothing"
        await rest(stack, new)
        await exactly_once(stack, load)


async def test_takes_over_what_was_left_unpublished_before_new_work(stack: Stack, load: Load) -> None:
    """The former holder committed and died: its events come first, in order, then those of new work."""
    async with by_hand(stack, "dead", publishing=False) as dead, by_hand(stack, "new") as new:
        await dead.claim(4)
        await dead.lane.run(await dead.fetch(4, most=10))
        await dead.lane.run(await dead.fetch(4, most=10))
        left = await stack.fetch("SELECT sum(count)::bigint AS events, count(*) AS rows FROM stream.outbox")
        assert (left[0]["events"], left[0]["rows"]) == (40, 2)
        assert await stack.read("loyalty.points") == []

        await new.claim(4)
        assert len(await stack.read("loyalty.points")) == 40, "the claim published what was left"
        await new.lane.flush()
        await rest(stack, new)
        assert (await exactly_once(stack, load)).repeats == 0


async def test_same_worker_claims_again(stack: Stack, load: Load) -> None:
    """After a rebalance that gives back the same partition, the claim before it is as old as a stranger's."""
    async with by_hand(stack, "one") as one, by_hand(stack, "one") as again:
        first = (await one.claim(5))[5]
        fetched = await one.fetch(5)
        second = (await again.claim(5))[5]
        assert second.epoch == first.epoch + 1
        await one.lane.run(fetched)
        assert (await position(stack, 5), await lots(stack), one.holds()) == (0, 0, set())
        await rest(stack, again)
        await exactly_once(stack, load)
