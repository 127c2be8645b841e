"""Events about points: decode → load → decide → save, a batch at a time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import UUID

import asyncpg
from aiokafka import ConsumerRecord

from libs.codes.proof import CartProofs
from libs.contracts.arrivals import Arrivals
from libs.contracts.identifiers import IdentifierNames
from libs.contracts.rejection import Rejection
from libs.judging.programmes import Programmes
from libs.ledger.late import effective_time
from libs.lives.life import MemberName
from libs.promotions.decide import shared_counter_keys
from libs.promotions.pages import StoredDecision
from libs.runtime.batch import Applied, Work, stamped_at
from libs.runtime.clock import Clock
from libs.runtime.failpoint import reach
from libs.runtime.repeats import Tally, first_of_each
from services.earning import (
    arrivals,
    cart_store,
    carts,
    loading,
    merging_store,
    owner_store,
    profile_store,
    referral_store,
    reinstating_store,
    segment_store,
    store,
    tier_store,
)
from services.earning.arrivals import Arrival, select
from services.earning.domain import BatchDecider
from services.earning.facts import first_owner
from services.earning.inbox_store import body_hashes
from services.earning.loaded import Loaded
from services.earning.merging import Merges
from services.earning.metrics import EarningMetrics
from services.earning.outcome import NO_PAGE, BatchDecision, CampaignName
from services.earning.paging import Paging
from services.earning.saving import save
from services.earning.verdict import CounterName

PURCHASES = "loyalty.purchases"
ACTIVITIES = "loyalty.activities"
CONSUMERS = {PURCHASES: "earning.purchases", ACTIVITIES: "earning.activities"}
_SLICE = 900
_STEP = 100


class EventHandler:
    """Turns the events of one topic into points. `programmes` gives the present snapshot; it may change in between."""

    def __init__(
        self,
        topic: str,
        programmes: Callable[[], Programmes],
        names: IdentifierNames,
        clock: Clock,
        metrics: EarningMetrics,
        proofs: CartProofs,
    ) -> None:
        self.topics: tuple[str, ...] = (topic,)
        self._consumer = CONSUMERS[topic]
        self._programmes = programmes
        self._names = names
        self._clock = clock
        self._metrics = metrics
        self._proofs = proofs
        self._reader = SourceReader(topic)
        self.exhausted: Counter[CampaignName] = Counter()

    def decode(self, records: Sequence[ConsumerRecord]) -> list[Arrival | Rejection]:
        """Make an arrival of each record, or say why not."""
        programmes, now = self._programmes(), self._clock.now()
        decode = self._reader.of(programmes).decode
        items: list[Arrival | Rejection] = []
        stamp, arrived_at = None, now
        for record in records:
            event = decode(record.value, record.headers)
            if isinstance(event, Rejection):
                items.append(event)
                continue
            if record.timestamp != stamp:  # records that came together have one stamp
                stamp, arrived_at = record.timestamp, arrival(record, self._clock, now)
            items.append(select(event, programmes, self._names, arrived_at, self._proofs))
        return items

    async def apply(
        self, connection: asyncpg.Connection, work: Work[Arrival], now: datetime, *, careful: bool
    ) -> Applied:
        """Begin the batch, decide what is fresh, and save it."""
        tally = Tally(len(work.spans))
        asked = first_of_each(work.items, tally)
        paging = Paging()
        slots = [(work.span_of[index], new.tenant_id, _page(new, paging)) for index, new in asked]
        entries = [store.Entry(slot, new.key, new.body_hash) for slot, (_, new) in zip(slots, asked, strict=True)]
        names = {name: None for _, new in asked for name in loading.identifier_names(new)}
        begun = await store.begin_batch(connection, self._consumer, now, work.spans, entries, names)
        reach("after-inbox")
        spans, fresh, pages = [], [], []
        for (index, new), entry, status in zip(asked, entries, begun.status, strict=True):
            if status == "f":
                spans.append(work.span_of[index])
                fresh.append(new)
                pages.append(begun.page_base + entry.slot[2])
            elif status != "x":
                tally.known(index, repeat=status == "r")
        await tally.settle(partial(body_hashes, connection))
        if not fresh:
            return tally.applied(begun.moved)
        loaded = await self._load(connection, fresh, pages, begun.owners, now, careful=careful)
        await self._buy_carts(connection, fresh, loaded, now)
        reach("after-load")
        decided = await _decide(fresh, BatchDecider(loaded, now))
        if loaded.referrals is not None:
            loaded.referrals.follow(fresh, loaded.cases, owners_of(loaded), decided.events)
        written = _written(fresh, pages, begun.page_base, loaded, decided)
        cases = list(loaded.cases.values())
        await save(connection, now, begun.page_base, decided, loaded, cases, written, paging)
        reach("after-save")
        for span, events in zip(spans, decided.events, strict=True):
            tally.events[span] += events
        self._metrics.decided(decided, loaded.ledgers())
        self.exhausted += decided.exhausted
        applied = tally.applied(begun.moved, decided.outcomes)
        if decided.uses:
            applied.last = partial(store.end_batch, connection, decided.uses)
        return applied

    async def _buy_carts(
        self, connection: asyncpg.Connection, fresh: list[Arrival], loaded: Loaded, now: datetime
    ) -> None:
        """Let the receipts of a batch have the carts that they may have; it costs nothing where there is none."""
        places = carts.carried(fresh)
        if not places:
            return
        owner = owners_of(loaded)
        wanted = [(fresh[at].tenant_id, carts.cart_of(fresh[at]), owner(fresh[at])) for at in places]
        for at, became in zip(places, await cart_store.buy(connection, wanted, now), strict=True):
            fresh[at] = carts.settle_cart(fresh[at], became, self._proofs)
            if (refusal := fresh[at].refusal) is not None:
                self._metrics.carts_refused.labels(refusal).inc()

    async def _load(
        self,
        connection: asyncpg.Connection,
        fresh: Sequence[Arrival],
        pages: Sequence[int],
        owners: dict[store.IdentifierName, UUID],
        now: datetime,
        *,
        careful: bool,
    ) -> Loaded:
        changing = merging_store.changing(self.topics[0], fresh)
        identifiers = await merging_store.lock_identifiers(connection, changing) if changing else {}
        receipts = loading.receipts_to_ask(fresh, pages, owners)
        members = loading.members_to_ask(fresh, owners)
        codes = await referral_store.referrers(connection, fresh)
        members += [(*code[:2], owner) for code, owner in codes.items()]
        programmes = {new.scope: new.programme for new in fresh}
        asking, seeing = profile_store.asking(programmes), segment_store.seeing(programmes)
        counters = _shared_counters(fresh)
        opened = await store.open_batch(
            connection, receipts, members, counters, asking=asking, lock_counters=careful, seeing=seeing
        )
        cases = await loading.load_cases(connection, receipts, opened.receipts, programmes)
        standings = opened.standings
        await loading.load_owners(connection, fresh, cases, owners)
        if behind := loading.members_behind(cases.values(), owners, standings):
            await owner_store.lock_late(connection, behind)
            standings |= (await store.open_batch(connection, (), behind, asking=asking, seeing=seeing)).standings
        leads: dict[MemberName, MemberName] = {}
        if absent := [name for name in (*members, *behind) if name not in standings]:
            leads = await merging_store.survivors(connection, absent, standings, asking, seeing)
        await merging_store.follow(connection, cases.values(), leads)
        if asking:
            await profile_store.load_past(connection, cases.values(), standings)
        lives = await loading.load_lives(connection, fresh, owners, standings, cases, now, leads.values())
        if home := await merging_store.follow_home(connection, cases.values(), lives):
            await loading.load_lapsed(connection, home, lives)
        deeds = await tier_store.load_deeds(connection, programmes, standings, fresh, cases.values(), now)
        referrals = await referral_store.load(connection, programmes, standings, fresh, codes, lives, cases, now)
        merges, reinstating = None, reinstating_store.asking(self.topics[0], fresh)
        if leads or changing:
            merges = Merges(owners, lives, standings, cases, identifiers, *deeds)
            apart = reinstating_store.of_merged(reinstating, leads)
            await merging_store.load(connection, [*changing, *apart], leads, merges, now)
            merges.lead(leads)
        own = lives if merges is None else {**lives, **merges.away}
        lapses = await reinstating_store.load(connection, reinstating, own) if reinstating else {}
        loaded = Loaded(owners, standings, lives, cases, opened.used, *deeds, referrals, merges, lapses)
        more = await loading.load_more_counters(connection, fresh, loaded, lock=careful)
        if merges is not None:
            more = {**merges.used, **more}
        return replace(loaded, used=opened.used | more) if more else loaded


class SourceReader:
    """The decoder of a topic with the mappings of its sources, made anew only when these change."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._programmes: Programmes | None = None
        self._decoder = Arrivals(topic, ())

    def of(self, programmes: Programmes) -> Arrivals:
        """Return the decoder for a snapshot of sources."""
        if programmes is not self._programmes:
            self._programmes = programmes
            self._decoder = Arrivals(self._topic, programmes.mappings)
        return self._decoder


