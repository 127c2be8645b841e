"""Requests over the topic: decode → begin → load → decide → save, a batch at a time and tenant by tenant.

A transaction sees one tenant's rows after the other, in the order of their numbers: so it locks in one order too.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import partial

import asyncpg
from aiokafka import ConsumerRecord

from libs.contracts.rejection import Rejection
from libs.households import postgres as kept
from libs.runtime.batch import Applied, Work
from libs.runtime.failpoint import reach
from libs.runtime.repeats import Tally, first_of_each
from services.redemption import commands_store, store, trade_store
from services.redemption.batches import Batch, Decided, InHand, Loaded
from services.redemption.commands import Command, command
from services.redemption.commands_store import Begun
from services.redemption.deciding import Patience
from services.redemption.households import store as households
from services.redemption.households.store import NOBODY, Hands
from services.redemption.metrics import RedemptionMetrics
from services.redemption.programmes import Programmes
from services.redemption.sources import TOPIC

CONSUMER = "redemption.redemptions"
_STEP = 100


class RedemptionHandler:
    """Spends points as events ask, with the decisions, keys and answers that requests over HTTP have."""

    topics: tuple[str, ...] = (TOPIC,)

    def __init__(self, programmes: Programmes, patience: Patience, metrics: RedemptionMetrics) -> None:
        self._programmes = programmes
        self._patience = patience
        self._metrics = metrics

    def decode(self, records: Sequence[ConsumerRecord]) -> list[Command | Rejection]:
        """Make a command of each record, or say why not."""
        sources = self._programmes.sources
        items: list[Command | Rejection] = []
        for record in records:
            event = sources.decoder.decode(record.value, record.headers)
            items.append(event if isinstance(event, Rejection) else command(event, sources))
        return items

    async def apply(
        self, connection: asyncpg.Connection, work: Work[Command], now: datetime, *, careful: bool
    ) -> Applied:
        """Apply what is new, each tenant's commands on its members."""
        tally = Tally(len(work.spans))
        moved = await commands_store.advance(connection, CONSUMER, now, work.spans)
        by_tenant: dict[int, list[tuple[int, Command]]] = {}
        for index, each in first_of_each(work.items, tally):
            if moved[work.span_of[index]]:
                by_tenant.setdefault(each.tenant_id, []).append((index, each))
        outcomes: Counter[str] = Counter()
        for tenant in sorted(by_tenant):
            outcomes += await self._of_tenant(connection, by_tenant[tenant], work, now, tally)
        await tally.settle(partial(commands_store.body_hashes, connection))
        for operation, count in outcomes.items():
            self._metrics.taken.labels(operation).inc(count)
        return tally.applied(moved, outcomes)

    async def _reach(self, connection: asyncpg.Connection, commands: Sequence[Command]) -> Hands:
        """Lock everybody whose points a tenant's commands may touch, where its members share any; else nobody yet."""
        tenant = commands[0].tenant_id
        if not self._programmes.shares(tenant):
            return NOBODY
        followed = [each for one in commands if one.ask.operation in _FOLLOWS for each in one.candidates]
        if not followed and not any(each.ask.household for each in commands):
            return NOBODY
        asking = {(*each.member[1:], each.ask.household) for each in commands}
        return await households.lock_together(connection, tenant, sorted(asking), followed)

    async def _with_uses(self, connection: asyncpg.Connection, loaded: Loaded, now: datetime) -> Loaded:
        """Load what was spent of others, where members spend together."""
        uses = {}
        for scope in sorted({name[:2] for name in loaded.households}):
            rules = self._programmes.of(scope, now)
            if rules is not None:
                known = {name: each for name, each in loaded.households.items() if name[:2] == scope}
                today = now.astimezone(rules.zone).date()
                uses[scope[1]] = await kept.load_uses(connection, known, rules.household, today)
        return loaded._replace(uses=uses)

    async def _of_tenant(
        self,
        connection: asyncpg.Connection,
        asked: Sequence[tuple[int, Command]],
        work: Work[Command],
        now: datetime,
        tally: Tally,
    ) -> Counter[str]:
        """Apply the commands of one tenant, given with their places in the batch; return what became of them."""
        hands = await self._reach(connection, [each for _, each in asked])
        begun = await commands_store.begin(connection, now, [each for _, each in asked])
        reach("after-inbox")
        fresh: list[tuple[int, Command]] = []
        for index, each in asked:
            if each.key not in begun.late:
                fresh.append((index, each))
            else:
                tally.known(index, repeat=begun.late[each.key] == each.body_hash)
        if not fresh:
            return Counter()
        commands = [each for _, each in fresh]
        loaded = await _load(connection, begun, commands, hands)
        loaded = await self._with_uses(connection, loaded, now)
        reach("after-load")
        asks = [each.ask for each in commands]
        rules_of = await store.all_knowing(connection, self._programmes.of, asks, loaded.members, now)
        batch = Batch(loaded, rules_of, now, self._patience)
        decided = await _decide(batch, commands)
        members = [each.life for each in loaded.members.values()]
        await commands_store.end(connection, commands[0].tenant_id, batch.at, members, decided)
        reach("after-save")
        for (index, _), events in zip(fresh, decided.events, strict=True):
            tally.events[work.span_of[index]] += events
        return decided.outcomes


_FOLLOWS = frozenset({"commit", "release", "cancel", "extend"})


async def _load(connection: asyncpg.Connection, begun: Begun, commands: Sequence[Command], hands: Hands) -> Loaded:
    """Load what commands are decided on, behind the locks: redemptions whose member is locked, and the members."""
    locked = {**hands.heads, **{each.name: each for each in begun.locked}}
    ids = list(dict.fromkeys([each for one in commands for each in one.candidates]))
    redemptions = await store.load_redemptions(connection, commands[0].tenant_id, ids)
    here = [each for each in redemptions.values() if each.name in locked]
    lives = await store.load_lives(connection, locked.values(), here)
    members = {name: InHand(life, locked[name].spread, locked[name].tier) for name, life in lives.items()}
    traders = {begun.leads.get(each.member, each.member) for each in commands if each.ask.trade is not None}
    used = await trade_store.load_used(connection, traders) if traders else {}
    return Loaded(members, redemptions, begun.known, begun.leads, used, hands.households)


async def _decide(batch: Batch, commands: Sequence[Command]) -> Decided:
    """Decide in small steps: between them requests over HTTP are answered."""
    for start in range(0, len(commands), _STEP):
        batch.decide(commands[start : start + _STEP])
        await asyncio.sleep(0)
    return batch.decided
