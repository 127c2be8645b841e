"""The catalogue in PostgreSQL, as redemption, the gateway and the command line read and keep it.

Only stores and the command line import this module. Transactions see one tenant, or are an operator's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import orjson

from libs.catalogue.facts import MemberFacts, Supply
from libs.catalogue.limits import began_at, period_name
from libs.catalogue.orders import Order, Step
from libs.catalogue.reward import Reward, parse_reward, reward_document
from libs.catalogue.rows import MemberName, read_order
from libs.catalogue.standing import StandingOrder, Wish
from libs.codes import postgres as codes
from libs.runtime import sql

_QUERIES = sql.load("libs.catalogue")
Scope = tuple[int, int]


class Kept(NamedTuple):
    """A reward as one of its versions: the document, who wrote it, and when."""

    reward: Reward
    version: int
    author: str
    recorded_at: datetime


class Had(NamedTuple):
    """Pieces of a reward that a member had from an order."""

    reference: str
    category: str
    asked_at: datetime
    pieces: int


class StockRow(NamedTuple):
    """How many pieces are free and held in a store ("": in all together)."""

    reference: str
    store: str
    free: int
    reserved: int


@lru_cache(maxsize=4_096)
def _parsed(document: str) -> Reward:
    return parse_reward(orjson.loads(document))


def _kept(row: asyncpg.Record) -> Kept:
    return Kept(_parsed(row["document"]), row["version"], row["author"], row["recorded_at"])


async def load_rewards(connection: asyncpg.Connection, scope: Scope) -> list[Kept]:
    """Return the rewards of a programme as they are now, by reference."""
    return [_kept(row) for row in await connection.fetch(_QUERIES["rewards"], *scope)]


async def load_reward(
    connection: asyncpg.Connection, scope: Scope, reference: str, version: int | None = None
) -> Kept | None:
    """Return a reward as it is now, or as one of its versions."""
    row = await connection.fetchrow(_QUERIES["reward"], *scope, reference, version)
    return None if row is None else _kept(row)


async def load_versions(
    connection: asyncpg.Connection, scope: Scope, names: Iterable[tuple[str, int]]
) -> dict[tuple[str, int], Reward]:
    """Return rewards as certain versions, by reference and version."""
    wanted = sorted(set(names))
    if not wanted:
        return {}
    columns = [name for name, _ in wanted], [version for _, version in wanted]
    rows = await connection.fetch(_QUERIES["versions"], *scope, *columns)
    return {(row["reference"], row["version"]): _parsed(row["document"]) for row in rows}


async def load_history(connection: asyncpg.Connection, scope: Scope, reference: str, most: int) -> list[Kept]:
    """Return the last versions of a reward, newest first."""
    return [_kept(row) for row in await connection.fetch(_QUERIES["history"], *scope, reference, most)]


async def load_wishes(connection: asyncpg.Connection, name: MemberName) -> dict[str, datetime]:
    """Return what a member wishes for, and since when."""
    return {row["reference"]: row["added_at"] for row in await connection.fetch(_QUERIES["wishes"], *name)}


async def add_wish(connection: asyncpg.Connection, name: MemberName, reference: str, now: datetime) -> None:
    """Put a reward on a member's wish list; once more changes nothing."""
    await connection.execute(_QUERIES["add_wish"], *name, reference, now)


async def drop_wish(connection: asyncpg.Connection, name: MemberName, reference: str) -> None:
    """Take a reward off a member's wish list."""
    await connection.execute(_QUERIES["drop_wish"], *name, reference)


async def load_standing_orders(connection: asyncpg.Connection, name: MemberName) -> list[StandingOrder]:
    """Return a member's standing orders, switched off ones too."""
    return [StandingOrder(*row) for row in await connection.fetch(_QUERIES["standing_orders"], *name)]


async def put_standing_order(
    connection: asyncpg.Connection, name: MemberName, reference: str, wanted: Wish, now: datetime, by: str
) -> None:
    """Switch a standing order on, or change one that is."""
    await connection.execute(
        _QUERIES["put_standing_order"], *name, reference, wanted.at_points, wanted.repeats, now, by
    )


async def stop_standing_order(
    connection: asyncpg.Connection, name: MemberName, reference: str, now: datetime, by: str
) -> bool:
    """Switch a standing order off; False where none is on."""
    done = await connection.execute(_QUERIES["stop_standing_order"], *name, reference, now, by)
    return str(done).endswith(" 1")


