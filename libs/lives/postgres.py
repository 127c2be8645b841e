"""Members' ledgers in PostgreSQL: loaded whole, and saved by what was done to them.

Only stores import this module. The transaction holds the heads of the members, which a former statement has locked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg
import orjson

from libs.ledger.model import Debt, Kind, Lot, MemberLedger
from libs.lives.life import Life, MemberName, rows
from libs.runtime import sql

_QUERIES = sql.load("libs.lives")
_TABLES = ("lots", "movements", "allocations", "touched", "debts", "heads")


class Head(NamedTuple):
    """What the head of a member's ledger says: the last number given, and whether anything is owed."""

    seq: int
    owing: bool


async def load_ledgers(
    connection: asyncpg.Connection, heads: Mapping[MemberName, Head]
) -> dict[MemberName, MemberLedger]:
    """Return what these members have left and owe."""
    if not heads:
        return {}
    members = list(heads)
    lots: dict[MemberName, list[Lot]] = {}
    debts: dict[MemberName, list[Debt]] = {}
    for row in await connection.fetch(_QUERIES["open_lots"], *_columns(members)):
        lots.setdefault(tuple(row[:3]), []).append(lot_of(row))
    if any(head.owing for head in heads.values()):
        for row in await connection.fetch(_QUERIES["debts"], *_columns(members)):
            debts.setdefault(tuple(row[:3]), []).append(Debt(row["wallet"], row["amount"], row["since"]))
    return {
        name: MemberLedger(name[2], head.seq, tuple(lots.get(name, ())), tuple(debts.get(name, ())))
        for name, head in heads.items()
    }


_LOT = [name for name in Lot.__struct_fields__ if name not in ("pending", "opened_by")]


def lot_of(row: asyncpg.Record) -> Lot:
    """A lot as its row has it now."""
    opening = Kind(row["opened_by"])
    return Lot(**{name: row[name] for name in _LOT}, pending=row["pending"], opened_by=opening)


async def save(connection: asyncpg.Connection, now: datetime, lives: Iterable[Life]) -> None:
    """Save what was done to members whose ledger was in hand; nothing for those to whom nothing was done."""
    tables = rows(lives)
    if tables["heads"]:
        await connection.execute(_QUERIES["save"], now, *[_json(tables[name]) for name in _TABLES])


def _columns(members: Sequence[MemberName]) -> list[list[object]]:
    return [[member[column] for member in members] for column in range(3)]


def _json(rows: Sequence[Mapping[str, object]]) -> str:
    return orjson.dumps(rows, default=str).decode()  # keys are UUIDs of a class of their own
