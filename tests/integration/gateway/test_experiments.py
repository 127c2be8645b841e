"""Experiments at a door on a real database: PostgreSQL puts every member where the engine does, and counts them."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import asyncpg
import httpx
import pytest

from libs.promotions.experiments import Experiment
from tests.integration.gateway.conftest import MakeKey
from tests.integration.gateway.scribe import QUERIES, Scribe
from tests.support.database import ACME, GLOBEX, Database, programme_document
from tests.support.programmes import put_programme

ARMS = [
    {"name": "control", "per_mille": 300},
    {"name": "double", "per_mille": 450},
    {"name": "voucher", "per_mille": 250},
]
TRIAL: dict[str, Any] = {"name": "weekend", "title": "Double <or> voucher", "first_day": "2024-02-01", "arms": ARMS}
DOUBLE = {
    "id": "double",
    "name": "More at weekends",
    "state": "live",
    "experiment": {"name": "weekend", "arms": ["double"]},
    "effect": {"kind": "fixed", "points": 500},
}
GIVEN = '{"wallet:points": 7, "category:tea": 5, "discounts": 30, "gift:coupon:tea": 1}'


@pytest.fixture
async def trying(database: Database) -> None:
    document = programme_document(ACME)
    campaigns: Any = document["campaigns"]
    await put_programme(database, document | {"campaigns": [*campaigns, DOUBLE], "experiments": [TRIAL]})


@pytest.mark.usefixtures("trying")
async def test_members_are_counted_in_the_arms_in_which_the_engine_puts_them(
    client: httpx.AsyncClient,
    anonymous: httpx.AsyncClient,
    scribe: Scribe,
    superuser: asyncpg.Connection,
    make_key: MakeKey,
) -> None:
    experiment = Experiment.model_validate(TRIAL)
    members = [await scribe.member() for _ in range(120)]
    other = await scribe.member(GLOBEX)
    arms = [experiment.arm_of(each.member_id) for each in members]
    spends = [100 * place for place in range(120)]
    rows: list[tuple[object, ...]] = [
        (1, each.member_id, day, 1, spend, GIVEN)
        for each, spend in zip(members[1:], spends[1:], strict=True)
        for day in (date(2024, 2, 1), date(2024, 2, 29))
    ]
    rows += [(1, members[0].member_id, date(2024, 1, 31), 1, 5_000, None)]  # before it began
    rows += [(2, other.member_id, date(2024, 2, 2), 1, 9_999, None)]
    await superuser.executemany(QUERIES["member_day"], rows)

    listed = (await client.get("/v1/experiments")).json()["data"]
    assert [(each["name"], each["campaigns"]) for each in listed] == [("weekend", ["double"])]
    told = (await client.get("/v1/experiments/weekend")).json()
    assert (told["state"], told["counted_until"]) == ("running", "2024-03-02")
    found = {each["arm"]: each for each in told["arms"]}
    assert {name: each["members"] for name, each in found.items()} == Counter(arms)
    assert sum(each["buyers"] for each in found.values()) == 119
    for name, each in found.items():
        own = [spend for spend, arm in zip(spends, arms, strict=True) if arm == name]
        buyers = sum(spend > 0 for spend in own)
        assert (each["buyers"], each["purchases"], each["spend_minor"]) == (buyers, 2 * buyers, 2 * sum(own))
        assert each["points"] == [{"wallet": "points", "points": 14 * buyers}]
        assert each["discount_minor"] == 60 * buyers
        assert each["gifts"] == [{"gift": "coupon:tea", "quantity": 2 * buyers}]
    assert found["double"]["words"].startswith("Too little to say anything")
    assert (await client.get("/v1/experiments/other")).json()["code"] == "not-found"

    assert (await anonymous.get("/experiments")).status_code == 303
    for scopes, status, words in [
        (("receipts:read",), 403, "rules:read"),
        (("receipts:read", "rules:read"), 200, "Double &lt;or&gt; voucher"),
    ]:
        text, _ = await make_key(ACME, *scopes)
        await anonymous.post("/sign-in", data={"key": text})
        page = await anonymous.get("/experiments")
        assert page.status_code == status
        assert words in page.text
    text, _ = await make_key(GLOBEX, "receipts:read", "rules:read")
    await anonymous.post("/sign-in", data={"key": text})
    assert "<code>experiments</code>" in (await anonymous.get("/experiments?lang=en")).text
