"""Balances read from the ledger, for many members in one question; only stores and commands import this module."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

import asyncpg

from libs.balances.balance import MemberBalance, WalletPoints
from libs.ledger.balance import balance
from libs.ledger.model import MemberLedger
from libs.lives.life import MemberName
from libs.lives.postgres import Head, load_ledgers
from libs.runtime import sql

_QUERIES = sql.load("libs.balances")
_WALLET = 4 + len(WalletPoints.__dataclass_fields__)
"""Where the columns of a wallet end."""


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
    kept = {_name(row): Head(row["seq"], row["owing"]) for row in rows if row["kept"]}
    return list(_by_member(rows, await load_ledgers(connection, kept), now))


def _by_member(
    rows: Sequence[asyncpg.Record], ledgers: Mapping[MemberName, MemberLedger], now: datetime
) -> Iterable[MemberBalance]:
    for (tenant, programme, member_id, seq), found in groupby(rows, key=lambda row: row[:4]):
        members = list(found)
        ledger = ledgers.get(_name(members[0]))
        had = {row["wallet"]: row for row in members if row["wallet"] is not None}
        if ledger is None:
            wallets = [WalletPoints(*row[4:_WALLET]) for row in had.values()]
        else:
            wallets = [_spared(ledger, wallet, now) for wallet in had]
        yield MemberBalance(tenant, programme, member_id, seq, tuple(wallets))


def _spared(ledger: MemberLedger, wallet: str, now: datetime) -> WalletPoints:
    found = balance(ledger, wallet, now)
    at, points = found.next_expiry or (None, 0)
    return WalletPoints(wallet, found.available, found.pending, found.held, found.debt, at, points)


def _name(row: asyncpg.Record) -> MemberName:
    return row["tenant_id"], row["programme_id"], row["member_id"]
