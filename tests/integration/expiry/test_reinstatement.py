"""What lapsed comes back: asked for, agreed to by somebody else, sent by the service, applied by earning, once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest
from prometheus_client import CollectorRegistry

from cli.verify import examine
from libs.promotions.lapsing import Reinstatement
from libs.runtime import postgres
from libs.runtime.settings import PostgresSettings
from libs.sweeps import reinstating
from libs.sweeps.reinstating import Asking, CannotReinstate, Share, Wish
from services.expiry.metrics import ExpiryMetrics
from services.expiry.reinstater import ACTIVITIES, Reinstater
from tests.integration.expiry.test_restart import WITHOUT_INBOX
from tests.integration.expiry.test_sweep import BOUNDARY, SCOPE, Sweeping, events, sweeping
from tests.support.database import Database
from tests.support.lives import asked
from tests.support.on_database import EarningLane

__all__ = ["sweeping"]
ADA, BEN, CAI = UUID(int=0xADA), UUID(int=0xBE), UUID(int=0xCA1)
NEXT = datetime(2025, 6, 30, 22, tzinfo=UTC)
LAPSING = """
WITH person AS (
    INSERT INTO members.member (tenant_id, programme_id, member_id, enrolled_at, recorded_at)
    VALUES (1, 1, $1, '2025-01-01', '2025-01-01')
), head AS (
    INSERT INTO ledger.member (tenant_id, programme_id, member_id, seq, spread, lapses_at)
    VALUES (1, 1, $1, 2, 0, '2025-03-31T22:00Z')
)
INSERT INTO ledger.lot (tenant_id, programme_id, member_id, seq, wallet, amount, remaining, earned_at, active_from,
                        expires_at, recorded_at, policy_version, cause)
VALUES (1, 1, $1, 1, 'points', 30, 30, '2025-01-01', '2025-01-01', '2025-03-31T22:00Z', '2025-01-01', 1, $1),
       (1, 1, $1, 2, 'points', 20, 20, '2025-02-01', '2025-02-01', '2025-03-31T22:00Z', '2025-02-01', 1, $1)
