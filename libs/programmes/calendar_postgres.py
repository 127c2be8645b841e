"""The calendar of a programme from PostgreSQL; only stores and commands import this module."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import asyncpg

from libs.programmes import postgres
from libs.programmes.calendar import Calendar, DayRange, Wanted, calendar, needed
from libs.programmes.calendar_telling import counters_of, told_calendar
from libs.programmes.postgres import Where
from libs.promotions.compile import compile_programme
from libs.promotions.describe import Words
from libs.promotions.programme import Programme

MOST_SWITCHES = 1_000
"""So many turns of switches are looked at, the newest."""


async def load_calendar(
    connection: asyncpg.Connection, where: Where, days: DayRange, now: datetime, language: str, wanted: Wanted
) -> dict[str, Any] | None:
    """Tell the calendar as `told_calendar` writes it; None where no version is in force in that time.

    Raises:
        libs.promotions.document.ProgrammeInvalid: a stored document is none.
    """
    versions = await postgres.load_versions(connection, where.key, now)
    numbers = {version.number for version in needed(versions, days, where.zone, now)}
    documents = {number: one for number, one in versions.programmes.items() if number in numbers}
    documents |= await postgres.load_documents(connection, where.key, numbers - documents.keys())
    switches = await postgres.load_switches(connection, where.key, turned_on_too=True, most=MOST_SWITCHES)
    outages = [switch.outage for switch in switches]
    # In a thread: hundreds of campaigns over a year take long enough to hold up others.
    found = await asyncio.to_thread(calendar, versions, documents, outages, days, where.zone, now)
    if found is None:
        return None
    used = await postgres.load_used(connection, where.key, counters_of(found, now))
    return await asyncio.to_thread(_told, found, documents, used, now, language, wanted)


def _told(
    found: Calendar,
    documents: Mapping[int, Programme],
    used: Mapping[str, int],
    now: datetime,
    language: str,
    wanted: Wanted,
) -> dict[str, Any]:
    words = _words({each.version for each in found.campaigns}, documents, language)
    return told_calendar(found, words, used, now, wanted)


def _words(numbers: Iterable[int], documents: Mapping[int, Programme], language: str) -> dict[int, Words]:
    return {number: Words(compile_programme(documents[number]), language) for number in numbers}
