"""Members' ledgers in PostgreSQL: loaded whole, and saved by what was done to them.

Only stores import this module. The transaction holds the heads of the members, which a former statement has locked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg
import orjson

from libs.ledger.keeping import read_spans
from libs.ledger.model import Debt, Kind, Lot, MemberLedger
from libs.lives.life import Life, MemberName, loans, rows, waivers
from libs.runtime import sql

_QUERIES = sql.load("libs.lives")
_TABLES = ("lots", "movements", "allocations", "touched", "debts", "heads")


class Head(NamedTuple):
    """What the head of a member's ledger says: the last number given, and whether anything is owed or lent."""

    seq: int
    owing: bool


async def load_ledgers(
    connection: asyncpg.Connection, heads: Mapping[MemberName, Head]
) -> dict[MemberName, MemberLedger]:
    """Return what these members have left and owe, and what spares it."""
    if not heads:
        return {}
    members = list(heads)
    found = await connection.fetch(_QUERIES["open_lots"], *_columns(members))
    keeps = {tuple(row[:3]): row["keeps"] for row in found if row["keeps"] is not None}
    return await ledgers_of(connection, heads, found, keeps)


async def ledgers_of(
    connection: asyncpg.Connection,
    heads: Mapping[MemberName, Head],
    found: Iterable[asyncpg.Record],
    keeps: Mapping[MemberName, str],
) -> dict[MemberName, MemberLedger]:
    """Return the ledgers of members whose open lots were found, with what they owe and what spares their points."""
    lots: dict[MemberName, list[Lot]] = {}
    debts: dict[MemberName, list[Debt]] = {}
    for row in found:
        lots.setdefault(tuple(row[:3]), []).append(lot_of(row))
    if any(head.owing for head in heads.values()):
        for row in await connection.fetch(_QUERIES["debts"], *_columns(list(heads))):
            debts.setdefault(tuple(row[:3]), []).append(Debt(*row[3:]))
    return {
        name: MemberLedger(
            name[2],
            head.seq,
            tuple(lots.get(name, ())),
            tuple(debts.get(name, ())),
            read_spans(keeps[name]) if name in keeps else (),
        )
        for name, head in heads.items()
    }


_LOT = [name for name in Lot.__struct_fields__ if name not in ("pending", "opened_by")]


def lot_of(row: asyncpg.Record) -> Lot:
    """A lot as its row has it now."""
    opening = Kind(row["opened_by"])
    return Lot(**{name: row[name] for name in _LOT}, pending=row["pending"], opened_by=opening)


async def save(connection: asyncpg.Connection, now: datetime, lives: Iterable[Life]) -> None:
    """Save what was done to members whose ledger was in hand; nothing for those to whom nothing was done."""
    changed = [life for life in lives if life.changed]
    if changed:
        await connection.execute(_QUERIES["save"], now, *saved_as(changed))
    await save_rare(connection, changed)


def saved_as(changed: Iterable[Life]) -> list[str]:
    """What was done to members, as `ledger.save_lives` takes it."""
    tables = rows(changed)
    return [_json(tables[name]) for name in _TABLES]


async def save_rare(connection: asyncpg.Connection, changed: Iterable[Life]) -> None:
    """Save what few members have: why points of theirs did not lapse, and the terms of what they were lent."""
    if waived := waivers(changed):
        await save_waivers(connection, waived)
    if lent := loans(changed):
        await connection.execute(_QUERIES["save_loans"], _json(lent))


async def save_waivers(connection: asyncpg.Connection, waived: Sequence[Mapping[str, object]]) -> None:
    """Save why points did not lapse, beside the movements that say so."""
    await connection.execute(_QUERIES["save_waivers"], _json(waived))


def _columns(members: Sequence[MemberName]) -> list[list[object]]:
    return [[member[column] for member in members] for column in range(3)]


def _json(rows: Sequence[Mapping[str, object]]) -> str:
    return orjson.dumps(rows, default=str).decode()  # keys are UUIDs of a class of their own
