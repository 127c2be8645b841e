"""Points that lapse on days of their own: a turn at the end of each day on which somebody loses some."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from libs.promotions.document import canonical_json, parse_programme, programme_hash
from libs.sweeps.reading import load_turns
from services.expiry.overseer import Overseer, Rules
from tests.integration.expiry.test_sweep import (  # noqa: F401 - `sweeping` is a fixture
    SCOPE,
    STATES,
    Sweeping,
    sweeping,
)
from tests.support.database import ACME, Database, programme_document

AHEAD = Rules(timedelta(days=30), timedelta(0), automatic=True, chunk=10, progress_every=timedelta(hours=1))
START = datetime(2025, 5, 6, 12, tzinfo=UTC)
VERSION = """
INSERT INTO platform.programme_version (tenant_id, programme_id, version, active_from, document, hash, recorded_at)
VALUES (1, 1, 2, '2025-01-01', $1::jsonb, $2, '2025-01-01')
"""
MEMBER = """
WITH head AS (
    INSERT INTO ledger.member (tenant_id, programme_id, member_id, seq, spread, lapses_at) VALUES (1, 1, $1, 2, 0, $2)
)
INSERT INTO ledger.lot (tenant_id, programme_id, member_id, seq, wallet, amount, remaining, earned_at, active_from,
                        expires_at, recorded_at, policy_version, cause)
VALUES (1, 1, $1, 1, 'points', 10, 10, '2025-04-01', '2025-04-01', $2, '2025-04-01', 2, $1),
       (1, 1, $1, 2, 'points', 30, 30, '2025-04-01', '2025-04-01', $3, '2025-04-01', 2, $1)
"""


def night(month: int, day: int) -> datetime:
    """The end of a summer day in Rome."""
    return datetime(2025, month, day, 22, tzinfo=UTC)


async def look(overseer: Overseer, sweeping: Sweeping) -> None:  # noqa: F811 - the fixture
    """Look around until nothing is left to be done, and let a lane work on what runs."""
    for _ in range(4):
        await overseer.look()
        for row in await sweeping.pool.fetch(STATES):
            if row["state"] == "running":
                await sweeping.sweep([sweeping.lane("one")], row["boundary"])


async def test_each_day_on_which_somebody_loses_points_has_its_sweep(
    database: Database,
    sweeping: Sweeping,  # noqa: F811 - the fixture
) -> None:
    """Also a day that is found when a sweep behind it is announced already; and days that were missed have one."""
    superuser = await asyncpg.connect(database.dsn())
    wallet = {"name": "points", "expiry": {"kind": "rolling", "days": 40}}
    written = parse_programme(programme_document(ACME) | {"version": 2, "wallets": [wallet]})
    await superuser.execute(VERSION, canonical_json(written).decode(), programme_hash(written))
    await superuser.execute(MEMBER, UUID(int=7), night(5, 10), night(5, 14))
    await superuser.execute(MEMBER, UUID(int=8), night(5, 20), night(8, 2))
    sweeping.clock.instant = START
    overseer = sweeping.overseer(AHEAD)
    await look(overseer, sweeping)
    states = {tuple(row) for row in await superuser.fetch(STATES)}
    assert states == {(night(5, 10), "announced"), (night(5, 20), "announced")}
    coming = await load_turns(superuser, SCOPE, START, START + timedelta(days=20))
    assert [turn.boundary.instant for turn in coming] == [night(5, 10), night(5, 20)]

    sweeping.clock.instant = night(5, 10) + timedelta(minutes=1)
    await look(overseer, sweeping)
    states = {tuple(row) for row in await superuser.fetch(STATES)}
    assert (night(5, 10), "finished") in states
    sweeping.clock.instant += timedelta(hours=2)
    await look(overseer, sweeping)
    states = {tuple(row) for row in await superuser.fetch(STATES)}
    assert (night(5, 14), "announced") in states, "found once the day before it was swept"

    sweeping.clock.instant = night(9, 1) + timedelta(minutes=1)
    for _ in range(6):
        await look(overseer, sweeping)
    moved = await superuser.fetch("SELECT member_id, amount, effective_at FROM ledger.movement ORDER BY effective_at")
    assert [(row["member_id"].int, *tuple(row)[1:]) for row in moved] == [
        (7, 10, night(5, 10)),
        (7, 30, night(5, 14)),
        (8, 10, night(5, 20)),
        (8, 30, night(8, 2)),
    ]
    finished = {row["boundary"] for row in await superuser.fetch(STATES) if row["state"] == "finished"}
    assert finished >= {night(5, 10), night(5, 14), night(8, 2)}
    await superuser.close()
