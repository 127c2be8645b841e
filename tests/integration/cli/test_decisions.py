"""What a person decides: points given and taken, receipts that wait, each an event with its author and reason."""

from __future__ import annotations

import asyncio
import json

from typer.testing import CliRunner

from cli.main import app
from tests.support.command import assert_sound
from tests.support.pointstream import Pointstream
from tests.support.receipts import PROFILES, PURCHASES, enrolment, member_id, purchase
from tests.support.stack import Stack, until

ACTIVITIES = "loyalty.activities"
ACME = ("--tenant", "acme")


async def lots(stack: Stack) -> list[int]:
    return [row[0] for row in await stack.fetch("SELECT remaining FROM ledger.lot ORDER BY tenant_id, member_id, seq")]


async def test_points_are_given_and_taken_with_a_reason(stack: Stack, pointstream: Pointstream) -> None:
    await stack.start_ready()
    await stack.produce([enrolment("17")])
    await stack.drained(PROFILES)

    dry = await pointstream.run("adjust", "card:17", "250", "--reason", "goodwill", "--dry-run")
    assert dry["sent"] is False
    assert await stack.read(ACTIVITIES) == []
    told = await pointstream.run("adjust", "card:17", "250", "--reason", "goodwill", "--note", "late parcel", "--wait")
    assert (told["member_id"], told["points"]) == (str(member_id("17")), 250)
    assert [(each["kind"], each["to_account"], each["amount"]) for each in told["movements"]] == [
        ("adjust", "active", 250)
    ]
    (event,) = await stack.events(ACTIVITIES)
    assert event["source"] == "/pointstream/acme/main/cli"
    assert event["data"]["requested_by"]  # type: ignore[index]

    told = await pointstream.run("adjust", member_id("17"), "-100", "--reason", "mistake", "--wait")
    assert told["movements"][0]["from_account"] == "active"
    assert await lots(stack) == [150]
    refused = await pointstream.run("adjust", member_id("17"), "-151", "--reason", "mistake", "--wait", expect=1)
    assert (refused["movements"], refused["refused"]) == ([], "not-enough-points")
    words = pointstream.words("adjust", member_id("17"), "-151", "--reason", "mistake", "--wait")
    told_people = await asyncio.to_thread(CliRunner().invoke, app, [word for word in words if word != "--json"])
    assert "refused: the member has not so many points that are free (/v1/receipts/" in told_people.stderr
    assert await lots(stack) == [150], "never a part of it"

    await stack.produce([enrolment("18")])
    await stack.drained(PROFILES)
    given = await pointstream.run("transfer", "card:17", "card:18", "50", "--reason", "gift", "--wait")
    assert (given["to_member_id"], [each["amount"] for each in given["movements"]]) == (str(member_id("18")), [50])
    assert sorted(await lots(stack)) == [50, 100]
    refused = await pointstream.run("transfer", "card:17", "card:18", "101", "--reason", "gift", "--wait", expect=1)
    assert refused["refused"] == "not-enough-points"
    await assert_sound(stack)


async def test_the_same_request_counts_once_and_a_wrong_one_is_not_sent(stack: Stack, pointstream: Pointstream) -> None:
    await stack.start_ready()
    await stack.produce([enrolment("17")])
    await stack.drained(PROFILES)
    words = ("adjust", "card:17", "40", "--reason", "goodwill", "--id", "ticket-7", "--wait")
    await asyncio.gather(pointstream.run(*words))
    again = await pointstream.run(*words)
    assert len(again["movements"]) == 1
    assert await lots(stack) == [40]
    for arguments, why, code in (
        (("card:17", "0", "--reason", "goodwill"), "/data/points", 2),
        (("card:17", "1.5", "--reason", "goodwill"), "whole number", 2),
        (("card:17", "5", "--reason", "No Code"), "/data/reason", 2),
        (("card:17", "5", "--reason", "goodwill", "--wallet", "gems"), "no wallet gems", 2),
        (("card:18", "5", "--reason", "goodwill"), "no such member", 1),
        (("nobody", "5", "--reason", "goodwill"), "write a member id", 2),
    ):
        wrong = await pointstream.run("adjust", *arguments, expect=code)
        assert why in wrong["error"], arguments


async def test_a_receipt_that_waits_for_a_rate_is_listed_and_tried_again(
    stack: Stack, pointstream: Pointstream
) -> None:
    await stack.start_ready()
    await stack.produce([enrolment("17")])
    await stack.drained(PROFILES)
    await stack.produce([purchase("R1", 10_000, card="17", currency="USD"), purchase("R2", 500, card="17")])
    await stack.drained(PURCHASES)
    (parked,) = (await pointstream.run("parked", "list", *ACME))["parked"]
    assert (parked["receipt_number"], parked["currency"], parked["waits_for"]) == ("R1", "USD", "no-exchange-rate")
    before = await lots(stack)

    added = await pointstream.run("rates", "add", "USD", "0.5", "--from", "2026-01-01T00:00:00Z", *ACME)
    assert added["waiting"] == {"USD": 1}
    unknown = await pointstream.run("parked", "retry", "R9", "--reason", "rate is there", *ACME, expect=1)
    assert "R9" in unknown["error"]
    words = ("parked", "retry", "--waits-for", "no-exchange-rate", "--reason", "rate is there", *ACME)
    assert (await pointstream.run(*words, "--dry-run"))["sent"] == 0

    async def tried() -> bool:
        """The workers look for rates every other second."""
        await pointstream.run(*words, "--wait")
        return not (await pointstream.run("parked", "list", *ACME))["parked"]

    await until(tried, "the receipt is paid")
    assert sum(await lots(stack)) == sum(before) + 50, "half of it in euros, and no big basket any more"


async def test_an_operator_refuses_for_good(stack: Stack, pointstream: Pointstream) -> None:
    await stack.start_ready()
    await stack.produce([enrolment("17")])
    await stack.drained(PROFILES)
    await stack.produce([purchase("R1", 10_000, card="17", currency="USD")])
    await stack.drained(PURCHASES)
    told = await pointstream.run("parked", "refuse", "R1", "--reason", "not ours", *ACME, "--wait")
    assert (told["decision"], told["sent"]) == ("refuse", 1)
    assert (await pointstream.run("parked", "list", *ACME))["parked"] == []
    assert await lots(stack) == []
    resolved = [event for event in await stack.events(PURCHASES) if "resolved" in str(event["type"])]
    assert json.dumps(resolved[0]["data"]).count("not ours") == 1
