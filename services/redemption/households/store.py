"""Households in PostgreSQL: everybody whom a request locks, and what was taken of whose lots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from libs.ledger.model import MemberLedger
from libs.lives import postgres as lives
from libs.lives.life import MemberName
from libs.lives.postgres import Head
from libs.promotions.households import Role, first_day
from libs.runtime import sql
from services.redemption.domain import Redemption, Rules
from services.redemption.households.pool import NO_USES, Household, Uses, parts_of
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


async def look(connection: asyncpg.Connection, name: MemberName) -> tuple[Household | None, dict[UUID, MemberLedger]]:
    """Return the household of a member with the ledgers of the others, without a lock."""
    rows = await connection.fetch(_QUERIES["housemates"], *name)
    if not rows:
        return None, {}
    roles = {row["member_id"]: row["role"] for row in rows}
    others = [member for member in roles if member != name[2]]
    heads = {
        (*name[:2], row["member_id"]): Head(row["seq"], row["owing"])
        for row in await connection.fetch(_QUERIES["heads"], *name[:2], others)
    }
    ledgers = await lives.load_ledgers(connection, heads)
    return Household(rows[0]["household_id"], roles), {each[2]: ledger for each, ledger in ledgers.items()}


async def load_uses(
    connection: asyncpg.Connection, households: Mapping[MemberName, Household], rules: Rules, today: date
) -> Uses:
    """Return what was spent of others, as far as it matters to these spenders, all of one programme."""
    if rules.household is None or not households:
        return NO_USES
    scope = next(iter(households))[:2]
    lots: dict[tuple[UUID, int], int] = {}
    if rules.household.percent is not None:
        mates = list({member for each in households.values() for member in each.roles})
        for row in await connection.fetch(_QUERIES["taken_of_lots"], *scope, mates):
            lots[row["member_id"], row["lot_seq"]] = row["points"]
    days = {first_day(limit.period, today) for limit in rules.household.limits}
    asked = [(name[2], day) for name in households for day in days]
    since: dict[tuple[UUID, date], int] = {}
    if asked:
        for row in await connection.fetch(_QUERIES["spent_since"], *scope, *map(list, zip(*asked, strict=True))):
            since[row["spender_id"], row["first_day"]] = row["points"]
    return Uses(lots, since)


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
