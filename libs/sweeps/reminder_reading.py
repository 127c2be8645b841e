"""Reminders as people look at them: the steps that come, and how those that came went. For stores and the commands."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

import asyncpg
import orjson

from libs.promotions.document import parse_programme
from libs.runtime import sql
from libs.sweeps.calendar import WalletPeriod, periods_of
from libs.sweeps.losing import TierLoss, added
from libs.sweeps.reminders import Series, reminders_of, series_of

_QUERIES = sql.load("libs.sweeps", "reminders.sql")


class ReminderSeen(NamedTuple):
    """A step that came due: whom it is for, how it stands, and who has been told of, by tier."""

    programme: str
    wallet: str
    boundary: datetime
    step: str
    days: int
    due_at: datetime
    local_date: date
    zone: str
    version: int
    min_points: int
    tiers: tuple[str, ...]
    segments: tuple[str, ...]
    state: str
    started_at: datetime | None
    ended_at: datetime | None
    told: tuple[TierLoss, ...]
    place: str

    @property
    def members(self) -> int:
        """How many members have been told of."""
        return sum(each.members for each in self.told)


async def load_reminders(
    connection: asyncpg.Connection,
    tenant_id: int,
    programme_id: int | None = None,
    *,
    before: tuple[datetime, str] | None = None,
    most: int = 50,
) -> list[ReminderSeen]:
    """Return the steps that came due, the latest first; those behind one that was due then and had this `place`."""
    rows = await connection.fetch(_QUERIES["reminders"], tenant_id, programme_id, *(before or (None, None)), most)
    return [_seen(row) for row in rows]


async def load_series(
    connection: asyncpg.Connection, scope: tuple[int, int]
) -> tuple[tuple[Series, ...], frozenset[WalletPeriod]]:
    """Return the series and the periods of all versions of a programme."""
    versions, periods = [], frozenset[WalletPeriod]()
    for row in await connection.fetch(_QUERIES["versions"], *scope):
        document = parse_programme(orjson.loads(row["document"]))
        versions.append((row["version"], row["active_from"], reminders_of(document)))
        periods |= periods_of(document)
    return series_of(versions), periods


def _seen(row: asyncpg.Record) -> ReminderSeen:
    told = [TierLoss(**each) for chunk in orjson.loads(row["told"]) for each in chunk]
    named = {"tiers": tuple(row["tiers"]), "segments": tuple(row["segments"]), "told": tuple(added(told))}
    return ReminderSeen(**{**row, **named})
