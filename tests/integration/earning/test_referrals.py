"""Referrals on a real database and broker: both sides are paid once, whoever does what at the same time."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

from typer.testing import CliRunner

from cli.main import app
from libs.referral.codes import make_code
from tests.integration.earning.test_lives import play
from tests.support.database import ACME, programme_document
from tests.support.invariants import verified
from tests.support.lives import returned
from tests.support.programmes import put_programme
from tests.support.receipts import PROFILES, WHEN, Record, event, member_id, purchase
from tests.support.stack import Stack, until

HOUR = timedelta(hours=1)
REFERRAL: dict[str, Any] = {
    "when": {"kind": "purchase", "at_least_minor": 2_000},
    "referrer": [{"from": 1, "points": 1_000}, {"from": 3, "points": 5_000}],
    "friend": {"points": 100, "gifts": [{"kind": "coupon", "reference": "welcome"}]},
    "suspicion": {"same": ["device"]},
}
STATES = "SELECT state, count(*) AS friends FROM earning.referral GROUP BY state ORDER BY state"
LOTS = "SELECT coalesce(sum(remaining), 0)::bigint FROM ledger.lot WHERE member_id = $1"
GIVE_CODE = "INSERT INTO members.referral_code VALUES ($1, $2, $3, $4, $5)"


def enrolled(card: str, *, brought_by: str | None = None, device: str | None = None) -> Record:
    data = {
        "member_id": str(member_id(card)),
        "identifiers": [{"kind": "card", "value": card}],
        "marks": [] if device is None else [{"kind": "device", "value": device}],
        "referral_code": brought_by,
    }
    kind = "org.pointstream.member.enrolled.v1"
    return event(PROFILES, kind, f"enrol-{card}", "/acme/pos", WHEN, str(member_id(card)), data)


async def started(stack: Stack) -> str:
    """A programme with referral, one member, and that member's code."""
    base = {
        "id": "base",
        "name": "base",
        "state": "live",
        "effect": {"kind": "per_amount", "points": 1, "per_minor": 100},
    }
    await put_programme(stack.database, programme_document(ACME) | {"campaigns": [base], "referral": REFERRAL})
    await stack.start_ready()
    await play(stack, enrolled("1", device="tablet"))
    code = make_code(7)
    await stack.fetch(GIVE_CODE, ACME.tenant_id, ACME.programme_id, member_id("1"), code, WHEN)
    return code


async def states(stack: Stack, **wanted: int) -> None:
    """Wait until so many referrals stand so, and nothing more is on its way."""

    async def holds() -> bool:
        return {row["state"]: row["friends"] for row in await stack.fetch(STATES)} == wanted

    await until(holds, f"referrals stand as {wanted}")
    await stack.drained("loyalty.activities")


async def owns(stack: Stack, card: str, points: int) -> None:
    """Wait until a member has so many points."""

    async def holds() -> bool:
        found: int = (await stack.fetch(LOTS, member_id(card)))[0][0]
        return found == points

    await until(holds, f"{card} has {points}")


async def test_friends_who_buy_at_once_on_many_partitions_each_count_once(stack: Stack) -> None:
    code = await started(stack)
    friends = [str(number) for number in range(10, 18)]
    assert len({member_id(card).bytes[0] for card in friends}) > 1
    await play(stack, *[enrolled(card, brought_by=code) for card in friends])
    await states(stack, started=8)
    bought = [purchase(f"R-{card}", 2_500, card=card, time=WHEN + HOUR) for card in friends]
    await stack.produce([*bought, *bought])
    await states(stack, converted=8)
    await owns(stack, "1", 2 * 1_000 + 6 * 5_000)
    for card in friends:
        await owns(stack, card, 25 + 100)
    told = [each for each in await stack.events("loyalty.members") if "referral" in str(each["type"])]
    assert sorted(str(each["type"]).split(".")[3] for each in told) == ["converted"] * 8 + ["started"] * 8
    assert "tablet" not in json.dumps(told)
    await play(stack, returned("T", "R-10", amount=600, time=WHEN + 2 * HOUR))
    await states(stack, converted=7, started=1)
    await owns(stack, "1", 2 * 1_000 + 5 * 5_000)
    await owns(stack, "10", 19)
    rewards = [str(each["type"]).split(".")[3] for each in await stack.events("loyalty.rewards")]
    assert sorted(rewards) == ["granted"] * 8 + ["revoked"]
    await verified(stack)


async def test_a_purchase_before_the_enrolment_counts_and_a_shared_device_waits_for_a_person(stack: Stack) -> None:
    code = await started(stack)
    await play(stack, purchase("R-20", 2_500, card="20"), purchase("R-21", 2_500, card="21"))
    await play(stack, enrolled("20", brought_by=code), enrolled("21", brought_by=code, device="tablet"))
    await states(stack, converted=1, held=1)
    await owns(stack, "1", 1_000)
    assert await stack.fetch("SELECT FROM members.mark WHERE digest LIKE '%tablet%'") == []
    options = ["--dsn", stack.database.dsn("operator"), "--kafka", stack.bootstrap, "--topic-prefix", stack.prefix]
    listed = await command("list", "--state", "held", *options[:2])
    assert [(each["friend_id"], each["reasons"]) for each in listed["referrals"]] == [
        (str(member_id("21")), ["same-device"])
    ]
    friend = str(member_id("21"))
    await command("release", friend, "--reason", "two sisters", "--wait", *options)
    await states(stack, converted=2)
    await owns(stack, "1", 2_000)
    await command("refuse", friend, "--reason", "no sisters", "--wait", *options)
    await states(stack, converted=1, refused=1)
    await owns(stack, "1", 1_000)
    shown = await command("show", friend, *options[:2])
    assert [(each["state"], each["note"]) for each in shown["changes"]] == [
        ("held", None), ("converted", "two sisters"), ("refused", "no sisters")
    ]  # fmt: skip
    await verified(stack)


async def command(*arguments: str) -> Any:
    done = await asyncio.to_thread(CliRunner().invoke, app, ["referrals", *arguments, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)
