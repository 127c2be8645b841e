"""Points that wait before they may be spent: by days, on days of a month, for an activity; what the clock does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.earning.test_lives import kinds, outcomes, play
from tests.support.invariants import verified
from tests.support.lives import ACTIVITIES, activity, returned
from tests.support.programmes import put_programme, with_wallet
from tests.support.receipts import POINTS, PURCHASES, WHEN, enrolment, purchase
from tests.support.stack import Stack, Worker, until

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EVENT = {"kind": "event", "activities": ["delivered"], "deadline_days": 14}
STANDING = "SELECT pending, remaining, active_from, expires_at FROM ledger.lot_now ORDER BY seq"


async def at(stack: Stack, instant: datetime, **environment: str) -> Worker:
    """A worker for whom it is this instant, and the clock goes on."""
    return await stack.start_ready(POINTSTREAM_CLOCK=instant.isoformat(), **environment)


async def lots(stack: Stack) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await stack.fetch(STANDING)]


async def activated(stack: Stack) -> None:
    async def done() -> bool:
        return not any(pending for pending, *_ in await lots(stack))

    await until(done, "nothing is pending any more")
    await stack.drained(ACTIVITIES)


@pytest.mark.parametrize(
    ("policy", "active_from"),
    [
        ({"kind": "after", "days": 3}, WHEN + 3 * DAY),
        ({"kind": "on_days", "days_of_month": [1, 15]}, datetime(2026, 11, 14, 23, tzinfo=UTC)),
        (EVENT, WHEN + 14 * DAY),
    ],
    ids=["after", "on-days", "deadline"],
)
async def test_the_clock_makes_points_active(stack: Stack, policy: dict[str, Any], active_from: datetime) -> None:
    await put_programme(stack.database, with_wallet(pending=policy))
    worker = await at(stack, WHEN)
    await play(stack, enrolment("1"))
    await play(stack, purchase("R-1", 5_000))
    assert [row[:3] for row in await lots(stack)] == [(True, 50, active_from)]
    worker.stop()
    worker = await at(stack, active_from - timedelta(seconds=1), POINTSTREAM_EARNING__DUE_EVERY="PT0.2S")
    await activated(stack)
    assert await kinds(stack) == [("credit", 50), ("activate", 50)]
    (told,) = [e for e in await stack.events(POINTS) if e["type"] == "org.pointstream.points.activated.v1"]
    data: Any = told["data"]
    assert datetime.fromisoformat(data["effective_at"]) == datetime.fromisoformat(data["active_from"]) == active_from
    assert data["cause_source"] == "/pointstream/acme/main/clock"
    await until(lambda: _nothing_due(worker), "nobody is due")
    assert worker.metric("loyalty_due_events_total") == len(await stack.read(ACTIVITIES)) == 1
    await verified(stack)


async def _nothing_due(worker: Worker) -> bool:
    return worker.metric("loyalty_due_members") == worker.metric("loyalty_due_late_seconds") == 0


async def test_what_lapses_is_counted_from_activation(stack: Stack) -> None:
    await put_programme(stack.database, with_wallet(pending=EVENT))
    bought = datetime(2026, 12, 28, 12, tzinfo=UTC)
    await at(stack, bought + 20 * HOUR)
    await play(stack, enrolment("1"))
    await play(stack, purchase("R-1", 5_000, time=bought), purchase("R-2", 100, time=bought))
    in_january = datetime(2027, 6, 30, 22, tzinfo=UTC)
    deadline = bought + 14 * DAY
    assert await lots(stack) == [(True, 50, deadline, in_january), (True, 1, deadline, in_january)]
    delivered = bought + DAY - 5 * HOUR
    await play(stack, activity("A-1", "delivered", receipt_number="R-1", store="1", time=delivered))
    in_december = datetime(2027, 3, 31, 22, tzinfo=UTC)
    assert await lots(stack) == [(False, 50, delivered, in_december), (True, 1, deadline, in_january)]
    assert (await outcomes(stack))["A-1"] == ("activated", None)
    await play(stack, activity("A-2", "delivered", receipt_number="R-1", store="1", time=delivered + HOUR))
    await play(stack, activity("A-3", "unpacked", receipt_number="R-2", store="1", time=delivered + HOUR))
    assert await kinds(stack) == [("credit", 50), ("credit", 1), ("activate", 50)]
    await verified(stack)


async def test_an_activity_may_come_before_its_purchase(stack: Stack) -> None:
    await put_programme(stack.database, with_wallet(pending=EVENT))
    await at(stack, WHEN + 2 * DAY)
    await play(stack, enrolment("1"))
    told = activity("A-1", "delivered", card=None, receipt_number="R-1", store="1", time=WHEN + DAY)
    await play(stack, told)
    assert (await outcomes(stack))["A-1"] == ("awaiting_purchase", None)
    await play(stack, purchase("R-1", 5_000))
    await activated(stack)
    assert [row[:3] for row in await lots(stack)] == [(False, 50, WHEN + DAY)]
    await verified(stack)


async def test_a_purchase_catches_up_where_the_clock_has_not_run(stack: Stack) -> None:
    await put_programme(stack.database, with_wallet(pending={"kind": "after", "days": 3}))
    never = {"POINTSTREAM_EARNING__DUE_EVERY": "PT1H"}
    worker = await at(stack, WHEN + HOUR, **never)
    await play(stack, enrolment("1"))
    await play(stack, purchase("R-1", 5_000), purchase("R-2", 2_000))
    await play(stack, returned("T-2", "R-2", time=WHEN + HOUR))
    worker.stop()
    await at(stack, WHEN + 4 * DAY, **never)
    assert [row[:2] for row in await lots(stack)] == [(True, 50), (True, 0)]
    await play(stack, purchase("R-3", 700, time=WHEN + 4 * DAY))
    assert [row[:2] for row in await lots(stack)] == [(False, 50), (True, 0), (True, 7)]
    assert await kinds(stack) == [
        ("credit", 50), ("credit", 20), ("reverse", 20), ("activate", 50), ("credit", 7)
    ]  # fmt: skip
    assert not await stack.read(ACTIVITIES)
    await verified(stack)


async def test_a_receipt_that_comes_after_its_points_are_due_is_caught_up_too(stack: Stack) -> None:
    await put_programme(stack.database, with_wallet(pending={"kind": "on_days", "days_of_month": [1, 15]}))
    await at(stack, WHEN + 10 * DAY, POINTSTREAM_EARNING__DUE_EVERY="PT0.2S")
    await play(stack, enrolment("1"))
    await play(stack, purchase("R-1", 5_000))
    await activated(stack)
    await play(stack, purchase("R-2", 2_000))
    await activated(stack)
    assert sorted(kind for kind, _ in await kinds(stack)) == ["activate", "activate", "credit", "credit"]
    assert await stack.lag(PURCHASES, "earning.purchases") == 0
    await verified(stack)


@pytest.mark.slow
async def test_one_worker_of_many_looks_and_another_takes_over(stack: Stack) -> None:
    await put_programme(stack.database, with_wallet(pending={"kind": "on_days", "days_of_month": [1, 15]}))
    often = {"POINTSTREAM_EARNING__DUE_EVERY": "PT0.2S"}
    one = await at(stack, WHEN + 10 * DAY, **often)
    await play(stack, enrolment("1"))
    await play(stack, purchase("R-1", 5_000))
    await activated(stack)
    two = await stack.start_ready(instance="two", POINTSTREAM_CLOCK=(WHEN + 10 * DAY).isoformat(), **often)
    both = [worker for worker in (one, two) if worker.metric("loyalty_due_events_total")]
    assert both == [one]
    await play(stack, purchase("R-2", 2_000))
    await activated(stack)
    one.kill()
    await play(stack, purchase("R-3", 1_000))
    await activated(stack)
    assert two.metric("loyalty_due_events_total") >= 1
    assert len({event["id"] for event in await stack.events(ACTIVITIES)}) == 3, "what is told again has the same id"
    await verified(stack)
