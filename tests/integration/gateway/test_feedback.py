"""What members say of orders, over HTTP, on their own page, and as people at the console read it."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg
import orjson
import pytest

from libs.contacts.postgres import destroy_keys
from services.gateway.intake.publisher import CannotPublish, Publisher, Record
from tests.integration.gateway.conftest import NOW, MakeKey, bearer
from tests.integration.gateway.scribe import Scribe
from tests.integration.gateway.test_catalogue import SONG, Shop, rich, shop
from tests.integration.gateway.test_live import sign_in
from tests.support.database import ACME

__all__ = ["shop"]
WORDS = "Lovely, says Zebedee Quux"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Record]:
    """What the broker was given; it is none."""
    found: list[Record] = []

    async def publish(_publisher: Publisher, records: Sequence[Record]) -> None:
        found.extend(records)

    monkeypatch.setattr(Publisher, "publish", publish)
    return found


async def test_an_order_is_rated_once_or_again_and_sums_follow(
    shop: Shop, scribe: Scribe, told: list[Record], make_key: MakeKey, superuser: asyncpg.Connection
) -> None:
    """The words are for who may know what members say of themselves; the topic has neither words nor stars."""
    member = await rich(scribe, 400)
    await shop.put("song", SONG)
    ask = {"member_id": str(member.member_id), "reward": "song"}
    held = await shop.made("/v1/redemptions", ask | {"hold": True})
    path = f"/v1/orders/{held['redemption_id']}/rating"
    early = await shop.door.put(path, json={"stars": 5})
    assert (early.status_code, early.json()["code"]) == (409, "rating-too-early")
    await shop.made(f"/v1/redemptions/{held['redemption_id']}/commit", {})
    assert (await shop.door.get(path)).json()["code"] == "rating-unknown"
    for wrong in ({"stars": 6}, {"stars": 0}, {"stars": "5"}, {"stars": 3, "more": 1}, {}):
        assert (await shop.door.put(path, json=wrong)).status_code == 422, wrong
    said = await shop.door.put(path, json={"stars": 2})
    assert (said.status_code, said.json()["words"]) == (200, ""), said.text
    assert (await shop.door.put(path, json={"stars": 4, "words": WORDS})).json()["stars"] == 4
    assert (await shop.door.get(path)).json()["words"] == WORDS

    events = [orjson.loads(record.value) for record in told]
    assert [record.topic for record in told] == ["loyalty.activities"] * 2
    assert {event["id"] for event in events} == {held["redemption_id"]}, "one activity, however often it is said"
    assert events[0]["source"] == "/pointstream/acme/main/feedback"
    assert events[0]["data"] == events[1]["data"]
    assert events[0]["data"]["data"] == {"reward": "song", "kind": "digital"}
    stored = await superuser.fetchval("SELECT sealed FROM redemption.rating")
    assert b"Zebedee" not in stored

    liked = (await shop.door.get("/v1/rewards/song/ratings")).json()
    assert (liked["count"], liked["mean_hundredths"], liked["stars"]) == (1, 400, [0, 0, 0, 1, 0])
    assert [each["words"] for each in liked["data"]] == [WORDS]
    assert (await shop.door.get("/v1/ratings")).json()["data"][0]["reference"] == "song"
    reader, _ = await make_key(ACME, "rewards:read")
    assert (await shop.door.get(path, headers=bearer(reader))).json()["words"] is None
    await destroy_keys(superuser, NOW, [(ACME.tenant_id, ACME.programme_id, member.member_id)])
    assert (await shop.door.get("/v1/rewards/song/ratings")).json()["data"][0]["words"] == ""
    assert (await shop.door.put(path, json={"stars": 1})).json()["code"] == "member-erased"


async def test_a_member_rates_on_the_own_page_and_the_console_shows_it(
    shop: Shop, scribe: Scribe, told: list[Record]
) -> None:
    member, other = await rich(scribe, 400), await rich(scribe, 400)
    await shop.put("song", SONG)
    orders = [
        (await shop.made("/v1/redemptions", {"member_id": str(each.member_id), "reward": "song"}))["redemption_id"]
        for each in (member, other)
    ]
    link = (await shop.made(f"/v1/members/{member.member_id}/pages", {}))["path"]
    assert "How was it?" in (await shop.door.get(f"{link}?lang=en")).text
    form = {"stars": "4", "words": "Schön <b>war</b> es"}
    assert (await shop.door.post(f"{link}/orders/{orders[1]}", data=form)).status_code == 404, "it is another's"
    none = await shop.door.post(f"{link}/orders/{orders[0]}?lang=de", data={"words": "x"})
    assert "Wählen Sie bitte eine Zahl von Sternen." in none.text
    thanks = (await shop.door.post(f"{link}/orders/{orders[0]}?lang=de", data=form)).text
    assert [words in thanks for words in ("Danke, das hilft uns", "★★★★☆", "Von Ihnen: 4 Sterne.")] == [True] * 3
    assert len(told) == 1
    await sign_in(shop.door, shop.door.headers["Authorization"].partition(" ")[2])
    assert "Wie Prämien gefallen" in (await shop.door.get("/catalogue?lang=de")).text
    page = (await shop.door.get("/catalogue/feedback?lang=de")).text
    assert [words in page for words in ("4,00 (1)", "Schön &lt;b&gt;war&lt;/b&gt; es", "A song")] == [True] * 3


async def test_nothing_is_kept_that_could_not_be_told(
    shop: Shop, scribe: Scribe, superuser: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_publisher: Publisher, _records: Sequence[Record]) -> None:
        raise CannotPublish("away")

    monkeypatch.setattr(Publisher, "publish", away)
    member = await rich(scribe, 400)
    await shop.put("song", SONG)
    made = await shop.made("/v1/redemptions", {"member_id": str(member.member_id), "reward": "song"})
    refused = await shop.door.put(f"/v1/orders/{made['redemption_id']}/rating", json={"stars": 5})
    assert (refused.status_code, refused.json()["code"]) == (503, "publishing-away")
    assert await superuser.fetchval("SELECT count(*) FROM redemption.rating") == 0
