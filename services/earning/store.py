"""Earning's only door to PostgreSQL: domain values in and out, one statement a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import orjson

from libs.ledger.postgres import Equation, conservation
from libs.promotions.document import ProgrammeInvalid
from libs.promotions.facts import MemberFacts
from libs.promotions.pages import PAGE_RECEIPTS, write_page
from libs.runtime import sql
from libs.runtime.batch import Span
from services.earning.domain import BatchDecision, CounterName
from services.earning.programmes import ActiveVersion, Programmes, RunningProgramme, activate, by_prefix
from services.earning.receipts import SEPARATOR
from services.earning.verdict import Standing

__all__ = ["Equation", "ProgrammeInvalid"]

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
    standings: dict[IdentifierName, Standing]
    used: dict[CounterName, int]


async def begin_batch(
    connection: asyncpg.Connection,
    consumer: str,
    now: datetime,
    spans: Sequence[Span],
    entries: Sequence[Entry],
    *,
    identifiers: Sequence[IdentifierName] = (),
    counters: Sequence[CounterName] = (),
    lock_counters: bool = False,
) -> Begun:
    """Move the positions, let the inbox decide what is new, lock, and then load."""
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
        [name[0] for name in counters],
        [name[1] for name in counters],
        [name[2] for name in counters],
        lock_counters,
    )
    asked = [(*scope, name) for scope, names in scopes.items() for name in names]
    return Begun(
        row["moved"],
        row["page_base"],
        row["status"] or "",
        _standings(asked, row),
        dict(zip(counters, row["used"] or (), strict=True)),
    )


def _standings(identifiers: Sequence[IdentifierName], row: asyncpg.Record) -> dict[IdentifierName, Standing]:
    """One standing a member, however many of the member's identifiers were shown."""
    by_member: dict[tuple[int, int, UUID], Standing] = {}
    names = ("head_tenants", "head_programmes", "head_members", "head_seqs", "head_spreads", "head_tiers")
    heads = zip(*[row[name] or () for name in names], strict=True)
    for tenant, programme, member_id, seq, spread, tier in heads:
        text = str(member_id)
        standing = Standing(MemberFacts(member_id, tier), seq, spread, text, text.encode())
        by_member[tenant, programme, member_id] = standing
    return {
        name: by_member[name[0], name[1], member_id]
        for name, member_id in zip(identifiers, row["owners"] or (), strict=True)
        if member_id is not None
    }


async def load_counters(connection: asyncpg.Connection, counters: Sequence[CounterName]) -> dict[CounterName, int]:
    """Return what counters have used; for those of members, whose rows the transaction has locked already."""
    rows = await connection.fetch(
        _QUERIES["counters"], [name[0] for name in counters], [name[1] for name in counters],
        [name[2] for name in counters],
    )  # fmt: skip
    return {name: row["used"] for name, row in zip(counters, rows, strict=True)}


async def save_batch(
    connection: asyncpg.Connection, now: datetime, page_base: int, pages: Sequence[int], decided: BatchDecision
) -> None:
    """Save everything that a batch came to but its uses of counters; `pages` has the page of each receipt."""
    lots, unpaid, unclaimed = decided.lots, decided.unpaid, decided.unclaimed
    page_tenants, page_numbers, page_bodies = _pages(pages, decided)
    terms = {term: number for number, term in enumerate(dict.fromkeys([new.term for new in lots]), 1)}
    await connection.execute(
        _QUERIES["save_batch"],
        now,
        page_base,
        [term.tenant_id for term in terms],
        [term.programme_id for term in terms],
        [term.wallet for term in terms],
        [term.expires_at for term in terms],
        [term.policy_version for term in terms],
        [terms[new.term] for new in lots],
        [new.member_id for new in lots],
        [new.lot.seq for new in lots],
        [new.lot.amount for new in lots],
        [new.lot.earned_at for new in lots],
        [new.cause for new in lots],
        page_tenants,
        page_numbers,
        page_bodies,
        [receipt.programme.tenant_id for receipt, *_ in unpaid],
        [receipt.programme.programme_id for receipt, *_ in unpaid],
        [standing.facts.member_id for _, standing, *_ in unpaid],
        [after for _, _, after, *_ in unpaid],
        [receipt.key for receipt, *_ in unpaid],
        [judged_at for *_, judged_at in unpaid],
        [outcome for *_, outcome, _ in unpaid],
        [receipt.programme.tenant_id for receipt, _ in unclaimed],
        [receipt.programme.programme_id for receipt, _ in unclaimed],
        [receipt.key for receipt, _ in unclaimed],
        [SEPARATOR.join(receipt.identifiers) for receipt, _ in unclaimed],
        [receipt.event.data.receipt_number for receipt, _ in unclaimed],
        [judged_at for _, judged_at in unclaimed],
    )


