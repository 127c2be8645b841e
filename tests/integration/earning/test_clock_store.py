"""What the clock asks of PostgreSQL, as earning's role: pages without gaps, and the rate that a receipt would take."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from libs.blocks import postgres as blocks
from libs.judging.blocks import BLOCKED
from libs.judging.exchange import NO_RATE
from libs.promotions.rates import Rates
from services.earning import clock_store
from services.earning.clock_store import DueMember, ParkedKey
from tests.support.database import ACME, GLOBEX, Database
from tests.support.programmes import put_rate
from tests.support.receipts import WHEN

DAY = timedelta(days=1)
START = ParkedKey(0, 0, UUID(int=0))
PARK = """
INSERT INTO earning.parked_receipt (tenant_id, programme_id, receipt_key, event_key, reason, currency, receipt_number,
                                    occurred_at, recorded_at, member_id)
VALUES ($1, $1, $2, $2, $3, $4, $5, $6, $7, $8)
"""
MERGE = """
INSERT INTO members.merge (tenant_id, programme_id, member_id, number, survivor_id, leads_to, passed, debts,
                           identifiers, counters, cause, merged_at)
VALUES (1, 1, $1, 1, $2, $2, '[]', '[]', '{}', '{}', $1, $3)
"""
ENROL = """
INSERT INTO ledger.member (tenant_id, programme_id, member_id, seq, spread, activates_at) VALUES ($1, $1, $2, 3, 0, $3)
"""


@pytest.fixture
async def earning(database: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.dsn("earning"))
    yield connection
    await connection.close()


async def park(
    connection: asyncpg.Connection,
    number: int,
    *,
    tenant: int = 1,
    reason: str = NO_RATE,
    currency: str = "USD",
    at: datetime = WHEN,
    parked_at: datetime = WHEN + DAY,
    member: UUID | None = None,
) -> None:
    await connection.execute(PARK, tenant, UUID(int=number), reason, currency, f"R-{number}", at, parked_at, member)


async def found(connection: asyncpg.Connection, most: int = 100) -> list[tuple[str, int]]:
    """All pages, one after the other."""
    receipts, after = [], START
    while page := await clock_store.ready_receipts(connection, after, most):
        assert len(page) <= most
        receipts += page
        after = page[-1].key
    return [(receipt.receipt_number, receipt.rate_version) for receipt in receipts]


@pytest.mark.parametrize("most", [1, 2, 100])
async def test_receipts_whose_rate_is_there_are_found_page_by_page(
    database: Database, earning: asyncpg.Connection, most: int
) -> None:
    await put_rate(database, "USD", 1, 10**9, WHEN - DAY)
    await put_rate(database, "CHF", 1, 10**9, WHEN - DAY, GLOBEX)
    for number in (5, 3, 4, 1, 2):
        await park(earning, number)
    await park(earning, 6, reason="period-closed")
    await park(earning, 7, currency="CHF")
    await park(earning, 8, tenant=GLOBEX.tenant_id, currency="CHF")
    await park(earning, 9, at=WHEN - 2 * DAY)
    assert await found(earning, most) == [(f"R-{number}", 1) for number in (1, 2, 3, 4, 5, 8)]


async def test_receipts_of_members_who_are_not_blocked_any_more_are_found_too(
    database: Database, earning: asyncpg.Connection
) -> None:
    await put_rate(database, "USD", 1, 10**9, WHEN - DAY)
    blocked, free = UUID(int=101), UUID(int=102)
    for number, member in ((1, blocked), (2, free), (4, free)):
        await park(earning, number, reason=BLOCKED, member=member)
    await park(earning, 3)
    operator = await asyncpg.connect(database.dsn("operator"))
    for member in (blocked, free):
        await blocks.block(operator, (1, 1), member, WHEN, by="eva", reason="lost")
    assert await found(earning) == [("R-3", 1)]
    await blocks.lift(operator, (1, 1), free, WHEN + DAY, by="eva", note=None)
    await operator.close()
    for most in (1, 2, 100):
        assert await found(earning, most) == [("R-2", 0), ("R-3", 1), ("R-4", 0)]


async def test_a_receipt_waits_for_whom_its_member_was_merged_into(
    database: Database, earning: asyncpg.Connection
) -> None:
    merged, survivor = UUID(int=111), UUID(int=112)
    await park(earning, 1, reason=BLOCKED, member=merged)
    await earning.execute(MERGE, merged, survivor, WHEN)
    operator = await asyncpg.connect(database.dsn("operator"))
    await blocks.block(operator, (1, 1), survivor, WHEN, by="eva", reason="lost")
    assert await found(earning) == []
    await blocks.lift(operator, (1, 1), survivor, WHEN + DAY, by="eva", note=None)
    await operator.close()
    assert await found(earning) == [("R-1", 0)]


async def test_the_version_is_the_one_that_judging_takes(database: Database, earning: asyncpg.Connection) -> None:
    rates = [("USD", 1, 10**9, WHEN), ("USD", 2, 2 * 10**9, WHEN - DAY), ("USD", 3, 3 * 10**9, WHEN)]
    rates.append(("USD", 4, 4 * 10**9, WHEN + 2 * DAY))
    for _, version, rate, valid_from in rates:
        await put_rate(database, "USD", version, rate, valid_from, ACME)
    instants = [WHEN - DAY, WHEN - timedelta(microseconds=1), WHEN, WHEN + DAY, WHEN + 2 * DAY]
    for number, at in enumerate(instants):
        await park(earning, number, at=at, parked_at=WHEN + 3 * DAY)
    judged = [Rates(rates).at("USD", at) for at in instants]
    assert await found(earning) == [(f"R-{number}", rate.version) for number, rate in enumerate(judged) if rate]
    await park(earning, 9, at=WHEN + 9 * DAY, parked_at=WHEN)
    assert (await found(earning))[-1] == ("R-9", 3), "a time ahead of the clock counts as the arrival"


async def test_who_is_due_comes_in_order_and_others_do_not(earning: asyncpg.Connection) -> None:
    ids = [UUID(int=number) for number in range(1, 5)]
    for member, at in zip(ids, (WHEN, WHEN - DAY, WHEN + timedelta(microseconds=1), None), strict=True):
        await earning.execute(ENROL, 1, member, at)
    due = [DueMember(1, 1, ids[1], WHEN - DAY, 3), DueMember(1, 1, ids[0], WHEN, 3)]
    assert await clock_store.due_members(earning, WHEN, 10) == due
    assert await clock_store.due_members(earning, WHEN, 1) == due[:1]
    assert [await clock_store.count_due(earning, WHEN, most) for most in (1, 10)] == [1, 2]


async def test_an_id_names_a_member_in_every_programme(earning: asyncpg.Connection) -> None:
    member, nobody = UUID(int=1), UUID(int=2)
    for tenant in (1, 2):
        await earning.execute(ENROL, tenant, member, None)
    assert sorted(await clock_store.members_named(earning, [member, nobody])) == [(1, 1, member), (2, 2, member)]