async def put_reward(
    connection: asyncpg.Connection, scope: Scope, reward: Reward, version: int, author: str, now: datetime
) -> bool:
    """Add a version of a reward; False when it is there already, because somebody else was faster."""
    document = orjson.dumps(reward_document(reward), option=orjson.OPT_SORT_KEYS).decode()
    made = await connection.fetchval(_QUERIES["add_version"], *scope, reward.reference, version, document, author, now)
    return made is not None


async def load_facts(connection: asyncpg.Connection, name: MemberName) -> tuple[MemberFacts, list[Had]]:
    """Return what is known of a member but for points, and what the member had so far."""
    row = await connection.fetchrow(_QUERIES["facts"], *name)
    had = [Had(*each) for each in await connection.fetch(_QUERIES["had"], *name)]
    return _facts(row, had), had


def read_facts(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[int, UUID], tuple[MemberFacts, list[Had]]]:
    """That of several members, by programme and member, as JSON has the rows of `redemption.facts_of`.

    What members had who were merged is had by those whom they lead to.
    """
    had: dict[tuple[int, UUID], list[Had]] = {}
    people: dict[tuple[int, UUID], Mapping[str, Any]] = {}
    for row in rows:
        name = (row["programme_id"], UUID(row["leads_to"] or row["member_id"]))
        had.setdefault(name, []).extend(
            Had(reference, category, datetime.fromisoformat(asked_at), pieces)
            for reference, category, asked_at, pieces in orjson.loads(row["had"] or "[]")
        )
        if row["leads_to"] is None:
            people[name] = row
    return {name: (_facts(row, had[name]), had[name]) for name, row in people.items()}


def _facts(row: Mapping[str, Any], had: Iterable[Had]) -> MemberFacts:
    bought = Counter[str]()
    for each in had:
        bought[each.category] += each.pieces
    named = frozenset(row["tiers"] or ())
    return MemberFacts(
        tiers=named | {tier.partition("/")[2] for tier in named} | ({row["tier"]} - {None}),
        segments=frozenset(row["segments"] or ()),
        lists=frozenset(row["lists"] or ()),
        referrals=row["referrals"],
        bought=bought,
    )


class Stocks(NamedTuple):
    """How much there is of some rewards of a programme: free pieces by store, those used by period, filled pools."""

    left: dict[tuple[str, str], int]
    used: dict[tuple[str, str], int]
    filled: Set[str] = frozenset()

    def supply(self, reward: Reward, had: Iterable[Had], store: str | None, now: datetime, zone: ZoneInfo) -> Supply:
        """How much there is of one of them in a store, for whoever had so much."""
        today = now.astimezone(zone).date()
        left: int | None = self.left.get((reward.reference, "" if reward.stock == "global" else store or ""), 0)
        if reward.stock == "unlimited":
            left = None
        if reward.codes is not None and reward.codes not in self.filled:
            left = 0
        period = "" if reward.in_total is None else period_name(reward.in_total.per, today)
        return Supply(
            left=left,
            used=0 if reward.in_total is None else self.used.get((reward.reference, period), 0),
            used_by_member=_used_by_member(reward, had, now, zone),
        )


def read_on_sale(rows: Iterable[Mapping[str, Any]]) -> tuple[dict[tuple[int, str], Kept], dict[int, Stocks]]:
    """Rewards as they are now, by programme and name, and how much there is of them but for codes of pools.

    The rows are those of `redemption.on_sale` as JSON has them.
    """
    rewards: dict[tuple[int, str], Kept] = {}
    stocks: dict[int, Stocks] = {}
    for row in rows:
        programme, name = row["programme_id"], row["reference"]
        recorded_at = datetime.fromisoformat(row["recorded_at"])
        rewards[programme, name] = Kept(_parsed(row["document"]), row["version"], row["author"], recorded_at)
        of = stocks.setdefault(programme, Stocks({}, {}))
        of.left.update({(name, store): free for store, free in orjson.loads(row["free"] or "{}").items()})
        of.used.update({(name, period): used for period, used in orjson.loads(row["used"] or "{}").items()})
    return rewards, stocks


async def load_supplies(
    connection: asyncpg.Connection,
    scope: Scope,
    rewards: Sequence[Reward],
    had: Iterable[Had],
    store: str | None,
    now: datetime,
    zone: ZoneInfo,
) -> dict[str, Supply]:
    """Return by reference how much of rewards there is for whoever had so much of them; no lock is taken."""
    names = [reward.reference for reward in rewards]
    left = {(row.reference, row.store): row.free for row in await load_stock(connection, scope, names)}
    limited = [reward.reference for reward in rewards if reward.in_total is not None]
    used = {}
    if limited:
        found = await connection.fetch(_QUERIES["used"], *scope, limited)
        used = {(row["reference"], row["period"]): row["used"] for row in found}
    before = list(had)
    pools = {reward.codes for reward in rewards if reward.codes is not None}
    stocks = Stocks(left, used, await codes.available(connection, scope, sorted(pools)) if pools else frozenset())
    return {reward.reference: stocks.supply(reward, before, store, now, zone) for reward in rewards}


