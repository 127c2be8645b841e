"""What members did before, on a real database: conditions on it, tiers that follow, the clock, and days made again."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
from typer.testing import CliRunner

from cli.main import app
from libs.history.postgres import rebuild
from tests.integration.earning.test_lives import outcomes, play
from tests.integration.earning.test_pending import at
from tests.support.database import ACME, programme_document
from tests.support.invariants import verified
from tests.support.lives import activity, corrected, returned, voided
from tests.support.programmes import put_programme
from tests.support.receipts import WHEN, enrolment, line, purchase
from tests.support.stack import Stack, until

DAY = timedelta(days=1)
DAYS = "SELECT day, visits, spend_minor, points, parts::text FROM earning.member_day ORDER BY member_id, day"
CHANGES = "SELECT from_level, to_level, reason, effective_at FROM members.tier_change ORDER BY recorded_at, number"
STATUS: dict[str, Any] = {
    "name": "status",
    "levels": [
        {"name": "bronze"},
        {"name": "silver", "needs": {"points": 50}},
        {"name": "gold", "needs": {"spend_minor": 20_000, "visits": 2}},
    ],
    "window": {"kind": "calendar", "period": "year"},
    "holds": {"kind": "period_end", "period": "year"},
    "drives_tier": True,
}


def document(*campaigns: dict[str, Any], **more: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "id": "base",
        "name": "A point for each 1.00",
        "state": "live",
        "effect": {"kind": "per_amount", "points": 1, "per_minor": 100},
    }
    return programme_document(ACME) | {"campaigns": [base, *campaigns]} | more


def bonus(name: str, points: int, **when: Any) -> dict[str, Any]:
    return {"id": name, "name": name, "state": "live", "when": when, "effect": {"kind": "fixed", "points": points}}


async def paid(stack: Stack) -> list[tuple[int, datetime]]:
    return [
        tuple(row) for row in await stack.fetch("SELECT amount, earned_at FROM ledger.lot ORDER BY recorded_at, seq")
    ]


async def made_again(stack: Stack) -> tuple[int, int]:
    """Lose every day, make them again, and find the same ones."""
    before, dsn = await stack.fetch(DAYS), stack.database.dsn("operator")
    command = ["db", "rebuild", "--history", "--json", "--dsn", dsn]
    told = await asyncio.to_thread(CliRunner().invoke, app, command)
    assert {**json.loads(told.stdout), "counted": 0} == {"counted": 0, "taken_away": 0, "put": 0}
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("DELETE FROM earning.member_day")
        done = await rebuild(connection)
    finally:
        await connection.close()
    assert await stack.fetch(DAYS) == before
    return done.counted, done.put


async def test_conditions_on_what_a_member_did_before(stack: Stack) -> None:
    """A first purchase pays once; who spent a hundred has more; a return is judged by the facts of the first time."""
    first = bonus("first", 1_000, member={"nth_purchase": {"numbers": [1]}})
    loyal = bonus("loyal", 500, member={"history": [{"count": "spend_minor", "within": {"months": 12}, "min": 10_000}]})
    dairy = bonus("dairy", 7, member={"history": [{"count": "spend_minor", "category": "DAIRY", "min": 1}]})
    await put_programme(stack.database, document(first, loyal, dairy))
    await at(stack, WHEN + 10 * DAY)
    await play(stack, enrolment("1"), enrolment("2"))
    milk = [line("milk", 4_000, category="DAIRY"), line("bread", 4_000)]
    await play(
        stack,
        purchase("R-1", milk),
        purchase("R-2", 3_000, time=WHEN + DAY),
        purchase("R-3", 1_000, time=WHEN + 2 * DAY),
        purchase("R-9", 500, card="9"),
    )
    assert [points for points, _ in await paid(stack)] == [1_080, 37, 517]
    await play(stack, returned("T-1", "R-1", [{"line": 2}], time=WHEN + 3 * DAY))
    await play(stack, corrected("C-2", "R-2", [line("any", 2_000)], time=WHEN + 3 * DAY, purchased_at=WHEN + DAY))
    assert (await outcomes(stack))["T-1"] == ("reversed", None)
    days = [tuple(row) for row in await stack.fetch(DAYS)]
    assert days == [
        (WHEN.date(), 1, 4_000, 1_040, '{"wallet:points": 1040, "category:DAIRY": 4000}'),
        ((WHEN + DAY).date(), 1, 2_000, 27, '{"wallet:points": 27}'),
        ((WHEN + 2 * DAY).date(), 1, 1_000, 517, '{"wallet:points": 517}'),
    ]
    await play(stack, voided("V-3", "R-3", time=WHEN + 4 * DAY))
    await play(stack, purchase("R-4", 1_000, time=WHEN + 5 * DAY))
    await play(stack, enrolment("9"))
    assert (await paid(stack))[-2:] == [(17, WHEN + 5 * DAY), (1_005, WHEN)]
    assert await made_again(stack) == (4, 4)
    await verified(stack)


async def test_tiers_by_points_and_spend_by_a_return_and_by_the_clock(stack: Stack) -> None:
    thrice = bonus("silver", 100, tiers=["silver"])
    letter = {
        **bonus("letter", 7),
        "trigger": {"kind": "activity", "activity": "letter"},
    }
    await put_programme(stack.database, document(thrice, letter, tier_sets=[STATUS]))
    worker = await at(stack, WHEN + DAY)
    await play(stack, enrolment("1"))
    await play(stack, purchase("R-1", 4_500, time=WHEN))
    await play(stack, activity("A-1", "letter", card="1", time=WHEN + timedelta(hours=1)))
    await play(stack, purchase("R-2", 1_000, time=WHEN + timedelta(hours=2)))
    assert [points for points, _ in await paid(stack)] == [45, 7, 110]
    await play(stack, purchase("R-3", 15_000, time=WHEN + timedelta(hours=3)))
    found = [tuple(row)[:3] for row in await stack.fetch(CHANGES)]
    assert found == [(None, "bronze", "earned"), ("bronze", "silver", "earned"), ("silver", "gold", "earned")]
    await play(stack, returned("T-3", "R-3", time=WHEN + timedelta(hours=5)))
    assert [tuple(row)[:3] for row in await stack.fetch(CHANGES)][3:] == [("gold", "silver", "returned")]
    worker.stop()
    year_end = datetime(2026, 12, 31, 23, tzinfo=UTC)
    await at(stack, year_end + timedelta(hours=1), POINTSTREAM_EARNING__DUE_EVERY="PT0.2S")

    async def dropped() -> bool:
        return [tuple(row) for row in await stack.fetch(CHANGES)][4:] == [("silver", "bronze", "not_kept", year_end)]

    await until(dropped, "the level ends with the year")
    assert await stack.fetch("SELECT DISTINCT tier FROM ledger.member") == [("bronze",)]
    events = await stack.events("loyalty.members")
    told: list[Any] = [event["data"] for event in events if "tier_changed" in str(event["type"])]
    assert [(each["number"], each["to_level"], each["direction"]) for each in told] == [
        (1, "bronze", "up"),
        (2, "silver", "up"),
        (3, "gold", "up"),
        (4, "silver", "down"),
        (5, "bronze", "down"),
    ]
    assert told[1]["figures"] == [{"what": "points", "done": 52, "least": 50}]
    assert told[2]["until"] == "2026-12-31T23:00:00Z"
    await made_again(stack)
    await verified(stack)
