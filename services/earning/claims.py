"""Receipts that waited for somebody with their identifier, given to whoever has it now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg

from libs.judging.versions import RunningProgramme
from libs.lives.life import MemberName
from libs.runtime.batch import Outgoing
from services.earning import loading, merging_store, owner_store, profile_store, segment_store, store, tier_store
from services.earning.domain import BatchDecider
from services.earning.facts import first_owner
from services.earning.lives import Life
from services.earning.loaded import Loaded
from services.earning.merging import Merges
from services.earning.outcome import BatchDecision
from services.earning.paging import Paging
from services.earning.saving import save


@dataclass(frozen=True, slots=True)
class Waiting:
    """Receipts that wait, locked: as they were asked for, and as they are known."""

    asked: Sequence[store.AskedReceipt] = ()
    known: Sequence[store.KnownReceipt] = ()


@dataclass(frozen=True, slots=True)
class Claimed:
    """What members were given: the decision as a whole, the ledgers that it changed, and what to tell of each."""

    decided: BatchDecision = field(default_factory=BatchDecision)
    lives: Sequence[Life] = ()
    events: Mapping[MemberName, list[Outgoing]] = field(default_factory=dict)


async def waiting(connection: asyncpg.Connection, gained: Iterable[store.Tie]) -> Waiting:
    """Find and lock the receipts that wait for one of these identifiers; before members, as the lock order says."""
    names = [(tie.tenant_id, tie.programme_id, tie.identifier) for tie in gained]
    asked = [store.AskedReceipt(*found) for found in await owner_store.unclaimed_of(connection, names)]
    if not asked:
        return Waiting()
    opened = await store.open_batch(connection, asked, ())
    return Waiting(asked, opened.receipts)


async def adopt(
    connection: asyncpg.Connection,
    now: datetime,
    page_base: int,
    found: Waiting,
    gained: Iterable[store.Tie],
    programmes: dict[loading.Scope, RunningProgramme],
    *,
    lock: bool,
) -> Claimed:
    """Credit the receipts that wait, oldest first, to the members who have gained their identifiers."""
    if not found.asked:
        return Claimed()
    owners = {tie[:3]: tie.becomes for tie in gained if tie.becomes is not None}
    cases = await loading.load_cases(connection, found.asked, found.known, programmes)
    takers: list[tuple[datetime, UUID, MemberName]] = []
    for case in cases.values():
        content = case.content
        owner = None if content is None else first_owner(case.programme.key, content.shown, owners)
        if content is not None and owner is not None:
            takers.append((content.purchased_at, case.key, (*case.programme.key, owner)))
    takers.sort(key=lambda taker: (taker[0], taker[1].bytes))
    members = list(dict.fromkeys(member for _, _, member in takers))
    asking, seeing = profile_store.asking(programmes), segment_store.seeing(programmes)
    standings = (await store.open_batch(connection, (), members, asking=asking, seeing=seeing)).standings
    leads: dict[MemberName, MemberName] = {}
    if absent := [name for name in members if name not in standings]:
        leads = await merging_store.survivors(connection, absent, standings, asking, seeing)
    own = list(standings)
    ledgers = await store.load_ledgers(connection, own, standings)
    lives = {name: Life(name, standings[name], ledgers[name], whole=True) for name in own}
    whose = [(cases[key], standings[leads.get(member, member)].facts) for _, key, member in takers]
    used = await loading.load_case_counters(connection, whose, lock=lock)
    deeds = await tier_store.load_deeds(connection, programmes, standings, (), cases.values(), now)
    merges = Merges(owners, lives, standings, cases) if leads else None
    if merges is not None:
        merges.lead(leads)
    loaded = Loaded(owners, standings, lives, cases, used, *deeds, merges=merges)
    decider = BatchDecider(loaded, now)
    events: dict[MemberName, list[Outgoing]] = {}
    for _, key, member in takers:
        events.setdefault(member, []).extend(decider.adopt(cases[key], member[2]))
    decided = decider.result
    settled = [case for case in cases.values() if case.key in decided.settled]
    await save(connection, now, page_base, decided, loaded, settled, {}, Paging())
    return Claimed(decided, list(loaded.ledgers()), events)
