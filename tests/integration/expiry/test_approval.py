"""A sweep that is too large for one person waits for another one; who refuses it ends it, and balances do not wait."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import asyncpg
import orjson

from libs.promotions.document import canonical_json, parse_programme, programme_hash
from libs.sweeps.reading import ask, load_sweeps
from tests.integration.expiry.test_reinstatement import ADA, BEN, LAPSING
from tests.integration.expiry.test_sweep import BOUNDARY, RULES, Sweeping, events, sweeping
from tests.support.database import ACME, Database, programme_document

__all__ = ["sweeping"]
AHEAD = replace(RULES, ahead=timedelta(days=7))
VERSION = """
UPDATE platform.programme_version SET document = $1, hash = $2, published_by = 'eva' WHERE tenant_id = 1
"""


async def test_a_large_sweep_waits_until_somebody_else_agrees(database: Database, sweeping: Sweeping) -> None:
    superuser = await asyncpg.connect(database.dsn())
    document = parse_programme(programme_document(ACME) | {"sweep_approval": {"above_points": 60}})
    stored = canonical_json(document).decode()
    await superuser.execute(VERSION, stored, programme_hash(document))
    await superuser.execute(LAPSING, ADA)
    sweeping.clock.instant = BOUNDARY - timedelta(seconds=1)

    async def look() -> str:
        await sweeping.overseer(AHEAD).look()
        return str(await superuser.fetchval("SELECT state FROM expiry.sweep WHERE tenant_id = 1"))

    assert await look() == "announced", "50 points are not more than 60"
    await superuser.execute(LAPSING, BEN)
    sweeping.clock.instant = BOUNDARY + timedelta(minutes=1)
    assert [await look(), await look()] == ["awaiting_approval"] * 2, "what came since counts as well"
    (seen,) = await load_sweeps(superuser, 1)
    now = sweeping.clock.now()

    async def asks(what: str, by: str) -> bool:
        return await ask(superuser, 1, seen.sweep_id, what, now, by)

    assert [await asks("run", "jo"), await asks("pause", "jo"), await asks("approve", "eva")] == [False] * 3
    assert await look() == "awaiting_approval"
    assert [await asks("approve", "jo"), await asks("approve", "jo")] == [True, True]
    assert await look() == "running"
    await sweeping.sweep([sweeping.lane("one")], BOUNDARY)
    assert await look() == "finished"
    (seen,) = await load_sweeps(superuser, 1)
    assert (seen.approved_by, seen.approved_at) == ("jo", now)
    told = [each for each in await events(superuser, "loyalty.sweeps") if each["tenant"] == "acme"]
    assert [each["type"].split(".")[3] for each in told] == [
        "announced", "approval_awaited", "approved", "started", "finished",
    ]  # fmt: skip
    assert (told[1]["data"]["shares"][0]["points"], told[2]["data"]["by"]) == (100, "jo")
    await superuser.close()


async def test_a_refused_sweep_is_over_and_who_wanted_it_run_does_not_approve(
    database: Database, sweeping: Sweeping
) -> None:
    superuser = await asyncpg.connect(database.dsn())
    document = parse_programme(programme_document(ACME) | {"sweep_approval": {"above_points": 0}})
    await superuser.execute(VERSION, canonical_json(document).decode(), programme_hash(document))
    sweeping.clock.instant = BOUNDARY - timedelta(seconds=1)
    await sweeping.overseer(AHEAD).look()
    await superuser.execute(LAPSING, ADA)
    (seen,) = await load_sweeps(superuser, 1)
    now = sweeping.clock.instant = BOUNDARY + timedelta(minutes=1)
    assert await ask(superuser, 1, seen.sweep_id, "run", now, "jo")
    await sweeping.overseer(AHEAD).look()
    asked = [await ask(superuser, 1, seen.sweep_id, "approve", now, by) for by in ("jo", "eva")]
    assert asked == [False, False]
    assert await ask(superuser, 1, seen.sweep_id, "refuse", now, "jo")
    await sweeping.overseer(AHEAD).look()
    (seen,) = await load_sweeps(superuser, 1)
    assert (seen.state, seen.approved_by) == ("cancelled", None)
    told = [each for each in await events(superuser, "loyalty.sweeps") if each["tenant"] == "acme"]
    assert [each["type"].split(".")[3] for each in told] == ["announced", "approval_awaited", "refused"]
    assert orjson.loads(await superuser.fetchval("SELECT preview::text FROM expiry.sweep WHERE tenant_id = 1")) == []
    await superuser.close()
