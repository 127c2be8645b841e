"""Writes what earning would have written, straight in SQL."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from libs.contracts.codec import Canonical, canonical
from libs.contracts.events import PurchaseCompletedV1
from libs.promotions.compile import CompiledProgramme, compile_programme
from libs.promotions.decide import evaluate
from libs.promotions.document import parse_programme
from libs.promotions.facts import MemberFacts
from libs.promotions.pages import LotMade, Outcome, StoredDecision, write_page
from libs.receipts.story import Story, write_story
from libs.runtime import sql
from libs.runtime.keys import event_key, receipt_key
from tests.support.database import ACME, SeededTenant, programme_document

QUERIES = sql.load("tests.integration.gateway", "fixtures.sql")
ENROLLED = datetime(2024, 1, 8, 9, 12, tzinfo=UTC)
JULY = datetime(2024, 6, 30, 22, tzinfo=UTC)
"""The boundary in Rome at the end of the second quarter."""
_read = Canonical(PurchaseCompletedV1).read
_members = itertools.count(1)


@dataclass
class MemberScribe:
    """Writes into one member's ledger; numbers are given in order."""

    connection: asyncpg.Connection
    tenant: SeededTenant
    member_id: UUID
    seq: int = 0

    @property
    def _who(self) -> tuple[int, int, UUID]:
        return self.tenant.tenant_id, self.tenant.programme_id, self.member_id

    async def credit(
        self,
        points: int,
        earned_at: datetime,
        *,
        expires_at: datetime | None = JULY,
        active_from: datetime | None = None,
        wallet: str = "points",
        cause: UUID | None = None,
        recorded_at: datetime | None = None,
        opened_by: str = "credit",
    ) -> int:
        """Make a lot and return its number."""
        seq = await self._next()
        await self.connection.execute(
            QUERIES["lot"],
            *self._who,
            seq,
            wallet,
            points,
            earned_at,
            active_from or earned_at,
            expires_at,
            recorded_at or earned_at + timedelta(seconds=1),
            cause or UUID(int=seq),
            opened_by,
        )
        return seq

    async def move(
        self,
        kind: str,
        accounts: tuple[str, str],
        at: datetime,
        parts: Sequence[tuple[int, int]],
        *,
        amount: int | None = None,
        recorded_at: datetime | None = None,
        cause: UUID | None = None,
        corrects: int | None = None,
        new_expiry: datetime | None = None,
    ) -> int:
        """Move points of lots, given as (lot, points), between accounts; `amount` where no lot is touched."""
        seq = await self._next()
        total = amount or sum(points for _, points in parts)
        source, target = accounts
        await self.connection.execute(
            QUERIES["movement"], *self._who, seq, "points", kind, source, target, total, at, cause or UUID(int=seq),
            recorded_at or at, corrects, new_expiry is not None, new_expiry,
        )  # fmt: skip
        of_lots = {"pending", "active", "held"}
        for lot, points in parts:
            await self.connection.execute(QUERIES["allocation"], *self._who, seq, lot, points)
            remaining = points * ((target in of_lots) - (source in of_lots))
            held = points * ((target == "held") - (source == "held"))
            active_from = at if kind == "activate" else None
            await self.connection.execute(
                QUERIES["change_lot"], *self._who, lot, remaining, held, active_from, new_expiry
            )
        if owed := total * ((source == "debt") - (target == "debt")):
            await self.connection.execute(QUERIES["debt"], *self._who, "points", owed, at)
        return seq

    async def unpaid(self, key: UUID, at: datetime, outcome: Outcome = "no_points") -> None:
        """A receipt that brought nothing, after the last movement."""
        await self.connection.execute(QUERIES["unpaid"], *self._who, self.seq, key, at, outcome)

    async def identify(self, identifier: str) -> None:
        """Tie an identifier, as it is stored, to the member."""
        tenant, programme, member_id = self._who
        await self.connection.execute(QUERIES["identifier"], tenant, programme, identifier, member_id, ENROLLED)

    async def _next(self) -> int:
        self.seq += 1
        await self.connection.execute(QUERIES["head"], *self._who, self.seq)
        return self.seq


