"""What a quote reads of PostgreSQL: the member in one round trip, what limits have used in another.

The functions behind it set the tenant for their own statement and nothing else, so that a connection goes back as it
came and needs no reset.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from libs.judging.groups import in_segments
from libs.judging.profiles import Profile, enrolled, knowing
from libs.judging.versions import RunningProgramme
from libs.ledger.keeping import read_spans
from libs.ledger.model import Debt, Kind, Lot, MemberLedger
from libs.promotions.facts import MemberFacts
from libs.runtime import sql

_SQL = sql.load("services.gateway", "quotes.sql")
_LOT_COLUMNS = (
    "lot_seqs", "lot_wallets", "lot_amounts", "lot_remaining", "lot_held", "lot_earned", "lot_active", "lot_expires",
    "lot_recorded", "lot_versions", "lot_contributors", "lot_pending",
)  # fmt: skip
_DEBT_COLUMNS = ("debt_wallets", "debt_amounts", "debt_since", "debt_lent", "debt_shares", "debt_due")


@dataclass(frozen=True, slots=True)
class KnownMember:
    """A member as a quote finds one: what rules are judged by, what is left of the points, if a till has a text."""

    facts: MemberFacts
    ledger: MemberLedger
    till: bool


class QuoteStore:
    """Reads for quotes, on a pool of their own, so that nothing else makes them wait."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def member(
        self, programme: RunningProgramme, identifiers: Sequence[str], member_id: UUID | None, now: datetime
    ) -> KnownMember | None:
        """Return the member of this id, or whoever has the first of the identifiers that anybody has.

        What is known of them comes along, and their segments, where the programme asks.

        Raises:
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists; so do the others.
        """
        query = _SQL[
            "member_in_segments" if programme.sees_segments else "member_known" if programme.knows else "member"
        ]
        row = await self._pool.fetchrow(query, *programme.key, list(identifiers), member_id, now)
        if row is None or row["member_id"] is None:
            return None
        facts = MemberFacts(row["member_id"], row["tier"])
        if programme.knows:
            facts = knowing(facts, Profile.of_row(row["revision"], row["birthday"], row["attributes"]))
            facts = enrolled(facts, row["enrolled_at"], programme)
        if programme.sees_segments:
            facts = in_segments(facts, row["segments"] or (), programme)
        return KnownMember(
            facts,
            MemberLedger(row["member_id"], row["seq"], _lots(row), _debts(row), read_spans(row["keeps"])),
            row["till"],
        )

    async def counters(self, scope: tuple[int, int], keys: Sequence[str]) -> Mapping[str, int]:
        """Return what limits have used, by the keys of their counters; nothing is asked for without any."""
        if not keys:
            return {}
        used: Sequence[int] = await self._pool.fetchval(_SQL["counters"], *scope, list(keys))
        return dict(zip(keys, used, strict=True))


def _lots(row: Mapping[str, Any]) -> tuple[Lot, ...]:
    if row["lot_seqs"] is None:
        return ()
    columns: Iterator[Any] = zip(*[row[name] for name in _LOT_COLUMNS], map(Kind, row["lot_openings"]), strict=True)
    return tuple([Lot(*values) for values in columns])


def _debts(row: Mapping[str, Any]) -> tuple[Debt, ...]:
    if row["debt_wallets"] is None:
        return ()
    columns = zip(*[row[name] for name in _DEBT_COLUMNS], strict=True)
    return tuple([Debt(*values) for values in columns])
