"""The catalogue through the door: rewards kept, seen by members, ordered with their points, and brought on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, NamedTuple

import asyncpg
import httpx
import orjson
import pytest

from cli.verify import check
from libs.codes import postgres as codes
from libs.codes.keeping import CodeKeeper
from libs.codes.rules import PoolRules
from libs.runtime import stream_store
from libs.runtime.leases import shard_of
from services.gateway.settings import GatewaySettings
from services.redemption import grants, wishes
from services.redemption.codes import store as stored
from services.redemption.gifts import gift_of
from tests.integration.gateway.conftest import NOW, SEAL_KEY, MakeKey, SetClock, bearer, running
from tests.integration.gateway.scribe import MemberScribe, Scribe
from tests.integration.gateway.test_live import sign_in
from tests.integration.gateway.till import fresh_key
from tests.support.counter import Counter, counter
from tests.support.database import ACME, Database
from tests.support.rewards import MUG

SONG = {
    "category": "music",
    "what": {"kind": "digital", "item": "A song", "form": "download", "link": "https://songs.example/1"},
    "texts": {"en": {"title": "A song"}},
    "per_member": [{"most": 1, "per": "month"}],
    "prices": [{"name": "standard", "points": 40}],
}


class Shop(NamedTuple):
    """The door with a key that may do everything, and the counter behind it."""

    door: httpx.AsyncClient
    counter: Counter
    database: Database
    clock: SetClock

    async def put(self, reference: str, document: dict[str, Any], **headers: str) -> httpx.Response:
        headers = headers or {"If-None-Match": "*"}
        return await self.door.put(f"/v1/rewards/{reference}/document", json={"reward": document}, headers=headers)

    async def post(self, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
        return await self.door.post(path, json=body, headers=fresh_key() | headers)

    async def made(self, path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
        answer = await self.post(path, body, **headers)
        assert answer.status_code in (200, 201), answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def stock(self, reference: str) -> tuple[int, int]:
        told = (await self.door.get(f"/v1/rewards/{reference}/stock")).json()["data"][0]
        return told["free"], told["reserved"]

    async def sound(self) -> None:
        """What `pointstream verify` checks, but for what the scribe leaves out: the events behind credits, and what the
        heads of members whom nobody has touched say is due.
        """
        found = {result.name: result.samples for result in await check(self.database.dsn()) if result.violations}
        assert found.keys() <= {"one-credit-per-event", "ledger-is-fold"}, found

    async def spendable(self, member: MemberScribe) -> int:
        told = (await self.door.get(f"/v1/members/{member.member_id}")).json()
        return int(told["wallets"][0]["spendable"])


@pytest.fixture
async def shop(
    settings: GatewaySettings, database: Database, make_key: MakeKey, clock: SetClock
) -> AsyncIterator[Shop]:
    text, _ = await make_key()
    door = running(settings, clock)
    async with door as client, counter(database, clock, SEAL_KEY) as own:
        client.headers.update(bearer(text))
        door.app.state.redemptions = own
        yield Shop(client, own, database, clock)


async def rich(scribe: Scribe, points: int) -> MemberScribe:
    member = await scribe.member()
    await member.credit(points, NOW - timedelta(days=9))
    return member


async def test_rewards_are_seen_ordered_and_brought(shop: Shop, scribe: Scribe) -> None:
    member = await rich(scribe, 700)
    whose = {"member_id": str(member.member_id)}
    made = await shop.put("mug", MUG)
    assert (made.status_code, made.headers["etag"]) == (200, '"1"'), made.text
    assert (await shop.put("song", SONG)).status_code == 200
    assert (await shop.put("mug", MUG)).json()["code"] == "precondition-failed"
    dearer = MUG | {"prices": [{"name": "standard", "points": 350}]}
    assert (await shop.put("mug", dearer, **{"If-Match": '"1"'})).headers["etag"] == '"2"'

    listed = (await shop.door.get(f"/v1/rewards?member_id={member.member_id}&lang=de")).json()
    assert listed["categories"] == {"home": 1, "music": 1}
    found = {each["reference"]: each for each in listed["data"]}
    assert (found["mug"]["title"], found["mug"]["in_reach"], found["mug"]["left"]) == ("Ein Becher", False, 0)
    assert [each["text"] for each in found["mug"]["reasons"]] == ["Es sind noch 0 da."]
    assert (found["song"]["in_reach"], found["song"]["price"]["points"]) == (True, 40)

    stocked = await shop.door.put("/v1/rewards/mug/stock", json={"add": 3})
    assert stocked.json() == {"store": "", "free": 3, "reserved": 0}
    order = whose | {"reward": "mug", "quantity": 2, "answers": {"variant": "blue", "address": "Hauptstr. 1, Bonn"}}
    quote = (await shop.door.post("/v1/redemptions:quote", json=whose | {"reward": "mug", "quantity": 3})).json()
    assert (quote["possible"], quote["reasons"][0]["figures"]) == (False, {"missing": 350})
    wrong = await shop.post("/v1/redemptions", order | {"answers": {}})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "answer-needed")
    held = await shop.made("/v1/redemptions", order | {"hold": True})
    assert (held["state"], held["order"]["state"], held["points"]) == ("held", "held", 700)
    assert (await shop.stock("mug"), await shop.spendable(member)) == ((1, 2), 0)
    path = f"/v1/redemptions/{held['redemption_id']}"
    done = await shop.made(f"{path}/commit", {})
    assert (done["state"], done["order"]["state"], done["order"]["next"]) == (
        "redeemed",
        "ordered",
        ["approved", "failed"],
    )
    assert await shop.stock("mug") == (1, 0)

    back = await shop.made(f"{path}/cancel", {"quantity": 1})
    assert (back["restored"], back["order"]["cancelled"], await shop.stock("mug")) == (350, 1, (2, 0))
    board = f"/v1/orders/{held['redemption_id']}"
    assert (await shop.door.get(board)).json()["personal"] == {"address": "Hauptstr. 1, Bonn"}
    assert (await shop.post(f"{board}/advance", {"state": "delivered"})).json()["code"] == "step-not-possible"
    for state in ("approved", "shipped", "delivered"):
        told = await shop.made(f"{board}/advance", {"state": state, "tracking": "T-1", "by": "partner"})
        assert told["order"]["state"] == state
    late = await shop.post(f"{path}/cancel", {})
    assert (late.status_code, late.json()["code"]) == (409, "cancel-too-late")
    returned = await shop.made(f"{board}/advance", {"state": "returned"})
    assert (returned["state"], returned["restored"], await shop.stock("mug")) == ("cancelled", 700, (3, 0))
    shown = (await shop.door.get(f"/v1/members/{member.member_id}/orders")).json()["data"]
    assert [step["state"] for step in shown[0]["steps"]] == [
        "held", "ordered", "ordered", "approved", "shipped", "delivered", "returned",
    ]  # fmt: skip
    assert "Hauptstr" not in str(shown)
    await shop.sound()


async def test_an_electronic_reward_is_usable_at_once_and_once_a_month(shop: Shop, scribe: Scribe) -> None:
    member = await rich(scribe, 100)
    await shop.put("song", SONG)
    asked = {"member_id": str(member.member_id), "reward": "song", "channel": "app"}
    key = fresh_key()
    told = await shop.made("/v1/redemptions", asked, **key)
    (usable,) = told["order"]["usable"]
    assert usable["value"].startswith("https://songs.example/1#")
    assert (told["order"]["state"], told["lots"][0]["points"]) == ("issued", 40)
    again = await shop.post("/v1/redemptions", asked, **key)
    assert (again.json(), again.headers["idempotency-replayed"]) == (told, "true")
    second = await shop.post("/v1/redemptions", asked)
    assert (second.status_code, second.json()["code"]) == (409, "reward-limit")
    assert await shop.spendable(member) == 60


async def test_the_last_pieces_are_sold_once_and_come_back_from_holds_that_are_over(
    shop: Shop, scribe: Scribe, clock: SetClock
) -> None:
    members = [await rich(scribe, 700) for _ in range(12)]
    await shop.put("mug", MUG | {"in_total": {"most": 100, "per": "day"}})
    await shop.door.put("/v1/rewards/mug/stock", json={"free": 5})
    answers = {"variant": "blue", "pick_up_at": "12"}
    asked = [{"member_id": str(each.member_id), "reward": "mug", "answers": answers, "hold": True} for each in members]
    got = await asyncio.gather(*(shop.post("/v1/redemptions", each) for each in asked))
    codes = [each.json().get("code") for each in got]
    assert codes.count(None) == 5
    assert set(codes) == {None, "reward-sold-out"}
    assert await shop.stock("mug") == (0, 5)
    await shop.sound()
    clock.forward(timedelta(minutes=16))
    assert await shop.counter.desk.release_expired() == 5
    assert await shop.stock("mug") == (5, 0)
    orders = (await shop.door.get("/v1/orders?state=expired")).json()["data"]
    assert len(orders) == 5
    await shop.sound()


async def test_a_catalogue_comes_and_goes_as_a_file_and_suppliers_say_how_far_orders_are(
    shop: Shop, scribe: Scribe
) -> None:
    member = await rich(scribe, 1_000)
    documents = [SONG | {"reference": "song"}, MUG | {"reference": "mug", "stock": "unlimited"}]
    tried = (await shop.door.post("/v1/catalogue?dry_run=true", json=[*documents, {"reference": "x"}])).json()
    assert (tried["created"], tried["rejected"], tried["dry_run"]) == (2, 1, True)
    assert (await shop.door.get("/v1/rewards")).json()["data"] == []
    assert (await shop.door.post("/v1/catalogue", json=documents)).json()["created"] == 2
    csv = (await shop.door.get("/v1/catalogue.csv")).text
    again = await shop.door.post("/v1/catalogue", content=csv, headers={"content-type": "text/csv"})
    assert (again.json()["unchanged"], again.json()["faults"]) == (2, [])
    bulk = await shop.door.post(
        "/v1/catalogue", content="reference,points\nmug,250\n", headers={"content-type": "text/csv"}
    )
    assert bulk.json()["changed"] == 1
    assert (await shop.door.get("/v1/rewards/mug")).json()["prices"][0]["points"] == 250

    asked = {"member_id": str(member.member_id), "reward": "mug", "answers": {"variant": "white", "pick_up_at": "7"}}
    made = await shop.made("/v1/redemptions", asked)
    lines = (await shop.door.get("/v1/orders.csv")).text.splitlines()
    assert made["redemption_id"] in lines[1]
    states = (
        f"order_id,next_state,tracking\n{made['redemption_id']},approved,\n{made['redemption_id']},used,\nx,shipped,T\n"
    )
    headers = {"content-type": "text/csv"}
    for dry_run, advanced in (("true", 1), ("false", 1)):
        told = (await shop.door.post(f"/v1/orders?dry_run={dry_run}", content=states, headers=headers)).json()
        assert (told["rows"], told["advanced"], [each["line"] for each in told["faults"]]) == (3, advanced, [3, 4])
    shown = (await shop.door.get(f"/v1/redemptions/{made['redemption_id']}")).json()
    assert (shown["order"]["state"], shown["order"]["steps"][-1]["by"]) == ("approved", "partner")


async def test_a_wish_within_reach_is_told_once_and_a_gift_of_a_campaign_is_an_order(
    shop: Shop, scribe: Scribe, superuser: asyncpg.Connection
) -> None:
    member = await rich(scribe, 30)
    await shop.put("song", SONG)
    path = f"/v1/members/{member.member_id}/wishes"
    assert (await shop.door.put(f"{path}/song")).status_code == 204
    assert (await shop.door.put(f"{path}/nothing")).json()["code"] == "reward-unknown"
    assert await wishes.look(shop.counter.desk) == 0
    await member.credit(10, NOW - timedelta(days=1))
    assert await wishes.look(shop.counter.desk) == 1
    assert await wishes.look(shop.counter.desk) == 0
    (wished,) = (await shop.door.get(path)).json()["data"]
    assert wished["because"] == ["It is on your wish list.", "You can have it now."]

    event = {
        "specversion": "1.0", "id": "g-1", "source": "/pointstream/earning", "tenant": ACME.slug,
        "type": "org.pointstream.reward.granted.v1", "programme": "main",
        "data": {
            "member_id": str(member.member_id), "kind": "reward", "reference": "song", "quantity": 2,
            "campaign": "birthday", "cause_source": "/acme/pos", "cause_id": "c-1",
        },
    }  # fmt: skip
    given = gift_of("org.pointstream.reward.granted.v1", orjson.dumps(event))
    assert given is not None
    for _ in range(2):
        await grants.take(shop.counter.desk, given, asyncio.Event())
    (order,) = (await shop.door.get(f"/v1/members/{member.member_id}/orders")).json()["data"]
    assert (order["campaign"], order["state"], order["points"], len(order["usable"])) == ("birthday", "issued", 0, 2)
    assert await shop.spendable(member) == 40
    back = event | {"id": "g-2", "type": "org.pointstream.reward.revoked.v1"}
    taken = gift_of("org.pointstream.reward.revoked.v1", orjson.dumps(back))
    assert taken is not None
    for _ in range(2):
        await grants.take(shop.counter.desk, taken, asyncio.Event())
    (order,) = (await shop.door.get(f"/v1/members/{member.member_id}/orders")).json()["data"]
    assert (order["state"], order["usable"]) == ("cancelled", [])
    rows = await stream_store.unpublished(superuser, shard_of("redemption", member.member_id), 0)
    kinds = [orjson.loads(event.value)["type"].split(".")[3] for row in rows for event in row.events]
    assert kinds == ["reached", "redeemed", "issued", "fulfilled", "cancelled"]


async def test_the_console_shows_rewards_with_reasons_and_a_board_of_orders(shop: Shop, scribe: Scribe) -> None:
    member = await rich(scribe, 100)
    picture = {"link": "https://shop.example/mug.jpg", "alt": "A mug on a table"}
    await shop.put("mug", MUG | {"media": [picture], "stock": "unlimited"})
    key = shop.door.headers["Authorization"].partition(" ")[2]
    await sign_in(shop.door, key)
    page = await shop.door.get(f"/catalogue?member_id={member.member_id}&lang=de")
    assert 'alt="A mug on a table"' in page.text
    assert "Es fehlen 200 Punkte." in page.text
    assert "img-src 'self' https:" in page.headers["content-security-policy"]
    await member.credit(500, NOW - timedelta(days=1))
    asked = {"member_id": str(member.member_id), "reward": "mug", "answers": {"variant": "white", "pick_up_at": "7"}}
    made = await shop.made("/v1/redemptions", asked)
    form = {"order_id": made["redemption_id"], "state": "approved"}
    went = await shop.door.post("/catalogue/orders?lang=en", data=form, headers={"Sec-Fetch-Site": "same-origin"})
    assert went.status_code == 200, went.text
    assert 'value="shipped"' in went.text
    assert "approved" in (await shop.door.get("/catalogue/orders")).text


async def test_a_stock_of_thousands_of_digits_is_no_number(shop: Shop) -> None:
    await shop.put("mug", MUG)
    await sign_in(shop.door, shop.door.headers["Authorization"].partition(" ")[2])
    form = {"do": "stock", "free": "1" * 5_000}
    page = await shop.door.post("/catalogue/rewards/main/mug?lang=en", data=form)
    assert (page.status_code, "A whole number from 0 to 1,000,000,000 is expected." in page.text) == (200, True)


VOUCHER = {
    "reference": "voucher", "category": "shopping",
    "what": {"kind": "gift_card", "retailer": "Books", "amount_minor": 2_000, "currency": "EUR"},
    "texts": {"en": {"title": "20.00 for books"}},
    "codes": "books", "prices": [{"name": "standard", "points": 50}],
}  # fmt: skip


async def test_an_electronic_reward_is_a_code_of_a_pool(
    shop: Shop, scribe: Scribe, superuser: asyncpg.Connection
) -> None:
    member = await rich(scribe, 400)
    whose = {"member_id": str(member.member_id), "reward": "voucher"}
    scope = (ACME.tenant_id, ACME.programme_id)
    keeper = CodeKeeper.from_seal_key(SEAL_KEY)
    await codes.make_pool(superuser, scope, "books", "voucher", None, PoolRules(own_only=True), NOW)
    pool = await codes.load_pool(superuser, scope, "books")
    assert pool is not None
    kept = [keeper.close(scope[0], text) for text in ("BOOK-1", "BOOK-2", "BOOK-3")]
    await codes.add(superuser, scope[0], pool.pool_id, kept, NOW)
    assert (await shop.put("mug", MUG | {"codes": "books"})).json()["errors"][0]["pointer"].endswith("/codes")
    assert (await shop.put("voucher", VOUCHER)).status_code == 200

    key = fresh_key()
    order = await shop.made("/v1/redemptions", whose | {"quantity": 2}, **key)
    usable = order["order"]["usable"]
    assert (order["order"]["state"], [each["value"] for each in usable]) == ("issued", ["BOOK-1", "BOOK-2"])
    assert await shop.made("/v1/redemptions", whose | {"quantity": 2}, **key) == order
    assert not await superuser.fetchval(
        "SELECT count(*) FROM redemption.request WHERE convert_from(answer, 'UTF8') LIKE '%BOOK-%'"
    )
    (listed,) = (await shop.door.get(f"/v1/members/{member.member_id}/orders")).json()["data"]
    assert [each["value"] for each in listed["usable"]] == ["", ""]
    mine = (await shop.door.get(f"/v1/members/{member.member_id}/codes")).json()["data"]
    assert {each["code"] for each in mine} == {"BOOK-1", "BOOK-2"}
    member_id = {"member_id": str(member.member_id)}
    assert (await shop.made("/v1/codes:redeem", member_id | {"code": "book 1"}))["state"] == "redeemed"

    path = f"/v1/redemptions/{order['redemption_id']}/cancel"
    assert (await shop.post(path, {})).json()["code"] == "cancel-too-late"
    back = await shop.made(path, {"quantity": 1})
    assert (back["restored"], await shop.spendable(member)) == (50, 350)
    void = await shop.made("/v1/codes:validate", member_id | {"code": "BOOK-2"})
    assert [reason["code"] for reason in void["reasons"]] == ["void"]

    assert (await shop.post("/v1/redemptions", whose | {"quantity": 2})).json()["code"] == "reward-sold-out"
    assert await shop.spendable(member) == 350
    last = await shop.made("/v1/redemptions", whose)
    assert [each["value"] for each in last["order"]["usable"]] == ["BOOK-3"]
    (seen,) = (await shop.door.get(f"/v1/rewards?member_id={member.member_id}&category=shopping")).json()["data"]
    assert [each["code"] for each in seen["reasons"]] == ["sold-out"]
    assert await stored.exhausted(shop.counter.desk.pool) == 1
    await shop.sound()


async def test_a_member_redeems_on_a_page_of_their_own(
    shop: Shop, scribe: Scribe, superuser: asyncpg.Connection
) -> None:
    member = await rich(scribe, 120)
    scope, keeper = (ACME.tenant_id, ACME.programme_id), CodeKeeper.from_seal_key(SEAL_KEY)
    await codes.make_pool(superuser, scope, "books", "voucher", None, PoolRules(), NOW)
    pool = await codes.load_pool(superuser, scope, "books")
    assert pool is not None
    await codes.add(superuser, scope[0], pool.pool_id, [keeper.close(scope[0], "BOOK-1")], NOW)
    await shop.put("voucher", VOUCHER)
    await shop.put("mug", MUG)
    link = await shop.made(f"/v1/members/{member.member_id}/pages", {})
    page = link["path"]
    shelf = (await shop.door.get(page, headers={"Accept-Language": "de"})).text
    assert "Sie können 120 Punkte einlösen." in shelf
    assert "So geht es" in shelf
    assert "Es fehlen 180 Punkte." in shelf

    wished = await shop.door.post(f"{page}/wishes/mug?lang=en", data={"wish": "wish"})
    assert 'value="unwish"' in wished.text
    form = (await shop.door.get(f"{page}/rewards/voucher?lang=en")).text
    assert "It costs 50 points." in form
    (key,) = re.findall(r'name="key" value="([^"]+)"', form)
    for _ in range(2):  # sent twice, redeemed once
        done = await shop.door.post(f"{page}/rewards/voucher?lang=en", data={"key": key})
        assert ("BOOK-1" in done.text, "<svg" in done.text, done.status_code) == (True, True, 200)
    assert await shop.spendable(member) == 70
    again = await shop.door.post(f"{page}/rewards/voucher?lang=en", data={"key": "another"})
    assert 'role="alert"' in again.text
    assert "BOOK-1" in (await shop.door.get(f"{page}?lang=en")).text
    keys = []
    await shop.put("song", SONG)
    for _ in range(2):  # once more after it was given up: an order of its own
        shop.clock.forward(timedelta(seconds=1))
        form = (await shop.door.get(f"{page}/rewards/song?lang=en")).text
        keys += re.findall(r'name="key" value="([^"]+)"', form)
        assert "songs.example" in (await shop.door.post(f"{page}/rewards/song", data={"key": keys[-1]})).text
        order = (await shop.door.get(f"/v1/members/{member.member_id}/orders")).json()["data"][0]
        assert (await shop.post(f"/v1/redemptions/{order['order_id']}/cancel", {"by": "operator"})).is_success
    assert len(set(keys)) == 2

    assert (await shop.door.get(f"{page[:-1]}{'A' if page[-1] != 'A' else 'B'}")).status_code == 404
    shop.clock.forward(timedelta(hours=1))
    assert (await shop.door.get(f"{page}?lang=de")).status_code == 404