"""
LOTS = "SELECT seq, remaining, expires_at FROM ledger.lot_now WHERE member_id = $1 ORDER BY seq"
MOVES = "SELECT kind::text, amount, corrects FROM ledger.movement WHERE member_id = $1 ORDER BY seq"
RULES = Reinstatement(within_days=30, most_points_per_member=45, approval_above=60)
BY_ROW = (UUID(int=1), b"one")


def asking(*wishes: Wish, by: str = "eva", boundary: datetime | None = BOUNDARY) -> Asking:
    return Asking(wishes, None, boundary, None, "app-outage", None, by)


async def sent(connection: asyncpg.Connection) -> list[bytes]:
    """The requests in the outbox, as records."""
    told = await events(connection, ACTIVITIES)
    return [orjson.dumps(each) for each in told]


async def sound(connection: asyncpg.Connection) -> None:
    """Every invariant of the whole database holds; the lots were earned by no receipt."""
    found = {each.name: each.violations for each in await examine(connection) if each.name not in WITHOUT_INBOX}
    assert {name: count for name, count in found.items() if count} == {}


async def lapsed(sweeping: Sweeping, superuser: asyncpg.Connection, members: Sequence[UUID]) -> None:
    """Members who have lost 50 points each at the boundary."""
    for member in members:
        await superuser.execute(LAPSING, member)
    await sweeping.overseer().look()
    await sweeping.overseer().look()
    await sweeping.sweep([sweeping.lane("one")], BOUNDARY)
    await sweeping.overseer().look()


async def test_what_lapsed_of_who_was_merged_goes_to_the_survivor_and_back_when_they_part(
    database: Database, sweeping: Sweeping
) -> None:
    superuser = await asyncpg.connect(database.dsn())
    await lapsed(sweeping, superuser, (ADA, BEN))
    sweeping.clock.instant = now = BOUNDARY + timedelta(days=3)
    service = Reinstater(sweeping.pool, sweeping.clock, ExpiryMetrics(CollectorRegistry()), sweeping.told.update)
    settings = PostgresSettings(dsn=database.dsn("earning"))
    async with postgres.opened(postgres.pool(settings, "earning-test")) as pool:
        lane = await EarningLane(pool, sweeping.clock).claim()
        await lane.apply([asked("M-1", "merge", BEN, to_member_id=str(ADA), time=now).value])
        plan = await reinstating.plan(superuser, SCOPE, RULES, "points", asking(Wish(BEN, 30)), now)
        assert (plan.shares, plan.left_out) == ((Share(BEN, "points", 30),), ())
        assert plan.survivors == {BEN: ADA}
        await reinstating.ask(superuser, SCOPE, BY_ROW, asking(Wish(BEN, 30)), plan, now)
        await service.look()
        await lane.apply(await sent(superuser))
        seen = await reinstating.load_one(superuser, 1, BY_ROW[0])
        assert seen is not None
        assert (seen.returned_points, seen.refused_shares) == (30, 0)
        moves = [row["kind"] for row in await superuser.fetch(MOVES, BEN)]
        assert moves == ["expire", "restore", "transfer"]
        assert [tuple(row)[1:] for row in await superuser.fetch(LOTS, ADA) if row["remaining"]] == [
            (20, NEXT),
            (10, NEXT),
        ]
        await sound(superuser)
        await lane.apply([asked("M-2", "unmerge", BEN, time=now).value])
        assert not [row for row in await superuser.fetch(LOTS, ADA) if row["remaining"]]
        assert sum(row["remaining"] for row in await superuser.fetch(LOTS, BEN)) == 30
        await sound(superuser)
    await superuser.close()


async def test_points_come_back_once_and_only_when_somebody_else_agrees(database: Database, sweeping: Sweeping) -> None:
    superuser = await asyncpg.connect(database.dsn())
    await lapsed(sweeping, superuser, (ADA, BEN))
    sweeping.clock.instant = BOUNDARY + timedelta(days=3)
    now = sweeping.clock.now()
    wanted = asking(Wish(ADA, None), Wish(BEN, 20), Wish(CAI, None))
    plan = await reinstating.plan(superuser, SCOPE, RULES, "points", wanted, now)
    assert set(plan.shares) == {Share(ADA, "points", 45), Share(BEN, "points", 20)}
    assert (plan.left_out, plan.needs_approval, plan.points) == (((CAI, "nothing-lapsed"),), True, 65)
    for wish, why in ((Wish(BEN, 51), "more-than-lapsed"), (Wish(BEN, 46), "over-the-limit")):
        refused = await reinstating.plan(superuser, SCOPE, RULES, "points", asking(wish), now)
        assert (refused.shares, refused.left_out) == ((), ((BEN, why),))
        with pytest.raises(CannotReinstate, match=r"."):
            await reinstating.ask(superuser, SCOPE, BY_ROW, asking(wish), refused, now)

    for _ in range(2):
        await reinstating.ask(superuser, SCOPE, BY_ROW, wanted, plan, now)
    with pytest.raises(CannotReinstate, match="another request"):
        await reinstating.is_known(superuser, SCOPE, BY_ROW[0], b"two")
    service = Reinstater(sweeping.pool, sweeping.clock, ExpiryMetrics(CollectorRegistry()), sweeping.told.update)
    await service.look()
    assert await sent(superuser) == []
    name = BY_ROW[0]
    decided = [
        await reinstating.decide(superuser, 1, each, approve=approve, by=by, now=now)
        for each, approve, by in (
            (name, True, "eva"), (UUID(int=9), True, "jo"), (name, True, "jo"), (name, False, "kim"),
        )
    ]  # fmt: skip
    assert decided == ["own", "unknown", "done", "otherwise"]
    await service.look()
    await service.look()
    requests = await sent(superuser)
    assert len(requests) == 2
    about: dict[str, Any] = orjson.loads(requests[0])["data"]
    assert (about["requested_by"], about["approved_by"], about["reason"]) == ("eva", "jo", "app-outage")

    settings = PostgresSettings(dsn=database.dsn("earning"))
    async with postgres.opened(postgres.pool(settings, "earning-test")) as pool:
        lane = await EarningLane(pool, sweeping.clock).claim()
        await lane.apply(requests)
        await lane.apply(requests)
    assert [tuple(row) for row in await superuser.fetch(MOVES, ADA)] == [("expire", 50, None), ("restore", 45, 3)]
    assert [tuple(row) for row in await superuser.fetch(LOTS, ADA)] == [(1, 25, NEXT), (2, 20, NEXT)]
    assert [tuple(row) for row in await superuser.fetch(LOTS, BEN)] == [(1, 0, BOUNDARY), (2, 20, NEXT)]
    seen = await reinstating.load_one(superuser, 1, name)
    assert seen is not None
    assert (seen.state, seen.returned_shares, seen.returned_points, seen.refused_shares) == ("sent", 2, 65, 0)
    again = await reinstating.plan(superuser, SCOPE, RULES, "points", asking(Wish(ADA, None), Wish(BEN, 26)), now)
    assert (again.shares, again.left_out) == ((), ((ADA, "over-the-limit"), (BEN, "over-the-limit")))
    await sound(superuser)

    sweeping.clock.instant = NEXT + timedelta(minutes=1)
    await sweeping.overseer().look()
    await sweeping.overseer().look()
    await sweeping.sweep([sweeping.lane("one")], NEXT)
    assert [row["kind"] for row in await superuser.fetch(MOVES, ADA)] == ["expire", "restore", "expire"]
    assert not [row for row in await superuser.fetch(LOTS, ADA) if row["remaining"]]
    await sound(superuser)
    await superuser.close()


async def test_what_lapsed_too_long_ago_stays_away_and_what_is_not_written_down_yet_comes(
    database: Database, sweeping: Sweeping
) -> None:
    superuser = await asyncpg.connect(database.dsn())
    await superuser.execute(LAPSING, ADA)
    now = BOUNDARY + timedelta(hours=1)
    plan = await reinstating.plan(superuser, SCOPE, RULES, "points", asking(Wish(ADA, None), boundary=None), now)
    assert plan.points == 45
    late = BOUNDARY + timedelta(days=30)
    for boundary, why in ((BOUNDARY, "window-passed"), (late + timedelta(days=1), "boundary-ahead")):
        with pytest.raises(CannotReinstate) as refused:
            await reinstating.plan(superuser, SCOPE, RULES, "points", asking(Wish(ADA, 1), boundary=boundary), late)
        assert refused.value.why == why
    sweeping.clock.instant = now
    await reinstating.ask(superuser, SCOPE, BY_ROW, asking(Wish(ADA, None)), plan, now)
    service = Reinstater(sweeping.pool, sweeping.clock, ExpiryMetrics(CollectorRegistry()), sweeping.told.update)
    await service.look()
    settings = PostgresSettings(dsn=database.dsn("earning"))
    async with postgres.opened(postgres.pool(settings, "earning-test")) as pool:
        await (await EarningLane(pool, sweeping.clock).claim()).apply(await sent(superuser))
    assert [tuple(row) for row in await superuser.fetch(MOVES, ADA)] == [("expire", 50, None), ("restore", 45, 3)]
    await sound(superuser)
    await superuser.close()
