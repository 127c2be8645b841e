"""Earning's handlers on a real database, without a broker: records are applied batch by batch, each one transaction."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import asyncpg
from prometheus_client import CollectorRegistry

from libs.codes.proof import CartProofs
from libs.contacts.vault import Vault
from libs.contracts.identifiers import IdentifierNames
from libs.contracts.rejection import Rejection
from libs.judging.postgres import Compiler, load_programmes
from libs.runtime import stream_store
from libs.runtime.batch import Applied, Span, Work
from libs.runtime.clock import Clock
from libs.runtime.limits import Health
from libs.runtime.stream_store import Wanted
from services.earning import profiles
from services.earning.events import ACTIVITIES, CONSUMERS, EventHandler
from services.earning.metrics import EarningMetrics
from services.earning.outcome import CampaignName

_parts = itertools.count()


@dataclass
class EarningLane:
    """One partition of activities, or of profiles, with its position in the database, as a worker holds it."""

    pool: asyncpg.Pool
    clock: Clock
    part: int = field(default_factory=lambda: next(_parts))
    offset: int = 0
    epoch: int = 0
    programmes: Any = None
    topic: str = ACTIVITIES
    vault: Vault = field(default_factory=lambda: Vault.from_seal_key(bytes(32)))
    proofs: CartProofs = field(default_factory=lambda: CartProofs(bytes(32)))
    exhausted: Counter[CampaignName] = field(default_factory=Counter)

    @property
    def shard(self) -> str:
        """Its shard of the outbox."""
        return f"{self._consumer}:{self.topic}:{self.part}"

    @property
    def _consumer(self) -> str:
        return profiles.CONSUMER if self.topic == profiles.TOPIC else CONSUMERS[self.topic]

    def _handler(self) -> Any:
        wired = (lambda: self.programmes, IdentifierNames(bytes(32)), self.clock, EarningMetrics(CollectorRegistry()))
        if self.topic == profiles.TOPIC:
            return profiles.ProfileHandler(*wired, self.vault)
        return EventHandler(self.topic, *wired, self.proofs)

    async def claim(self) -> EarningLane:
        """Take the partition over and read the programmes."""
        async with self.pool.acquire() as connection, connection.transaction():
            now = self.clock.now()
            wanted = [Wanted(self.topic, self.part, "t", 0, self.shard)]
            (claimed,) = await stream_store.claim(connection, self._consumer, "test", "c", now, now, wanted)
            self.programmes = Compiler().compile(await load_programmes(connection))
        self.offset, self.epoch = claimed.next_offset, claimed.epoch
        return self

    async def apply(self, values: Sequence[bytes]) -> Applied:
        """Apply records, given by their values, as one batch; what they bring is committed, and events are enqueued."""
        handler = self._handler()
        now = self.clock.now()
        stamp = int(now.timestamp() * 1_000)
        records: list[Any] = [SimpleNamespace(value=value, headers=(), timestamp=stamp) for value in values]
        made = handler.decode(records)
        assert not [item for item in made if isinstance(item, Rejection)], made
        span = Span(self.topic, self.part, self.offset, self.offset + len(values), self.epoch, Health())
        work: Work[Any] = Work(records, made, {}, [span], [0] * len(values))
        async with self.pool.acquire() as connection, connection.transaction():
            applied: Applied = await handler.apply(connection, work, now, careful=False)
            assert applied.moved == [True]
            packed = stream_store.pack_rows({self.shard: [event for events in applied.events for event in events]})
            outbox = stream_store.enqueuing(now, {self.shard: 0}, packed)
            if applied.last is not None:
                await applied.last(outbox)
            else:
                await stream_store.enqueue(connection, outbox)
        self.offset += len(values)
        if isinstance(handler, EventHandler):
            self.exhausted += handler.exhausted
        return applied
