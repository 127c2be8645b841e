"""What a programme owes its members at an instant: the points outstanding. Only stores and commands import it.

It follows from the movements, and for what is due and not written down yet from what spares members as it is known now;
it equals the sum of all members' balances at that instant.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
from msgspec.structs import replace

from libs.ledger.balance import balances
from libs.ledger.evolve import as_of
from libs.ledger.keeping import read_spans
from libs.ledger.model import Movement, Span
from libs.runtime import sql
from libs.sweeps.journals import journals

_QUERIES = sql.load("libs.sweeps", "liability.sql")
_PAGE = 500
_PATIENCE = 600.0
"""Seconds for a statement that reads a whole programme."""


class Outstanding(NamedTuple):
    """The points of a wallet that members could spend, will be able to, or have reserved; and what they owed."""

    wallet: str
    available: int
    pending: int
    held: int
    debt: int

    @property
    def points(self) -> int:
        """All that is outstanding. What members owe is no asset until it is repaid, and is not taken off."""
        return self.available + self.pending + self.held


async def liability(
    connection: asyncpg.Connection, scope: tuple[int, int], at: datetime, known_at: datetime | None = None
) -> list[Outstanding]:
    """Return what was outstanding of each wallet at an instant, as it was known at another one, or is known now.

    It reads the whole ledger of the programme; in a transaction of one snapshot it is of one moment.
    """
    rows = await connection.fetch(_QUERIES["apart"], *scope, at, known_at, timeout=_PATIENCE)
    heads = await connection.fetch(_QUERIES["spared"], *scope, at, known_at, timeout=_PATIENCE)
    keeps = {head["member_id"]: read_spans(head["keeps"]) for head in heads}
    apart = sorted({row["member_id"] for row in rows} | keeps.keys())
    plain = await connection.fetch(_QUERIES["standing"], *scope, at, known_at, apart, timeout=_PATIENCE)
    found = {row["wallet"]: Outstanding(*row) for row in plain}
    for first in range(0, len(apart), _PAGE):
        folded = await journals(connection, scope, apart[first : first + _PAGE])
        _add(found, await asyncio.to_thread(_standing, list(folded.items()), keeps, at, known_at))
    return [each for _, each in sorted(found.items()) if any(each[1:])]


def _standing(
    members: Sequence[tuple[UUID, Sequence[Movement]]],
    keeps: Mapping[UUID, tuple[Span, ...]],
    at: datetime,
    known_at: datetime | None,
) -> list[Outstanding]:
    return [
        Outstanding(wallet, balance.available, balance.pending, balance.held, balance.debt)
        for member, journal in members
        for ledger in (replace(as_of(member, journal, at, known_at), keeps=keeps.get(member, ())),)
        for wallet, balance in balances(ledger, at).items()
    ]


def _add(found: dict[str, Outstanding], more: Iterable[Outstanding]) -> None:
    for each in more:
        before = found.get(each.wallet, Outstanding(each.wallet, 0, 0, 0, 0))
        sums = [one + other for one, other in zip(before[1:], each[1:], strict=True)]
        found[each.wallet] = Outstanding(each.wallet, *sums)
