"""Standing orders: redeemed once the points for them are there, when a member's points have moved.

Each order goes by a key of the member, the reward and how often it was ordered: whoever looks, and however often, makes
one of it. What bars one is told once, and tried again after a while.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import NamedTuple

import asyncpg

from libs.catalogue import postgres as catalogue
from libs.catalogue.facts import Asking
from libs.catalogue.offering import offer
from libs.catalogue.purse import with_points
from libs.catalogue.standing import Outlook, Wish, outlook
from libs.contracts.orders import OrderAsk
from libs.contracts.redemption import Ask, read_body
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
_QUERIES = sql.load("services.redemption", "standing.sql")
CREDENTIAL = "standing-orders"
"""Whose requests they are, where requests are kept."""
_ANYWHERE = Asking()
MOST = 100
"""Standing orders of a tenant that are looked at by one look at most."""
_AGAIN = timedelta(minutes=30)
_WAITS = frozenset({"insufficient-points", "in-debt"})
_ENDS = frozenset({"member-unknown", "member-merged"})


class Standing(NamedTuple):
    """A standing order that is due to be looked at, and how far its member's ledger has moved."""

    name: MemberName
    reference: str
    wish: Wish
    done: int
    seq: int
    spread: int

    @property
    def place(self) -> tuple[int, int, object, str]:
        """Where it is kept."""
        return (*self.name, self.reference)

    @property
    def ask(self) -> Ask:
        """The request that it is now."""
        tenant, programme, member = self.name
        key = sha256(f"{programme}\x1f{member}\x1f{self.reference}\x1f{self.done}".encode()).digest()
        return Ask(
            "redeem", tenant, CREDENTIAL, key=key, fingerprint=key, programme_id=programme, member_id=member,
            order=OrderAsk(reward=self.reference, quantity=1),
        )  # fmt: skip


async def look(desk: Desk) -> int:
    """Look at standing orders whose time may have come, so many at most; return how many rewards were ordered.

    While the database is away they wait for the next look.
    """
    ordered = 0
    try:
        for tenant in await desk.pool.fetch(_QUERIES["tenants"]):
            for each in await due(desk, tenant["tenant_id"]):
                ordered += await look_at(desk, each)
    except DATABASE_ERRORS as error:
        log.warning("standing_orders.not_looked_at", error=type(error).__name__)
    return ordered


async def due(desk: Desk, tenant_id: int) -> list[Standing]:
    """Return standing orders of a tenant that are to be looked at, the oldest first and so many at most."""
    async with desk.pool.acquire() as connection, connection.transaction(readonly=True):
        await store.see(connection, tenant_id)
        found = await connection.fetch(_QUERIES["due"], tenant_id, desk.clock.now(), MOST)
    return [
        Standing(
            (tenant_id, row["programme_id"], row["member_id"]),
            row["reference"],
            Wish(row["at_points"], row["repeats"]),
            row["done"],
            row["seq"],
            row["spread"],
        )
        for row in found
    ]


async def look_at(desk: Desk, standing: Standing) -> int:
    """Redeem a standing order if its points are there; return how many rewards were ordered that were not before."""
    rules = desk.programmes.of(standing.name[:2], desk.clock.now())
    if rules is None:
        return 0
    if (found := await _outlook(desk, standing, rules)) is not None and found.now == "wait":
        await _write(desk, standing, "see", standing.seq, standing.done)
        return 0
    answer = await desk.serve(standing.ask)
    if answer.refused is None:
        order = read_body(answer)["redemption_id"]
        await _write(desk, standing, "ordered", standing.done, order, desk.clock.now())
        return 0 if answer.replayed else 1
    if answer.refused in _WAITS:
        await _write(desk, standing, "see", standing.seq, standing.done)
    else:
        await _bar(desk, standing, rules, answer.refused, answer.detail or "")
    return 0


async def _outlook(desk: Desk, standing: Standing, rules: Rules) -> Outlook | None:
    """What would become of it now; None where there is no such reward, or member."""
    now, scope = desk.clock.now(), standing.name[:2]
    async with desk.pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        ledger = await store.look(connection, standing.name)
        kept = await catalogue.load_reward(connection, scope, standing.reference)
        if ledger is None or kept is None:
            return None
        facts, had = await catalogue.load_facts(connection, standing.name)
        supplies = await catalogue.load_supplies(connection, scope, [kept.reward], had, None, now, rules.zone)
    facts = with_points(facts, apply_all(ledger, catch_up(ledger, now, now)), rules.scales, now)
    made = offer(kept.reward, facts, _ANYWHERE, supplies[standing.reference], now, rules.zone)
    return outlook(standing.wish, made, facts)


async def _write(desk: Desk, standing: Standing, query: str, *values: object) -> None:
    async with desk.pool.acquire() as connection, connection.transaction():
        await store.see(connection, standing.name[0])
        await connection.execute(_QUERIES[query], *standing.place, *values)


async def _bar(desk: Desk, standing: Standing, rules: Rules, code: str, detail: str) -> None:
    """Keep what bars it, and tell it where that is news; whom points are no longer asked of has none any more."""
    now, shard = desk.clock.now(), shard_of(WRITER, standing.name[2])
    again_at = None if code in _ENDS else now + _AGAIN
    values = (standing.seq, standing.done, code, now, again_at)
    news = False
    async with desk.pool.acquire() as connection, connection.transaction():
        await store.see(connection, standing.name[0])
        row: Mapping[str, bool] | asyncpg.Record | None = await connection.fetchrow(
            _QUERIES["bar"], *standing.place, *values
        )
        news = row is not None and row["news"]
        if news:
            told = telling.withheld_event(standing.name, rules, standing.spread, standing.reference, code, detail, now)
            await store.tell(connection, now, {shard: [told]})
    if news:
        desk.committed([shard])
