"""Earning's only door to PostgreSQL: domain values in and out, one statement a step."""

from __future__ import annotations

from collections.abc import Sequence
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
from services.earning.verdict import Standing

__all__ = ["Equation", "ProgrammeInvalid"]

_QUERIES = sql.load("services.earning")

IdentifierName = tuple[int, int, str]
"""Tenant, programme and name of an identifier."""


class Entry(NamedTuple):
    """An event as the inbox sees it: its span (by number), tenant, key, body, and the page for its decision."""

    span: int
    tenant_id: int
    key: UUID
    body_hash: int
    page: int


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
        [entry.span + 1 for entry in entries],
        [entry.tenant_id for entry in entries],
        [entry.key for entry in entries],
        [entry.body_hash for entry in entries],
        [entry.page for entry in entries],
        [name[0] for name in identifiers],
        [name[1] for name in identifiers],
        [name[2] for name in identifiers],
        [name[0] for name in counters],
        [name[1] for name in counters],
        [name[2] for name in counters],
        lock_counters,
    )
    return Begun(
        row["moved"],
        row["page_base"],
        row["status"] or "",
        _standings(identifiers, row),
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
    """Save everything that a batch came to; `pages` has the page of each receipt."""
    lots, unpaid, unclaimed = decided.lots, decided.unpaid, decided.unclaimed
    page_tenants, page_numbers, page_bodies = _pages(pages, decided)
    uses = sorted(decided.uses.items())
    await connection.execute(
        _QUERIES["save_batch"],
        now,
        page_base,
        [new.programme.tenant_id for new in lots],
        [new.programme.programme_id for new in lots],
        [new.member_id for new in lots],
        [new.lot.seq for new in lots],
        [new.lot.wallet for new in lots],
        [new.lot.amount for new in lots],
        [new.lot.earned_at for new in lots],
        [new.lot.expires_at for new in lots],
        [new.lot.policy_version for new in lots],
        [new.cause for new in lots],
        [tenant for tenant, _, _ in decided.heads],
        [programme for _, programme, _ in decided.heads],
        [member for _, _, member in decided.heads],
        list(decided.heads.values()),
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
        ["\x1f".join(receipt.identifiers) for receipt, _ in unclaimed],
        [receipt.event.data.receipt_number for receipt, _ in unclaimed],
        [judged_at for _, judged_at in unclaimed],
        [name[0] for name, _ in uses],
        [name[1] for name, _ in uses],
        [name[2] for name, _ in uses],
        [points for _, (points, _) in uses],
        [limit for _, (_, limit) in uses],
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


async def enrol_batch(
    connection: asyncpg.Connection, now: datetime, enrolments: Sequence[Enrolment]
) -> list[tuple[bool, ...]]:
    """Enrol members; answer for each, by identifier, whether it is now the member's (false: somebody else has it).

    Within one call each member and each identifier may stand once only.
    """
    ties = [(new, name) for new in enrolments for name in new.identifiers]
    owned = await connection.fetchval(
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
    answers = iter(owned or ())
    return [tuple(next(answers) for _ in new.identifiers) for new in enrolments]


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
        programmes[key] = RunningProgramme(*key, row["tenant"], row["programme"], tuple(versions.get(key, ())))
    sources = ((row["source_prefix"], (row["tenant_id"], row["programme_id"])) for row in stored.sources)
    return by_prefix(sources, programmes)
