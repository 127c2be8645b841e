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

    async def send(self, kind: str, data: dict[str, Any], name: str) -> None:
        """Send an event about a receipt; the minute of its time is the end of its name."""
        said = told(data, name, "/acme/pos/1") | {"time": f"2024-03-02T10:0{name[-1]}:00+01:00"}
        event = cloud_event(said, kind)
        await self.lane.apply([orjson.dumps(event)])

    async def reason(self, name: str) -> str | None:
        """Why a receipt brought what it did, as earning told it."""
        rows = await stream_store.unpublished(self.operator, self.lane.shard, 0)
        heard = [orjson.loads(one.value) for row in rows for one in row.events]
        (found,) = [
            one["data"]["reason"] for one in heard if one["data"].get("receipt_id") == name and "reason" in one["data"]
        ]
        return None if found is None else str(found)

    async def happened(self, kind: str, data: dict[str, Any], name: str) -> dict[str, Any]:
        """Send an event about a receipt; redemption hears what earning tells of its cart. Returns that."""
        await self.send(kind, data, name)
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


async def rich(scribe: Scribe, points: int, card: str = "98123456") -> tuple[MemberScribe, dict[str, str]]:
    member = await scribe.member()
    await member.identify(f"card:{card}")
    if points:
        await member.credit(points, NOW - timedelta(days=9))
    return member, {"member_id": str(member.member_id)}


