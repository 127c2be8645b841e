"""All that the gateway reads: one transaction a request, under the row-level security of the caller's tenant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from libs.ledger.keeping import read_spans
from libs.ledger.model import Debt, Kind, Lot, MemberLedger
from libs.ledger.postgres import Equation, conservation
from libs.promotions.pages import StoredDecision, pick
from libs.runtime import sql
from libs.runtime.api_keys import ApiKey
from libs.runtime.migrate import applied, migrations, pending
from services.gateway.door.cursors import Place
from services.gateway.tenant_store import tenant_transaction

_SQL = sql.load("services.gateway")
_PUBLIC = sql.load("services.gateway", "public.sql")
_TOP = 2**63 - 1
_FEW_PAGES = 50
_LAST_KEY = UUID(int=2**128 - 1)
_LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Member:
    """A member as stored; identifiers in clear, to be masked before they are shown, `keeps` what spares the points."""

    programme_id: int
    programme: str
    zone: str
    member_id: UUID
    tier: str | None
    enrolled_at: datetime
    member_seq: int
    identifiers: tuple[str, ...]
    merged_into: UUID | None = None
    keeps: str | None = None


@dataclass(frozen=True, slots=True)
class WalletFacts:
    """A wallet of a programme: its name, and how many decimals people see."""

    name: str
    scale: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of a member's history: a movement, or with `outcome` a receipt that paid nothing. `cause` is an event key.

    `kind` and what follows up to `amount` are None for such a receipt; `seq` is then the movement that it came after.
    `trade` says of a movement what it was traded for, `party` with whom, `by_household` that another member did it.
    """

    seq: int
    unpaid_at: datetime | None
    unpaid_key: UUID | None
    cause: UUID
    kind: str | None
    wallet: str | None
    from_account: str | None
    to_account: str | None
    amount: int | None
    effective_at: datetime
    recorded_at: datetime
    corrects: int | None
    outcome: str | None
    spared_by: str | None = None
    spared_as: str | None = None
    trade: str | None = None
    party: str | None = None
    by_household: bool = False

    @property
    def place(self) -> Place:
        """Where the list goes on after this row."""
        return Place(self.seq, self.unpaid_at, self.unpaid_key)


@dataclass(frozen=True, slots=True)
class LotPart:
    """The part of a movement that falls on a lot."""

    seq: int
    lot: int
    points: int
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Until:
    """Up to when things count: by their own time, and by when we learnt of them; None is without end."""

    effective: datetime | None = None
    known: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProgrammeFacts:
    """A programme of the tenant."""

    programme_id: int
    programme: str
    zone: str


