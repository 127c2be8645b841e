"""The catalogue for anybody, and what members show to friends by a link: pictures, previews, counts."""

from __future__ import annotations

import struct
import zlib
from datetime import timedelta
from uuid import UUID

import asyncpg
import httpx
import orjson
import pytest

from libs.contacts.postgres import destroy_keys
from services.gateway.intake.publisher import Record
from services.gateway.sharing.links import Shared, ShareLinks
from services.gateway.sharing.medal import HEIGHT, WIDTH, medal
from tests.integration.gateway.conftest import NOW, SetClock
from tests.integration.gateway.scribe import Scribe
from tests.integration.gateway.test_catalogue import SONG, Shop, rich, shop
from tests.integration.gateway.test_feedback import told
from tests.integration.gateway.test_public import publish
from tests.support.database import GLOBEX, Database
from tests.support.rewards import MUG

__all__ = ["shop", "told"]
PICTURE = {"link": "https://shop.example/mug.jpg", "alt": "A mug"}
PAY = {"rates": [{"points": 100, "minor": 50}]}
DAY = """
INSERT INTO earning.member_day (tenant_id, programme_id, member_id, day, visits, spend_minor, points, parts)
VALUES (1, 1, $1, $2, 3, 500, 10, '{"product:tea": 500}')
"""
AWARD = """
INSERT INTO redemption.badge_award (tenant_id, programme_id, member_id, award_id, badge, times, source, at)
VALUES (1, 1, $1, $1, 'barista', 1, 'somebody', $2)
"""


async def test_the_catalogue_is_for_anybody_on_a_phone_and_on_a_screen(
    shop: Shop, scribe: Scribe, told: list[Record]
) -> None:
    """What is for some people alone is not there; a screen in a shop has a QR code for each reward."""
    await publish(shop.database, payment=PAY)
    await shop.put("mug", MUG | {"media": [PICTURE], "stock": "unlimited"})
    await shop.put("song", SONG | {"audience": {"stores": ["7"]}})
    await shop.put("staff", SONG | {"audience": {"lists": ["staff"]}, "texts": {"en": {"title": "For staff"}}})
    nobody = {"Authorization": ""}
    hidden = await shop.door.get(f"/rewards/{GLOBEX.slug}/main")
    assert hidden.status_code == 404, "the programme is not public"
    member = await rich(scribe, 400)
    made = await shop.made("/v1/redemptions", {"member_id": str(member.member_id), "reward": "song"})
    await shop.door.put(f"/v1/orders/{made['redemption_id']}/rating", json={"stars": 4})
    page = await shop.door.get("/rewards/acme/main?lang=en", headers=nobody)
    found = [words in page.text for words in (
        "There are rewards from 40 points on.", "100 points pay €0.50", 'alt="A mug"', "width=device-width",
        "No. 1 of the most wanted this month", "4 of 5 stars, by 1 member", "For staff", "qr",
    )]  # fmt: skip
    assert found == [True, True, True, True, True, True, False, False]
    assert "img-src 'self' https:" in page.headers["content-security-policy"]
    elsewhere = (await shop.door.get("/rewards/acme/main?store=8&category=music&lang=en")).text
    assert "There are no rewards at the moment." in elsewhere
    screen = (await shop.door.get("/rewards/acme/main?store=7&kiosk=true&lang=de")).text
    assert [words in screen for words in ('class="kiosk"', "<svg", 'src="/fresh.js"', "A song")] == [True] * 4
    one = (await shop.door.get("/rewards/acme/main/mug?lang=de", headers=nobody)).text
    assert '<meta property="og:image" content="https://shop.example/mug.jpg">' in one
    assert '<meta property="og:title" content="Ein Becher">' in one
    assert 'href="/rewards/acme/main/mug?lang=en"' in one
    for gone in ("staff", "none"):
        assert (await shop.door.get(f"/rewards/acme/main/{gone}")).status_code == 404
    assert (await shop.door.get("/rewards")).status_code == 404


async def test_what_is_shared_has_a_preview_and_counts_people_and_not_messengers(
    shop: Shop, scribe: Scribe, told: list[Record], superuser: asyncpg.Connection
) -> None:
    await publish(shop.database)
    member, other = await rich(scribe, 400), await rich(scribe, 400)
    await shop.put("mug", MUG | {"media": [PICTURE]})
    path = f"/v1/members/{member.member_id}/shares"
    made = await shop.made(path, {"what": "reward", "reference": "mug"})
    assert (made["title"], made["picture"], made["opened"]) == ("A mug", PICTURE["link"], 0)
    assert str(member.member_id) not in made["path"]
    assert (await shop.made(path, {"what": "reward", "reference": "mug"}))["path"] == made["path"]
    events = [orjson.loads(record.value) for record in told]
    assert {(event["id"], event["data"]["activity"]) for event in events} == {(made["share_id"], "shared")}

    friend = {"Authorization": "", "Accept-Language": "de"}
    preview = await shop.door.get(made["path"], headers=friend | {"User-Agent": "WhatsApp/2.24"})
    assert '<meta property="og:title" content="Ein Becher">' in preview.text
    assert f'<meta property="og:url" content="{shop.door.base_url}{made["path"]}">' in preview.text
    seen = await shop.door.get(made["path"], headers=friend | {"User-Agent": "Mozilla/5.0 (Android 14)"})
    assert [words in seen.text for words in ("Schau, was ich bei", "/rewards/acme/main/mug")] == [True, True]
    (mine,) = (await shop.door.get(path)).json()["data"]
    assert mine["opened"] == 1
    assert (await shop.door.get("/v1/shares")).json()["data"] == [
        {"what": "reward", "reference": "mug", "shared": 1, "opened": 1}
    ]
    broken = made["path"][:-1] + ("A" if made["path"][-1] != "A" else "B")
    assert (await shop.door.get(broken, headers=friend)).status_code == 404

    none = {"what": "badge", "reference": "barista"}
    refused = await shop.door.post(path, json=none)
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing-to-share")
    await superuser.execute(AWARD, member.member_id, NOW)
    badge = await shop.made(path, none)
    assert badge["picture"] is None
    assert "/share.png" in (await shop.door.get(badge["path"])).text
    await superuser.execute(DAY, member.member_id, NOW.date())
    place = {"what": "place", "ranking": {"of": "members", "by": "visits", "period": "month"}}
    assert (await shop.made(path, place))["title"] == "I am number 1 of 1 in visits!"
    thing = {"what": "place", "ranking": {"of": "products"}, "key": "tea"}
    assert (await shop.made(path, thing))["title"] == "tea is number 1 in shopping!"
    for wrong in (place | {"key": "x"}, thing | {"key": None}, {"what": "reward"}):
        assert (await shop.door.post(path, json=wrong)).status_code == 422, wrong
    nowhere = await shop.door.post(f"/v1/members/{other.member_id}/shares", json=place)
    assert nowhere.json()["code"] == "nothing-to-share"

    stranger = await shop.door.get(made["path"], headers=friend | {"Host": "evil.example"})
    assert "evil.example" not in stranger.text

    link = (await shop.made(f"/v1/members/{other.member_id}/pages", {}))["path"]
    sent = (await shop.door.post(f"{link}/shares/mug?lang=en")).text
    assert [words in sent for words in ("https://wa.me/?text=", "<svg", "0 people came by it.")] == [True] * 3


