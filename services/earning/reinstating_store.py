"""What lapsed of members, in PostgreSQL; read only for those to whom something is to be given back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import asyncpg
from msgspec import structs

from libs.ledger.model import Lot
from libs.ledger.reinstate import Lapse
from libs.lives.life import MemberName
from libs.lives.postgres import lot_of
from libs.runtime import sql
from services.earning import arrivals
from services.earning.arrivals import Arrival
from services.earning.lives import Life
from services.earning.reinstating import Lapses

_QUERIES = sql.load("services.earning", "reinstating.sql")


def asking(topic: str, fresh: Sequence[Arrival]) -> list[Arrival]:
    """The requests of a batch to give back what lapsed."""
    return [] if topic != arrivals.ACTIVITIES else [new for new in fresh if new.kind == arrivals.REINSTATEMENT]


def of_merged(asked: Iterable[Arrival], leads: Mapping[MemberName, MemberName]) -> list[Arrival]:
    """Those that name somebody who was merged."""
    return [new for new in asked if (*new.scope, new.event.data.member_id) in leads]


async def load(connection: asyncpg.Connection, asked: Sequence[Arrival], lives: Mapping[MemberName, Life]) -> Lapses:
    """Return what lapsed of the members whom requests name, and put the lots that nothing is left of to their ledgers.

    Their heads are locked; nothing was done to them yet. `lives` has members who were merged under their own names.
    """
    wanted = dict.fromkeys([(*new.scope, new.event.data.member_id) for new in asked])
    names = [name for name in wanted if name in lives and lives[name].name == name]
    if not names:
        return {}
    columns = [[name[column] for name in names] for column in range(3)]
    lapses: dict[MemberName, list[Lapse]] = {}
    for row in await connection.fetch(_QUERIES["lapsed"], *columns):
        lapses.setdefault(tuple(row[:3]), []).append(Lapse(*row[3:]))
    gone: dict[MemberName, list[Lot]] = {}
    for row in await connection.fetch(_QUERIES["gone"], *columns):
        gone.setdefault(tuple(row[:3]), []).append(lot_of(row))
    for name, lots in gone.items():
        life = lives[name]
        ledger = structs.replace(life.ledger, lots=tuple(sorted((*life.ledger.lots, *lots), key=lambda lot: lot.seq)))
        life.ledger = life.before = ledger
    return lapses
