"""What a batch needs beside the plain case: stories, ledgers, counters; found set by set, whatever the batch holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from libs.judging.exchange import exchange
from libs.judging.versions import ActiveVersion, RunningProgramme
from libs.ledger.late import effective_time
from libs.ledger.model import MemberLedger
from libs.lives.life import MemberName
from libs.promotions.decide import activity_counter_keys, counter_keys
from libs.promotions.facts import MemberFacts
from libs.receipts.decided import story_of
from libs.receipts.story import Content, Story, read_story
from services.earning import arrivals, owner_store, store
from services.earning.alive import Revived
from services.earning.arrivals import Arrival
from services.earning.cases import Case
from services.earning.facts import content_of, first_owner
from services.earning.lives import Life
from services.earning.loaded import Loaded
from services.earning.movings import given_by
from services.earning.store import AskedReceipt, KnownReceipt
from services.earning.verdict import CounterName, Standing

Scope = tuple[int, int]


def receipts_to_ask(
    fresh: Sequence[Arrival], pages: Sequence[int], owners: dict[store.IdentifierName, UUID]
) -> list[AskedReceipt]:
    """The receipt numbers that a batch is about: those of plain purchases with all that is known of them."""
    said = Counter([arrival.receipt_key for arrival in fresh if arrival.receipt_key is not None])
    asked: dict[UUID, AskedReceipt] = {}
    for arrival, page in zip(fresh, pages, strict=True):
        key = arrival.receipt_key
        if key is None:
            continue
        tenant, programme = arrival.scope
        if arrival.kind == arrivals.COMPLETED and said[key] == 1:
            owner = first_owner(arrival.scope, arrival.identifiers, owners)
            asked[key] = AskedReceipt(tenant, programme, key, arrival.key, page, owner)
        else:
            asked[key] = AskedReceipt(tenant, programme, key)
    return list(asked.values())


def members_to_ask(fresh: Iterable[Arrival], owners: dict[store.IdentifierName, UUID]) -> list[MemberName]:
    """The members whom a batch is about, by their identifiers or by name."""
    found: dict[MemberName, None] = {
        (tenant, programme, owner): None for (tenant, programme, _), owner in owners.items()
    }
    for arrival in fresh:
        member_id = _named(arrival)
        if member_id is not None:
            found[*arrival.scope, member_id] = None
            if (other := _other(arrival)) is not None:
                found[*arrival.scope, other] = None
    return list(found)


def identifier_names(arrival: Arrival) -> list[store.IdentifierName]:
    """The identifiers of an event as they are looked up."""
    return [(*arrival.scope, name) for name in arrival.identifiers]


def _named(arrival: Arrival) -> UUID | None:
    if arrival.kind in (arrivals.COMPLETED, arrivals.RETURNED):
        return None
    member_id: UUID | None = getattr(arrival.event.data, "member_id", None)
    return member_id


def _other(arrival: Arrival) -> UUID | None:
    """The second member of whom an event speaks."""
    return arrival.event.data.to_member_id if arrival.kind in arrivals.PAIRS else None


async def load_cases(
    connection: asyncpg.Connection,
    asked: Sequence[AskedReceipt],
    known: Sequence[KnownReceipt],
    programmes: dict[Scope, RunningProgramme],
) -> dict[UUID, Case]:
    """The receipts about which more is said than their plain purchase, each with its story."""
    before = {receipt.key: receipt for receipt in known}
    wanted = [
        (receipt.tenant_id, receipt.page, receipt.event_key)
        for receipt in known
        if receipt.story is None and receipt.page is not None and receipt.event_key is not None
    ]
    decisions = await store.load_decisions(connection, wanted)
    cases: dict[UUID, Case] = {}
    for receipt in asked:
        programme = programmes[receipt.tenant_id, receipt.programme_id]
        found = before.get(receipt.key)
        if found is None:
            if receipt.event_key is None:
                cases[receipt.key] = Case(programme, receipt.key, None, None, Story())
        elif found.story is not None:
            cases[receipt.key] = Case(programme, receipt.key, found.event_key, found.page, read_story(found.story))
        else:
            decision = None if found.event_key is None else decisions.get(found.event_key)
            story = Story() if decision is None else story_of(decision)
            cases[receipt.key] = Case(programme, receipt.key, found.event_key, found.page, story)
    return cases


async def load_owners(
    connection: asyncpg.Connection,
    fresh: Iterable[Arrival],
    cases: dict[UUID, Case],
    owners: dict[store.IdentifierName, UUID],
) -> None:
    """Add the owners of what earlier contents of receipts show: a late void or correction may let one stand again."""
    contents = Counter([each.receipt_key for each in fresh if each.kind in (arrivals.COMPLETED, arrivals.CORRECTED)])
    names = {
        (*case.programme.key, name): None
        for key, case in cases.items()
        if contents[key] + len(case.story.contents) > 1
        for content in case.story.contents
        for name in content.shown
    }
    if missing := [name for name in names if name not in owners]:
        owners |= await owner_store.lock_owners(connection, missing)


def members_behind(
    cases: Iterable[Case], owners: Mapping[store.IdentifierName, UUID], standings: Mapping[MemberName, Standing]
) -> list[MemberName]:
    """Members known only from stories: who claimed a receipt before its purchase came, or shows on a content of it."""
    names = {(*case.programme.key, each): None for case in cases for each in _ids_behind(case, owners)}
    return [name for name in names if name not in standings]


def _ids_behind(case: Case, owners: Mapping[store.IdentifierName, UUID]) -> list[UUID]:
    """Everybody whom a receipt may belong to by its story."""
    story, scope = case.story, case.programme.key
    ids = [claim.member_id for claim in story.claims] + ([] if story.owner is None else [story.owner])
    shows = [(*scope, name) for content in story.contents for name in content.shown]
    return ids + [owners[name] for name in shows if name in owners]


async def load_lives(
    connection: asyncpg.Connection,
    fresh: Sequence[Arrival],
    owners: dict[store.IdentifierName, UUID],
    standings: dict[MemberName, Standing],
    cases: dict[UUID, Case],
    now: datetime,
    survivors: Iterable[MemberName] = (),
) -> dict[MemberName, Life]:
    """The members whose ledger the batch needs: whole where something is due, owed or taken; else only to add to.

    `survivors` are those to whom ids lead that the batch knows.
    """
    whole = {name: None for name, standing in standings.items() if standing.is_due(now)} | dict.fromkeys(survivors)
    adding: dict[MemberName, None] = {}
    for case in cases.values():
        whole |= dict.fromkeys((*case.programme.key, member_id) for member_id in _ids_behind(case, owners))
    revived = Revived(standings)
    for arrival in fresh:
        plain = arrival.kind == arrivals.COMPLETED and arrival.receipt_key not in cases
        programme = arrival.programme
        if plain and not programme.pends and not programme.revives and not programme.extends:
            continue
        concerned = [(*name[:2], owners[name]) for name in identifier_names(arrival) if name in owners]
        member_id = _named(arrival)
        if member_id is not None:
            concerned.append((*arrival.scope, member_id))
            if (other := _other(arrival)) is not None:
                concerned.append((*arrival.scope, other))
        if not plain or programme.extends:
            whole |= dict.fromkeys(concerned)
        elif programme.pends:
            adding |= dict.fromkeys(concerned)
        if programme.revives:
            revived.see(arrival, concerned)
    whole |= revived.names
    names = [name for name in whole if name in standings]
    ledgers = await store.load_ledgers(connection, names, standings)
    lives = {name: Life(name, standings[name], ledgers[name], whole=True) for name in names}
    for name in adding:
        if name not in lives and name in standings:
            empty = MemberLedger(name[2], standings[name].seq)
            lives[name] = Life(name, standings[name], empty, whole=False)
    await load_lapsed(connection, cases.values(), lives)
    return lives


async def load_lapsed(connection: asyncpg.Connection, cases: Iterable[Case], lives: Mapping[MemberName, Life]) -> None:
    """Where a receipt's lot has less left than the receipt brought: how much of it has lapsed."""
    short: dict[tuple[int, int, UUID, int], Case] = {}
    for case in cases:
        at = case.story.ledger or case.story.owner
        if at is None:
            continue
        name = (*case.programme.key, at)
        life = lives.get(name)
        left = {} if life is None else {lot.seq: lot.remaining for lot in life.ledger.lots}
        for account in case.story.accounts:
            for gain in account.gained:
                if left.get(gain.lot, 0) < gain.points - gain.reversed:
                    short[*name, gain.lot] = case
    for lot, amount in (await store.load_lapsed(connection, list(short))).items():
        short[lot].lapsed[lot[3]] = amount


