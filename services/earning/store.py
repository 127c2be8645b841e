"""Earning's only door to PostgreSQL: domain values in and out, one statement a step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import orjson

from libs.contracts.soundness import SEPARATOR
from libs.judging.versions import RunningProgramme
from libs.ledger.model import MemberLedger
from libs.lives import postgres as lives
from libs.lives.life import MemberName
from libs.lives.postgres import Head
from libs.promotions.facts import MemberFacts
from libs.promotions.pages import StoredDecision, pick, write_page
from libs.receipts.story import write_story
from libs.runtime import sql, stream_store
from libs.runtime.batch import Span
from services.earning import segment_store
from services.earning.cases import Case
from services.earning.lives import Life
from services.earning.outcome import BatchDecision
from services.earning.profile_store import NOBODY, OPEN_BATCH, know
from services.earning.verdict import CounterName, Standing

_QUERIES = sql.load("services.earning")

IdentifierName = tuple[int, int, str]
"""Tenant, programme and name of an identifier."""


class Entry(NamedTuple):
    """An event as the inbox sees it: its slot, which says span (by number), tenant and page, its key and its body."""

    slot: tuple[int, int, int]
    key: UUID
    body_hash: int


@dataclass(frozen=True, slots=True)
class Begun:
    """What the start of a batch found. `status` has a letter an entry: f fresh, r repeat, c conflict, x fenced."""

    moved: Sequence[bool]
    page_base: int
    status: str
    owners: dict[IdentifierName, UUID]


class AskedReceipt(NamedTuple):
    """A receipt number to lock: with event, page and owner of its purchase, or without them by what follows one."""

    tenant_id: int
    programme_id: int
    key: UUID
    event_key: UUID | None = None
    page: int | None = None
    member_id: UUID | None = None


class KnownReceipt(NamedTuple):
    """A receipt number that was there before the batch, as it stands."""

    tenant_id: int
    programme_id: int
    key: UUID
    event_key: UUID | None
    page: int | None
    member_id: UUID | None
    story: bytes | None


@dataclass(frozen=True, slots=True)
class Opened:
    """What the second step of a batch found: receipts known before, members locked, and what counters have used."""

    receipts: list[KnownReceipt]
    standings: dict[MemberName, Standing]
    used: dict[CounterName, int]


async def begin_batch(
    connection: asyncpg.Connection,
    consumer: str,
    now: datetime,
    spans: Sequence[Span],
    entries: Sequence[Entry],
    identifiers: Iterable[IdentifierName] = (),
) -> Begun:
    """Move the positions, let the inbox decide what is new, and look whose the identifiers are."""
    slots = {slot: number for number, slot in enumerate(dict.fromkeys([entry.slot for entry in entries]), 1)}
    scopes: dict[tuple[int, int], list[str]] = {}
    for tenant, programme, name in identifiers:
        scopes.setdefault((tenant, programme), []).append(name)
    row = await connection.fetchrow(
        _QUERIES["begin_batch"],
        consumer,
        now,
        [span.topic for span in spans],
        [span.part for span in spans],
        [span.first for span in spans],
        [span.next for span in spans],
        [span.epoch for span in spans],
        [span.health.streak for span in spans],
        [span.health.seen for span in spans],
        [span.health.bad for span in spans],
        [span.halt for span in spans],
        [span + 1 for span, _, _ in slots],
        [tenant for _, tenant, _ in slots],
        [page for _, _, page in slots],
        [slots[entry.slot] for entry in entries],
        [entry.key for entry in entries],
        [entry.body_hash for entry in entries],
        [tenant for tenant, _ in scopes],
        [programme for _, programme in scopes],
        [SEPARATOR.join(names) for names in scopes.values()],
    )
    asked = [(*scope, name) for scope, names in scopes.items() for name in names]
    owners = zip(asked, row["owners"] or (), strict=True)
    return Begun(
        row["moved"],
        row["page_base"],
        _status(entries, row["moved"], dict(zip(row["late_keys"] or (), row["late_hashes"] or (), strict=True))),
        {name: member_id for name, member_id in owners if member_id is not None},
    )


def _status(entries: Sequence[Entry], moved: Sequence[bool], late: Mapping[UUID, int]) -> str:
    if not late and all(moved):
        return "f" * len(entries)
    letters = []
    for entry in entries:
        known = late.get(entry.key)
        if not moved[entry.slot[0]]:
            letters.append("x")
        elif known is None:
            letters.append("f")
        else:
            letters.append("r" if known == entry.body_hash else "c")
    return "".join(letters)


async def open_batch(
    connection: asyncpg.Connection,
    receipts: Sequence[AskedReceipt],
    members: Sequence[MemberName],
    counters: Sequence[CounterName] = (),
    *,
    asking: Mapping[tuple[int, int], RunningProgramme] = NOBODY,
    lock_counters: bool = False,
    seeing: segment_store.Seeing = segment_store.NOBODY,
) -> Opened:
    """Lock receipt numbers, members and, on request, shared counters, in this order; then load what they are.

    `asking` are the programmes that ask what is known of their members.
    """
    row = await connection.fetchrow(
        segment_store.OPEN_BATCH if seeing else OPEN_BATCH if asking else _QUERIES["open_batch"],
        *_columns(receipts, 6),
        *_columns(members, 3),
        *_columns(counters, 3),
        lock_counters,
        *(_columns(list(asking), 2) if asking or seeing else ()),
    )
    known = zip(*[row[name] or () for name in _KNOWN], strict=True)
    heads = zip(*[row[name] or () for name in _HEADS], strict=True)
    standings = {}
    for tenant, programme, member_id, seq, spread, tier, activates_at, lapses_at, owing in heads:
        text = str(member_id)
        standings[tenant, programme, member_id] = Standing(
            MemberFacts(member_id, tier), seq, spread, text, text.encode(), activates_at, lapses_at, owing
        )
    if asking:
        know(row, standings, asking)
    if seeing:
        segment_store.see(standings, row, seeing)
    used = dict(zip(counters, row["used"] or (), strict=True))
    return Opened([KnownReceipt(*each) for each in known], standings, used)


_KNOWN = [f"known_{name}" for name in ("tenants", "programmes", "keys", "events", "pages", "members", "stories")]
_HEADS = [
    f"head_{name}"
    for name in ("tenants", "programmes", "members", "seqs", "spreads", "tiers", "activates", "lapses", "owing")
]


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [[row[column] for row in rows] for column in range(width)]


async def load_counters(
    connection: asyncpg.Connection, counters: Sequence[CounterName], *, lock: bool = False
) -> dict[CounterName, int]:
    """Return what counters have used; those of members need no lock, for the transaction holds the members."""
    if not counters:
        return {}
    names = sorted(set(counters))
    query = _QUERIES["lock_counters" if lock else "counters"]
    return {
        name: row["used"] for name, row in zip(names, await connection.fetch(query, *_columns(names, 3)), strict=True)
    }


async def load_decisions(
    connection: asyncpg.Connection, wanted: Sequence[tuple[int, int, UUID]]
) -> dict[UUID, StoredDecision]:
    """Return decisions by the key of their event; `wanted` has tenant, page and key of each."""
    if not wanted:
        return {}
    keys: dict[tuple[int, int], list[UUID]] = {}
    for tenant, page, key in wanted:
        keys.setdefault((tenant, page), []).append(key)
    found = await connection.fetch(_QUERIES["decision_pages"], *_columns(list(keys), 2))
    return {
        decision.key: decision for row in found for decision in pick(row["body"], keys[row["tenant_id"], row["page"]])
    }


async def load_ledgers(
    connection: asyncpg.Connection, members: Sequence[MemberName], standings: Mapping[MemberName, Standing]
) -> dict[MemberName, MemberLedger]:
    """Return what these members have left and owe; their rows are locked already."""
    if not members:
        return {}
    heads = {name: Head(standings[name].seq, standings[name].owing) for name in members}
    return await lives.load_ledgers(connection, heads)


async def load_lapsed(
    connection: asyncpg.Connection, lots: Sequence[tuple[int, int, UUID, int]]
) -> dict[tuple[int, int, UUID, int], int]:
    """Return how much of these lots, each of a member, has lapsed."""
    if not lots:
        return {}
    found = await connection.fetch(_QUERIES["lapsed"], *_columns(lots, 4))
    return {tuple(row[:4]): row["amount"] for row in found}


async def save_batch(
    connection: asyncpg.Connection,
    now: datetime,
    page_base: int,
    pages: Mapping[tuple[int, int], Sequence[StoredDecision]],
    decided: BatchDecision,
) -> None:
    """Save decisions, and the effects of plain purchases; `pages` has the decisions by tenant and number of page."""
    lots = decided.lots
    terms = {term: number for number, term in enumerate(dict.fromkeys([new.term for new in lots]), 1)}
    await connection.execute(
        _QUERIES["save_batch"],
        now,
        page_base,
        *_columns(list(terms), 5),
        [terms[new.term] for new in lots],
        [new.member_id for new in lots],
        [new.lot.seq for new in lots],
        [new.lot.amount for new in lots],
        [new.lot.earned_at for new in lots],
        [new.cause for new in lots],
        *_columns(list(pages), 2),
        [write_page(decisions) for decisions in pages.values()],
        *_columns(decided.unpaid, 7),
    )


async def save_lives(connection: asyncpg.Connection, now: datetime, members: Iterable[Life]) -> None:
    """Save what was done to members whose ledger was in hand."""
    await lives.save(connection, now, members)


async def save_receipts(
    connection: asyncpg.Connection,
    now: datetime,
    cases: Sequence[Case],
    decided: BatchDecision,
    again: Sequence[tuple[int, UUID, int]],
) -> None:
    """Save stories, and who waits for what; `again` has tenant, event and page of what was decided anew."""
    settled = [(*scope, key) for key, scope in decided.settled.items()]
    if not (cases or settled or decided.unclaimed or decided.parked or decided.about):
        return
    told = [
        (case.tenant_id, case.key, case.event_key, case.page, case.story.owner, write_story(case.story))
        for case in cases
    ]
    await connection.execute(
        _QUERIES["save_receipts"],
        now,
        *_columns(told, 6),
        *_columns(decided.about, 3),
        *_columns(settled, 3),
        _json([waiting._asdict() for waiting in decided.unclaimed.values()]),
        _json([waiting._asdict() for waiting in decided.parked.values()]),
        *_columns(again, 3),
    )


def _json(rows: Sequence[Mapping[str, object]]) -> str:
    return orjson.dumps(rows, default=str).decode()  # keys are UUIDs of a class of their own


async def end_batch(
    connection: asyncpg.Connection, uses: Mapping[CounterName, tuple[int, int]], outbox: stream_store.Enqueuing
) -> list[int]:
    """Add what campaigns gave out, each with its limit, to the shared counters; what was taken back is below 0.

    Fills the outbox in the same statement, so that counters are locked shortly, and returns the numbers of its rows.

    Raises:
        asyncpg.PostgresError: with SQLSTATE PS001 when a limit would be passed.
    """
    ordered = [(*name, points, limit) for name, (points, limit) in sorted(uses.items())]
    seqs: list[int] = await connection.fetchval(_QUERIES["end_batch"], *outbox, *_columns(ordered, 5))
    return seqs


async def identifier_owners(
    connection: asyncpg.Connection, identifiers: Sequence[IdentifierName]
) -> dict[IdentifierName, UUID]:
    """Return the member behind each identifier that has one, without a lock."""
    found = await connection.fetch(_QUERIES["identifier_owners"], *_columns(identifiers, 3))
    return {tuple(row[:3]): row["member_id"] for row in found}


class Tie(NamedTuple):
    """An identifier, whose it was when looked at, and whose it becomes (None: nobody's)."""

    tenant_id: int
    programme_id: int
    identifier: str
    was: UUID | None
    becomes: UUID | None


class NewMember(NamedTuple):
    """A member to enrol, or to give a tier; `spread` is Kafka's hash of the id."""

    tenant_id: int
    programme_id: int
    member_id: UUID
    spread: int
    tier: str | None
    enrolled_at: datetime


async def tie_identifiers(connection: asyncpg.Connection, now: datetime, ties: Sequence[Tie]) -> None:
    """Tie identifiers to members; each may stand once only.

    Raises:
        asyncpg.SerializationError: one has changed hands since the caller looked; look again.
    """
    if ties:
        await connection.execute(_QUERIES["tie_identifiers"], now, *_columns(ties, 5))


async def load_enrolled(connection: asyncpg.Connection, members: Sequence[MemberName]) -> set[MemberName]:
    """Return whom of these their programmes know already; each may stand more than once."""
    if not members:
        return set()
    rows = await connection.fetch(_QUERIES["enrolled"], *_columns(members, 3))
    return {(row["tenant_id"], row["programme_id"], row["member_id"]) for row in rows}


async def enrol_members(connection: asyncpg.Connection, now: datetime, members: Sequence[NewMember]) -> None:
    """Enrol members, each once only; who is enrolled keeps the first date."""
    if members:
        await connection.execute(_QUERIES["enrol_members"], now, *_columns(members, 6))
