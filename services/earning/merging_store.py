"""Merges of members in PostgreSQL: where ids lead to, what went over, and who is to be merged or parted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from libs.contacts.postgres import restrict
from libs.judging.versions import RunningProgramme
from libs.ledger.transfer import Passed
from libs.lives.life import MemberName
from libs.promotions.compile import CompiledProgramme
from libs.promotions.facts import MemberFacts
from libs.promotions.limits import CompiledLimit
from libs.promotions.transfers import keys_of
from libs.runtime import sql
from services.earning import arrivals, owner_store, segment_store, store
from services.earning.arrivals import Arrival
from services.earning.cases import Case
from services.earning.lives import Life
from services.earning.merging import Done, Merge, Merges, all_ways, lies_in, moved
from services.earning.verdict import Standing

_QUERIES = sql.load("services.earning", "merging.sql")


async def lock_identifiers(
    connection: asyncpg.Connection, changing: Iterable[Arrival]
) -> dict[MemberName, tuple[str, ...]]:
    """Lock the identifiers of members whom a batch is to merge or part."""
    found: dict[MemberName, list[str]] = {name: [] for name in await _about(connection, changing)}
    if found:
        for row in await connection.fetch(_QUERIES["lock_identifiers"], *_columns(list(found))):
            found[tuple(row[:3])].append(row["identifier"])
    return {name: tuple(identifiers) for name, identifiers in found.items()}


async def _about(connection: asyncpg.Connection, changing: Iterable[Arrival]) -> list[MemberName]:
    """The members whom a batch is to merge or part: those who are named, and those to whom such an id leads."""
    named = [
        (*new.scope, member_id)
        for new in changing
        for member_id in (new.event.data.member_id, getattr(new.event.data, "to_member_id", None))
        if member_id is not None
    ]
    return list(dict.fromkeys([*named, *(await leading(connection, named)).values()]))


def changing(topic: str, fresh: Sequence[Arrival]) -> list[Arrival]:
    """The events of a batch by which members are merged or parted; receipts need not be looked through."""
    return [] if topic != arrivals.ACTIVITIES else [new for new in fresh if new.kind in arrivals.MERGERS]


async def survivors(
    connection: asyncpg.Connection,
    absent: Sequence[MemberName],
    standings: dict[MemberName, Standing],
    asking: Mapping[tuple[int, int], RunningProgramme],
    seeing: segment_store.Seeing,
) -> dict[MemberName, MemberName]:
    """Lock, and put to the standings, the members to whom absent ids lead; return who leads to whom.

    Whoever is there after all, because a merge was undone a moment ago, is put there too.

    Raises:
        asyncpg.SerializationError: somebody else holds one of them, or has just merged it; the batch is to be repeated.
    """
    leads = await leading(connection, absent)
    wanted = [name for name in dict.fromkeys([*leads.values(), *absent]) if name not in standings and name not in leads]
    if wanted:
        await owner_store.lock_late(connection, wanted)
        opened = await store.open_batch(connection, (), wanted, asking=asking, seeing=seeing)
        standings |= opened.standings
    if any(name not in standings for name in leads.values()):
        raise asyncpg.SerializationError("a member to whom an id leads was merged meanwhile")
    return leads


async def leading(connection: asyncpg.Connection, absent: Sequence[MemberName]) -> dict[MemberName, MemberName]:
    """Return whom the ids lead to, as far as their members were merged."""
    if not absent:
        return {}
    found = await connection.fetch(_QUERIES["leading"], *_columns(absent))
    return {tuple(row[:3]): (*row[:2], row["leads_to"]) for row in found}


async def merges_of(connection: asyncpg.Connection, members: Iterable[MemberName]) -> list[Merge]:
    """Return every merge of these members, and of those whom they were merged into, the oldest first."""
    return [_merge(row) for row in await connection.fetch(_QUERIES["merges"], *_columns(list(set(members))))]


async def follow(connection: asyncpg.Connection, cases: Iterable[Case], leads: Mapping[MemberName, MemberName]) -> None:
    """Bring receipts to where their points lie by now: their owners were merged, or parted again."""
    wanted: list[tuple[Case, MemberName, UUID]] = []
    for case in cases:
        at, owner = lies_in(case.story), case.story.owner
        if at is not None and owner is not None:
            name: MemberName = (*case.programme.key, owner)
            target = leads.get(name, name)[2]
            if target != at:
                wanted.append((case, name, target))
    await _bring(connection, wanted)


async def follow_home(
    connection: asyncpg.Connection, cases: Iterable[Case], lives: Mapping[MemberName, Life]
) -> list[Case]:
    """Bring receipts to lots that went and came back; it asks only where such lots may be. Return what was brought."""
    wanted = []
    for case in cases:
        owner = case.story.owner
        life = None if owner is None else lives.get((*case.programme.key, owner))
        if owner is None or life is None or lies_in(case.story) != life.name[2]:
            continue
        lots = [gain.lot for account in case.story.accounts for gain in account.gained if gain.reversed < gain.points]
        if any(lot and life.ledger.lot(lot) is None for lot in lots) and life.received:
            wanted.append((case, (*case.programme.key, owner), life.name[2]))
    await _bring(connection, wanted)
    return [case for case, _, _ in wanted]


async def _bring(connection: asyncpg.Connection, wanted: Sequence[tuple[Case, MemberName, UUID]]) -> None:
    if not wanted:
        return
    known = await merges_of(connection, [name for _, name, _ in wanted])
    lapsed = await store.load_lapsed(
        connection,
        [
            (*case.programme.key, at, gain.lot)
            for case, _, _ in wanted
            if (at := lies_in(case.story)) is not None
            for account in case.story.accounts
            for gain in account.gained
        ],
    )
    for case, name, target in wanted:
        at = lies_in(case.story)
        gone = all_ways(each for each in known if each.name[:2] == name[:2])
        own = {lot[3]: amount for lot, amount in lapsed.items() if lot[:3] == (*name[:2], at)}
        case.story = moved(case.story, gone, target, own)


async def load(
    connection: asyncpg.Connection,
    changing: Sequence[Arrival],
    leads: Iterable[MemberName],
    merges: Merges,
    now: datetime,
) -> None:
    """Load what a batch needs that merges members or parts them: earlier merges, and what they have used of limits.

    `leads` are the ids of the batch that lead to others.
    """
    if not changing:
        return
    named = {(*new.scope, new.event.data.member_id): new for new in changing}
    about = await _about(connection, changing)
    asked = dict.fromkeys([*about, *leads])
    known = await merges_of(connection, asked)
    merges.gone |= all_ways(known)
    merges.known = {name: [each for each in known if each.name == name] for name in asked}
    standings = await heads(connection, list(named))
    ledgers = await store.load_ledgers(connection, list(standings), standings)
    merges.away = {name: Life(name, standings[name], ledgers[name], whole=True) for name in standings}
    merging = {new.scope: new.programme for new in changing if new.kind == arrivals.MERGE}
    merges.counters = {name: _keys(merging[name[:2]], name[2], now) for name in about if name[:2] in merging}
    wanted = [(*name[:2], key) for name, keys in merges.counters.items() for key in keys]
    merges.used = await store.load_counters(connection, wanted)


async def heads(connection: asyncpg.Connection, members: Sequence[MemberName]) -> dict[MemberName, Standing]:
    """Lock members who were merged, and return them as their ledgers say."""
    found = {}
    for row in await connection.fetch(_QUERIES["heads"], *_columns(members)):
        text = str(row["member_id"])
        facts = MemberFacts(row["member_id"], row["tier"])
        times = (row["activates_at"], row["lapses_at"], row["owing"])
        found[tuple(row[:3])] = Standing(facts, row["seq"], row["spread"], text, text.encode(), *times)
    return found


def _keys(programme: RunningProgramme, merged: UUID, now: datetime) -> list[str]:
    """The counters of a member in the periods that run."""
    version = programme.at(now)
    if version is None:
        return []
    keys = [limit.key_of(merged, now, version.zone) for limit in dict.fromkeys(_limits(version.compiled))]
    if (transfers := version.compiled.source.transfers) is not None:
        keys += keys_of(transfers, merged, now, version.zone)
    return list(dict.fromkeys(key for key in keys if key is not None))


def _limits(compiled: CompiledProgramme) -> Iterable[CompiledLimit]:
    for rules in (compiled, *compiled.activities.values()):
        yield from (limit for limit in rules.shared if limit.scope == "member")
        for campaign in rules.campaigns:
            yield from (limit for limit in campaign.counted if limit.scope == "member")


async def save(connection: asyncpg.Connection, now: datetime, merges: Merges) -> None:
    """Save what was merged and what was parted, in the order in which it was."""
    for done in merges.done:
        row = _json([_row(done, undone=done.merge.undone)])
        await connection.execute(_QUERIES["save"], now, *(("[]", row) if done.merge.undone else (row, "[]")))
    for merge, passed in merges.added:
        pairs = orjson.dumps([list(each) for each in passed]).decode()
        await connection.execute(_QUERIES["add"], *merge.name, merge.number, pairs)
    made = [done.merge for done in merges.done if not done.merge.undone]
    if made:
        await restrict(connection, now, [(merge.name, (*merge.name[:2], merge.survivor)) for merge in made])


def _json(rows: Sequence[Mapping[str, object]]) -> str:
    return orjson.dumps(rows, default=str).decode()  # keys are UUIDs of a class of their own


def _row(done: Done, *, undone: bool) -> dict[str, Any]:
    merge = done.merge
    tenant, programme, member_id = merge.name
    whose = {"tenant_id": tenant, "programme_id": programme, "member_id": member_id, "number": merge.number}
    whose |= {"survivor_id": merge.survivor, "cause": done.cause}
    if undone:
        return whose | {"returned": [list(each) for each in merge.returned]}
    return whose | {
        "passed": [list(each) for each in merge.passed],
        "debts": dict(merge.debts),
        "identifiers": list(merge.identifiers),
        "counters": dict(merge.counters),
        "tier": done.tier,
    }


def _merge(row: asyncpg.Record) -> Merge:
    returned = () if row["returned"] is None else _passed(row["returned"])
    return Merge(
        tuple(row[:3]),
        row["number"],
        row["survivor_id"],
        _passed(row["passed"]),
        orjson.loads(row["debts"]),
        tuple(row["identifiers"]),
        orjson.loads(row["counters"]),
        row["merged_at"],
        returned,
        undone=row["undone_at"] is not None,
    )


def _passed(text: str) -> tuple[Passed, ...]:
    return tuple([Passed(*each) for each in orjson.loads(text)])


def _columns(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    return [[row[column] for row in rows] for column in range(3)]
