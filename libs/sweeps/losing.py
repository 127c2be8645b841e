"""Who loses what of a wallet at a boundary: the one question behind reminders. Only stores and commands import it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from libs.runtime import sql
from libs.sweeps.preview import lapses, load_ledgers
from libs.sweeps.reminders import Step

_QUERIES = sql.load("libs.sweeps", "losing.sql")
_PAGE = 500
_PATIENCE = 600.0
"""Seconds for a statement that reads the lots of a whole programme."""
NOBODY, EVERYBODY = UUID(int=0), UUID(int=2**128 - 1)
"""Before the first member, and the last there may be."""


class Loss(NamedTuple):
    """What a member loses."""

    member_id: UUID
    spread: int
    tier: str | None
    lots: int
    points: int


class TierLoss(NamedTuple):
    """What the members of a tier lose together."""

    tier: str | None
    members: int
    lots: int
    points: int


class Asked(NamedTuple):
    """What of a wallet lapses behind `since`, at a boundary at the latest, for whom; no tiers or segments: for all."""

    wallet: str
    since: datetime
    boundary: datetime
    min_points: int
    tiers: Sequence[str]
    segments: Sequence[str]

    @property
    def whom(self) -> tuple[list[str] | None, list[str] | None]:
        """Tiers and segments, as queries take them."""
        return list(self.tiers) or None, list(self.segments) or None


def asked_by(step: Step, now: datetime) -> Asked:
    """What a step asks when it runs as soon as it is due, or now where that is later."""
    audience, since = step.audience, max(step.since, step.due_at, now)
    return Asked(step.wallet, since, step.boundary, audience.min_points, audience.tiers, audience.segments)


async def losses(
    connection: asyncpg.Connection, scope: tuple[int, int], asked: Asked, after: UUID, last: UUID
) -> list[Loss]:
    """Return what members behind `after`, up to `last`, lose: those whom it is for, in order, each with some points."""
    rows = await connection.fetch(_QUERIES["members"], *_arguments(scope, asked, after, last))
    found = [Loss(*tuple(row)[:5]) for row in rows if row["points"] is not None]
    activating = [row for row in rows if row["points"] is None]
    if activating:
        found += await _by_hand(connection, scope, asked, activating)
    return sorted(found)


async def of_members(
    connection: asyncpg.Connection, scope: tuple[int, int], asked: Asked, members: Sequence[UUID]
) -> dict[UUID, Loss | None]:
    """Return what single members lose, whatever tier or segment they are in; None for one whom something spares.

    Who loses nothing is left out.
    """
    rows = await connection.fetch(_QUERIES["of_members"], *scope, asked.wallet, asked.since, asked.boundary, members)
    found: dict[UUID, Loss | None] = {r["member_id"]: Loss(*tuple(r)[:5]) for r in rows if r["points"] is not None}
    by_hand = [row for row in rows if row["points"] is None]
    if by_hand:
        found |= {row["member_id"]: None for row in by_hand if row["keeps"] is not None}
        found |= {loss.member_id: loss for loss in await _by_hand(connection, scope, asked, by_hand)}
    return found


async def by_tier(connection: asyncpg.Connection, scope: tuple[int, int], asked: Asked) -> list[TierLoss]:
    """Add up what `losses` would give for everybody, by tier; in a transaction of one snapshot it is of one moment."""
    arguments = _arguments(scope, asked, NOBODY, EVERYBODY)
    plain = [TierLoss(*row) for row in await connection.fetch(_QUERIES["by_tier"], *arguments, timeout=_PATIENCE)]
    sums = added(plain)
    after = NOBODY
    while heads := await connection.fetch(_QUERIES["activating"], *scope, asked.boundary, after, *asked.whom, _PAGE):
        after = heads[-1]["member_id"]
        sums = added([*sums, *each_alone(await _by_hand(connection, scope, asked, heads))])
    return sums


def each_alone(found: Iterable[Loss]) -> list[TierLoss]:
    """What single members lose, as sums of one."""
    return [TierLoss(one.tier, 1, one.lots, one.points) for one in found]


def added(found: Iterable[TierLoss]) -> list[TierLoss]:
    """Add up by tier; those in none come first."""
    sums: dict[str | None, Counter[str]] = {}
    for one in found:
        sums.setdefault(one.tier, Counter()).update(members=one.members, lots=one.lots, points=one.points)
    return [
        TierLoss(tier, one["members"], one["lots"], one["points"])
        for tier, one in sorted(sums.items(), key=lambda item: (item[0] is not None, item[0] or ""))
    ]


def _arguments(scope: tuple[int, int], asked: Asked, after: UUID, last: UUID) -> tuple[Any, ...]:
    least = max(asked.min_points, 1)
    return *scope, asked.wallet, asked.since, asked.boundary, after, last, least, *asked.whom


async def _by_hand(
    connection: asyncpg.Connection, scope: tuple[int, int], asked: Asked, heads: Sequence[asyncpg.Record]
) -> list[Loss]:
    """What those lose for whom an activation is due by then, by the pure function."""
    found = []
    ledgers = {each.member_id: each for each in await load_ledgers(connection, scope, heads)}
    for head in heads:
        lost = lapses(ledgers[head["member_id"]], asked.boundary, asked.since).get(asked.wallet)
        if lost is not None and lost["points"] >= asked.min_points:
            found.append(Loss(head["member_id"], head["spread"], head["tier"], lost["lots"], lost["points"]))
    return found
