"""Households in PostgreSQL, as whoever may see them reads them; only stores import this module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg

from libs.contracts.households import MemberHouseholdView, PurseView
from libs.households.membership import Invitation, Roster, Seat
from libs.households.sharing import NO_USES, Household, LotName, Pool, Root, Uses
from libs.households.telling import household, purses, waiting
from libs.ledger.catch_up import catch_up
from libs.ledger.evolve import apply_all
from libs.ledger.model import MemberLedger
from libs.ledger.zones import load_zone
from libs.lives import postgres as lives
from libs.lives.life import MemberName
from libs.lives.postgres import Head
from libs.promotions.history import first_day
from libs.promotions.households import HouseholdTerms
from libs.promotions.programme import Programme
from libs.runtime import sql

_QUERIES = sql.load("libs.households")


class Kept(NamedTuple):
    """A household as it is kept, with its programme."""

    programme_id: int
    roster: Roster


async def load(connection: asyncpg.Connection, tenant_id: int, household_id: UUID) -> Kept | None:
    """Return a household of the tenant; behind a lock of its row it stays so."""
    row = await connection.fetchrow(_QUERIES["roster"], tenant_id, household_id)
    if row is None:
        return None
    seats = await connection.fetch(_QUERIES["seats"], tenant_id, household_id)
    roster = Roster(household_id, row["founded_at"], tuple(Seat(**dict(each)) for each in seats), row["dissolved_at"])
    return Kept(row["programme_id"], roster)


async def belongs_to(connection: asyncpg.Connection, name: MemberName) -> UUID | None:
    """Return the household that a member belongs to."""
    found: UUID | None = await connection.fetchval(_QUERIES["belongs"], *name)
    return found


async def invitations(connection: asyncpg.Connection, name: MemberName) -> list[Invitation]:
    """Return the invitations of a member that nobody has answered, those whose time is over too."""
    return [Invitation(*row) for row in await connection.fetch(_QUERIES["invitations"], *name)]


async def look(connection: asyncpg.Connection, name: MemberName) -> tuple[Household | None, dict[UUID, MemberLedger]]:
    """Return the household of a member with the ledgers of the others, without a lock."""
    rows = await connection.fetch(_QUERIES["housemates"], *name)
    if not rows:
        return None, {}
    roles = {row["member_id"]: row["role"] for row in rows}
    ledgers = await ledgers_of(connection, name[:2], [member for member in roles if member != name[2]])
    return Household(rows[0]["household_id"], roles), ledgers


async def ledgers_of(
    connection: asyncpg.Connection, scope: tuple[int, int], members: Sequence[UUID]
) -> dict[UUID, MemberLedger]:
    """Return the ledgers of members who are not merged, without a lock."""
    heads = {
        (*scope, row["member_id"]): Head(row["seq"], row["owing"])
        for row in await connection.fetch(_QUERIES["heads"], *scope, members)
    }
    return {name[2]: ledger for name, ledger in (await lives.load_ledgers(connection, heads)).items()}


async def of_member(
    connection: asyncpg.Connection, name: MemberName, slug: str, document: Programme | None, now: datetime
) -> MemberHouseholdView:
    """Return the household of a member, what the member may spend with it now, and who asks the member to join.

    `document` is the programme in force, `slug` its name.
    """
    terms = None if document is None else document.household
    household_id = await belongs_to(connection, name)
    kept = None if household_id is None else await load(connection, name[0], household_id)
    shown, others = await look(connection, name)
    spendable: list[PurseView] = []
    if document is not None and terms is not None and shown is not None:
        zone = load_zone(document.zone)
        uses = await load_uses(connection, {name: shown}, terms, now.astimezone(zone).date())
        rest = timedelta(hours=document.transfers.rest_hours if document.transfers else 0)
        pool = Pool(shown, name[2], terms, zone, rest, uses, now)
        own = (await ledgers_of(connection, name[:2], [name[2]]))[name[2]]
        own = apply_all(own, catch_up(own, now, now))
        spendable += purses(own, pool, others, {wallet.name: wallet.scale for wallet in document.wallets})
    asking = await invitations(connection, name)
    seat = None if kept is None else kept.roster.seat(name[2], "joined")
    return MemberHouseholdView(
        member_id=name[2],
        role=None if seat is None else seat.role,
        household=None if kept is None else household(kept.roster, slug, terms),
        purses=tuple(spendable),
        invitations=tuple(waiting(asking, terms, now)),
    )


async def load_uses(
    connection: asyncpg.Connection,
    households: Mapping[MemberName, Household],
    terms: HouseholdTerms | None,
    today: date,
) -> Uses:
    """Return what was spent of others, as far as it matters to these spenders, all of one programme."""
    if terms is None or not households:
        return NO_USES
    scope = next(iter(households))[:2]
    uses = NO_USES
    if terms.percent is not None:
        uses = await _taken(connection, scope, list({member for each in households.values() for member in each.roles}))
    days = {first_day(limit.period, today) for limit in terms.limits}
    asked = [(name[2], day) for name in households for day in days]
    since: dict[tuple[UUID, date], int] = {}
    if asked:
        for row in await connection.fetch(_QUERIES["spent_since"], *scope, *map(list, zip(*asked, strict=True))):
            since[row["spender_id"], row["first_day"]] = row["points"]
    return uses._replace(since=since)


async def _taken(connection: asyncpg.Connection, scope: tuple[int, int], mates: Sequence[UUID]) -> Uses:
    """Return what was spent of lots of these members, also before they came by merges."""
    roots = {
        (row["member_id"], row["lot_seq"]): Root((row["root_id"], row["root_seq"]), row["amount"])
        for row in await connection.fetch(_QUERIES["roots"], *scope, mates)
    }
    kin = list({*roots, *(root.lot for root in roots.values())})
    rows = await connection.fetch(
        _QUERIES["taken_of_lots"], *scope, mates, [member for member, _ in kin], [seq for _, seq in kin]
    )
    lots: dict[LotName, int] = {}
    for row in rows:
        lot = (row["member_id"], row["lot_seq"])
        name = roots[lot].lot if lot in roots else lot
        lots[name] = lots.get(name, 0) + row["points"]
    return Uses(lots, roots=roots | {root.lot: root for root in roots.values()})
