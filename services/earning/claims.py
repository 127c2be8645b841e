"""Receipts that waited for somebody with their identifier, given to whoever has it now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg

from libs.promotions.pages import StoredDecision
from libs.runtime.batch import Outgoing
from services.earning import loading, store
from services.earning.domain import BatchDecider, Loaded
from services.earning.lives import Life
from services.earning.outcome import BatchDecision
from services.earning.programmes import RunningProgramme
from services.earning.verdict import MemberName


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
    asked = [store.AskedReceipt(*found) for found in await store.unclaimed_of(connection, names)]
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
        owner = loading.owner_of(case, owners)
        if case.content is not None and owner is not None:
            takers.append((case.content.purchased_at, case.key, (*case.programme.key, owner)))
    takers.sort(key=lambda taker: (taker[0], taker[1].bytes))
    members = list(dict.fromkeys(member for _, _, member in takers))
    opened = await store.open_batch(connection, (), members)
    ledgers = await store.load_ledgers(connection, members, opened.standings)
    lives = {name: Life(name, opened.standings[name], ledgers[name], whole=True) for name in members}
    loaded = Loaded(owners, opened.standings, lives, cases, {})
    whose = [(cases[key], opened.standings[member].facts) for _, key, member in takers]
    used = await loading.load_case_counters(connection, whose, lock=lock)
    decider = BatchDecider(Loaded(owners, opened.standings, lives, cases, used), now)
    events: dict[MemberName, list[Outgoing]] = {}
    for _, key, member in takers:
        events.setdefault(member, []).extend(decider.adopt(cases[key], member[2]))
    decided = decider.result
    await _save(connection, now, page_base, decided, loaded)
    return Claimed(decided, list(lives.values()), events)


async def _save(
    connection: asyncpg.Connection, now: datetime, page_base: int, decided: BatchDecision, loaded: Loaded
) -> None:
    paging = store.Paging()
    written: dict[tuple[int, int], list[StoredDecision]] = {}
    again: list[tuple[int, UUID, int]] = []
    for (tenant, _), decision in decided.again.items():
        number = paging.page_for(tenant)
        written.setdefault((tenant, number), []).append(decision)
        again.append((tenant, decision.key, page_base + number))
        case = None if decision.receipt_key is None else loaded.cases.get(decision.receipt_key)
        if case is not None and case.event_key == decision.key:
            case.page = page_base + number
    await store.save_batch(connection, now, page_base, written, decided)
    await store.save_lives(connection, now, loaded.lives.values())
    settled = [case for case in loaded.cases.values() if case.key in decided.settled]
    await store.save_receipts(connection, now, settled, decided, again)
