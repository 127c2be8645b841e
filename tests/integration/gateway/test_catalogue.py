"""The catalogue through the door: rewards kept, seen by members, ordered with their points, and brought on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, NamedTuple

import httpx
import pytest

from services.gateway.settings import GatewaySettings
from tests.integration.gateway.conftest import NOW, SEAL_KEY, MakeKey, SetClock, bearer, running
from tests.integration.gateway.scribe import MemberScribe, Scribe
from tests.integration.gateway.till import fresh_key
from tests.support.counter import Counter, counter
from tests.support.database import Database
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
        yield Shop(client, own, database)


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
    clock.forward(timedelta(minutes=16))
    assert await shop.counter.desk.release_expired() == 5
    assert await shop.stock("mug") == (5, 0)
    orders = (await shop.door.get("/v1/orders?state=expired")).json()["data"]
    assert len(orders) == 5
