"""Newer zone data moves a boundary ahead: it is told once, counted, and the lots that keep the old date are found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib import resources
from io import BytesIO
from itertools import count
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from prometheus_client import CollectorRegistry

from libs.ledger import zones
from libs.sweeps import calendar
from libs.sweeps.moved import AHEAD, moved
from libs.sweeps.reading import load_turns
from services.expiry.metrics import ExpiryMetrics
from services.expiry.store import VersionReader
from services.expiry.zone_watch import ZoneWatch
from tests.integration.expiry.test_reinstatement import ADA, LAPSING
from tests.integration.expiry.test_sweep import BOUNDARY, SCOPE, Sweeping, sweeping
from tests.support.database import Database

__all__ = ["sweeping"]
NEWER = datetime(2025, 3, 31, 21, tzinfo=UTC)
"""Where Rome's first quarter ends once its clocks are those of Helsinki."""


def patched(name: str) -> ZoneInfo:
    """The pinned zone, but for Rome, which has the file of Helsinki as a release of tomorrow could bring it."""
    if name != "Europe/Rome":
        return zones.load_zone(name)
    files = resources.files("tzdata.zoneinfo")
    return ZoneInfo.from_file(BytesIO(files.joinpath("Europe", "Helsinki").read_bytes()), key=name)


async def test_a_moved_boundary_is_noticed_and_lots_keep_their_date(
    database: Database, sweeping: Sweeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    superuser = await asyncpg.connect(database.dsn())
    await superuser.execute(LAPSING, ADA)
    now = sweeping.clock.instant = BOUNDARY - timedelta(days=60)
    metrics = ExpiryMetrics(CollectorRegistry())
    ticks = count(0, 1_000)
    watch = ZoneWatch(sweeping.pool, sweeping.clock, metrics, VersionReader(), ticks=lambda: float(next(ticks)))

    async def changed() -> list[tuple[datetime, datetime, int, int, tuple[int, ...]]]:
        ahead = [turn.boundary for turn in await load_turns(superuser, SCOPE, now, now + AHEAD)]
        found = await moved(superuser, SCOPE, ahead, now)
        return [(each.was, each.now_at, each.lots, each.points, each.versions) for each in found]

    await watch.look()
    assert (watch.trouble, await changed(), metrics.boundaries_moved._value.get()) == (None, [], 0)
    monkeypatch.setattr(calendar, "load_zone", patched)
    await watch.look()
    counted = metrics.boundaries_moved._value.get()
    assert counted >= 40, "every quarter of ten years"
    await watch.look()
    assert metrics.boundaries_moved._value.get() == counted, "it is told once"
    assert await changed() == [(BOUNDARY, NEWER, 2, 50, (1,))]
    monkeypatch.undo()
    assert await changed() == [], "the older data is in force again"
    await superuser.close()