@dataclass
class Scribe:
    """Writes members and decisions."""

    connection: asyncpg.Connection
    _pages: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def member(self, tenant: SeededTenant = ACME, *, tier: str | None = None) -> MemberScribe:
        """Enrol somebody."""
        member_id = UUID(int=0x0190_A5B0_0000_7000_8000_0000_0000_0000 + next(_members))
        await self.connection.execute(
            QUERIES["member"], tenant.tenant_id, tenant.programme_id, member_id, tier, ENROLLED
        )
        await self.connection.execute(QUERIES["head"], tenant.tenant_id, tenant.programme_id, member_id, 0)
        return MemberScribe(self.connection, tenant, member_id)

    async def page(self, decisions: Sequence[StoredDecision], tenant: SeededTenant = ACME) -> None:
        """Store decisions as one page."""
        number, at = next(self._pages), decisions[0].arrived_at
        await self.connection.execute(QUERIES["page"], tenant.tenant_id, number, at, write_page(decisions))
        for decision in decisions:
            await self.connection.execute(QUERIES["inbox"], tenant.tenant_id, decision.key, number, at)

    async def receipt(
        self,
        purchase: StoredDecision,
        tenant: SeededTenant = ACME,
        *,
        story: Story | None = None,
        said: Sequence[StoredDecision] = (),
    ) -> UUID:
        """Keep a receipt's number: its purchase, its story, and what else was said under it; return its key."""
        named = _named(purchase.facts)
        key = receipt_key(tenant.tenant_id, tenant.programme_id, named.store, named.receipt_number)
        owner = purchase.member_id if story is None else story.owner
        first = None if purchase in said else purchase.key
        await self.connection.execute(
            QUERIES["receipt"], tenant.tenant_id, key, tenant.programme_id, first, owner,
            None if story is None else write_story(story),
        )  # fmt: skip
        for one in said:
            await self.connection.execute(QUERIES["receipt_event"], tenant.tenant_id, key, one.key)
        return key


class _Named(msgspec.Struct):
    receipt_number: str
    store: str | None = None


_named = msgspec.json.Decoder(_Named).decode


def compiled(tenant: SeededTenant = ACME) -> CompiledProgramme:
    """The seeded programme."""
    return compile_programme(parse_programme(programme_document(tenant)))


def receipt(total: int, *lines: dict[str, Any], **fields: Any) -> Any:
    """A payload as earning decodes it; one line of groceries unless lines are given."""
    given = lines or ({"line": 1, "sku": "bread", "category": "GROCERY", "quantity": 1, "amount_minor": total},)
    document = {
        "receipt_number": "000123",
        "identifiers": [{"kind": "card", "value": "98123456"}],
        "store": "12",
        "till": "3",
        "currency": ACME.currency,
        "total_minor": total,
        "lines": given,
        **fields,
    }
    return _read(msgspec.json.encode(document))


def said(
    kind: str, model: type[Any], event_id: str, at: datetime, data: dict[str, Any], **decided: Any
) -> StoredDecision:
    """A decision on an event other than a purchase; `decided` is what was made of it."""
    payload = Canonical(model).read(msgspec.json.encode(data))
    return StoredDecision(
        key=event_key(ACME.source, event_id),
        source=ACME.source,
        id=event_id,
        occurred_at=at,
        arrived_at=at + timedelta(seconds=1),
        judged_at=at,
        facts=msgspec.Raw(canonical(payload)),
        kind=kind,
        **decided,
    )


def decision(
    source: str,
    event_id: str,
    payload: Any,
    at: datetime,
    *,
    member_id: UUID | None = None,
    lot: int | None = None,
    outcome: Outcome | None = None,
    reason: str | None = None,
    tenant: SeededTenant = ACME,
) -> StoredDecision:
    """Decide a receipt with the seeded programme; without a member none is asked."""
    judged = None
    if member_id is not None:
        judged = evaluate(compiled(tenant), payload, MemberFacts(member_id), at, {})
    grants = () if judged is None or lot is None else judged.grants
    lots = tuple(LotMade(lot or 0, grant.wallet, grant.points, JULY) for grant in grants)
    return StoredDecision(
        key=event_key(source, event_id),
        source=source,
        id=event_id,
        occurred_at=at,
        arrived_at=at + timedelta(seconds=1),
        judged_at=at,
        outcome=outcome or ("credited" if lots else "no_points"),
        facts=msgspec.Raw(canonical(payload)),
        member_id=member_id,
        reason=reason,
        evaluation=judged,
        lots=lots,
    )
