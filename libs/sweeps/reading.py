"""Sweeps as people look at them, and what they may ask of one. Only stores and the command line import this module."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import orjson

from libs.promotions.document import parse_programme
from libs.promotions.programme import Programme
from libs.runtime import sql
from libs.sweeps.calendar import (
    Scattered,
    Turn,
    WalletPeriod,
    days_of_their_own,
    periods_of,
    scattered_of,
    together,
    turns,
)
from libs.sweeps.preview import Share, SparedShare, Total, totals

_QUERIES = sql.load("libs.sweeps", "reading.sql")
_DOCUMENTS = _QUERIES["documents"]
SENSIBLE = {
    "run": ("announced",),
    "pause": ("announced", "running"),
    "resume": ("paused",),
    "cancel": ("announced", "awaiting_approval", "running", "paused"),
    "approve": ("awaiting_approval",),
    "refuse": ("awaiting_approval",),
}
"""What may be asked, and in which states."""
_LONGEST_NAME = 64


class SweepSeen(NamedTuple):
    """A sweep: what it was announced with, what it has written down, and what the ledger says since it is over.

    `spared` is what would live on, as of the announcement, `waived` what the ledger says of that in the end.
    """

    sweep_id: UUID
    programme: str
    boundary: datetime
    local_date: date
    zone: str
    tzdata: str
    wallets: tuple[str, ...]
    state: str
    asked: str | None
    preview: tuple[Share, ...]
    done: tuple[Total, ...]
    lapsed: tuple[Total, ...] | None
    spared: tuple[SparedShare, ...]
    waived: tuple[SparedShare, ...] | None
    members: int
    members_done: int
    announced_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    approved_by: str | None
    approved_at: datetime | None


async def load_sweeps(
    connection: asyncpg.Connection,
    tenant_id: int,
    programme_id: int | None = None,
    *,
    sweep_id: UUID | None = None,
    before: tuple[datetime, str] | None = None,
    most: int = 50,
) -> list[SweepSeen]:
    """Return sweeps of a tenant, the newest boundary first; those behind a boundary and the slug of a programme."""
    rows = await connection.fetch(
        _QUERIES["sweeps"], tenant_id, programme_id, sweep_id, *(before or (None, None)), most
    )
    return [_seen(row) for row in rows]


async def ask(
    connection: asyncpg.Connection, tenant_id: int, sweep_id: UUID, what: str, now: datetime, by: str
) -> bool:
    """Ask something of a sweep, and say whether it makes sense as it stands; the service does it in a second or two.

    `what` is a key of `SENSIBLE`. Who published the programme's latest version, or wanted the sweep run, can't approve.
    """
    found = await connection.fetchval(
        _QUERIES["ask"], tenant_id, sweep_id, what, SENSIBLE[what], now, by[:_LONGEST_NAME]
    )
    return found is not None


async def load_turns(
    connection: asyncpg.Connection, scope: tuple[int, int], after: datetime, until: datetime
) -> list[Turn]:
    """Return the boundaries of all versions of a programme behind an instant and no later than another.

    Days on which points lapse that have no common boundary are those on which any member loses some next.
    """
    documents = [parse_programme(orjson.loads(row["document"])) for row in await connection.fetch(_DOCUMENTS, *scope)]
    return await turns_of(connection, scope, documents, after, until)


async def turns_of(
    connection: asyncpg.Connection,
    scope: tuple[int, int],
    documents: Iterable[Programme],
    after: datetime,
    until: datetime,
) -> list[Turn]:
    """The same of documents that are known."""
    periods, scattered = frozenset[WalletPeriod](), frozenset[Scattered]()
    for document in documents:
        periods |= periods_of(document)
        scattered |= scattered_of(document)
    found = turns(periods, after, until)
    if not scattered:
        return found
    days = [row["at"] for row in await connection.fetch(_QUERIES["days_due"], *scope, after, until)]
    return together(found, days_of_their_own(scattered, days))


def _seen(row: asyncpg.Record) -> SweepSeen:
    chunks = [chunk for chunk in orjson.loads(row["done"]) if chunk]
    lapsed = None if row["lapsed"] is None else tuple([Total(**each) for each in orjson.loads(row["lapsed"])])
    return SweepSeen(
        **{
            **row,
            "wallets": tuple(row["wallets"]),
            "preview": tuple([Share(**each) for each in orjson.loads(row["preview"])]),
            "done": tuple(totals(Share(None, wallet, **one) for chunk in chunks for wallet, one in chunk.items())),
            "lapsed": lapsed,
            "spared": _spared(row["spared"]),
            "waived": None if row["waived"] is None else _spared(row["waived"]),
            "members_done": min(row["members_done"], row["members"]),
        }
    )


def _spared(stored: str) -> tuple[SparedShare, ...]:
    return tuple([SparedShare(**each) for each in orjson.loads(stored)])
