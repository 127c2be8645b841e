"""The days of members for a batch: those that its programmes need, loaded and saved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

import asyncpg
import orjson

from libs.history.counted import business_day
from libs.history.days import Sum
from libs.history.postgres import AskedDays, load
from libs.judging.versions import RunningProgramme
from libs.lives.life import MemberName
from libs.runtime import sql
from services.earning.arrivals import Arrival
from services.earning.cases import Case
from services.earning.history import DayName, Histories
from services.earning.tiers import MemberTiers
from services.earning.verdict import Standing

_QUERIES = sql.load("services.earning", "history.sql")

Scope = tuple[int, int]


async def load_histories(
    connection: asyncpg.Connection,
    asking: Mapping[Scope, RunningProgramme],
    standings: Mapping[MemberName, Standing],
    fresh: Iterable[Arrival],
    cases: Iterable[Case],
    now: datetime,
    tiers: Mapping[MemberName, MemberTiers],
) -> Histories:
    """Load the days of these members, who are locked, as far as the programmes that ask look at them."""
    earliest = _earliest(asking, fresh, cases, now)
    asked = []
    for name in standings:
        programme = asking.get(name[:2])
        if programme is not None and programme.history is not None and programme.history.windows:
            day = min([earliest[name[:2]], *_looked_back_to(tiers.get(name), programme)])
            asked.append(AskedDays(*name, programme.history.since(day)))
    return Histories(await load(connection, asked), standings)


def _looked_back_to(tiers: MemberTiers | None, programme: RunningProgramme) -> Iterator[date]:
    """The days that a decision on a member's tiers may look from."""
    for place in () if tiers is None else tiers.places.values():
        if place.standing is not None:
            yield place.standing.seen_on
            if place.standing.until is not None:
                yield min(business_day(place.standing.until, version.zone) for version in programme.versions)


def _earliest(
    asking: Mapping[Scope, RunningProgramme], fresh: Iterable[Arrival], cases: Iterable[Case], now: datetime
) -> dict[Scope, date]:
    """The first day of each programme from which anything in the batch may be looked at."""
    times = dict.fromkeys(asking, now)
    for arrival in fresh:
        if arrival.scope in times:
            times[arrival.scope] = min(times[arrival.scope], arrival.event.time)
    for case in cases:
        if case.programme.key in times:
            bought = [content.purchased_at for content in case.story.contents]
            times[case.programme.key] = min([times[case.programme.key], *bought])
    return {
        scope: min(business_day(times[scope], version.zone) for version in programme.versions) - timedelta(1)
        for scope, programme in asking.items()
    }


async def save_days(connection: asyncpg.Connection, changes: Mapping[DayName, Sum]) -> None:
    """Add what a batch's receipts and activities count for to the days of their members."""
    rows = [(name, done) for name, done in sorted(changes.items(), key=_place) if not done.empty]
    if not rows:
        return
    less = any(min(done[:3]) < 0 or any(amount < 0 for amount in done.parts.values()) for _, done in rows)
    await connection.execute(
        _QUERIES["count_days"],
        *_columns([name for name, _ in rows], 4),
        *_columns([done[:3] for _, done in rows], 3),
        [orjson.dumps(done.parts).decode() if done.parts else None for _, done in rows],
        less,
    )


def _place(entry: tuple[DayName, Sum]) -> tuple[int, int, bytes, date]:
    (tenant, programme, member_id, day), _ = entry
    return tenant, programme, member_id.bytes, day


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [[row[column] for row in rows] for column in range(width)]
