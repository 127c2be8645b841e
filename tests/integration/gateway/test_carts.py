"""A cart with codes, points and gift cards: quoted, set aside, bought by its receipt, and given back with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, NamedTuple

import asyncpg
import httpx
import orjson
import pytest

from libs.codes import postgres as codes
from libs.codes.keeping import CodeKeeper
from libs.codes.proof import CartProofs
from libs.codes.rules import Benefit, PoolRules
from libs.contracts.codes import ValueAnswer
from libs.contracts.gift_cards import CardAsk
from libs.runtime import stream_store
from services.earning.events import PURCHASES
from services.gateway.settings import GatewaySettings
from services.redemption.cards.desk import CardDesk
from services.redemption.carts import following
from services.redemption.carts import store as carts
from services.redemption.carts.desk import GRACE
from tests.integration.gateway.conftest import NOW, SEAL_KEY, MakeKey, SetClock, bearer, running
from tests.integration.gateway.scribe import MemberScribe, Scribe
from tests.integration.gateway.till import cloud_event, fresh_key, told
from tests.support.counter import Counter, counter
from tests.support.database import ACME, Database, programme_document
from tests.support.on_database import EarningLane
from tests.support.programmes import put_programme

KEEPER = CodeKeeper.from_seal_key(SEAL_KEY)
SCOPE = (ACME.tenant_id, ACME.programme_id)
SPRING = {
    "id": "spring-week",
    "name": "100 points and 10 % with a code",
    "state": "live",
    "when": {"codes": ["spring"]},
    "effects": [{"kind": "fixed", "points": 100}, {"kind": "percent_off", "percent": 10}],
}
PAYMENT = {"rates": [{"points": 1, "minor": 1}]}


class Shop(NamedTuple):
    """The door, what answers behind it, and a lane that judges receipts."""

    door: httpx.AsyncClient
    counter: Counter
    lane: EarningLane
    operator: asyncpg.Connection

    async def post(self, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
        return await self.door.post(f"/v1/{path}", json=body, headers=fresh_key() | headers)

    async def made(self, path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
        answer = await self.post(path, body, **headers)
        assert answer.status_code in (200, 201), answer.text
        return dict(answer.json())

    async def pool(self, name: str, rules: PoolRules, *texts: str) -> None:
        await codes.make_pool(self.operator, SCOPE, name, "coupon", None, rules, NOW)
        pool = await codes.load_pool(self.operator, SCOPE, name)
        assert pool is not None
        await codes.add(self.operator, SCOPE[0], pool.pool_id, [KEEPER.close(SCOPE[0], text) for text in texts], NOW)

    async def card(self, amount: int) -> str:
        return str((await self.made("gift-cards", {"amount_minor": amount, "currency": "EUR"}))["number"])

    async def balance(self, number: str) -> int:
        return int((await self.made("gift-cards:look-up", {"number": number}))["balance_minor"])

    async def valid(self, code: str, whose: dict[str, str]) -> bool:
        return bool((await self.made("codes:validate", {"code": code, **whose}))["valid"])

    async def spendable(self, member: MemberScribe) -> int:
        found = (await self.door.get(f"/v1/members/{member.member_id}")).json()
        return int(found["wallets"][0]["spendable"])

    async def happened(self, kind: str, data: dict[str, Any], name: str) -> dict[str, Any]:
        """Send an event about a receipt; redemption hears what earning tells of its cart. Returns that."""
        event = cloud_event(told(data, name, "/acme/pos/1"), kind)
        await self.lane.apply([orjson.dumps(event)])
        rows = await stream_store.unpublished(self.operator, self.lane.shard, 0)
        heard = [orjson.loads(one.value) for row in rows for one in row.events]
        (settled,) = [one for one in heard if one["type"] == following.SETTLED][-1:]
        for _ in range(2):  # an event that comes again changes nothing
            await following.take(self.counter.carts, orjson.dumps(settled), asyncio.Event())
        return dict(settled["data"])


@pytest.fixture
async def shop(
    settings: GatewaySettings, database: Database, make_key: MakeKey, clock: SetClock
) -> AsyncIterator[Shop]:
    document: dict[str, Any] = dict(programme_document(ACME))
    await put_programme(database, document | {"payment": PAYMENT, "campaigns": [*document["campaigns"], SPRING]})
    text, _ = await make_key()
    door = running(settings, clock)
    operator = await asyncpg.connect(database.dsn())
    async with (
        door as client,
        counter(database, clock, SEAL_KEY) as own,
        asyncpg.create_pool(database.dsn("earning"), min_size=0, max_size=2) as pool,
    ):
        client.headers.update(bearer(text))
        door.app.state.redemptions = own
        lane = EarningLane(pool, clock, topic=PURCHASES, proofs=CartProofs.from_seal_key(SEAL_KEY))
        yield Shop(client, own, await lane.claim(), operator)
    await operator.close()


async def rich(scribe: Scribe, points: int) -> tuple[MemberScribe, dict[str, str]]:
    member = await scribe.member()
    await member.identify("card:98123456")
    await member.credit(points, NOW - timedelta(days=9))
    return member, {"member_id": str(member.member_id)}


def bought(number: str, total: int) -> dict[str, Any]:
    return {
        "receipt_number": number,
        "identifiers": [{"kind": "card", "value": "98123456"}],
        "store": "12",
        "currency": "EUR",
        "total_minor": total,
        "lines": [{"line": 1, "sku": "bread", "quantity": 1, "amount_minor": total}],
    }


async def test_a_cart_is_quoted_held_bought_and_given_back(shop: Shop, scribe: Scribe) -> None:
    member, whose = await rich(scribe, 1_000)
    await shop.pool("spring", PoolRules(), "SPRING-1")
    await shop.pool("five", PoolRules(currency="EUR", benefit=Benefit(amount_minor=500)), "FIVE-1")
    number = await shop.card(2_000)
    wants = {"codes": ["five-1", "spring 1"], "points": {}, "gift_cards": [{"number": number}]}
    cart = {"source": "/acme/pos/1", "data": bought("R-1", 5_000), **wants}

    quoted = await shop.made("quote", cart)
    assert await shop.made("quote", cart | {"codes": ["SPRING-1", "FIVE-1"]}) == quoted
    told_of = quoted["cart"]
    assert [(code["pool"], code["counts"], code["worth_minor"]) for code in told_of["codes"]] == [
        ("five", True, 500), ("spring", True, 0),
    ]  # fmt: skip
    assert (told_of["discount_minor"], told_of["to_pay_minor"], told_of["points"]["paid_minor"]) == (
        1_000,
        4_000,
        1_000,
    )
    assert [card["paid_minor"] for card in told_of["gift_cards"]] == [2_000]
    assert [(points["points"], points["wallet"]) for points in quoted["points"]] == [(140, "points")]
    assert (told_of["left_minor"], told_of["taxable_minor"], told_of["possible"]) == (1_000, 4_000, True)

    key = fresh_key()
    held = await shop.made("carts", cart, **key)
    assert (held["state"], held["total_minor"], held["quote"]) == ("held", 4_000, quoted)
    assert await shop.made("carts", cart, **key) == held
    assert (await shop.spendable(member), await shop.balance(number)) == (0, 0)
    assert not await shop.valid("FIVE-1", whose)
    assert (await shop.post("carts", cart)).json()["code"] == "cart-not-possible"

    receipt = bought("R-1", 4_000) | {"cart": held["token"]}
    settled = await shop.happened("purchase.completed.v1", receipt, "e-1")
    assert (settled["cart_id"], settled["kept_minor"]) == (held["cart_id"], 4_000)
    kept = (await shop.door.get(f"/v1/carts/{held['cart_id']}")).json()
    assert (kept["state"], kept["total_minor"], kept["returned_minor"]) == ("bought", 4_000, 0)
    assert await shop.spendable(member) == 40 + 100  # a point for each 1.00 that was paid, and those of the code

    back = {"receipt_number": "R-1", "store": "12", "lines": [{"line": 1, "amount_minor": 1_000}]}
    await shop.happened("purchase.returned.v1", back, "e-2")
    assert (await shop.spendable(member), await shop.balance(number)) == (130 + 250, 500)
    assert not await shop.valid("FIVE-1", whose)
    await shop.happened("purchase.returned.v1", {"receipt_number": "R-1", "store": "12"}, "e-3")
    assert (await shop.spendable(member), await shop.balance(number)) == (1_000, 2_000)
    assert await shop.valid("FIVE-1", whose)
    assert shop.counter.short == []


async def test_a_token_is_for_its_own_receipt_and_time(shop: Shop, scribe: Scribe, clock: SetClock) -> None:
    member, whose = await rich(scribe, 300)
    await shop.pool("spring", PoolRules(), "SPRING-1")
    cart = {"source": "/acme/pos/1", "data": bought("R-1", 1_000), "codes": ["SPRING-1"], "points": {}}
    held = await shop.made("carts", cart)
    other = bought("R-2", 900) | {"cart": held["token"], "codes": ["spring"]}
    event = cloud_event(told(other, "e-1", "/acme/pos/1"))
    await shop.lane.apply([orjson.dumps(event)])
    assert await shop.spendable(member) == 9  # no code, no campaign of it

    assert (await shop.post("carts", cart | {"codes": []})).json()["code"] == "receipt-has-cart"
    await shop.made(f"carts/{held['cart_id']}/release", {})
    assert (await shop.spendable(member), await shop.valid("SPRING-1", whose)) == (309, True)

    held = await shop.made("carts", cart)
    clock.forward(timedelta(minutes=15) + GRACE)
    assert await shop.counter.carts.expire_due(9) == 1
    assert (await shop.spendable(member), await shop.valid("SPRING-1", whose)) == (309, True)
    late = bought("R-1", 900) | {"cart": held["token"]}
    await shop.happened("purchase.completed.v1", late, "e-2")
    assert (await shop.door.get(f"/v1/carts/{held['cart_id']}")).json()["state"] == "bought"
    assert (await shop.spendable(member), await shop.valid("SPRING-1", whose)) == (109, False)
    assert shop.counter.short == []
    await carts.forget(shop.counter.desk.pool, clock.now() + timedelta(1), 9)
    states = await shop.operator.fetch("SELECT state FROM redemption.cart")
    assert [row["state"] for row in states] == ["bought"]


async def test_a_cart_that_was_left_halfway_is_gone_on_with(
    shop: Shop, scribe: Scribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    member, whose = await rich(scribe, 300)
    await shop.pool("spring", PoolRules(), "SPRING-1")
    number = await shop.card(500)
    wants = {"codes": ["SPRING-1"], "points": {}, "gift_cards": [{"number": number}]}
    cart, key = {"source": "/acme/pos/1", "data": bought("R-1", 1_000), **wants}, fresh_key()
    served = CardDesk.serve

    async def away(desk: CardDesk, ask: CardAsk) -> ValueAnswer:
        if ask.operation == "use":
            raise asyncpg.CannotConnectNowError("the database is starting up")
        return await served(desk, ask)

    with monkeypatch.context() as broken:
        broken.setattr(CardDesk, "serve", away)
        assert (await shop.post("carts", cart, **key)).status_code >= 500
    assert not await shop.valid("SPRING-1", whose)
    held = await shop.made("carts", cart, **key)
    assert (held["state"], held["total_minor"], held["points"]["paid_minor"]) == ("held", 900, 300)
    assert (await shop.spendable(member), await shop.balance(number)) == (0, 0)
    assert await shop.made("carts", cart, **key) == held
