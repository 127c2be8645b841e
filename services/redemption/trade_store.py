"""Trades in PostgreSQL: what each was for, and how much members have traded in a period."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import asyncpg

from libs.lives.life import MemberName
from libs.runtime import sql
from services.redemption.domain import Redemption, Trade

_QUERIES = sql.load("services.redemption", "trades.sql")


def trade_of(row: Mapping[str, Any]) -> Trade | None:
    """The trade of a redemption as its row has it; None for most."""
    if row["trade_kind"] is None:
        return None
    return Trade(
        row["trade_kind"],
        row["trade_wallet"],
        row["trade_points"],
        row["trade_other"],
        row["trade_rate_points"],
        row["trade_rate_other"],
        row["programme_version"],
        row["trade_currency"],
        row["party"],
        row["pool"],
        row["payment"],
        row["opens"],
        row["due_at"],
    )


async def load_used(connection: asyncpg.Connection, names: Iterable[MemberName]) -> dict[MemberName, dict[str, int]]:
    """Return the counters of members that are locked."""
    members = list(names)
    used: dict[MemberName, dict[str, int]] = {}
    for row in await connection.fetch(_QUERIES["used"], *([name[column] for name in members] for column in range(3))):
        used.setdefault((row["tenant_id"], row["programme_id"], row["member_id"]), {})[row["counter"]] = row["used"]
    return used


async def save(
    connection: asyncpg.Connection,
    redemptions: Iterable[Redemption],
    used: Mapping[MemberName, Mapping[str, int]],
) -> None:
    """Save what redemptions are that are trades, and count them."""
    rows = [
        (*each.name, each.redemption_id, trade.kind, trade.wallet, trade.points, trade.other, trade.rate_points,
         trade.rate_other, trade.version, trade.currency, trade.party, trade.pool, trade.payment, trade.opens,
         each.asked_at, trade.due_at)
        for each in redemptions
        if (trade := each.trade) is not None
    ]  # fmt: skip
    if rows:
        await connection.execute(_QUERIES["save"], *zip(*rows, strict=True))
    more = [(*name, key, by) for name, counted in sorted(used.items()) for key, by in sorted(counted.items())]
    if more:
        await connection.execute(_QUERIES["count"], *zip(*more, strict=True))
