"""What a cart would bring, what a year would bring, and by which rules."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.receipts import line
from tests.support.running import Door, Platform


def quoted(door: Door, lines: list[dict[str, Any]], card: str, channel: str = "store", **query: str) -> dict[str, Any]:
    """Ask what a cart would bring to whoever has a card."""
    data = {
        "identifiers": [{"kind": "card", "value": card}],
        "currency": door.currency,
        "total_minor": sum(each["amount_minor"] for each in lines),
        "lines": [{**each, "line": at} for at, each in enumerate(lines, 1)],
        "store": "1",
        "channel": channel,
    }
    answer = door.http.post("/v1/quote", json={"source": f"{door.source}/1", "data": data}, params=query)
    assert answer.status_code == httpx.codes.OK, answer.text
    told: dict[str, Any] = answer.json()
    return told


@pytest.mark.feature("VOU-28")
async def test_a_cart_is_quoted_and_then_bought(platform: Platform) -> None:
    acme = platform.acme
    await platform.publish([acme.enrolment("quoted")])
    await acme.enrolled("quoted")
    cart = [line("coffee-500g", 1_800, quantity=2), line("apples", 4_000, category="PRODUCE")]
    foretold = quoted(acme, cart, "quoted")
    assert foretold["outcome"] == "credited"
    assert [points["points"] for points in foretold["points"]] == [58 + 20 + 50]
    (hint,) = foretold["hints"]
    assert hint["words"] == "Spend €42.00 more to get 92 points more."
    assert "Noch für 42,00" in quoted(acme, cart, "quoted", lang="de")["hints"][0]["words"]

    await platform.publish([acme.purchase("quote-1", cart, card="quoted")])
    await acme.decided("quote-1")
    decided = acme.receipt("quote-1")
    assert decided["points"] == [
        {"wallet": each["wallet"], "points": each["points"]} for each in foretold["points"]
    ]  # fmt: skip
    assert [lot["expires_at"] for lot in decided["lots"]] == [each["expires_at"] for each in foretold["points"]]
    (balance,) = [each for each in foretold["balances"] if each["wallet"] == "points"]
    assert balance["before"]["available"] == 0
    assert acme.balance("quoted") == balance["after"]["available"] == 128

    more = [*cart, line("bread", 4_200)]
    assert quoted(acme, more, "nobody-yet")["outcome"] == "unclaimed"
    assert quoted(acme, more, "quoted")["points"][0]["points"] == 128 + 92


@pytest.mark.feature("XOXO-5", "VOU-65", "VOU-66")
def test_rules_and_the_calculator_are_for_everybody(platform: Platform) -> None:
    door = platform.acme
    with httpx.Client(base_url=door.http.base_url, follow_redirects=True, timeout=60) as anybody:
        rules = anybody.get("/rules/acme/main")
        assert rules.status_code == httpx.codes.OK
        assert "50 points from a total of €100.00." in rules.text
        assert "25 points for each piece on the article coffee-500g; at most 60 points a receipt." in rules.text
        german = anybody.get("/rules/acme/main", headers={"Accept-Language": "de"})
        assert "50 Punkte ab einer Summe von 100,00\N{NO-BREAK SPACE}€." in german.text

        habits = {"purchases": "2", "per": "month", "basket": "110"}
        page = anybody.get("/calculator/acme/main", params=habits)
        assert f"{24 * 160:,} points" in page.text
        assert anybody.get("/rules/initech/main").status_code == httpx.codes.NOT_FOUND
        assert "1 point for every $1.00." in anybody.get("/rules").text

    told = door.http.post(
        "/v1/calculator",
        json={"purchases": {"times": 2, "per": "month"}, "average_basket_minor": 11_000},
    ).json()
    assert [wallet["points"] for wallet in told["wallets"]] == [24 * 160, 0]
    assert {rule["campaign"] for rule in door.get("/v1/programme/rules")["rules"]} >= {"base", "coffee", "flights"}