async def load_more_counters(
    connection: asyncpg.Connection, fresh: Iterable[Arrival], loaded: Loaded, *, lock: bool
) -> dict[CounterName, int]:
    """The counters that can be named only now: limits of members, and of receipts that are judged again."""
    wanted: dict[CounterName, None] = {}
    judged_again: dict[CounterName, None] = {}
    concerned: dict[UUID, dict[MemberName, None]] = {}
    contents: dict[UUID, list[Content]] = {}
    kin = {} if loaded.merges is None else loaded.merges.together(fresh)
    for arrival in fresh:
        case = None if arrival.receipt_key is None else loaded.cases.get(arrival.receipt_key)
        plain = case is None and arrival.kind == arrivals.COMPLETED
        if plain and not arrival.programme.counts_members:
            continue
        members = _members_of(arrival, case, loaded)
        facts = _facts_of(members, loaded, kin)
        scope = arrival.scope
        if plain:
            wanted |= dict.fromkeys((*scope, key) for key in _member_keys(arrival, facts[:1]))
        elif arrival.kind == arrivals.RECORDED:
            judged_again |= dict.fromkeys((*scope, key) for key in _activity_keys(arrival, facts))
        elif arrival.kind == arrivals.TRANSFER:
            judged_again |= dict.fromkeys((*scope, key) for key in _transfer_keys(arrival, facts))
        if case is not None:
            concerned.setdefault(case.key, {}).update(dict.fromkeys(members))
            if arrival.kind in (arrivals.COMPLETED, arrivals.CORRECTED):
                contents.setdefault(case.key, []).append(content_of(arrival))
    for key, names in concerned.items():
        case = loaded.cases[key]
        facts = _facts_of(names, loaded, kin)
        keys = _case_keys(case, [*case.story.contents, *contents.get(key, ())], facts)
        judged_again |= dict.fromkeys((*case.programme.key, each) for each in keys)
    used = await store.load_counters(connection, [name for name in wanted if name not in judged_again])
    missing = [name for name in judged_again if name not in loaded.used]
    return used | await store.load_counters(connection, missing, lock=lock)


