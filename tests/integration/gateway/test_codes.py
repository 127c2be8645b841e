"""Codes and gift cards through the door, with redemption's desks behind it in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from libs.codes.rules import Benefit, PoolRules
from libs.contracts import codes as wire_codes
from libs.contracts import gift_cards as wire_cards
from libs.contracts.codes import write
from services.gateway.redemptions.client import RedemptionClient
from services.gateway.settings import GatewaySettings
from services.redemption.cards.desk import CardDesk
from services.redemption.codes.desk import CodeDesk
from tests.integration.codes.desks import Desks, opened
from tests.integration.gateway.conftest import MakeKey, SetClock, bearer, running
from tests.integration.gateway.scribe import Scribe
from tests.integration.gateway.till import fresh_key
from tests.support.browsing import form_of
from tests.support.database import ACME, GLOBEX, Database

ORDER = {"total_minor": 5_000, "currency": "EUR", "store": "12"}


@pytest.fixture
async def desks(database: Database) -> AsyncIterator[Desks]:
    async with opened(database) as made:
        yield made


@pytest.fixture
async def shop(
    desks: Desks, settings: GatewaySettings, make_key: MakeKey, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a key of acme that may do everything, at a door whose way to redemption is a call."""

    async def post(_client: RedemptionClient, path: str, data: bytes) -> bytes:
        if path == wire_codes.PATH:
            return write(await CodeDesk(desks.tools).serve(wire_codes.read_code_ask(data)))
        assert path == wire_cards.PATH
        return write(await CardDesk(desks.tools).serve(wire_cards.read_card_ask(data)))

    monkeypatch.setattr(RedemptionClient, "_post", post)
    text, _ = await make_key()
    async with running(settings, SetClock(datetime(2024, 3, 2, 10, tzinfo=UTC))) as client:
        client.headers.update(bearer(text))
        yield client