async def test_a_link_ends_and_shows_what_is_for_anybody_alone(
    shop: Shop, scribe: Scribe, told: list[Record], clock: SetClock, database: Database
) -> None:
    await publish(shop.database)
    member = await rich(scribe, 400)
    path, mug = f"/v1/members/{member.member_id}/shares", {"what": "reward", "reference": "mug"}
    await shop.put("mug", MUG)
    await shop.put("chosen", SONG | {"audience": {"segments": ["best"]}})
    later = (NOW + timedelta(days=1)).isoformat()
    await shop.put("later", SONG | {"visible": {"from": later}})
    for reference in ("chosen", "later", "none"):
        refused = await shop.door.post(path, json=mug | {"reference": reference})
        assert (refused.status_code, refused.json()["code"]) == (404, "reward-unknown"), reference
    own = (await shop.made(f"/v1/members/{member.member_id}/pages", {}))["path"]
    shown = [(await shop.door.get(f"{own}/rewards/{each}")).text for each in ("mug", "chosen")]
    assert ["/shares/mug?" in shown[0], "/shares/" in shown[1]] == [True, False]
    made = await shop.made(path, mug)
    assert made["expires_at"] == (NOW + timedelta(days=90)).isoformat().replace("+00:00", "Z")

    async def seen() -> int:
        return (await shop.door.get(made["path"], headers={"Authorization": ""})).status_code

    await shop.put("mug", MUG | {"audience": {"lists": ["staff"]}}, **{"If-Match": '"1"'})
    assert await seen() == 404, "it is for staff now"
    await shop.put("mug", MUG, **{"If-Match": '"2"'})
    clock.forward(timedelta(days=89))
    assert await seen() == 200
    clock.forward(timedelta(days=1))
    assert await seen() == 404
    assert (await shop.made(path, mug))["path"] == made["path"]
    assert await seen() == 200, "shared again it lives anew"
    export = f"/v1/members/{member.member_id}/contacts:export"
    whole = (await shop.door.get(export)).json()
    assert [each["reference"] for each in whole["shares"]] == ["mug"]
    assert (whole["contacts"]["masked"], whole["invitations"]["invited"], whole["looks"]) == (False, 0, [])
    operator = await asyncpg.connect(database.dsn("operator"))
    await destroy_keys(operator, NOW, [(1, 1, member.member_id)])
    await operator.close()
    assert await seen() == 404
    assert (await shop.door.get(export)).json()["shares"] == []
    assert (await shop.door.get(path)).json()["data"] == []


async def test_a_link_leads_where_it_says_and_no_other_is_taken(client: httpx.AsyncClient) -> None:
    links = ShareLinks.from_seal_key(b"k" * 32)
    told = Shared(1, 2, UUID(int=3))
    token = links.path(told).removeprefix("/s/")
    assert links.read(token) == told
    assert ShareLinks.from_seal_key(b"o" * 32).read(token) is None
    for wrong in ("", "ä", token[:-1], f"{token}A", f"B{token[1:]}"):
        assert links.read(wrong) is None
    answer = await client.get("/share.png")
    assert answer.headers["content-type"] == "image/png"
    assert answer.content == medal()


def test_the_medal_is_a_picture_of_its_size_and_the_same_on_both_sides() -> None:
    drawn = medal()
    assert struct.unpack(">II", drawn[16:24]) == (WIDTH, HEIGHT)
    begin = drawn.index(b"IDAT") + 4
    size = struct.unpack(">I", drawn[begin - 8 : begin - 4])[0]
    rows = zlib.decompress(drawn[begin : begin + size])
    assert len(rows) == (WIDTH + 1) * HEIGHT
    for y in range(0, HEIGHT, 45):
        row = rows[y * (WIDTH + 1) + 1 : (y + 1) * (WIDTH + 1)]
        assert row == row[::-1], y
    assert {*rows} == {0, 1, 2, 3}


@pytest.mark.parametrize("path", ["/s/nothing", "/rewards/none/none"])
async def test_what_is_not_there_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path, headers={"Authorization": ""})).status_code == 404