async def load_case_counters(
    connection: asyncpg.Connection, cases: Iterable[tuple[Case, MemberFacts]], *, lock: bool
) -> dict[CounterName, int]:
    """The counters that judging these receipts for these members may ask for."""
    wanted: dict[CounterName, None] = {}
    for case, facts in cases:
        keys = _case_keys(case, case.story.contents, [facts])
        wanted |= dict.fromkeys((*case.programme.key, key) for key in keys)
    return await store.load_counters(connection, list(wanted), lock=lock)


def _members_of(arrival: Arrival, case: Case | None, loaded: Loaded) -> list[MemberName]:
    ids = [loaded.owners[name] for name in identifier_names(arrival) if name in loaded.owners]
    if (member_id := _named(arrival)) is not None:
        ids.append(member_id)
    if case is not None:
        ids += _ids_behind(case, loaded.owners)
    return [(*arrival.scope, each) for each in dict.fromkeys(ids)]


def _facts_of(
    members: Iterable[MemberName], loaded: Loaded, kin: Mapping[MemberName, set[MemberName]]
) -> list[MemberFacts]:
    """Whose counters to ask for: these members', and those of whoever they become one with, or are no more."""
    found = {name: loaded.standings[name].facts for name in members if name in loaded.standings}
    if not kin:
        return [*found.values()]
    present = {(*name[:2], facts.member_id) for name, facts in found.items()}
    more = set[MemberName]().union(*(kin.get(name, ()) for name in {*members, *present})) - present
    return [*found.values(), *(MemberFacts(name[2]) for name in more)]


def _member_keys(arrival: Arrival, facts: Sequence[MemberFacts]) -> list[str]:
    """The counters of a plain purchase's member."""
    at = effective_time(arrival.event.time, arrival.arrived_at).instant
    version = arrival.programme.at(at)
    if version is None or not version.counts_members:
        return []
    exchanged = exchange(arrival.event.data, arrival.programme, version, at)
    if exchanged is None:
        return []
    return [key for each in facts for key in counter_keys(version.compiled, exchanged.purchase, each, at)]


def _activity_keys(arrival: Arrival, facts: Sequence[MemberFacts]) -> list[str]:
    """The counters that judging an activity may ask for."""
    at = effective_time(arrival.event.time, arrival.arrived_at).instant
    version = arrival.programme.at(at)
    if version is None:
        return []
    return [key for each in facts for key in activity_counter_keys(version.compiled, arrival.event.data, each, at)]


def _transfer_keys(arrival: Arrival, facts: Sequence[MemberFacts]) -> list[str]:
    """The counters of what a member gives, or the one that a merged member is now."""
    at = effective_time(arrival.event.time, arrival.arrived_at).instant
    version = arrival.programme.at(at)
    if version is None:
        return []
    return [use.key for each in facts for use in given_by(arrival, version, each.member_id, None, at)]


def _case_keys(case: Case, contents: Iterable[Content], facts: Sequence[MemberFacts]) -> list[str]:
    """The counters that judging a receipt again may ask for, whichever content stands and whoever has it."""
    keys = [key for key, _, _ in case.story.uses]
    for content in contents:
        at = effective_time(content.purchased_at, content.arrived_at).instant
        for version in _versions(case, at):
            exchanged = exchange(content.purchase, case.programme, version, at, case.story.rate)
            if exchanged is not None:
                keys += [key for each in facts for key in counter_keys(version.compiled, exchanged.purchase, each, at)]
    return keys


def _versions(case: Case, at: datetime) -> list[ActiveVersion]:
    """By what a receipt of an instant may be judged: as it was first, or for a new owner by the version of then."""
    known, versions = case.story.version, [case.programme.at(at)]
    if known is not None and (versions[0] is None or versions[0].compiled.version != known):
        versions.append(case.programme.numbered(known))
    return [each for each in versions if each is not None]
