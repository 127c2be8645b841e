"""What finance knows beforehand, and what members are told of the one day on which points lapse."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import httpx
import pytest

from libs.language import wording
from tests.support.receipts import line
from tests.support.running import Door, Platform


def ahead(door: Door, boundary: str, wallet: str = "points") -> dict[Any, Any]:
    """What a forecast of now says of one boundary, with its parts by split and name."""
    told = door.get("/v1/expiry/forecast", fresh=True)
    (found,) = [one for one in told["lapses"] if one["wallet"] == wallet and one["lapses_at"] == boundary]
    parts = {(part["split"], part["name"]): part["points"] for part in found["parts"]}
    for split in ("tier", "cohort", "campaign", "partner", "store"):
        assert sum(points for (kind, _), points in parts.items() if kind == split) == found["points"]
    (standing,) = [one for one in told["standing"] if one["wallet"] == wallet]
    free = sum(one["points"] for one in told["lapses"] if one["wallet"] == wallet and is_ahead(one, told["as_of"]))
    assert free + standing["repays"] == standing["available"] + standing["pending"]
    return {"points": found["points"], "standing": standing, **parts}


def is_ahead(lapse: dict[str, Any], as_of: str) -> bool:
    """Whether it has not lapsed yet."""
    return lapse["lapses_at"] is None or lapse["lapses_at"] > as_of


def outstanding(door: Door, **query: object) -> int:
    """The points outstanding of one wallet."""
    wallets = door.get("/v1/liability", **query)["wallets"]
    return sum(one["points"] for one in wallets if one["wallet"] == "points")


@pytest.mark.feature("OMNI-19")
async def test_what_lapses_is_known_to_the_point_by_campaign_and_store(platform: Platform) -> None:
    """One more receipt: the forecast, the dry run and the liability grow by what it brought, and each says why."""
    shop = platform.acme
    await platform.publish([shop.enrolment("foreseen")])
    await shop.enrolled("foreseen")
    await platform.publish([shop.purchase("foreseen-1", 1_000, card="foreseen", store="first")])
    await shop.decided("foreseen-1")
    (wallet,) = [one for one in shop.member("foreseen")["wallets"] if one["wallet"] == "points"]
    boundary = wallet["next_expiry"]["at"]
    before, owed, then = ahead(shop, boundary), outstanding(shop), shop.now()

    lines = [line("coffee-500g", 1_800, quantity=2), line("apples", 4_000, category="PRODUCE")]
    await platform.publish([shop.purchase("foreseen-2", lines, card="foreseen", store="second", partner="fuel")])
    await shop.decided("foreseen-2")
    brought = shop.balance("foreseen") - wallet["available"]
    assert brought > 50
    after = ahead(shop, boundary)
    assert after["points"] - before["points"] == brought
    assert after["store", "second"] - before.get(("store", "second"), 0) == brought
    assert after["partner", "fuel"] - before.get(("partner", "fuel"), 0) == brought
    assert after["campaign", "coffee"] - before.get(("campaign", "coffee"), 0) == 50
    grown = [key for key in after if key[0] == "cohort" and after[key] - before.get(key, 0) == brought]
    assert len(grown) == 1, "all of it was earned in one month"
    assert outstanding(shop) - owed == brought
    assert outstanding(shop, known_at=then.isoformat()) == owed

    dry: dict[str, Any] = platform.run("sweep", "plan", "--tenant", "acme", "--boundary", boundary)
    told: dict[str, Any] = platform.run("expiry", "forecast", "--tenant", "acme", "--by", "tier")
    by_then = [one for one in told["forecast"] if one["split"] == "all" and (one["lapses_at"] or "9999") <= boundary]
    assert sum(one["points"] for one in by_then if one["wallet"] == "points") == sum(
        one["points"] for one in dry["totals"] if one["wallet"] == "points"
    )

    table = shop.http.get("/v1/expiry/forecast", params={"fresh": True}, headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [
        int(row["points"])
        for row in rows
        if (row["lapses_at"], row["wallet"], row["split"]) == (boundary, "points", "all")
    ] == [after["points"]]
    book = shop.http.get("/v1/expiry/forecast", params={"format": "xlsx"})
    assert (book.status_code, book.content[:2]) == (httpx.codes.OK, b"PK")

    day = wallet["next_expiry"]["last_day"]
    asked = shop.get(f"/v1/members/{shop.member_id('foreseen')}/boundaries/{day}")
    assert {(lot["what"], lot["earned_by"]["number"], lot["store"]) for lot in asked["lots"]} == {
        ("lapses", "foreseen-1", "first"),
        ("lapses", "foreseen-2", "second"),
    }
    assert {lot["policy"]["kind"] for lot in asked["lots"]} == {"natural"}
    assert sum(lot["points"] for lot in asked["lots"]) == shop.balance("foreseen")


@pytest.mark.feature("OMNI-7", "OMNI-9", "OMNI-21")
async def test_one_day_is_told_to_everybody_with_answers_to_what_they_ask(platform: Platform) -> None:
    """The rules, the questions and the account name one and the same last day, in both languages."""
    shop = platform.acme
    await platform.publish([shop.enrolment("asking"), shop.enrolment("asking-too")])
    await shop.enrolled("asking", "asking-too")
    await platform.publish(
        [shop.purchase("asking-1", 1_000, card="asking"), shop.purchase("asking-2", 3_000, card="asking-too")]
    )
    await shop.decided("asking-1", "asking-2")
    days = {
        one["next_expiry"]["last_day"]
        for name in ("asking", "asking-too")
        for one in shop.member(name)["wallets"]
        if one["next_expiry"] is not None
    }
    (day,) = [date.fromisoformat(each) for each in days]
    (wallet,) = [one for one in shop.get("/v1/programme/rules")["wallets"] if one["wallet"] == "points"]
    coming = date.fromisoformat(wallet["lapses_next"])
    for language, asks in (("en", "Do I have to remember a date"), ("de", "Muss ich mir für jeden Einkauf")):
        rules, questions = public(shop, language)
        assert asks in questions
        for text in (rules, questions):
            assert wording.day(day, language) in text
            assert wording.day(coming, language) in text


def public(door: Door, language: str) -> list[str]:
    """The pages of rules and of questions, as anybody sees them."""
    with httpx.Client(base_url=door.http.base_url, params={"lang": language}, timeout=60) as anybody:
        return [anybody.get(f"/{page}/acme/main").text for page in ("rules", "questions")]


@pytest.mark.feature("XOXO-47")
def test_the_policy_of_each_kind_of_points_is_told_to_whoever_asks(platform: Platform) -> None:
    for told in public(platform.acme, "en"):
        assert "They lapse at the end of the quarter after the one they were earned in." in told
        assert "They never lapse." in told
