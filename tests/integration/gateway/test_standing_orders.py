"""Standing orders: so many points become a reward once each time they are there, and what bars that is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import orjson
import pytest

from libs.runtime import stream_store
from libs.runtime.leases import shard_of
from services.gateway.settings import GatewaySettings
from services.redemption import standing
from tests.integration.gateway.conftest import NOW, SEAL_KEY, MakeKey, SetClock, bearer, running
from tests.integration.gateway.scribe import Scribe
from tests.integration.gateway.test_catalogue import SONG, Shop, rich
from tests.support.counter import counter
from tests.support.database import ACME, Database
from tests.support.rewards import MUG


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


async def test_a_standing_order_redeems_once_each_time_the_points_are_there(
    shop: Shop, scribe: Scribe, superuser: asyncpg.Connection
) -> None:
    member, desk = await rich(scribe, 30), shop.counter.desk
    await shop.put("song", SONG | {"per_member": [], "stock": "global"})
    await shop.put("mug", MUG)
    await shop.door.put("/v1/rewards/song/stock", json={"add": 2})
    path = f"/v1/members/{member.member_id}/standing-orders"
    wanted = {"at_points": 50, "repeats": True}
    assert (await shop.door.put(f"{path}/mug", json=wanted)).json()["code"] == "answer-needed"
    assert (await shop.door.put(f"{path}/nothing", json=wanted)).json()["code"] == "reward-unknown"
    tried = (await shop.door.put(f"{path}/song?dry_run=true", json=wanted)).json()
    assert (tried["now"], tried["missing"], tried["title"]) == ("wait", 20, "A song")
    assert (await shop.door.get(path)).json()["data"] == []
    assert (await shop.door.put(f"{path}/song", json=wanted)).status_code == 200
    assert await standing.look(desk) == 0
    await member.credit(15, NOW - timedelta(days=1))
    assert await standing.look(desk) == 0, "the song costs 40, but 50 are to be there"
    await member.credit(100, NOW - timedelta(days=1))
    # Two processes look at once, and each that dies before it has written looks again.
    (due,) = await standing.due(desk, ACME.tenant_id)
    assert (await desk.serve(due.ask)).refused is None
    assert await asyncio.gather(*[standing.look_at(desk, due) for _ in range(2)]) == [0, 0]
    (order,) = (await shop.door.get(f"/v1/members/{member.member_id}/orders")).json()["data"]
    assert (order["points"], await shop.spendable(member)) == (40, 105)
    assert await standing.look(desk) == 1
    assert await standing.look(desk) == 0
    (told,) = (await shop.door.get(path)).json()["data"]
    assert (told["done"], told["on"], told["barred"]) == (2, True, "reward-sold-out")
    assert (told["now"], [each["code"] for each in told["reasons"]]) == ("barred", ["sold-out"])
    rows = await stream_store.unpublished(superuser, shard_of("redemption", member.member_id), 0)
    kinds = [orjson.loads(event.value)["type"] for row in rows for event in row.events]
    assert await standing.look(desk) == 0
    assert kinds.count("org.pointstream.reward.withheld.v1") == 1
    await shop.door.put("/v1/rewards/song/stock", json={"add": 5})
    shop.clock.instant = NOW + timedelta(minutes=31)
    assert await standing.look(desk) == 1, "it is tried again without the points having moved"
    assert await shop.spendable(member) == 25
    assert (await shop.door.delete(f"{path}/song")).status_code == 204
    assert (await shop.door.delete(f"{path}/song")).json()["code"] == "standing-order-unknown"
    assert (await shop.door.get(path)).json()["data"][0]["on"] is False
    await shop.sound()