def bought(number: str, total: int, card: str = "98123456") -> dict[str, Any]:
    return {
        "receipt_number": number,
        "identifiers": [{"kind": "card", "value": card}],
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


async def test_a_cart_is_bought_by_its_own_member_or_let_go(shop: Shop, scribe: Scribe) -> None:
    member, _ = await rich(scribe, 1_000)
    other, _ = await rich(scribe, 0, "77")
    await shop.pool("spring", PoolRules(), "SPRING-1")
    cart = {"source": "/acme/pos/1", "data": bought("R-1", 1_000), "codes": ["SPRING-1"], "points": {"points": 200}}
    held = await shop.made("carts", cart)
    await shop.send("purchase.completed.v1", bought("R-1", 900, "77") | {"cart": held["token"]}, "e-1")
    assert (await shop.reason("e-1"), await shop.spendable(other)) == ("cart-foreign", 9)
    assert (await shop.door.get(f"/v1/carts/{held['cart_id']}")).json()["state"] == "held"

    right = bought("R-1", 900) | {"cart": held["token"], "purchased_at": "2024-03-02T09:01:00Z"}
    await shop.happened("purchase.corrected.v1", right, "e-2")  # the cashier had scanned the wrong card
    assert (await shop.spendable(other), await shop.spendable(member)) == (0, 800 + 9 + 100)
    assert (await shop.post(f"carts/{held['cart_id']}/release", {})).json()["code"] == "cart-ended"

    without = bought("R-1", 1_000) | {"purchased_at": "2024-03-02T09:01:00Z"}
    told_of = await shop.happened("purchase.corrected.v1", without, "e-3")
    assert (told_of["cart_id"], told_of["stands"], told_of["kept_minor"]) == (held["cart_id"], False, 0)
    assert (await shop.door.get(f"/v1/carts/{held['cart_id']}")).json()["state"] == "returned"
    assert await shop.spendable(member) == 1_000 + 10
    await shop.send("purchase.corrected.v1", right | {"total_minor": 900}, "e-4")
    assert await shop.spendable(member) == 1_000 + 9


async def test_whoever_lets_a_cart_go_or_buys_it_first_is_right(shop: Shop, scribe: Scribe) -> None:
    member, whose = await rich(scribe, 1_000)
    await shop.pool("spring", PoolRules(), "SPRING-1")

    async def hold(number: str) -> dict[str, Any]:
        cart = {"source": "/acme/pos/1", "data": bought(number, 1_000), "codes": ["SPRING-1"]}
        return await shop.made("carts", cart)

    first = await hold("R-1")
    await shop.made(f"carts/{first['cart_id']}/release", {})
    await shop.send("purchase.completed.v1", bought("R-1", 900) | {"cart": first["token"]}, "e-1")
    assert (await shop.reason("e-1"), await shop.spendable(member)) == ("cart-released", 1_009)
    assert await shop.valid("SPRING-1", whose)

    second = await hold("R-2")
    await shop.send("purchase.completed.v1", bought("R-2", 900) | {"cart": second["token"]}, "e-2")
    assert (await shop.reason("e-2"), await shop.spendable(member)) == (None, 1_009 + 109)
    # redemption has not heard of it yet
    assert (await shop.post(f"carts/{second['cart_id']}/release", {})).json()["code"] == "cart-ended"
    assert not await shop.valid("SPRING-1", whose)


async def test_a_receipt_that_comes_late_has_its_codes_where_nobody_else_has(
    shop: Shop, scribe: Scribe, clock: SetClock
) -> None:
    member, _ = await rich(scribe, 0)
    await shop.pool("spring", PoolRules(), "SPRING-1", "SPRING-2")
    tokens = {}
    for number in ("1", "2"):
        cart = {"source": "/acme/pos/1", "data": bought(f"R-{number}", 1_000), "codes": [f"SPRING-{number}"]}
        tokens[number] = (await shop.made("carts", cart))["token"]
    clock.forward(timedelta(minutes=15) + GRACE)
    assert await shop.counter.carts.expire_due(9) == 2
    await shop.made("codes:redeem", {"code": "SPRING-2"})
    for number, token in tokens.items():
        await shop.happened("purchase.completed.v1", bought(f"R-{number}", 900) | {"cart": token}, f"e-{number}")
    assert [await shop.reason(f"e-{number}") for number in tokens] == [None, "cart-spent"]
    assert (await shop.spendable(member), shop.counter.short) == (9 + 100 + 9, [1])


async def test_a_code_that_pays_for_all_comes_back_with_all(shop: Shop, scribe: Scribe) -> None:
    _, whose = await rich(scribe, 0)
    await shop.pool("all", PoolRules(benefit=Benefit(percent=100)), "ALL-1")
    cart = {"source": "/acme/pos/1", "data": bought("R-1", 5_000), "codes": ["ALL-1"]}
    held = await shop.made("carts", cart)
    assert held["total_minor"] == 0
    await shop.happened("purchase.completed.v1", bought("R-1", 0) | {"cart": held["token"]}, "e-1")
    assert not await shop.valid("ALL-1", whose)
    await shop.happened("purchase.returned.v1", {"receipt_number": "R-1", "store": "12"}, "e-2")
    assert await shop.valid("ALL-1", whose)
    assert (await shop.door.get(f"/v1/carts/{held['cart_id']}")).json()["state"] == "returned"


async def test_nothing_of_a_blocked_member_earns_or_pays(shop: Shop, scribe: Scribe) -> None:
    member, whose = await rich(scribe, 1_000)
    await shop.pool("spring", PoolRules(), "SPRING-1")
    path = f"members/{member.member_id}"
    blocked = await shop.made(f"{path}/block", {"reason": "The card was stolen."})
    assert (await shop.made(f"{path}/block", {"reason": "Again."})) == blocked
    await shop.counter.desk.programmes.refresh()
    await shop.lane.claim()

    await shop.send("purchase.completed.v1", bought("R-1", 900), "e-1")
    assert (await shop.reason("e-1"), await shop.spendable(member)) == ("member-blocked", 1_000)
    assert (await shop.post("redemptions", whose | {"points": 5})).json()["code"] == "member-blocked"
    assert (await shop.post("redemptions:quote", whose | {"points": 5})).json()["code"] == "member-blocked"
    reasons = (await shop.made("codes:validate", {"code": "SPRING-1", **whose}))["reasons"]
    assert [each["code"] for each in reasons] == ["member-blocked"]
    cart = {"source": "/acme/pos/1", "data": bought("R-2", 1_000)}
    assert (await shop.post("carts", cart | {"points": {}})).json()["code"] == "cart-not-possible"
    assert (await shop.post("carts", cart)).json()["code"] == "member-blocked"
    quoted = await shop.made("quote", cart | {"points": {}})
    assert (quoted["reason"], quoted["cart"]["points"]["reason"]["code"]) == (
        "member-blocked",
        "member-blocked",
    )

    listed = (await shop.door.get("/v1/blocks")).json()["data"]
    assert [each["reason"] for each in listed] == ["The card was stolen."]
    lifted = await shop.made(f"{path}/unblock", {"note": "A new card was given out."})
    assert (lifted["number"], lifted["note"], lifted["lifted_at"] is None) == (1, "A new card was given out.", False)
    assert (await shop.post(f"{path}/unblock", {})).json()["code"] == "block-unknown"
    await shop.counter.desk.programmes.refresh()
    await shop.lane.claim()
    assert (await shop.post("redemptions", whose | {"points": 5})).status_code == 201
    await shop.send("purchase.completed.v1", bought("R-3", 900), "e-3")
    assert await shop.spendable(member) == 1_000 - 5 + 9
    again = await shop.made(f"{path}/block", {"reason": "Again."})
    assert (again["number"], len((await shop.door.get(f"/v1/{path}/blocks")).json()["data"])) == (2, 2)
