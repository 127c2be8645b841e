"""Households in PostgreSQL: everybody whom a request locks, and what was taken of whose lots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from libs.households.membership import changes
from libs.households.postgres import Kept
from libs.households.sharing import Household
from libs.lives.life import MemberName
from libs.lives.postgres import Head
from libs.promotions.households import Role
from libs.runtime import sql
from services.redemption.domain import Redemption, Rules
from services.redemption.households.pool import parts_of
from services.redemption.store import Locked

_QUERIES = sql.load("services.redemption", "households.sql")


class Hands(NamedTuple):
    """Everybody whom requests have locked, and the households of those of them who spend together, by their names."""

    heads: Mapping[MemberName, Locked] = MappingProxyType({})
    households: Mapping[MemberName, Household] = MappingProxyType({})

    def beside(self, name: MemberName) -> list[Locked]:
        """All of them but one."""
        return [each for each in self.heads.values() if each.name != name]


NOBODY = Hands()


async def lock_together(
    connection: asyncpg.Connection,
    tenant_id: int,
    asking: Sequence[tuple[int, UUID, bool]],
    redemptions: Sequence[UUID],
) -> Hands:
    """Lock members, given with their programme and whether they spend together, with all who share with them.

    And those whose points the redemptions took that are followed on. Behind these locks keys may be taken.
    """
    columns = zip(*asking, strict=True) if asking else ((), (), ())
    row = await connection.fetchrow(_QUERIES["lock_together"], tenant_id, *map(list, columns), list(redemptions))
    mates: dict[UUID, dict[UUID, Role]] = {}
    for household, member, role in _rows(row, "mate_households", "mates", "mate_roles"):
        mates.setdefault(household, {})[member] = role
    heads = _rows(row, *(f"head_{name}" for name in ("programmes", "members", "seqs", "spreads", "owing", "tiers")))
    return Hands(
        {
            (tenant_id, programme, member): Locked((tenant_id, programme, member), Head(seq, owing), spread, tier)
            for programme, member, seq, spread, owing, tier in heads
        },
        {
            (tenant_id, programme, member): Household(household, mates.get(household, {}))
            for programme, member, household in _rows(row, "asker_programmes", "askers", "households")
        },
    )


def _rows(row: asyncpg.Record, *columns: str) -> Iterable[tuple[Any, ...]]:
    return zip(*(row[column] or [] for column in columns), strict=True)


async def save_parts(
    connection: asyncpg.Connection, changes: Iterable[tuple[Redemption | None, Redemption]], rules: Rules
) -> None:
    """Save what redemptions, given as they were and as they are, have of others' lots now; most cost nothing here."""
    for before, after in changes:
        parts = parts_of(after)
        if after.household_id is not None:
            day = after.asked_at.astimezone(rules.zone).date()
            rows = [
                (*after.name[:2], owner, lot, after.redemption_id, after.household_id, after.name[2], day,
                 after.asked_at, points)
                for (owner, lot), points in parts.items()
            ]  # fmt: skip
            if rows:
                await connection.execute(_QUERIES["add_parts"], *map(list, zip(*rows, strict=True)))
        elif parts or (before is not None and parts_of(before)):
            owners, lots = [owner for owner, _ in parts], [lot for _, lot in parts]
            await connection.execute(
                _QUERIES["set_parts"], after.name[0], after.redemption_id, owners, lots, list(parts.values())
            )


async def lock_roster(connection: asyncpg.Connection, tenant_id: int, household_id: UUID) -> None:
    """Keep a household for this transaction, as far as there is one."""
    await connection.execute(_QUERIES["lock_roster"], tenant_id, household_id)


async def save_roster(connection: asyncpg.Connection, tenant_id: int, before: Kept | None, after: Kept) -> None:
    """Save a household as it is now.

    Raises:
        asyncpg.UniqueViolationError: somebody belongs to another household since.
    """
    one = after.roster
    if before is None or before.roster.dissolved_at != one.dissolved_at:
        await connection.execute(
            _QUERIES["save_household"], tenant_id, one.household_id, after.programme_id, one.founded_at,
            one.dissolved_at,
        )  # fmt: skip
    for _, seat in changes(None if before is None else before.roster, one):
        await connection.execute(
            _QUERIES["save_seat"], tenant_id, after.programme_id, seat.named, one.household_id, seat.invited_at,
            seat.role, seat.state, seat.invited_by, seat.answered_at, seat.ended_at,
        )  # fmt: skip
