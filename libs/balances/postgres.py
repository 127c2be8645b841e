"""Balances read from the ledger, for many members in one question; only stores and commands import this module."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

import asyncpg

from libs.balances.balance import MemberBalance, WalletPoints
from libs.runtime import sql

_QUERIES = sql.load("libs.balances")


async def load(
    connection: asyncpg.Connection, members: Sequence[tuple[int, int, UUID]], now: datetime
) -> list[MemberBalance]:
    """Return the balances at `now` of members, each named by tenant, programme and member id, in that order.

    A member whom the ledger does not know is left out; one without any points has no wallets. All of it is of one
    moment, and contains what was committed before it and nothing after.
    """
    if not members:
        return []
    tenants, programmes, ids = zip(*members, strict=True)
    rows = await connection.fetch(_QUERIES["balances"], tenants, programmes, ids, now)
    return list(_by_member(rows))


def _by_member(rows: Sequence[asyncpg.Record]) -> Iterable[MemberBalance]:
    for (tenant, programme, member_id, seq), found in groupby(rows, key=lambda row: row[:4]):
        wallets = tuple(WalletPoints(*row[4:]) for row in found if row[4] is not None)
        yield MemberBalance(tenant, programme, member_id, seq, wallets)