async def count_uses(connection: asyncpg.Connection, uses: Mapping[CounterName, tuple[int, int]]) -> None:
    """Add what campaigns gave out, each with its limit, to the shared counters.

    Raises:
        asyncpg.PostgresError: with SQLSTATE PS001 when a limit would be passed.
    """
    ordered = sorted(uses.items())
    await connection.execute(
        _QUERIES["count_uses"],
        [name[0] for name, _ in ordered],
        [name[1] for name, _ in ordered],
        [name[2] for name, _ in ordered],
        [points for _, (points, _) in ordered],
        [limit for _, (_, limit) in ordered],
    )


def _pages(pages: Sequence[int], decided: BatchDecision) -> tuple[list[int], list[int], list[bytes]]:
    grouped: dict[int, list[int]] = {}
    for index, page in enumerate(pages):
        grouped.setdefault(page, []).append(index)
    return (
        [decided.tenants[members[0]] for members in grouped.values()],
        list(grouped),
        [write_page([decided.decisions[index] for index in members]) for members in grouped.values()],
    )


class Paging:
    """Hands out the pages of a batch: each holds receipts of one tenant, at most `PAGE_RECEIPTS`."""

    def __init__(self) -> None:
        self._open: dict[int, tuple[int, int]] = {}
        self._next = 0

    def page_for(self, tenant_id: int) -> int:
        """Return the number, within the batch, of the page that the tenant's next receipt goes to."""
        page, count = self._open.get(tenant_id, (0, PAGE_RECEIPTS))
        if count == PAGE_RECEIPTS:
            page, count = self._next, 0
            self._next += 1
        self._open[tenant_id] = (page, count + 1)
        return page


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A member to enrol, with the identifiers as they are looked up."""

    programme: RunningProgramme
    member_id: UUID
    spread: int
    tier: str | None
    enrolled_at: datetime
    identifiers: tuple[str, ...]


async def identifier_owners(
    connection: asyncpg.Connection, identifiers: Sequence[IdentifierName]
) -> dict[IdentifierName, UUID]:
    """Return the member behind each identifier that has one, without a lock."""
    rows = await connection.fetch(
        _QUERIES["identifier_owners"],
        [name[0] for name in identifiers],
        [name[1] for name in identifiers],
        [name[2] for name in identifiers],
    )
    return {(row["tenant_id"], row["programme_id"], row["identifier"]): row["member_id"] for row in rows}


async def enrol_batch(connection: asyncpg.Connection, now: datetime, enrolments: Sequence[Enrolment]) -> None:
    """Enrol members and tie their identifiers to them.

    Within one call each member and each identifier may stand once only, and no identifier may be another member's.

    Raises:
        asyncpg.SerializationError: somebody took one of the identifiers since the caller looked; look again.
    """
    ties = [(new, name) for new in enrolments for name in new.identifiers]
    await connection.fetchval(
        _QUERIES["enrol_batch"],
        now,
        [new.programme.tenant_id for new in enrolments],
        [new.programme.programme_id for new in enrolments],
        [new.member_id for new in enrolments],
        [new.spread for new in enrolments],
        [new.tier for new in enrolments],
        [new.enrolled_at for new in enrolments],
        [new.programme.tenant_id for new, _ in ties],
        [new.programme.programme_id for new, _ in ties],
        [name for _, name in ties],
        [new.member_id for new, _ in ties],
    )


async def load_conservation(connection: asyncpg.Connection, now: datetime) -> list[Equation]:
    """Return the conservation equation of every wallet of every tenant."""
    return await conservation(connection, now)


async def programmes_fingerprint(connection: asyncpg.Connection) -> str:
    """Return a text that changes whenever sources or programmes do."""
    fingerprint: str = await connection.fetchval(_QUERIES["fingerprint"])
    return fingerprint


class StoredProgrammes(NamedTuple):
    """Programmes, their versions and the sources, as rows."""

    programmes: Sequence[asyncpg.Record]
    versions: Sequence[asyncpg.Record]
    sources: Sequence[asyncpg.Record]


async def load_programmes(connection: asyncpg.Connection) -> StoredProgrammes:
    """Load every programme, version and source."""
    return StoredProgrammes(
        await connection.fetch(_QUERIES["programmes"]),
        await connection.fetch(_QUERIES["versions"]),
        await connection.fetch(_QUERIES["sources"]),
    )


def compile_programmes(stored: StoredProgrammes) -> Programmes:
    """Compile all that was loaded; takes a while, so it runs beside the event loop.

    Raises:
        ProgrammeInvalid: a stored document is none.
    """
    versions: dict[tuple[int, int], list[ActiveVersion]] = {}
    for row in stored.versions:
        version = activate(row["active_from"], orjson.loads(row["document"]))
        versions.setdefault((row["tenant_id"], row["programme_id"]), []).append(version)
    programmes = {}
    for row in stored.programmes:
        key = (row["tenant_id"], row["programme_id"])
        own = tuple(versions.get(key, ()))
        counts_members = any(version.counts_members for version in own)
        programmes[key] = RunningProgramme(*key, row["tenant"], row["programme"], own, counts_members)
    sources = ((row["source_prefix"], (row["tenant_id"], row["programme_id"])) for row in stored.sources)
    return by_prefix(sources, programmes)
