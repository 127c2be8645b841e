"""Wishes that have come within reach: looked at when a member's points have moved, and told once."""

from __future__ import annotations

import asyncpg
import msgspec

from libs.catalogue import postgres as catalogue
from libs.catalogue.facts import Asking
from libs.catalogue.offering import offer
from libs.catalogue.purse import with_points
from libs.ledger.catch_up import catch_up
from libs.ledger.evolve import apply_all
from libs.lives.life import MemberName
from libs.runtime import logs, sql
from libs.runtime.leases import shard_of
from libs.runtime.postgres import DATABASE_ERRORS
from services.redemption import store, telling
from services.redemption.domain import Rules
from services.redemption.handlers import WRITER, Desk

log = logs.get(__name__)
_QUERIES = sql.load("services.redemption", "orders.sql")
_ANYWHERE = Asking()
MOST = 100
"""Members of a tenant that are looked at by one look at most."""


class Wisher(msgspec.Struct, frozen=True):
    """A member with wishes, and how far the ledger has moved since they were looked at."""

    name: MemberName
    seq: int
    spread: int
    references: tuple[str, ...]


async def look(desk: Desk) -> int:
    """Look at wishes of members whose points have moved, so many at most; return how many were told of.

    While the database is away they wait for the next look.
    """
    told = 0
    try:
        for tenant in await desk.pool.fetch(_QUERIES["tenants_with_wishes"]):
            for who in await _wishers(desk, tenant["tenant_id"]):
                told += await _look_at(desk, who)
    except DATABASE_ERRORS as error:
        log.warning("wishes.not_looked_at", error=type(error).__name__)
    return told


async def _wishers(desk: Desk, tenant_id: int) -> list[Wisher]:
    async with desk.pool.acquire() as connection, connection.transaction(readonly=True):
        await store.see(connection, tenant_id)
        found = await connection.fetch(_QUERIES["wishers"], tenant_id, MOST)
    return [
        Wisher((tenant_id, row["programme_id"], row["member_id"]), row["seq"], row["spread"], tuple(row["wanted"]))
        for row in found
    ]


async def _look_at(desk: Desk, who: Wisher) -> int:
    now = desk.clock.now()
    rules = desk.programmes.of(who.name[:2], now)
    if rules is None:
        return 0
    shard = shard_of(WRITER, who.name[2])
    async with desk.pool.acquire() as connection, connection.transaction():
        reached = await _within_reach(connection, who, rules, desk)
        # Whoever else looks waits for these rows, and finds them told.
        new = [
            row["reference"] for row in await connection.fetch(_QUERIES["tell_wishes"], *who.name, list(reached), now)
        ]
        await connection.execute(_QUERIES["see_wishes"], *who.name, list(who.references), who.seq)
        events = [telling.wish_event(who.name, rules, who.spread, each, *reached[each], now) for each in sorted(new)]
        await store.tell(connection, now, {shard: events} if events else {})
    if new:
        desk.committed([shard])
    return len(new)


async def _within_reach(
    connection: asyncpg.Connection, who: Wisher, rules: Rules, desk: Desk
) -> dict[str, tuple[int, int]]:
    """The wishes that can be had now: the price in points, and how many points there are for it."""
    now = desk.clock.now()
    ledger = await store.look(connection, who.name)
    if ledger is None:
        return {}
    ledger = apply_all(ledger, catch_up(ledger, now, now))
    facts, had = await catalogue.load_facts(connection, who.name)
    facts = with_points(facts, ledger, rules.scales, now)
    kept = [
        each
        for reference in who.references
        if (each := await catalogue.load_reward(connection, who.name[:2], reference)) is not None
    ]
    rewards = [each.reward for each in kept]
    supplies = await catalogue.load_supplies(connection, who.name[:2], rewards, had, None, now, rules.zone)
    found = {}
    for reward in rewards:
        made = offer(reward, facts, _ANYWHERE, supplies[reward.reference], now, rules.zone)
        if made.in_reach and made.price is not None:
            found[reward.reference] = (made.price.points, facts.spendable.get(made.price.wallet or "", 0))
    return found
