"""The mix of rewards with its proposals, and a reward in the console: changed, stocked, redeemed for a member."""

from __future__ import annotations

import asyncpg

from services.gateway.intake.publisher import Record
from tests.integration.gateway.scribe import Scribe
from tests.integration.gateway.test_catalogue import SONG, Shop, rich, shop
from tests.integration.gateway.test_feedback import told
from tests.integration.gateway.test_live import sign_in
from tests.support.rewards import MUG

__all__ = ["shop", "told"]
OURS = {"Sec-Fetch-Site": "same-origin"}
GOLD = "UPDATE ledger.member SET tier = 'gold' WHERE member_id = $1"


async def test_the_mix_says_who_asks_for_what_and_what_would_be_better(
    shop: Shop, scribe: Scribe, told: list[Record], superuser: asyncpg.Connection
) -> None:
    """Four members: one has little, one much and a level; what is dear is wished for, what is poor is disliked."""
    await shop.put("song", SONG | {"per_member": []})
    dear = {"prices": [{"name": "standard", "points": 9_000}], "texts": {"en": {"title": "A car"}}}
    await shop.put("car", SONG | dear)
    await shop.put("mug", MUG | {"stock": "global"})
    members = [await rich(scribe, points) for points in (50, 300, 1_000)] + [await scribe.member()]
    await superuser.execute(GOLD, members[2].member_id)
    for member in members[1:3]:
        for _ in range(2 if member is members[2] else 1):
            made = await shop.made("/v1/redemptions", {"member_id": str(member.member_id), "reward": "song"})
            await shop.door.put(f"/v1/orders/{made['redemption_id']}/rating", json={"stars": 1})
        await shop.door.put(f"/v1/members/{member.member_id}/wishes/car")
    found = (await shop.door.get("/v1/catalogue/mix?days=30&lang=en")).json()
    assert (found["members"], found["ordering_percent"], found["reached_percent"]) == (4, 50, 75)
    assert (found["levels"], found["kinds"], found["middle_points"]) == (
        {"gold": 1, "": 3}, {"digital": 3, "merchandise": 0}, 260,
    )  # fmt: skip
    row = found["data"][0]
    assert (row["reference"], row["pieces"], row["members"], row["points"], row["by_level"]) == (
        "song", 3, 2, 120, {"gold": 2, "": 1},
    )  # fmt: skip
    assert {each["reference"]: each["reach_percent"] for each in found["data"]} == {"song": 75, "car": 0, "mug": 25}
    proposed = {each["code"]: each for each in found["proposals"]}
    assert set(proposed) == {"wished-too-dear", "disliked", "never-asked", "level-without"}
    assert proposed["wished-too-dear"]["text"].startswith("2 members wish for “A car”")
    assert proposed["disliked"]["figures"] == {"title": "A song", "ratings": 3, "hundredths": 100}
    later = (await shop.door.get("/v1/catalogue/mix?programme=main")).json()
    assert later["data"] == found["data"]
    await sign_in(shop.door, shop.door.headers["Authorization"].partition(" ")[2])
    page = (await shop.door.get("/catalogue/mix?lang=de")).text
    assert [words in page for words in ("50 % haben etwas bestellt", "Was sie besser machte", "gold 2")] == [True] * 3


async def test_a_reward_is_changed_stocked_and_redeemed_for_a_member_in_the_console(shop: Shop, scribe: Scribe) -> None:
    await shop.put("mug", MUG | {"stock": "global"})
    await sign_in(shop.door, shop.door.headers["Authorization"].partition(" ")[2])
    listed = (await shop.door.get("/catalogue?lang=en")).text
    assert '<a href="/catalogue/rewards/main/mug?lang=en">A mug</a>' in listed
    path = "/catalogue/rewards/main/mug?lang=en"
    page = (await shop.door.get(path)).text
    assert [words in page for words in ("Take it out of the catalogue", "stoneware", "Versions")][::2] == [True, True]

    async def did(**fields: str) -> str:
        return (await shop.door.post(path, data=fields, headers=OURS)).text

    assert "It is kept." in await did(do="stock", free="7")
    assert await shop.stock("mug") == (7, 0)
    for free in ("-1", "9" * 5000):
        assert "A whole number" in await did(do="stock", free=free)
    document = "\n".join((
        "category: home", "what: {kind: merchandise, article: A-1}", "texts: {en: {title: A jug}}",
        "prices: [{name: p, points: 9}]",
    ))  # fmt: skip
    assert "It is kept." in await did(do="save", version="1", document=document)
    assert (await shop.door.get("/v1/rewards/mug")).json()["title"] == "A jug"
    assert "Somebody else has changed it" in await did(do="save", version="1", document=document)
    wrong = await did(do="save", version="2", document=document.replace("points: 9", "points: nine"))
    assert [words in wrong for words in ("/prices/0/points", "points: nine")] == [True, True]
    assert "Offer it" in await did(do="retire")
    assert (await shop.door.get("/v1/rewards")).json()["data"] == []
    assert "Take it out" in await did(do="offer")
    assert (
        await shop.door.post("/catalogue/rewards/main/none", data={"do": "retire"}, headers=OURS)
    ).status_code == 404

    member = await rich(scribe, 100)
    known = (await shop.door.get(f"/members/{member.member_id}?lang=en")).text
    assert "Open their page" in known
    opened = await shop.door.post(f"/members/{member.member_id}/rewards?lang=en", headers=OURS)
    assert opened.status_code == 303
    link, nobody = opened.headers["location"].partition("?")[0], {"Authorization": "", "Cookie": ""}
    for path in (link, f"{link}/rewards/mug"):
        looked = (await shop.door.get(f"{path}?lang=en", headers=nobody)).text
        assert ("Nothing can be done here" in looked, "<form" in looked, "<button" in looked) == (True, False, False)
    for path in ("rewards/mug", "wishes/mug", "shares/mug", "household", f"orders/{member.member_id}", "questions/q"):
        refused = await shop.door.post(f"{link}/{path}", data={"key": "k", "wish": "wish"}, headers=nobody)
        assert (refused.status_code, refused.json()["code"]) == (403, "page-only-shown"), path
    assert await shop.spendable(member) == 100
    (look,) = (await shop.door.get(f"/v1/members/{member.member_id}/pages")).json()["data"]
    assert look["opened_by"].startswith("test (")

    place = f"/members/{member.member_id}/rewards/mug?lang=en"
    assert place.partition("?")[0] in (await shop.door.get(f"/members/{member.member_id}?lang=en")).text
    form = (await shop.door.get(place)).text
    key = form.partition('name="key" value="')[2].partition('"')[0]
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert (await shop.door.post(place, data={"key": key, "pick_up_at": "7"}, headers=elsewhere)).status_code == 403
    for _ in range(2):
        thanks = await shop.door.post(place, data={"key": key, "pick_up_at": "7"}, headers=OURS)
        assert 'role="status"' in thanks.text, thanks.text
    assert await shop.spendable(member) == 91
    (order,) = (await shop.door.get(f"/v1/members/{member.member_id}/orders")).json()["data"]
    assert order["reference"] == "mug"