def _used_by_member(reward: Reward, had: Iterable[Had], now: datetime, zone: ZoneInfo) -> tuple[int, ...]:
    own = [each for each in had if each.reference == reward.reference]
    return tuple(
        sum(each.pieces for each in own if each.asked_at >= began_at(limit.per, now, zone))
        for limit in reward.per_member
    )


async def load_stock(
    connection: asyncpg.Connection, scope: Scope, references: Sequence[str] | None = None
) -> list[StockRow]:
    """Return the stock of some rewards, or of all."""
    return [StockRow(*row) for row in await connection.fetch(_QUERIES["stock"], *scope, references)]


async def set_stock(
    connection: asyncpg.Connection, scope: Scope, reference: str, store: str, *, to: int | None, by: int | None
) -> StockRow:
    """Set how many pieces are free, or change it by so many; exactly one of the two is given.

    Raises:
        asyncpg.CheckViolationError: fewer than none would be left.
    """
    row = await connection.fetchrow(_QUERIES["set_stock"], *scope, reference, store, to, by)
    return StockRow(reference, store, row["free"], row["reserved"])


async def load_order(connection: asyncpg.Connection, tenant_id: int, order_id: UUID) -> tuple[MemberName, Order] | None:
    """Return an order of a tenant with its steps, and whose it is."""
    found = await connection.fetchrow(_QUERIES["order"], tenant_id, order_id)
    if found is None:
        return None
    return (await with_steps(connection, [found["document"]]))[0]


async def tenant_of(connection: asyncpg.Connection, order_id: UUID) -> int | None:
    """Return whose order it is; for an operator, who sees all."""
    tenant_id: int | None = await connection.fetchval(_QUERIES["tenant_of"], order_id)
    return tenant_id


class Wanted(NamedTuple):
    """Which orders are asked for; None: whatever they are."""

    states: tuple[str, ...] | None = None
    kind: str | None = None
    reference: str | None = None


async def load_orders(
    connection: asyncpg.Connection, scope: Scope, wanted: Wanted, after: tuple[datetime, UUID] | None, most: int
) -> list[tuple[MemberName, Order]]:
    """Return orders with their steps, newest first."""
    place = after or (None, None)
    found = await connection.fetch(
        _QUERIES["orders"], *scope, wanted.states, wanted.kind, wanted.reference, *place, most
    )
    return await with_steps(connection, [row["document"] for row in found])


async def load_orders_of(
    connection: asyncpg.Connection, name: MemberName, after: tuple[datetime, UUID] | None, most: int
) -> list[tuple[MemberName, Order]]:
    """Return a member's orders with their steps, newest first."""
    found = await connection.fetch(_QUERIES["orders_of_member"], *name, *(after or (None, None)), most)
    return await with_steps(connection, [row["document"] for row in found])


async def with_steps(connection: asyncpg.Connection, documents: Sequence[str]) -> list[tuple[MemberName, Order]]:
    """Return orders of one programme, given as rows in JSON, with their steps."""
    orders = [read_order(each) for each in documents]
    if not orders:
        return []
    steps: dict[UUID, list[Step]] = {}
    tenant, programme, _ = orders[0][0]
    names = [name[2] for name, _ in orders], [order.order_id for _, order in orders]
    for row in await connection.fetch(_QUERIES["steps"], tenant, programme, *names):
        steps.setdefault(row["order_id"], []).append(Step(*list(row)[1:]))
    return [read_order(each, steps.get(order.order_id, ())) for each, (_, order) in zip(documents, orders, strict=True)]


async def load_sealed(
    connection: asyncpg.Connection, orders: Sequence[tuple[MemberName, Order]]
) -> Mapping[UUID, bytes]:
    """Return what members said with orders of one programme about themselves, as it is sealed."""
    if not orders:
        return {}
    tenant, programme, _ = orders[0][0]
    names = [name[2] for name, _ in orders], [order.order_id for _, order in orders]
    return {row[0]: row[1] for row in await connection.fetch(_QUERIES["sealed_answers"], tenant, programme, *names)}