def _page(new: Arrival, paging: Paging) -> int:
    return NO_PAGE if new.kind == arrivals.DUE else paging.page_for(new.tenant_id)


def owners_of(loaded: Loaded) -> Callable[[Arrival], UUID | None]:
    """Who did something: the member that an event names, or the first whom its identifiers name."""

    def owner(arrival: Arrival) -> UUID | None:
        named: UUID | None = getattr(arrival.event.data, "member_id", None)
        return named or first_owner(arrival.scope, arrival.identifiers, loaded.owners)

    return owner


def _written(
    fresh: Sequence[Arrival], pages: Sequence[int], page_base: int, loaded: Loaded, decided: BatchDecision
) -> dict[tuple[int, int], list[StoredDecision]]:
    """The decisions by tenant and number of page; a receipt's first purchase notes where its own lies."""
    written: dict[tuple[int, int], list[StoredDecision]] = {}
    for new, page, kept in zip(fresh, pages, decided.decisions, strict=True):
        if kept is not None and (kept[0], kept[1].key) not in decided.again:
            written.setdefault((kept[0], page - page_base), []).append(kept[1])
        case = None if new.receipt_key is None else loaded.cases.get(new.receipt_key)
        if case is not None and case.event_key == new.key:
            case.page = page
    return written


async def _decide(fresh: Sequence[Arrival], decider: BatchDecider) -> BatchDecision:
    """Decide in small steps: between them other lanes go on, whose locks may be what others wait for."""
    for start in range(0, len(fresh), _STEP):
        decider.decide(fresh[start : start + _STEP])
        await asyncio.sleep(0)
    return decider.result


