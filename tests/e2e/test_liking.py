"""What people see of rewards on the running platform: on every screen, liked, shared, ranked, and proposed."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.e2e.test_catalogue import offer
from tests.e2e.test_catalogue import rich as catalogue_rich
from tests.e2e.test_codes import done
from tests.e2e.test_games import rich
from tests.e2e.test_occasions import enrolled, has
from tests.e2e.test_redemption import ask
from tests.support.receipts import line
from tests.support.running import Door, Platform, eventually

PICTURE = {"link": "https://shop.example/cup.jpg", "alt": "A cup"}


def console(shop: Door) -> httpx.Client:
    """A browser that somebody of the company has signed in with."""
    browser = httpx.Client(base_url=shop.http.base_url, headers={"Sec-Fetch-Site": "same-origin"}, timeout=60)
    key = shop.http.headers["authorization"].removeprefix("Bearer ")
    assert browser.post("/sign-in", data={"key": key}).status_code == httpx.codes.SEE_OTHER
    return browser


def anybody(shop: Door) -> httpx.Client:
    """A visitor's phone."""
    return httpx.Client(base_url=shop.http.base_url, headers={"User-Agent": "Mozilla/5.0 (Android 14)"}, timeout=60)


@pytest.mark.feature("XOXO-35", "XOXO-54", "COM-76")
async def test_members_say_how_it_was_and_show_it_to_friends_and_are_thanked(platform: Platform) -> None:
    """Stars and a word on the phone, a link for friends: both are paid once, and the words stay out of topics."""
    shop = platform.tea_shop
    member = await rich(platform, shop, "critic", 100)
    offer(shop, "training", reference="e2e-liked", category="e2e-liked", media=[PICTURE])
    order = ask(shop, "", {"identifier": "card:critic", "reward": "e2e-liked"}, "critic-1")["redemption_id"]
    link = done(shop, f"members/{member}/pages", {})["path"]
    phone = anybody(shop)
    form = {"stars": "4", "words": "Zebedee liked it a lot"}
    for _ in range(2):
        thanks = phone.post(f"{link}/orders/{order}?lang=en", data=form).text
        assert "Thank you, that helps us choose." in thanks
    liked = shop.get("/v1/rewards/e2e-liked/ratings")
    assert (liked["mean_hundredths"], liked["data"][0]["words"]) == (400, form["words"])
    assert "4.00 (1)" in console(shop).get("/catalogue/feedback?lang=en").text

    sent = phone.post(f"{link}/shares/e2e-liked?lang=en").text
    shared = sent.partition('id="link" readonly value="')[2].partition('"')[0].partition("/s/")[2]
    preview = phone.get(f"/s/{shared}", headers={"User-Agent": "WhatsApp/2.24"}).text
    assert '<meta property="og:image" content="https://shop.example/cup.jpg">' in preview
    assert "Look what I found at" in phone.get(f"/s/{shared}?lang=en").text
    counts = {each["reference"]: each for each in shop.get("/v1/shares")["data"]}
    assert (counts["e2e-liked"]["shared"], counts["e2e-liked"]["opened"]) == (1, 1)
    await eventually(lambda: has(shop, "critic") == 100 - 10 + 5 + 15, "both are thanked for, once")

    def told(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [each for each in events if each["data"].get("member_id") == member]

    events = told(await platform.events("loyalty.activities", lambda found: len(told(found)) >= 3))
    assert {"reward-rated", "shared"} <= {each["data"].get("activity") for each in events}
    assert "Zebedee" not in str(events)


@pytest.mark.feature("COM-54", "COM-75", "XOXO-40")
async def test_the_catalogue_is_on_every_screen_and_says_what_is_wanted_and_what_points_are_worth(
    platform: Platform,
) -> None:
    """Anybody looks at it by phone or on the screen of a shop, whose QR codes lead to the rewards."""
    shop, tea_shop = platform.club, platform.tea_shop
    member = await rich(platform, shop, "looker", 400)
    await platform.publish([enrolled(tea_shop, "keen")])
    await tea_shop.enrolled("keen")
    stores = {"stores": ["e2e-9"]}
    offer(shop, "training", reference="e2e-screen", category="e2e-screen", media=[PICTURE], audience=stores)
    offer(shop, "trial", reference="e2e-staff", category="e2e-screen", audience={"lists": ["staff"]})
    body = {"identifier": "card:looker", "reward": "e2e-screen", "store": "e2e-9"}
    ask(shop, "", body, "looker-1")
    place = f"/rewards/{shop.slug}/{shop.member('looker')['programme']}"
    phone = anybody(shop)
    page = phone.get(f"{place}?category=e2e-screen&lang=en").text
    assert [words in page for words in ("width=device-width", PICTURE["link"], "e2e-screen", "e2e-staff")] == [
        True, True, True, False
    ]  # fmt: skip
    assert "points pay" in page, "everybody is told what points are worth"
    screen = phone.get(f"{place}?category=e2e-screen&store=e2e-9&kiosk=true").text
    assert screen.count('<figure class="qr"') == 1
    one = phone.get(f"{place}/e2e-screen?lang=en").text
    assert '<meta property="og:title" content="training">' in one
    mine = done(shop, f"members/{member}/pages", {})["path"]
    assert "At the till they pay" in phone.get(f"{mine}?lang=en").text

    ranked = shop.get("/v1/rankings", of="rewards", store="e2e-9", period="year")
    assert [(each["rank"], each["key"], each["score"]) for each in ranked["data"]] == [(1, "e2e-screen", 1)]
    page = console(shop).get("/games/rankings?of=rewards&period=year&store=e2e-9&lang=en").text
    assert "rewards by pieces ordered" in page
    await platform.publish([tea_shop.purchase("keen-1", [line("e2e-article", 2_000)], card="keen")])
    await tea_shop.decided("keen-1")
    products = tea_shop.get("/v1/rankings", of="products", period="year", top=100, lang="en")["data"]
    told = {each["key"]: each for each in products}["e2e-article"]
    assert told["score"] == 2_000
    place_of = {"what": "place", "ranking": {"of": "products", "period": "year"}, "key": "e2e-article"}
    shown = done(tea_shop, f"members/{tea_shop.member_id('keen')}/shares", place_of)
    assert shown["title"] == told["share"], "what a member shares is what the ranking says"


@pytest.mark.feature("XOXO-8", "COM-11", "XOXO-25")
async def test_staff_and_the_best_customers_have_rewards_of_their_own_and_the_mix_says_so(platform: Platform) -> None:
    """One catalogue for customers and for employees; whoever is golden has more, and cheaper; and the figures tell."""
    shop = platform.club
    names = ("employee", "best", "anyone")
    await catalogue_rich(platform, "best", tier="gold")
    for name in ("employee", "anyone"):
        await catalogue_rich(platform, name, spends=9_000)
    shop.http.post("/v1/segments/staff/members", json={"add": ["card:employee"]}).raise_for_status()
    offer(shop, "training", reference="e2e-canteen", category="e2e-mix", audience={"lists": ["staff"]})
    prices = [{"name": "all", "points": 40}, {"name": "gold", "points": 20, "tiers": ["gold"]}]
    offer(shop, "access", reference="e2e-evening", category="e2e-mix", prices=prices)
    offer(shop, "access", reference="e2e-lounge", category="e2e-mix", audience={"tiers": ["status/gold"]})

    def seen(name: str) -> dict[str, tuple[list[str], int]]:
        told = shop.get("/v1/rewards", member_id=shop.member_id(name), category="e2e-mix")["data"]
        return {
            each["reference"].removeprefix("e2e-"): (
                [reason["code"] for reason in each["reasons"]], each["price"]["points"]
            )
            for each in told
        }  # fmt: skip

    found = {name: seen(name) for name in names}
    assert found["employee"] == {"canteen": ([], 10), "evening": ([], 40), "lounge": (["tier"], 10)}
    assert found["best"] == {"canteen": (["list"], 10), "evening": ([], 20), "lounge": ([], 10)}
    assert found["anyone"] == {"canteen": (["list"], 10), "evening": ([], 40), "lounge": (["tier"], 10)}
    for name, reference in (("employee", "canteen"), ("best", "lounge"), ("best", "evening")):
        ask(shop, "", {"identifier": f"card:{name}", "reward": f"e2e-{reference}"}, f"mix-{name}-{reference}")
    offer(shop, "digital", reference="e2e-dream", category="e2e-mix", stock="global")
    shop.http.put(f"/v1/members/{shop.member_id('anyone')}/wishes/e2e-dream")
    mix = shop.get("/v1/catalogue/mix", days=7, lang="en")
    rows = {each["reference"]: each for each in mix["data"]}
    assert (rows["e2e-lounge"]["by_level"], rows["e2e-lounge"]["points"]) == ({"gold": 1}, 10)
    assert rows["e2e-canteen"]["pieces"] == 1
    assert rows["e2e-evening"]["reach_percent"] <= rows["e2e-lounge"]["reach_percent"]
    proposed = {(each["code"], each["reference"]) for each in mix["proposals"]}
    assert ("wished-sold-out", "e2e-dream") in proposed
    assert "The mix of rewards" in console(shop).get("/catalogue/mix?lang=en").text


@pytest.mark.feature("XOXO-65")
async def test_the_console_manages_rewards_and_redeems_for_a_member_who_does_it_on_the_go_too(
    platform: Platform,
) -> None:
    shop = await catalogue_rich(platform, "on-the-go")
    offer(shop, "merchandise", reference="e2e-managed", category="e2e-managed", stock="global")
    desk, member = console(shop), shop.member_id("on-the-go")
    programme = shop.member("on-the-go")["programme"]
    place = f"/catalogue/rewards/{programme}/e2e-managed?lang=en"
    assert "It is kept." in desk.post(place, data={"do": "stock", "free": "2"}).text
    opened = desk.post(f"/members/{member}/rewards?lang=en&programme={programme}")
    assert opened.status_code == httpx.codes.SEE_OTHER
    looked = anybody(shop).get(opened.headers["location"].partition("?")[0] + "/rewards/e2e-managed?lang=en").text
    assert [words in looked for words in ("Nothing can be done here", "<form")] == [True, False]
    for_them = f"/members/{member}/rewards/e2e-managed?lang=en&programme={programme}"
    of_their_own = f"{done(shop, f'members/{member}/pages', {})['path']}/rewards/e2e-managed?lang=en"
    before = shop.balance("on-the-go")
    for browser, link in ((desk, for_them), (anybody(shop), of_their_own)):
        form = browser.get(link).text
        assert "width=device-width" in form
        said = {"key": form.partition('name="key" value="')[2].partition('"')[0], "variant": "blue", "pick_up_at": "1"}
        assert 'role="status"' in browser.post(link, data=said).text
    assert shop.balance("on-the-go") == before - 20
    assert (
        "It is gone at the moment." in anybody(shop).get(f"/rewards/{shop.slug}/{programme}/e2e-managed?lang=en").text
    )
    (last, _) = shop.get(f"/v1/members/{member}/orders")["data"]
    brought = desk.post("/catalogue/orders?lang=en", data={"order_id": last["order_id"], "state": "approved"})
    assert "approved" in brought.text
    (now, _) = shop.get(f"/v1/members/{member}/orders")["data"]
    assert now["state"] == "approved"
