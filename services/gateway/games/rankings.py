"""Who or what comes first, loaded: for the operation on rankings and for the page of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from libs.catalogue.limits import period_name
from libs.games.ranking import Place, Question, Scored, placed
from libs.promotions.history import first_day
from libs.runtime import sql
from services.gateway.store import Reading

_QUERIES = sql.load("services.gateway", "rankings.sql")
_PARTS = {"products": "product:", "categories": "category:", "stores": "store:"}
Days = tuple[date, date]
"""The first day of a period, and the first day after it."""


def stretch(asked: Question, today: date) -> Days:
    """The days of the period that is asked for, seen from today."""
    period = asked.period
    begins = first_day(period, today)
    for _ in range(asked.ago):
        begins = first_day(period, begins - timedelta(days=1))
    longest = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}[period]
    ends = begins + timedelta(days=1)
    while period_name(period, ends) == period_name(period, begins) and (ends - begins).days < longest:
        ends += timedelta(days=1)
    return begins, ends


async def first_places(
    reading: Reading, programme_id: int, asked: Question, days: Days, zone: ZoneInfo, top: int
) -> tuple[list[Place], int]:
    """Return the first places, so many, and how many there are in all."""
    rows = await _rows(reading, programme_id, asked, days, zone, top)
    return placed(Scored(row["key"], row["score"]) for row in rows), rows[0]["of"] if rows else 0


async def own_place(reading: Reading, programme_id: int, asked: Question, days: Days, member_id: UUID) -> Place | None:
    """Return the place of a member; None of who has none."""
    of = (programme_id, *days, asked.scored, asked.where)
    mine = await reading.fetch(_QUERIES["members"], *of, member_id, 1)
    if not mine:
        return None
    (above,) = await reading.fetch(_QUERIES["above"], *of, mine[0]["score"])
    return Place(above["above"] + 1, mine[0]["key"], mine[0]["score"])


async def _rows(
    reading: Reading, programme_id: int, asked: Question, days: Days, zone: ZoneInfo, top: int
) -> list[Any]:
    if asked.of == "members":
        return await reading.fetch(_QUERIES["members"], programme_id, *days, asked.scored, asked.where, None, top)
    if asked.of == "rewards":
        between = [datetime.combine(day, time(), zone).astimezone(UTC) for day in days]
        return await reading.fetch(_QUERIES["rewards"], programme_id, *between, asked.where, top)
    return await reading.fetch(_QUERIES["parts"], programme_id, *days, _PARTS[asked.of], top)
