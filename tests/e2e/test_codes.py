"""Coupons and gift cards on the running platform: made by command, shown at the till, told on the topic."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.running import Door, Platform, eventually

RULES = '{"currency": "EUR", "min_total_minor": 2000, "benefit": {"percent": 10}}'
ORDER = {"total_minor": 5_000, "currency": "EUR", "store": "1"}


def post(shop: Door, path: str, body: dict[str, Any], key: str | None = None) -> httpx.Response:
    """A request about codes or cards, under a key of its own."""
    return shop.http.post(f"/v1/{path}", json=body, headers={"Idempotency-Key": key or str(uuid4())})


def done(shop: Door, path: str, body: dict[str, Any], key: str | None = None) -> dict[str, Any]:
    answer = post(shop, path, body, key)
    assert answer.status_code in (httpx.codes.OK, httpx.codes.CREATED), answer.text
    told: dict[str, Any] = answer.json()
    return told


def reasons(answer: httpx.Response) -> list[str]:
    assert answer.status_code == httpx.codes.CONFLICT, answer.text
    return [each["pointer"].removeprefix("/reasons/") for each in answer.json()["errors"]]


@pytest.mark.feature("VOU-86", "VOU-110", "VOU-119")
async def test_a_coupon_is_assigned_published_redeemed_and_no_good_elsewhere(platform: Platform) -> None:
    shop = platform.acme
    platform.run("codes", "pool", "e2e", "--prefix", "E2E", "--rules", RULES, "--tenant", "acme")
    platform.run("codes", "generate", "e2e", 2, "--tenant", "acme")
    await platform.publish([shop.enrolment("coupon")])
    await shop.enrolled("coupon")
    given = done(shop, "code-pools/e2e/codes:assign", {"identifier": "card:coupon"})
    assert (given["state"], given["member_id"]) == ("assigned", str(shop.member_id("coupon")))
    assert done(shop, f"codes/{given['code_id']}/publish", {})["state"] == "published"

    shown = {"code": given["code"].lower(), "identifier": "card:coupon", "order": ORDER}
    check = done(shop, "codes:validate", shown)
    assert (check["valid"], check["discount_minor"]) == (True, 500)
    assert post(platform.globex, "codes:redeem", {"code": given["code"]}).json()["code"] == "code-unknown"
    poor = post(shop, "codes:redeem", shown | {"order": ORDER | {"total_minor": 1_999}})
    assert reasons(poor) == ["minimum"]
    used = done(shop, "codes:redeem", shown | {"reference": "order-1"}, "coupon-1")
    assert used == done(shop, "codes:redeem", shown | {"reference": "order-1"}, "coupon-1")
    assert reasons(post(shop, "codes:redeem", shown)) == ["used-up"]
    assert done(shop, f"code-redemptions/{used['use_id']}/return", {})["state"] == "published"
    assert done(shop, "codes:redeem", shown)["discount_minor"] == 500
    told = shop.get(f"/v1/codes/{given['code_id']}")
    assert [(each["reference"], each["returned_at"] is None) for each in told["redemptions"]] == [
        (None, True), ("order-1", False)
    ]  # fmt: skip
    counts = shop.get("/v1/code-pools/e2e")["counts"]
    assert counts == {"created": 1, "redeemed": 1}

    def complete(events: list[dict[str, Any]]) -> bool:
        return len([each for each in events if each["data"].get("code_id") == given["code_id"]]) >= 3

    events = await platform.events("loyalty.rewards", complete)
    kinds = [each["type"].split(".")[-2] for each in events if each["data"].get("code_id") == given["code_id"]]
    assert kinds == ["redeemed", "returned", "redeemed"]
    assert given["code"] not in str(events)


@pytest.mark.feature("VOU-41", "VOU-99", "VOU-48")
async def test_a_coupon_is_stopped_changed_and_started_while_it_is_out(platform: Platform) -> None:
    shop, pool = platform.acme, ("codes", "pool", "e2e-rules", "--brought", "--tenant", "acme")
    platform.run(*pool, "--rules", '{"uses": null}')
    theirs = platform.data / "theirs.csv"
    theirs.write_text("code\nPARTNER-7F3K9Q\n")
    platform.run("codes", "import", "e2e-rules", theirs, "--tenant", "acme")
    code = {"code": "partner 7f3k9q"}
    done(shop, "codes:redeem", code)
    past, days = (platform.now() - timedelta(days=1)).isoformat(), ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    rules = f'{{"uses": null, "valid_until": "{past}", "weekdays": ["{days[platform.now().weekday() - 3]}"]}}'
    platform.run(*pool, "--pause", "--rules", rules)
    assert reasons(post(shop, "codes:redeem", code)) == ["paused", "expired", "weekday"]
    platform.run(*pool, "--resume", "--rules", '{"uses": null}')
    assert done(shop, "codes:redeem", code)["state"] == "published"


@pytest.mark.feature("VOU-9", "VOU-10", "VOU-91")
async def test_a_gift_card_pays_many_times_and_in_part(platform: Platform) -> None:
    shop = platform.acme
    before = owed(shop)
    card = done(shop, "gift-cards", {"amount_minor": 5_000, "currency": "EUR"}, "card-1")
    assert card == done(shop, "gift-cards", {"amount_minor": 5_000, "currency": "EUR"}, "card-1")
    number, path = card["number"], f"gift-cards/{card['card_id']}"
    paid = done(shop, "gift-cards:use", {"number": number, "amount_minor": 1_990, "reference": "order-1"}, "card-2")
    assert paid == done(
        shop, "gift-cards:use", {"number": number, "amount_minor": 1_990, "reference": "order-1"}, "card-2"
    )
    assert done(shop, "gift-cards:use", {"number": number, "amount_minor": 3_010})["balance_minor"] == 0
    assert post(shop, "gift-cards:use", {"number": number, "amount_minor": 1}).json()["code"] == "balance-short"
    done(shop, f"{path}/refunds", {"of_seq": paid["entry"]["seq"], "amount_minor": 990})
    entries = shop.get(f"/v1/{path}/statement")["data"]
    assert [(each["kind"], each["balance_minor"]) for each in entries] == [
        ("refund", 990), ("use", 0), ("use", 3_010), ("issue", 5_000)
    ]  # fmt: skip
    after = owed(shop)
    assert {name: after[name] - before.get(name, 0) for name in ("sold_minor", "spent_minor", "outstanding_minor")} == {
        "sold_minor": 5_000, "spent_minor": 4_010, "outstanding_minor": 990
    }  # fmt: skip
    assert number not in str(await platform.events("loyalty.rewards"))


@pytest.mark.feature("VOU-42", "VOU-90", "VOU-138")
async def test_a_gift_card_lives_as_long_as_the_law_asks_and_no_longer(platform: Platform) -> None:
    shop, soon = platform.acme, platform.now() + timedelta(seconds=20)
    asked = {"amount_minor": 700, "currency": "USD", "expires_at": soon.isoformat()}
    assert post(shop, "gift-cards", asked | {"law": "US-CA"}).json()["code"] == "expiry-forbidden"
    assert post(shop, "gift-cards", asked | {"law": "US"}).json()["code"] == "expiry-too-early"
    card = done(shop, "gift-cards", asked)
    path = f"/v1/gift-cards/{card['card_id']}"
    await eventually(lambda: shop.get(path)["balance_minor"] == 0, "what was left has lapsed")
    late = post(shop, "gift-cards:use", {"number": card["number"], "amount_minor": 1})
    assert late.json()["code"] == "card-expired"
    sold = done(shop, "gift-cards", {"amount_minor": 900, "currency": "USD", "law": "US-CA"})
    row = next(each for each in shop.get("/v1/gift-card-liability")["data"] if each["law"] == "US-CA")
    assert (row["sold_minor"], row["outstanding_minor"]) == (900, 900)
    assert done(shop, f"gift-cards/{sold['card_id']}/cash-outs", {})["balance_minor"] == 0


def owed(shop: Door) -> dict[str, Any]:
    """What is owed on cards in euros, sold under no law of their own."""
    found = shop.get("/v1/gift-card-liability")["data"]
    return next((each for each in found if (each["currency"], each["law"]) == ("EUR", "none")), {})