class Reading:
    """The queries of one request, all on one snapshot and on one tenant."""

    def __init__(self, connection: asyncpg.Connection, tenant_id: int) -> None:
        self.connection = connection
        self.tenant_id = tenant_id

    async def members(self, member_id: UUID, programme: str | None) -> list[Member]:
        """Return the member, in two programmes at most; `programme` is a slug."""
        rows = await self._fetch("member", member_id, programme)
        return [Member(**{**row, "identifiers": tuple(row["identifiers"])}) for row in rows]

    async def by_identifier(self, identifier: str, programme: str | None) -> list[tuple[str, UUID]]:
        """Return (programme, member) for whoever has exactly this identifier."""
        rows = await self._fetch("members_by_identifier", identifier, programme)
        return [(row["programme"], row["member_id"]) for row in rows]

    async def wallets(self, programme_id: int, now: datetime) -> list[WalletFacts]:
        """Return the wallets of the programme as it is in force; none before its first version."""
        rows = await self._fetch("wallets", programme_id, now)
        documents = msgspec.json.decode(rows[0]["wallets"]) if rows else []
        return [WalletFacts(wallet["name"], wallet.get("scale", 0)) for wallet in documents]

    async def ledger(self, member: Member) -> MemberLedger:
        """Return what the member has left and owes, with the dates of today: enough for any instant from now on."""
        of_member = (member.programme_id, member.member_id)
        lots = [Lot(**{**row, "opened_by": Kind(row["opened_by"])}) for row in await self._fetch("lots", *of_member)]
        debts = [Debt(**row) for row in await self._fetch("debts", *of_member)]
        return MemberLedger(member.member_id, member.member_seq, tuple(lots), tuple(debts), read_spans(member.keeps))

    async def history(self, member: Member, after: Place | None, count: int, *, until: Until) -> list[Entry]:
        """Return up to `count` entries that come after a place, newest first; None: from the newest."""
        bounds = _bounds(after)
        of_member = (member.programme_id, member.member_id)
        rows = await self._fetch("history", *of_member, *bounds, count, until.effective, until.known)
        return [Entry(**row) for row in rows]

    async def parts(self, member: Member, seqs: Sequence[int]) -> list[LotPart]:
        """Return the lots that these movements touch."""
        rows = await self._fetch("parts", member.programme_id, member.member_id, seqs)
        return [LotPart(row["seq"], row["lot_seq"], row["amount"], row["expires_at"]) for row in rows]

    async def decisions(self, keys: Iterable[UUID]) -> dict[UUID, StoredDecision]:
        """Return the decisions on these events, by key; events of which none is kept are left out."""
        rows = await self._fetch("decision_pages", list(set(keys)))
        # Many pages are read in a thread, so that other requests need not wait for them.
        return _picked(rows) if len(rows) <= _FEW_PAGES else await asyncio.to_thread(_picked, rows)

    async def programme_of_source(self, source: str) -> ProgrammeFacts | None:
        """Return the programme that a source belongs to."""
        rows = await self._fetch("programme_of_source", source)
        return ProgrammeFacts(**rows[0]) if rows else None

    async def programme_version(self, programme_id: int, version: int) -> bytes | None:
        """Return the document of a version, in JSON."""
        rows = await self._fetch("programme_version", programme_id, version)
        return rows[0]["document"].encode() if rows else None

    async def conservation(self, at: datetime, programme: str | None) -> list[Equation]:
        """Return the equation of each wallet: all the points ever issued, and where they are."""
        equations = await conservation(self.connection, at)
        return [equation for equation in equations if programme in (None, equation.programme)]

    async def fetch(self, statement: str, *arguments: object) -> list[Any]:
        """Run a statement whose first argument is the tenant."""
        return await self.untenanted(statement, self.tenant_id, *arguments)

    async def untenanted(self, statement: str, *arguments: object) -> list[Any]:
        """Run a statement on what has no tenant."""
        rows: list[Any] = await self.connection.fetch(statement, *arguments)
        return rows

    async def _fetch(self, query: str, *arguments: object) -> list[Any]:
        return await self.fetch(_SQL[query], *arguments)


class Store:
    """The gateway's way to PostgreSQL."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def reading(self, tenant_id: int) -> AsyncIterator[Reading]:
        """Open one read-only transaction that sees this tenant alone.

        Raises:
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists.
        """
        async with tenant_transaction(self._pool, tenant_id, reading=True) as connection:
            yield Reading(connection, tenant_id)

    async def company(self, slug: str) -> int | None:
        """Return the number of the company of this name; nothing else of it is seen."""
        async with self._pool.acquire() as connection, connection.transaction(readonly=True):
            await connection.fetchval(_PUBLIC["name_company"], slug)
            tenant_id: int | None = await connection.fetchval(_PUBLIC["company"], slug)
            return tenant_id

    async def api_key(self, key_id: str) -> ApiKey | None:
        """Return what is stored of a key, whichever tenant it belongs to."""
        row = await self._pool.fetchrow(_SQL["api_key"], key_id)
        return None if row is None else ApiKey(**{**row, "scopes": tuple(row["scopes"])})

    async def touch_api_key(self, key_id: str, now: datetime) -> None:
        """Note that a key was used, unless that was noted within the last minute."""
        await self._pool.execute(_SQL["touch_api_key"], key_id, now)

    async def behind(self) -> list[str]:
        """Return the migrations that the database still lacks.

        Raises:
            MigrationError: it is newer than this code, or has other migrations.
        """
        async with self._pool.acquire() as connection:
            return [migration.name for migration in pending(migrations(), await applied(connection))]


def _picked(rows: Iterable[Any]) -> dict[UUID, StoredDecision]:
    return {decision.key: decision for row in rows for decision in pick(row["body"], row["event_keys"])}


def _bounds(after: Place | None) -> tuple[int, int, datetime, UUID]:
    """What movements, and what receipts without points, must lie below: (seq, (seq, recorded at, key))."""
    if after is None:
        return _TOP, _TOP, _LONG_AGO, _LAST_KEY
    if after.recorded_at is None or after.receipt is None:
        # A movement: receipts that came after it stand above it in the list.
        return after.seq, after.seq, _LONG_AGO, UUID(int=0)
    return after.seq + 1, after.seq, after.recorded_at, after.receipt
