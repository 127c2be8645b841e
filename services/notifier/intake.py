"""Events in: what an agent hears becomes deliveries, a batch in one transaction; what can't be read, a dead letter.

Nothing leaves `take` as an exception but that it was cancelled: while the database is away it holds the batch and tries
again, and the topic waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
from aiokafka import ConsumerRecord

from libs.contracts.codec import EventDecoder, TopicDecoder
from libs.contracts.headers import type_of
from libs.contracts.rejection import Rejection
from libs.contracts.topics import topic_named
from libs.runtime import dead_letters, logs, stream_store
from libs.runtime.batch import Outgoing
from libs.runtime.clock import Clock
from libs.runtime.failpoint import reach
from libs.runtime.leases import shard_of
from libs.runtime.postgres import DATABASE_ERRORS, Trouble, trouble
from libs.runtime.seal import Seal
from libs.scenarios.news import BEGINNINGS, Occasion, occasion_of
from libs.scenarios.planning import Act, Planned, acts, planned
from services.notifier import announcements, store
from services.notifier.acting import store as acting_store
from services.notifier.announcements import WRITER, Shards
from services.notifier.deliveries import Delivery, first_delivery
from services.notifier.metrics import NotifierMetrics
from services.notifier.programmes import Programmes, Scope

log = logs.get(__name__)
CONSUMER = "notifier"
TOPICS = ("loyalty.reminders", "loyalty.points", "loyalty.rewards", "loyalty.members")
_PAUSE, _LONGEST = 0.1, 5.0


@dataclass(frozen=True, slots=True)
class Queued:
    """A delivery that comes into being, and whose it is by slugs."""

    tenant: str
    programme: str
    delivery: Delivery
    due_at: datetime


class Intake:
    """Takes in the records of topics; `woken` is called with the channels that have something new."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        programmes: Programmes,
        clock: Clock,
        seal: Seal,
        metrics: NotifierMetrics,
        committed: Callable[[Iterable[str]], None],
        woken: Callable[[Iterable[str]], None],
    ) -> None:
        self._pool = pool
        self._programmes = programmes
        self._clock = clock
        self._seal = seal
        self._metrics = metrics
        self._committed = committed
        self._woken = woken
        self._decoders: dict[str, EventDecoder[Any]] = {name: TopicDecoder(name) for name in TOPICS}

    async def take(self, topic: str, records: Sequence[ConsumerRecord]) -> None:
        """Store what a batch brings, however long the database is away; the same batch again changes nothing."""
        pause = _PAUSE
        while True:
            try:
                await self._take(topic, records)
            except DATABASE_ERRORS as error:
                if trouble(error) is Trouble.REFUSED:
                    await self._set_apart(topic, records)
                    return
                log.warning("events.not_taken", topic=topic, error=type(error).__name__)
                self._metrics.interruptions.inc()
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST)
            else:
                return

    async def _set_apart(self, topic: str, records: Sequence[ConsumerRecord]) -> None:
        """Find the record that the database refuses, and let it be a dead letter; the others are taken."""
        if len(records) > 1:
            half = len(records) // 2
            await self.take(topic, records[:half])
            await self.take(topic, records[half:])
            return
        log.error("event.refused", topic=topic, part=records[0].partition, offset=records[0].offset)
        self._metrics.events.labels(topic, "rejected").inc()
        if topic_named(topic).dead_letter:
            refused = Rejection("refused-by-database", "", "data that can be stored")
            letter = dead_letters.letter(CONSUMER, topic, records[0], refused, self._seal)
            shard, now = shard_of(WRITER, letter.letter_id), self._clock.now()
            async with self._pool.acquire() as connection, connection.transaction():
                await stream_store.bury(connection, CONSUMER, now, [letter])
                await enqueue(connection, {shard: [dead_letters.announcement(letter)]}, now)
            self._committed([shard])

    async def _take(self, topic: str, records: Sequence[ConsumerRecord]) -> None:
        now = self._clock.now()
        if not BEGINNINGS.isdisjoint(type_of(record.headers) for record in records):
            await self._programmes.see(now)  # whether any scenario waits for them
        heard, letters, counts = self._decode(topic, records)
        await self._keep_up(heard, now)
        queued, waiting = self._queued(heard, now, counts), self._acts(heard, now)
        if queued or waiting or letters:
            shards: Shards = {}
            async with self._pool.acquire() as connection, connection.transaction():
                if letters:
                    await stream_store.bury(connection, CONSUMER, now, letters)
                    shards[shard_of(WRITER, letters[0].letter_id)] = list(map(dead_letters.announcement, letters))
                deliveries = [each.delivery for each in queued]
                due = [each.due_at for each in queued]
                new = await store.queue(connection, deliveries, due, now, first=True)
                await acting_store.plan(connection, waiting)
                for shard, events in announcements.by_shard(_announced(queued, new, now)).items():
                    shards.setdefault(shard, []).extend(events)
                await enqueue(connection, shards, now)
                reach("before-commit")
            counts["queued"] = len(new)
            counts["repeated"] = len(queued) - len(new)
            self._committed(shards)
            self._woken({each.delivery.channel for each in queued})
        for outcome, count in counts.items():
            self._metrics.events.labels(topic, outcome).inc(count)

    def _decode(
        self, topic: str, records: Sequence[ConsumerRecord]
    ) -> tuple[list[tuple[Any, Occasion]], list[stream_store.DeadLetter], dict[str, int]]:
        """Return events with what they give to tell, dead letters, and how many events tell members nothing."""
        heard: list[tuple[Any, Occasion]] = []
        letters: list[stream_store.DeadLetter] = []
        counts = {"not_told": 0, "rejected": 0, "too_late": 0, "unknown": 0}
        decode = self._decoders[topic].decode
        for record in records:
            # Most of what happens to points is told to no member.
            if (kind := type_of(record.headers)) is not None and kind not in self._programmes.awaited:
                counts["not_told"] += 1
                continue
            event = decode(record.value, record.headers)
            if isinstance(event, Rejection):
                counts["rejected"] += 1
                if topic_named(topic).dead_letter:
                    letters.append(dead_letters.letter(CONSUMER, topic, record, event, self._seal))
            elif (occasion := occasion_of(event)) is None:
                counts["not_told"] += 1
            else:
                heard.append((event, occasion))
        return heard, letters, counts

    async def _keep_up(self, heard: Sequence[tuple[Any, Occasion]], now: datetime) -> None:
        """Know the rules that hold at what was heard: whatever is younger than the last look is looked up before.

        A version is published before it comes into force; one that an event names may still be news here, for clocks
        of two machines differ.
        """
        if not heard:
            return
        known = self._programmes.knows
        if all(known(event.tenant, event.programme, _version(event)) for event, _ in heard):
            await self._programmes.see(min(now, max(event.time for event, _ in heard)))
        else:
            await self._programmes.look_again()

    def _queued(self, heard: Iterable[tuple[Any, Occasion]], now: datetime, counts: dict[str, int]) -> list[Queued]:
        """Return what becomes deliveries, by the rules in force at each event; the others are counted."""
        found: dict[tuple[Any, ...], Queued] = {}
        for event, occasion in heard:
            outcome = self._told(event, occasion, now)
            if isinstance(outcome, str):
                counts[outcome] += 1
            else:
                found |= {each.delivery.key: each for each in outcome}
        return list(found.values())

    def _told(self, event: Any, occasion: Occasion, now: datetime) -> list[Queued] | str:
        scope = self._programmes.scope_of(event.tenant, event.programme)
        rules = None if scope is None else self._programmes.of(scope, event.time)
        if scope is None or rules is None:
            return "unknown"
        told = [Planned(occasion, notice, now)] if (notice := rules.notice(occasion.message)) is not None else []
        if rules.scenarios:
            told += planned(rules.scenarios, occasion, event.time)
        if not told:
            return "not_told"
        in_time = [each for each in told if each.occasion.useful_until > now]
        if not in_time:
            return "too_late"
        return [
            Queued(
                event.tenant,
                event.programme,
                first_delivery(event.tenant, scope, each.occasion, each.notice),
                max(each.due_at, now),
            )
            for each in in_time
        ]

    def _acts(self, heard: Iterable[tuple[Any, Occasion]], now: datetime) -> list[tuple[Scope, Act]]:
        """Return what scenarios do beside messages that begin with what was heard, as far as it is still of use."""
        found: list[tuple[Scope, Act]] = []
        for event, occasion in heard:
            scope = self._programmes.scope_of(event.tenant, event.programme)
            rules = None if scope is None else self._programmes.of(scope, event.time)
            if scope is not None and rules is not None and rules.scenarios:
                begun = acts(rules.scenarios, occasion, event.time)
                found += [(scope, each) for each in begun if each.occasion.useful_until > now]
        return found


async def enqueue(connection: asyncpg.Connection, shards: Shards, now: datetime) -> None:
    """Put events into the outbox; the last statement of a transaction."""
    if shards:
        packed = stream_store.pack_rows(shards)
        await stream_store.enqueue(connection, stream_store.enqueuing(now, dict.fromkeys(shards, 0), packed))


def _announced(queued: Iterable[Queued], new: set[Any], now: datetime) -> Iterable[tuple[Delivery, Outgoing]]:
    for each in queued:
        if each.delivery.delivery_id in new:
            yield each.delivery, announcements.queued(each.tenant, each.programme, each.delivery, each.due_at, now)


def _version(event: Any) -> int | None:
    """The version of the programme that an event names; most say none."""
    version: int | None = getattr(event.data, "programme_version", None)
    return version