async def post(shop: httpx.AsyncClient, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    return await shop.post(f"/v1/{path}", json=body, headers=fresh_key() | headers)


async def done(shop: httpx.AsyncClient, path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    answer = await post(shop, path, body, **headers)
    assert answer.status_code in (200, 201), answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_a_code_is_assigned_shown_published_and_redeemed(
    shop: httpx.AsyncClient, desks: Desks, scribe: Scribe
) -> None:
    member = await scribe.member(ACME)
    rules = PoolRules(own_only=True, currency="EUR", benefit=Benefit(percent=10))
    await desks.pool("spring", rules, "SPRING-1", "SPRING-2")
    whose = {"member_id": str(member.member_id)}

    key = fresh_key()
    given = await done(shop, "code-pools/spring/codes:assign", whose, **key)
    assert (given["code"], given["state"]) == ("SPRING-1", "assigned")
    assert await done(shop, "code-pools/spring/codes:assign", whose, **key) == given
    (listed,) = (await shop.get(f"/v1/members/{member.member_id}/codes?state=assigned")).json()["data"]
    assert listed == given
    code_id = given["code_id"]
    assert (await done(shop, f"codes/{code_id}/publish", {}))["state"] == "published"

    nobody = await done(shop, "codes:validate", {"code": "spring 1", "order": ORDER})
    assert [reason["code"] for reason in nobody["reasons"]] == ["member-needed"]
    check = await done(shop, "codes:validate", whose | {"code": "spring 1", "order": ORDER})
    assert (check["reasons"], check["discount_minor"]) == ([], 500)
    used = await done(shop, "codes:redeem", whose | {"code": "SPRING-1", "order": ORDER, "reference": "4711"})
    assert (used["discount_minor"], used["reference"]) == (500, "4711")
    twice = await post(shop, "codes:redeem", whose | {"code": "SPRING-1", "order": ORDER})
    assert (twice.status_code, twice.json()["errors"][0]["pointer"]) == (409, "/reasons/used-up")
    detail = (await shop.get(f"/v1/codes/{code_id}")).json()
    assert (detail["state"], detail["code"], detail["redemptions"][0]["use_id"]) == ("redeemed", None, used["use_id"])
    assert (await done(shop, f"code-redemptions/{used['use_id']}/return", {}))["state"] == "published"
    pool = (await shop.get("/v1/code-pools/spring")).json()
    assert pool["counts"] == {"created": 1, "published": 1}

    for kind, form, begins in (("qr", "svg", b"<svg"), ("code128", "png", b"\x89PNG")):
        drawn = await shop.get(f"/v1/codes/{code_id}/picture?kind={kind}&form={form}")
        assert drawn.content.startswith(begins)
        assert drawn.headers["content-type"] == {"svg": "image/svg+xml", "png": "image/png"}[form]
    assert (await shop.get(f"/v1/codes/{code_id}/picture?kind=ean13")).json()["code"] == "code-not-drawn"
    assert (await shop.get(f"/v1/codes/{code_id}/pass?wallet=google")).json()["barcode"]["value"] == "SPRING1"
    assert (await done(shop, f"codes/{code_id}/void", {}))["state"] == "void"
    await done(shop, "code-pools/spring/codes:assign", whose)
    assert (await post(shop, "code-pools/spring/codes:assign", whose)).json()["code"] == "pool-exhausted"


async def test_a_gift_card_pays_and_tells_what_it_did(shop: httpx.AsyncClient) -> None:
    card = await done(shop, "gift-cards", {"amount_minor": 5_000, "currency": "EUR", "law": "DE"})
    path, number = f"gift-cards/{card['card_id']}", card["number"]
    paid = await done(shop, "gift-cards:use", {"number": number, "amount_minor": 1_990, "reference": "4711"})
    assert (paid["balance_minor"], paid["number"]) == (3_010, None)
    more = await post(shop, "gift-cards:use", {"number": number, "amount_minor": 3_011})
    assert (more.status_code, more.json()["code"]) == (409, "balance-short")
    await done(shop, f"{path}/refunds", {"of_seq": 2, "amount_minor": 990})
    await done(shop, f"{path}/top-ups", {"amount_minor": 1_000})
    other = await done(shop, "gift-cards", {"amount_minor": 100, "currency": "EUR", "law": "DE"})
    await done(shop, f"{path}/transfers", {"amount_minor": 5_000, "to_number": other["number"]})
    assert (await done(shop, "gift-cards:look-up", {"number": number}))["balance_minor"] == 0
    entries = (await shop.get(f"/v1/{path}/statement?limit=2")).json()
    assert [(each["kind"], each["balance_minor"]) for each in entries["data"]] == [
        ("transfer_out", 0),
        ("top_up", 5_000),
    ]
    rest = (await shop.get(f"/v1/{path}/statement?below={entries['next_below']}")).json()["data"]
    assert [each["kind"] for each in rest] == ["refund", "use", "issue"]
    (owed,) = (await shop.get("/v1/gift-card-liability?at=2024-03-02T00:00:00Z")).json()["data"]
    assert (owed["outstanding_minor"], owed["sold_minor"], owed["spent_minor"]) == (5_100, 6_100, 1_000)
    assert (await shop.get("/v1/gift-card-liability?at=2024-02-01T00:00:00Z")).json()["data"] == []


async def test_who_gives_money_away_needs_more_than_a_till(
    shop: httpx.AsyncClient, make_key: MakeKey, desks: Desks
) -> None:
    till, _ = await make_key(ACME, "points:spend")
    gift = {"amount_minor": 5_000, "currency": "EUR", "paid": False}
    assert (await post(shop, "gift-cards", gift, **bearer(till))).json()["code"] == "scope-missing"
    assert (await done(shop, "gift-cards", gift))["entry"]["source"] == "granted"
    other, _ = await make_key(GLOBEX)
    await desks.pool("spring", PoolRules(), "SPRING-1")
    elsewhere = await post(shop, "codes:redeem", {"code": "SPRING-1"}, **bearer(other))
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "code-unknown")
    desks.tools.settings.__dict__["code_misses_key"] = 1
    limited = await post(shop, "codes:validate", {"code": "SPRING-1"}, **bearer(other))
    assert (limited.status_code, limited.json()["code"]) == (429, "codes-guessed")
    assert int(limited.headers["retry-after"]) > 0


async def test_the_page_shows_pools_and_what_became_of_a_code(shop: httpx.AsyncClient, desks: Desks) -> None:
    await desks.pool("spring<1>", PoolRules(currency="EUR", benefit=Benefit(amount_minor=700)), "SPRING-1")
    await done(shop, "codes:redeem", {"code": "SPRING-1", "order": ORDER, "reference": "4711"})
    await shop.post("/sign-in", data={"key": shop.headers.pop("authorization").removeprefix("Bearer ")})
    page = (await shop.get("/codes?lang=de")).text
    assert "<b>spring&lt;1&gt;</b>" in page
    assert "erschöpft" in page
    found = await shop.post("/codes?lang=en", data={"code": "spring 1"})
    assert found.status_code == 200
    for told in ("redeemed", "4711", "€7.00"):
        assert told in found.text
    assert "SPRING-1" not in found.text
    assert (await shop.post("/codes?lang=en", data={"code": "GUESS"})).status_code == 404
    button = "/codes/main/spring%3C1%3E/state?lang=de"
    assert f'action="{button}"' in page
    for paused, stands in (("true", "angehalten"), ("false", "erschöpft")):
        data = {"paused": paused}
        if paused == "true":
            asked = await shop.post(button, data=data)
            assert asked.status_code == 200
            assert "Alle Codes des Vorrats spring&lt;1&gt; anhalten?" in asked.text
            assert "erschöpft" in (await shop.get("/codes?lang=de")).text, "one click stops nothing"
            action, fields = form_of(asked.text)
            assert action == button
            data |= {name: values[0] for name, values in fields.items()}
        assert (await shop.post(button, data=data)).headers["location"] == "/codes?lang=de"
        assert stands in (await shop.get("/codes?lang=de")).text


async def test_a_pool_is_stopped_and_started(shop: httpx.AsyncClient, make_key: MakeKey, desks: Desks) -> None:
    await desks.pool("spring", PoolRules(), "SPRING-1")
    told = await done(shop, "code-pools/spring/state", {"paused": True})
    assert (told["paused"], told["available"], told["revision"]) == (True, False, 2)
    assert (await post(shop, "codes:redeem", {"code": "SPRING-1"})).json()["code"] == "code-not-valid"
    assert not (await done(shop, "code-pools/spring/state", {"paused": False}))["paused"]
    assert (await done(shop, "codes:validate", {"code": "SPRING-1"}))["valid"]
    assert (await post(shop, "code-pools/winter/state", {"paused": True})).json()["code"] == "pool-unknown"
    assert (await post(shop, "code-pools/spring/state", {"paused": "yes"})).status_code == 422
    till, _ = await make_key(ACME, "points:spend")
    assert (await post(shop, "code-pools/spring/state", {"paused": True}, **bearer(till))).status_code == 403