def arrival(record: ConsumerRecord, clock: Clock, now: datetime) -> datetime:
    """When a record reached the broker, in business time; never after now, whatever its stamp says."""
    return min(clock.at(stamped_at(record)), now)


def _shared_counters(fresh: Iterable[Arrival]) -> list[CounterName]:
    """The counters that campaigns share between members, by the version at each purchase's time.

    The period that a counter is for changes at a local midnight, so receipts of the same quarter of an hour share it;
    where stores or partners have counters of their own, those of the same one.
    """
    wanted: dict[CounterName, None] = {}
    looked: set[tuple[object, ...]] = set()
    for new in fresh:
        if new.kind != arrivals.COMPLETED:
            continue
        at = effective_time(new.event.time, new.arrived_at).instant
        version = new.programme.at(at)
        if version is None or not version.compiled.counts:
            continue
        slice_of_time: tuple[object, ...] = (*new.scope, version.compiled.version, int(at.timestamp()) // _SLICE)
        if version.compiled.counts_places:
            slice_of_time += (new.event.data.store, new.event.data.partner)
        if slice_of_time not in looked:
            looked.add(slice_of_time)
            tenant, programme = new.scope
            for key in shared_counter_keys(version.compiled, new.event.data, at):
                wanted[tenant, programme, key] = None
    return list(wanted)
