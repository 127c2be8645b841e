"""Purchases: decode → load → decide → save, a batch at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial

import asyncpg
from aiokafka import ConsumerRecord

from libs.contracts.codec import TopicDecoder
from libs.contracts.identifiers import IdentifierNames
from libs.contracts.rejection import Rejection
from libs.ledger.late import effective_time
from libs.promotions.decide import counter_keys, shared_counter_keys
from libs.runtime.batch import Applied, Work, stamped_at
from libs.runtime.clock import Clock
from libs.runtime.failpoint import reach
from services.earning import store
from services.earning.domain import BatchDecider, BatchDecision, CounterName
from services.earning.metrics import EarningMetrics
from services.earning.programmes import Programmes
from services.earning.receipts import Receipt, select
from services.earning.repeats import Tally, first_of_each
from services.earning.verdict import Standing

TOPIC = "loyalty.purchases"
CONSUMER = "earning.purchases"
_SLICE = 900
_STEP = 100


class PurchaseHandler:
    """Turns purchases into points. `programmes` gives the present snapshot; it may change between two batches."""

    topics: tuple[str, ...] = (TOPIC,)

    def __init__(
        self, programmes: Callable[[], Programmes], names: IdentifierNames, clock: Clock, metrics: EarningMetrics
    ) -> None:
        self._programmes = programmes
        self._names = names
        self._clock = clock
        self._metrics = metrics
        self._decoder = TopicDecoder(TOPIC)

    def decode(self, records: Sequence[ConsumerRecord]) -> list[Receipt | Rejection]:
        """Make a receipt of each record, or say why not."""
        programmes, now = self._programmes(), self._clock.now()
        items: list[Receipt | Rejection] = []
        stamp, arrived_at = None, now
        for record in records:
            event = self._decoder.decode(record.value)
            if isinstance(event, Rejection):
                items.append(event)
                continue
            if record.timestamp != stamp:  # records that came together have one stamp
                stamp, arrived_at = record.timestamp, arrival(record, self._clock, now)
            items.append(select(event, programmes, self._names, arrived_at))
        return items

    async def apply(
        self, connection: asyncpg.Connection, work: Work[Receipt], now: datetime, *, careful: bool
    ) -> Applied:
        """Begin the batch, decide what is fresh, and save it."""
        tally = Tally(len(work.spans))
        asked = first_of_each(work.items, tally)
        receipts = [receipt for _, receipt in asked]
        paging = store.Paging()
        slots = [(work.span_of[index], new.tenant_id, paging.page_for(new.tenant_id)) for index, new in asked]
        entries = [store.Entry(slot, new.key, new.body_hash) for slot, (_, new) in zip(slots, asked, strict=True)]
        begun = await store.begin_batch(
            connection,
            CONSUMER,
            now,
            work.spans,
            entries,
            identifiers=_identifiers(receipts),
            counters=_shared_counters(receipts),
            lock_counters=careful,
        )
        reach("after-inbox")
        fresh, pages = [], []
        for (index, receipt), entry, status in zip(asked, entries, begun.status, strict=True):
            if status == "f":
                fresh.append((index, receipt))
                pages.append(entry.slot[2])
            elif status != "x":
                tally.known(index, repeat=status == "r")
        used = begun.used | await self._member_counters(connection, fresh, begun.standings)
        decided = await _decide([receipt for _, receipt in fresh], BatchDecider(begun.standings, used, now))
        await store.save_batch(connection, now, begun.page_base, pages, decided)
        reach("after-save")
        for (index, _), events in zip(fresh, decided.events, strict=True):
            tally.events[work.span_of[index]] += events
        self._metrics.decided(decided)
        applied = tally.applied(begun.moved, decided)
        if decided.uses:
            applied.last = partial(store.count_uses, connection, decided.uses)
        return applied

    async def _member_counters(
        self,
        connection: asyncpg.Connection,
        fresh: Iterable[tuple[int, Receipt]],
        standings: dict[store.IdentifierName, Standing],
    ) -> dict[CounterName, int]:
        """Limits per member can be named only when the members are known; they are locked by then."""
        wanted: dict[CounterName, None] = {}
        for _, receipt in fresh:
            if not receipt.programme.counts_members:
                continue
            tenant, programme = receipt.programme.key
            at = effective_time(receipt.event.time, receipt.arrived_at).instant
            version = receipt.programme.at(at)
            if version is None or not version.counts_members:
                continue
            for name in receipt.identifiers:
                standing = standings.get((tenant, programme, name))
                if standing is not None:
                    keys = counter_keys(version.compiled, receipt.event.data, standing.facts, at)
                    wanted |= dict.fromkeys((tenant, programme, key) for key in keys)
                    break
        return await store.load_counters(connection, list(wanted)) if wanted else {}


async def _decide(receipts: Sequence[Receipt], decider: BatchDecider) -> BatchDecision:
    """Decide in small steps: between them other lanes go on, whose locks may be what others wait for."""
    for start in range(0, len(receipts), _STEP):
        decider.decide(receipts[start : start + _STEP])
        await asyncio.sleep(0)
    return decider.result


def arrival(record: ConsumerRecord, clock: Clock, now: datetime) -> datetime:
    """When a record reached the broker, in business time; never after now, whatever its stamp says."""
    return min(clock.at(stamped_at(record)), now)


def _identifiers(receipts: Iterable[Receipt]) -> list[store.IdentifierName]:
    return list({(*receipt.programme.key, name): None for receipt in receipts for name in receipt.identifiers})


def _shared_counters(receipts: Iterable[Receipt]) -> list[CounterName]:
    """The counters that campaigns share between members, by the version at each receipt's time.

    The period that a counter is for changes at a local midnight, so receipts of the same quarter of an hour share it.
    """
    wanted: dict[CounterName, None] = {}
    looked: set[tuple[int, int, int, int]] = set()
    for receipt in receipts:
        at = effective_time(receipt.event.time, receipt.arrived_at).instant
        version = receipt.programme.at(at)
        if version is None or version.compiled.counted is None:
            continue
        slice_of_time = (*receipt.programme.key, version.compiled.version, int(at.timestamp()) // _SLICE)
        if slice_of_time not in looked:
            looked.add(slice_of_time)
            tenant, programme = receipt.programme.key
            for key in shared_counter_keys(version.compiled, receipt.event.data, at):
                wanted[tenant, programme, key] = None
    return list(wanted)
