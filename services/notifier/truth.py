"""What is so at the moment of sending: what a reminder's points are by now, who has left, what a member has.

Set by set: a question for each boundary of a batch, whoever it is for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from libs.balances.balance import WalletPoints
from libs.balances.postgres import load as load_balances
from libs.runtime import sql
from libs.sweeps.losing import Asked, Loss, of_members
from services.notifier.deliveries import Delivery
from services.notifier.domain import Facts, Untrue

_QUERIES = sql.load("services.notifier", "truth.sql")
Member = tuple[int, int, UUID]
_Balances = Mapping[str, WalletPoints]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of members: their balances by wallet, their tiers, and who was merged into another."""

    balances: Mapping[Member, _Balances]
    tiers: Mapping[Member, str | None]
    gone: frozenset[Member]


async def load_standing(connection: asyncpg.Connection, members: Sequence[Member], now: datetime) -> Standing:
    """Return how members stand."""
    tiers, gone = await load_heads(connection, members)
    balances: dict[Member, _Balances] = {}
    for scope in {name[:2] for name in members}:
        for each in await load_balances(connection, [name for name in members if name[:2] == scope], now):
            balances[*scope, each.member_id] = {wallet.wallet: wallet for wallet in each.wallets}
    return Standing(balances, tiers, gone)


async def load_heads(
    connection: asyncpg.Connection, members: Sequence[Member]
) -> tuple[dict[Member, str | None], frozenset[Member]]:
    """Return the tiers of members, and who was merged into another."""
    columns = [list(column) for column in zip(*members, strict=True)]
    heads = await connection.fetch(_QUERIES["heads"], *columns)
    return {_name(row): row["tier"] for row in heads}, frozenset(_name(row) for row in heads if row["merged"])


async def load_truths(
    connection: asyncpg.Connection, deliveries: Sequence[Delivery], standing: Standing, now: datetime
) -> dict[UUID, Facts | Untrue]:
    """Return by delivery what its message tells now, or why that is not so any more."""
    told: dict[UUID, Facts] = {}
    found: dict[UUID, Facts | Untrue] = {}
    groups: dict[tuple[Any, ...], list[Delivery]] = {}
    levels: list[Delivery] = []
    for each in deliveries:
        told[each.delivery_id] = found[each.delivery_id] = {**each.facts, **_has(standing, each)}
        if each.message == "expiry_reminder":
            groups.setdefault((each.scope, each.facts["wallet"], each.facts["boundary"]), []).append(each)
        elif each.message == "tier_about_to_drop":
            levels.append(each)
    for (scope, wallet, boundary), group in groups.items():
        asked = Asked(wallet, now, datetime.fromisoformat(boundary), 1, (), ())
        losses = await of_members(connection, scope, asked, [each.member_id for each in group])
        for each in group:
            truth = _reminded(losses, each.member_id)
            found[each.delivery_id] = truth if isinstance(truth, Untrue) else {**told[each.delivery_id], **truth}
    if levels:
        dropping = await _dropping(connection, levels)
        found |= {each.delivery_id: Untrue("not_dropping") for each in levels if each.delivery_id not in dropping}
    return found


def _reminded(losses: Mapping[UUID, Loss | None], member_id: UUID) -> Facts | Untrue:
    loss = losses.get(member_id)
    if loss is not None:
        return {"points": loss.points, "lots": loss.lots}
    return Untrue("points_spared" if member_id in losses else "nothing_lapses")


async def _dropping(connection: asyncpg.Connection, levels: Sequence[Delivery]) -> set[UUID]:
    """Those whose member still stands in the level that they are told to lose, and has not won it for longer."""
    rows = [
        (*each.member, each.facts["tier_set"], each.facts["level"], datetime.fromisoformat(each.facts["until"]),
         each.delivery_id)
        for each in levels
    ]  # fmt: skip
    columns = [list(column) for column in zip(*rows, strict=True)]
    return {row["delivery_id"] for row in await connection.fetch(_QUERIES["dropping"], *columns)}


def _has(standing: Standing, delivery: Delivery) -> Facts:
    """The balance in the message's wallet, or in the member's only one; what is in each; and the tier."""
    wallets = standing.balances.get(delivery.member, {})
    only = next(iter(wallets.values())) if len(wallets) == 1 else None
    wallet = wallets.get(str(delivery.facts.get("wallet")), only)
    balance = 0 if wallet is None else wallet.available
    return {"balance": balance, "wallets": wallets, "tier": standing.tiers.get(delivery.member)}


def _name(row: asyncpg.Record) -> Member:
    return row["tenant_id"], row["programme_id"], row["member_id"]
