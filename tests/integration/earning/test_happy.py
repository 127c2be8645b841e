"""A receipt becomes points: from a record on a topic to a lot, an explanation and two events."""

from __future__ import annotations

from libs.promotions.pages import read_page
from tests.support.receipts import POINTS, enrolment, line, member_id, purchase
from tests.support.stack import Stack


async def test_receipt_becomes_points(stack: Stack) -> None:
    await stack.start_ready()
    await stack.produce([enrolment("1"), enrolment("2")])
    await stack.drained("loyalty.profiles")
    await stack.produce(
        [
            purchase("R-1", [line("a", 1_250), line("b", 399, category="PRODUCE")]),
            purchase("R-2", 99, card="2"),
            purchase("R-3", 5_000, card="unknown"),
            purchase("R-1", [line("a", 1_250), line("b", 399, category="PRODUCE")]),
        ]
    )
    await stack.drained()
    lots = await stack.fetch("SELECT * FROM ledger.lot")
    assert [(lot["member_id"], lot["amount"], lot["seq"]) for lot in lots] == [(member_id("1"), 20, 1)]
    events = await stack.events(POINTS)
    credited = [e for e in events if e["type"] == "org.pointstream.points.credited.v1"]
    evaluated = {e["data"]["receipt_id"]: e["data"]["outcome"] for e in events if "evaluated" in str(e["type"])}  # type: ignore[index]
    assert len(credited) == 1
    assert evaluated == {"R-1": "credited", "R-2": "no_points", "R-3": "unclaimed"}
    pages = await stack.fetch("SELECT body FROM earning.decision_page")
    assert {d.id for page in pages for d in read_page(page["body"])} == {"R-1", "R-2", "R-3"}
