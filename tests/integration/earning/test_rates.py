"""Receipts in another currency: parked while no rate is there, credited once it is, taken back at the same rate."""

from __future__ import annotations

from datetime import timedelta

from tests.integration.earning.test_lives import HOUR, outcomes, play, points
from tests.support.invariants import verified
from tests.support.lives import returned
from tests.support.programmes import put_rate
from tests.support.receipts import PURCHASES, WHEN, enrolment, line, purchase
from tests.support.stack import Stack, until

QUICKLY = {"POINTSTREAM_EARNING__PROGRAMME_REFRESH": "PT0.5S"}


async def test_a_rate_that_comes_later_releases_what_waits_for_it(stack: Stack) -> None:
    worker = await stack.start_ready(**QUICKLY)
    await play(stack, enrolment("1"))
    await play(
        stack,
        purchase("R-1", [line("a", 6_000), line("b", 4_000)], currency="USD"),
        purchase("R-2", 1_000, currency="USD", time=WHEN - timedelta(days=2)),
        purchase("R-3", 1_000, currency="CHF"),
    )
    assert {why for _, why in (await outcomes(stack)).values()} == {"no-exchange-rate"}
    assert await points(stack) == 0
    await put_rate(stack.database, "USD", 1, 900_000_000, WHEN - timedelta(days=1))

    async def released() -> bool:
        return await points(stack) == 90

    await until(released, "the receipt is credited")
    await stack.drained(PURCHASES)
    assert worker.metric("loyalty_retried_receipts_total") >= 1
    told = [event for event in await stack.events(PURCHASES) if "purchase.resolved" in str(event["type"])]
    assert {event["source"] for event in told} == {"/pointstream/acme/main/clock"}
    assert len({event["id"] for event in told}) == 1, "a receipt that is not judged within a minute is asked for again"
    waiting = await stack.fetch("SELECT receipt_number FROM earning.parked_receipt ORDER BY 1")
    assert [row[0] for row in waiting] == ["R-2", "R-3"]

    await put_rate(stack.database, "USD", 2, 500_000_000, WHEN - timedelta(days=1))
    await until(lambda: _knows(stack), "the new rate is used")
    await play(stack, returned("T-1", "R-1", [{"line": 2}], time=WHEN + HOUR))
    assert await points(stack) == 59, "60.00 USD at the rate of the purchase, and what the new rate gave"
    assert (await outcomes(stack))["T-1"] == ("reversed", None)
    await verified(stack)


async def _knows(stack: Stack) -> bool:
    """Whether a receipt of 10.00 USD is worth 5 points by now; what it earned at the old rate is taken back."""
    number = f"P-{len(await stack.read(PURCHASES))}"
    before = await points(stack)
    await play(stack, purchase(number, 1_000, currency="USD"))
    if await points(stack) - before == 5:
        return True
    await play(stack, returned(f"T-{number}", number, time=WHEN + HOUR))
    return False
