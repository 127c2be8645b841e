"""The rules and the calculator: for callers with a key, and on pages for anybody where the programme says so."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from services.gateway.settings import GatewaySettings, PublicPart
from tests.integration.gateway.conftest import NOW, MakeKey, SetClock, bearer, running
from tests.integration.gateway.scribe import Scribe
from tests.support.database import ACME, GLOBEX, Database, programme_document
from tests.support.programmes import put_programme

SECRET = {
    "id": "secret",
    "name": "Nobody may know",
    "state": "draft",
    "effect": {"kind": "fixed", "points": 1},
}
LATER = SECRET | {
    "id": "later",
    "name": "Still to come",
    "state": "scheduled",
    "frame": {"starts_at": "2024-04-01T00:00:00Z"},
}
REVIEW = {
    "id": "review",
    "name": "5 points for a <review>",
    "state": "live",
    "trigger": {"kind": "activity", "activity": "review"},
    "effect": {"kind": "fixed", "points": 5},
}


async def publish(database: Database, **changes: Any) -> None:
    """Let anybody read acme's rules, which have a few campaigns more."""
    document = programme_document(ACME)
    campaigns: Any = document["campaigns"]
    await put_programme(
        database, document | {"public": True, "campaigns": [*campaigns, REVIEW, SECRET, LATER]} | changes
    )


async def test_the_rules_are_told(client: httpx.AsyncClient, database: Database) -> None:
    await publish(database, public=False)
    answer = await client.get("/v1/programme/rules")
    told = answer.json()
    assert {rule["campaign"]: rule["sentence"] for rule in told["rules"]} == {
        "base": "1 point for every €1.00.",
        "produce": "Double points on the category PRODUCE.",
        "coffee": "25 points on the article coffee-500g; at most 1,000 points in all for all members together.",
        "big-basket": "50 points from a total of €100.00.",
        "review": "5 points for “review”.",
    }
    assert (told["public"], told["programme_version"], told["as_of"]) == (False, 1, "2024-03-02T10:00:00Z")
    german = await client.get("/v1/programme/rules", headers={"Accept-Language": "de"})
    assert german.json()["rules"][0]["sentence"] == "1 Punkt für je 1,00\N{NO-BREAK SPACE}€."
    assert (await client.get("/v1/programme/rules", params={"programme": "other"})).status_code == 422


async def test_a_year_is_calculated(client: httpx.AsyncClient, database: Database) -> None:
    await publish(database)
    habits = {
        "purchases": {"times": 2, "per": "month"},
        "average_basket_minor": 4_050,
        "activities": [{"activity": "review", "times": 3}],
    }
    answer = await client.post("/v1/calculator", json=habits)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    (wallet,) = told["wallets"]
    assert (wallet["points"], told["purchases"], told["begins"]) == (24 * 40 + 15, 24, "2024-03-02")
    assert sum(lapse["points"] for lapse in wallet["lapses"]) == wallet["points"]
    assert {one["campaign"]: one["points"] for one in told["campaigns"]} == {"base": 972, "review": 15}
    assert len(told["assumptions"]) == 5
    assert (await client.post("/v1/calculator", json=habits)).json() == told
    for wrong in ({}, habits | {"purchases": {"times": 20, "per": "week"}}, habits | {"more": 1}):
        assert (await client.post("/v1/calculator", json=wrong)).json()["code"] == "request-invalid"


async def test_it_takes_the_scope(anonymous: httpx.AsyncClient, make_key: MakeKey) -> None:
    assert (await anonymous.get("/v1/programme/rules")).status_code == 401
    text, _ = await make_key(GLOBEX, "receipts:read")
    assert (await anonymous.get("/v1/programme/rules", headers=bearer(text))).status_code == 403


async def test_anybody_may_read_what_is_public(anonymous: httpx.AsyncClient, database: Database) -> None:
    await publish(database)
    answer = await anonymous.get("/rules/acme/main")
    page = answer.text
    assert answer.status_code == 200
    assert '<html lang="en">' in page
    assert "1 point for every €1.00." in page
    assert "5 points for a &lt;review&gt;" in page
    assert "Nobody may know" not in page
    assert "Still to come" not in page
    german = await anonymous.get("/rules/acme/main", params={"lang": "de"})
    assert '<html lang="de">' in german.text
    assert "So sammeln Sie Punkte" in german.text
    assert 'href="/calculator/acme/main?lang=de"' in german.text


async def test_anybody_may_calculate(anonymous: httpx.AsyncClient, database: Database) -> None:
    await publish(database)
    first = (await anonymous.get("/calculator/acme/main")).text
    assert "2,080 points" in first
    asked = {"purchases": "2", "per": "month", "basket": "40.50", "activity.review": "3", "lang": "en"}
    page = (await anonymous.get("/calculator/acme/main", params=asked)).text
    assert "975 points" in page
    assert 'name="basket" value="40.50"' in page
    assert '<option value="month" selected>' in page
    assert "Still to come" not in page
    labels = set(re.findall(r'<label for="([^"]+)"', page))
    assert labels == {"purchases", "per", "basket", "activity.review"}
    assert labels <= set(re.findall(r' id="([^"]+)"', page))
    assert "<script" not in page
    wrong = (await anonymous.get("/calculator/acme/main", params={"basket": '"><b>'})).text
    assert 'aria-invalid="true" aria-describedby="basket-fault"' in wrong
    assert "<b>" not in wrong.replace('<b aria-current="true"', "")


@pytest.mark.parametrize("path", ["/rules/acme/main", "/rules/acme/other", "/calculator/globex/main", "/rules/x/main"])
async def test_what_is_not_public_does_not_exist(anonymous: httpx.AsyncClient, path: str) -> None:
    answer = await anonymous.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_a_front_door_and_a_quota(
    settings: GatewaySettings, database: Database, clock: SetClock
) -> None:  # fmt: skip
    await publish(database)
    public = PublicPart(shown="acme/main", requests=3)
    async with running(settings.model_copy(update={"public": public}), clock) as client:
        answer = await client.get("/calculator?lang=de")
        assert (answer.status_code, answer.headers["location"]) == (307, "/calculator/acme/main?lang=de")
        codes = [(await client.get("/rules/acme/main")).status_code for _ in range(4)]
        assert codes == [200, 200, 200, 429]
    assert clock.now() == NOW


async def test_without_a_front_door_there_is_none(anonymous: httpx.AsyncClient) -> None:
    assert (await anonymous.get("/rules")).status_code == 404


async def test_a_members_own_page_is_asked_for_so_often(
    settings: GatewaySettings, clock: SetClock, make_key: MakeKey, scribe: Scribe
) -> None:
    members = [await scribe.member(ACME), await scribe.member(ACME)]
    key = bearer((await make_key())[0])
    async with running(settings.model_copy(update={"public": PublicPart(requests=1)}), clock) as door:
        one, other = [
            (await door.post(f"/v1/members/{each.member_id}/pages", headers=key)).json()["path"] for each in members
        ]
        assert [(await door.get(path)).status_code for path in (one, one, other)] == [200, 429, 200]
