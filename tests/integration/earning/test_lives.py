"""What happens to a receipt after its purchase, through the topics: in the ledger, in what is kept, in what is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from libs.promotions.pages import read_page
from tests.support.invariants import verified
from tests.support.lives import adjusted, claimed, corrected, returned, voided
from tests.support.receipts import POINTS, WHEN, Record, enrolment, line, member_id, purchase
from tests.support.stack import Stack

HOUR = timedelta(hours=1)
BALANCE = """
SELECT (SELECT coalesce(sum(remaining), 0)::bigint FROM ledger.lot WHERE member_id = $1)
     - (SELECT coalesce(sum(amount), 0)::bigint FROM ledger.debt WHERE member_id = $1)
"""


async def play(stack: Stack, *records: Record) -> None:
    """Produce records and wait until they are taken; each call is behind the one before."""
    await stack.produce(records)
    for topic in dict.fromkeys(record.topic for record in records):
        await stack.drained(topic)


async def points(stack: Stack, card: str = "1") -> int:
    found: int = (await stack.fetch(BALANCE, member_id(card)))[0][0]
    return found


async def outcomes(stack: Stack) -> dict[str, tuple[str, str | None]]:
    """The latest outcome and reason of each event, as it is kept."""
    rows = await stack.fetch(
        "SELECT i.event_key, d.body FROM earning.inbox i JOIN earning.decision_page d USING (tenant_id, page)"
    )
    kept: dict[str, tuple[str, str | None]] = {}
    for row in rows:
        for decision in read_page(row["body"]):
            if decision.key == UUID(str(row["event_key"])):
                kept[decision.id] = (decision.outcome, decision.reason)
    return kept


async def kinds(stack: Stack) -> list[tuple[str, int]]:
    rows = await stack.fetch("SELECT kind::text, amount FROM ledger.journal ORDER BY member_id, seq")
    return [(row["kind"], row["amount"]) for row in rows]


async def test_returns_take_back_what_the_rest_does_not_earn(stack: Stack) -> None:
    await stack.start_ready()
    await play(stack, enrolment("1"))
    await play(stack, purchase("R-1", [line("a", 6_050), line("b", 4_050, quantity=3)]))
    assert await points(stack) == 151
    await play(stack, returned("T-1", "R-1", [{"line": 2, "quantity": 1}], time=WHEN + HOUR))
    assert await points(stack) == 87  # 87.50 is left, and no longer 100.00
    await play(stack, returned("T-2", "R-1", [{"line": 2, "quantity": 2}], time=WHEN + 2 * HOUR))
    assert await points(stack) == 60
    await play(
        stack,
        returned("T-3", "R-1", time=WHEN + 3 * HOUR),
        returned("T-2", "R-1", [{"line": 2, "quantity": 2}], time=WHEN + 2 * HOUR),
    )
    assert await points(stack) == 0
    assert await kinds(stack) == [("credit", 151), ("reverse", 64), ("reverse", 27), ("reverse", 60)]
    assert {key: what for key, (what, _) in (await outcomes(stack)).items()} == {
        "R-1": "credited", "T-1": "reversed", "T-2": "reversed", "T-3": "reversed"
    }  # fmt: skip
    told: list[Any] = [e for e in await stack.events(POINTS) if "reversed" in str(e["type"])]
    assert sorted((e["memberseq"], e["data"]["points"], e["data"]["corrects"]) for e in told) == [
        (2, 64, 1), (3, 27, 1), (4, 60, 1)
    ]  # fmt: skip
    await verified(stack)


async def test_a_return_that_comes_first_waits_for_its_purchase(stack: Stack) -> None:
    await stack.start_ready()
    await play(stack, enrolment("1"))
    await play(stack, returned("T-1", "R-1", [{"line": 1}], time=WHEN + HOUR))
    assert (await outcomes(stack))["T-1"] == ("awaiting_purchase", None)
    await play(stack, purchase("R-1", [line("a", 500), line("b", 300)]))
    assert (await points(stack), await kinds(stack)) == (3, [("credit", 3)])
    await verified(stack)


async def test_spent_points_become_debt_and_are_repaid_first(stack: Stack) -> None:
    await stack.start_ready()
    await play(stack, enrolment("1"))
    await play(stack, purchase("R-1", 5_000))
    await play(stack, adjusted("A-1", member_id("1"), -45, time=WHEN + HOUR))
    await play(stack, adjusted("A-2", member_id("1"), -45, time=WHEN + HOUR))
    assert (await outcomes(stack))["A-2"] == ("refused", "not-enough-points")
    await play(stack, returned("T-1", "R-1", time=WHEN + 2 * HOUR))
    assert await points(stack) == -45
    await play(stack, purchase("R-2", 3_000, time=WHEN + 3 * HOUR))
    await play(stack, purchase("R-3", 2_000, time=WHEN + 4 * HOUR))
    assert await points(stack) == 5
    assert [kind for kind, _ in await kinds(stack)] == [
        "credit", "adjust", "reverse", "reverse", "credit", "repay", "credit", "repay"
    ]  # fmt: skip
    await verified(stack)


async def test_corrections_voids_and_receipts_typed_twice(stack: Stack) -> None:
    await stack.start_ready()
    await play(stack, enrolment("1"), enrolment("2"))
    await play(stack, purchase("R-1", 1_000), purchase("R-2", 2_000), purchase("R-3", 3_000))
    await play(stack, purchase("R-1", 1_000, source="/acme/pos/1/9", time=WHEN + HOUR))
    assert await points(stack) == 60
    assert (await outcomes(stack))["R-1"][0] == "no_points" or await points(stack) == 60
    await play(stack, corrected("C-1", "R-1", 4_000, time=WHEN + HOUR), voided("V-2", "R-2", time=WHEN + HOUR))
    assert await points(stack) == 70
    await play(stack, corrected("C-3", "R-3", 3_000, card="2", time=WHEN + HOUR))
    assert (await points(stack), await points(stack, "2")) == (40, 30)
    await play(stack, purchase("R-2", 800, source="/acme/pos/1/9", time=WHEN + 2 * HOUR))
    assert await points(stack) == 48
    await verified(stack)


async def test_receipts_of_strangers_wait_for_enrolment_or_a_claim(stack: Stack) -> None:
    await stack.start_ready()
    await play(stack, enrolment("2"))
    old = WHEN - timedelta(days=61)
    await play(
        stack,
        purchase("R-1", 1_000),
        purchase("R-2", 2_000, card=None),
        purchase("R-3", 3_000, card=None, time=old),
        purchase("R-4", 4_000, time=old),
        purchase("R-5", 500),
    )
    await play(stack, returned("T-5", "R-5", [], amount=300, time=WHEN + HOUR))
    await play(stack, enrolment("1"))
    assert await points(stack) == 12
    two = member_id("2")
    await play(stack, claimed("K-1", "R-2", two, total_minor=1_999))
    await play(stack, claimed("K-2", "R-2", two, total_minor=2_000))
    await play(stack, claimed("K-3", "R-2", member_id("1")), claimed("K-4", "R-1", two), claimed("K-5", "R-3", two))
    await play(stack, claimed("K-6", "R-6", two))
    await play(stack, purchase("R-6", 700, card=None))
    assert await points(stack, "2") == 27
    found = await outcomes(stack)
    assert {key: found[key] for key in found if key.startswith("K")} == {
        "K-1": ("refused", "total-mismatch"),
        "K-2": ("credited", None),
        "K-3": ("refused", "already-claimed"),
        "K-4": ("refused", "already-claimed"),
        "K-5": ("refused", "claim-too-late"),
        "K-6": ("awaiting_purchase", None),
    }
    assert found["R-1"] == found["R-2"] == ("credited", None)
    waiting = await stack.fetch("SELECT receipt_number FROM earning.unclaimed_receipt ORDER BY 1")
    assert [row[0] for row in waiting] == ["R-3", "R-4"]
    await verified(stack)


async def test_a_purchase_that_stands_after_all_is_its_own_members(stack: Stack) -> None:
    """The purchase of card 2 came under the number of another; a void, told late, lay between the two."""
    await stack.start_ready()
    await play(stack, enrolment("1"), enrolment("2"))
    await play(stack, purchase("R-1", 1_000))
    await play(stack, purchase("R-1", 2_000, card="2", source="/acme/pos/1/9", time=WHEN + 2 * HOUR))
    assert (await points(stack), await points(stack, "2")) == (10, 0)
    await play(stack, voided("V-1", "R-1", time=WHEN + HOUR))
    assert (await points(stack), await points(stack, "2")) == (0, 20)
    await verified(stack)


async def test_what_is_decided_twice_in_one_batch_is_explained_by_the_last(stack: Stack) -> None:
    await stack.produce([enrolment("1")])
    await stack.produce([purchase("R-1", 1_000, card=None), claimed("K-1", "R-1", member_id("1"), key="card:None")])
    worker = await stack.start_ready(POINTSTREAM_EARNING__LOOP__BATCH="1000")
    await stack.drained()
    found = await outcomes(stack)
    if found["K-1"] != ("refused", "member-unknown"):  # else the claim was taken before the enrolment
        assert found["R-1"] == found["K-1"] == ("credited", None)
    await stack.drained("loyalty.profiles")
    await play(stack, purchase("R-2", 1_000, card=None), claimed("K-2", "R-2", member_id("1"), key="card:None"))
    assert worker.ready()
    found = await outcomes(stack)
    assert found["R-2"] == found["K-2"] == ("credited", None)
    await verified(stack)
