"""Codes, points, gift cards and rewards that are codes, together at one till of the running platform."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.e2e.test_catalogue import offer, rich
from tests.e2e.test_codes import done, post, reasons
from tests.e2e.test_redemption import ask
from tests.e2e.test_redemption_ways import wanted
from tests.support.running import Door, Platform, eventually


def cart_of(shop: Door, name: str, number: str, total: int, **wants: Any) -> dict[str, Any]:
    """A cart of one line, as the till asks about it."""
    data = {
        "receipt_number": number,
        "identifiers": [{"kind": "card", "value": name}],
        "store": "1",
        "currency": shop.currency,
        "total_minor": total,
        "lines": [{"line": 1, "sku": "tea", "quantity": 1, "amount_minor": total}],
    }
    return {"source": f"{shop.source}/1", "data": data, **wants}


def pool(platform: Platform, shop: Door, name: str, rules: str, codes: int = 1) -> None:
    """Make a pool of so many codes."""
    of, prefix = ("--tenant", shop.slug), name.upper().replace("-", "")
    platform.run("codes", "pool", name, "--prefix", prefix, "--rules", rules, *of)
    platform.run("codes", "generate", name, codes, *of)


@pytest.mark.feature("COM-10", "VOU-15", "VOU-16")
async def test_a_coupon_points_and_a_card_pay_one_cart_and_come_back_with_it(platform: Platform) -> None:
    shop = await rich(platform, "cart")
    pool(platform, shop, "cart-week", "{}")
    earned = shop.balance("cart")
    code = done(shop, "code-pools/cart-week/codes:assign", {"identifier": "card:cart"})["code"]
    card = done(shop, "gift-cards", {"amount_minor": 2_000, "currency": "EUR"})
    wants = {"codes": [code.lower()], "points": {"points": 500}, "gift_cards": [{"number": card["number"]}]}
    asked = cart_of(shop, "cart", "cart-r1", 5_000, **wants)
    quoted = done(shop, "quote", asked)
    told = quoted["cart"]
    assert (told["discount_minor"], told["to_pay_minor"], told["possible"]) == (500, 4_500, True)
    paid = told["points"]["paid_minor"]
    assert (told["points"]["points"], paid > 0, told["left_minor"]) == (500, True, 2_500 - paid)
    held = done(shop, "carts", asked, "cart-hold")
    assert (held["quote"]["cart"], held) == (told, done(shop, "carts", asked, "cart-hold"))
    assert (shop.balance("cart"), shop.get(f"/v1/gift-cards/{card['card_id']}")["balance_minor"]) == (earned - 500, 0)
    assert reasons(post(shop, "codes:redeem", {"code": code})) == ["used-up"]

    await platform.publish([shop.purchase("cart-r1", 4_500, card="cart", cart=held["token"])])
    await shop.decided("cart-r1")
    await eventually(lambda: shop.get(f"/v1/carts/{held['cart_id']}")["state"] == "bought", "the receipt redeems it")
    brought = sum(each["points"] for each in quoted["points"] if each["wallet"] == "points")
    assert brought >= 145, "those of the code among them"
    assert shop.balance("cart") == earned - 500 + brought
    shop.post("/v1/returns", {"source": f"{shop.source}/1", "id": "cart-back", "time": shop.now().isoformat(),
              "data": {"receipt_number": "cart-r1", "store": "1"}}, key="cart-back")  # fmt: skip
    await eventually(
        lambda: shop.get(f"/v1/gift-cards/{card['card_id']}")["balance_minor"] == 2_000, "the card has its money again"
    )
    await eventually(lambda: shop.balance("cart") == earned, "and the member the points")
    assert done(shop, "codes:validate", {"code": code})["valid"]

    others = platform.initech
    pool(platform, others, "never-both", '{"currency": "EUR", "benefit": {"amount_minor": 300}}')
    await platform.publish([others.enrolment("cart-other")])
    await others.enrolled("cart-other")
    their = done(others, "code-pools/never-both/codes:assign", {"identifier": "card:cart-other"})["code"]
    number = done(others, "gift-cards", {"amount_minor": 900, "currency": "EUR"})["number"]
    asked = cart_of(others, "cart-other", "other-r1", 900, codes=[their], gift_cards=[{"number": number}], points={})
    told = done(others, "quote", asked)["cart"]
    assert told["gift_cards"][0]["reason"]["code"] == told["points"]["reason"]["code"] == "with-discount"
    assert post(others, "carts", asked).json()["code"] == "cart-not-possible"
    alone = done(others, "quote", cart_of(others, "cart-other", "other-r2", 900, gift_cards=[{"number": number}]))
    assert (alone["cart"]["left_minor"], alone["cart"]["possible"]) == (0, True)
    assert platform.run("verify")["violations"] == 0


@pytest.mark.feature("XOXO-10", "STAR-19", "STAR-20")
async def test_a_voucher_from_the_catalogue_is_used_at_once_and_runs_out(platform: Platform) -> None:
    shop = await rich(platform, "reader")
    pool(platform, shop, "books", '{"own_only": true}', 2)
    offer(shop, "gift_card", reference="e2e-books", codes="books", category="e2e-electronic")
    whose = {"identifier": "card:reader", "reward": "e2e-books"}
    had = ask(shop, "", whose, "reader-1")["order"]
    (usable,) = had["usable"]
    assert (had["state"], shop.get(f"/v1/members/{shop.member_id('reader')}/orders")["data"][0]["steps"][0]["by"]) == (
        "issued", "member",
    )  # fmt: skip
    stranger = post(shop, "codes:redeem", {"code": usable["value"]})
    assert reasons(stranger) == ["member-needed"]
    used = done(shop, "codes:redeem", {"code": usable["value"], "identifier": "card:reader", "reference": "order-9"})
    assert used["state"] == "redeemed"
    ask(shop, "", whose, "reader-2")
    (seen,) = shop.get("/v1/rewards", member_id=shop.member_id("reader"), category="e2e-electronic")["data"]
    assert [each["code"] for each in seen["reasons"]] == ["sold-out"]
    balance = shop.balance("reader")
    third = shop.http.post("/v1/redemptions", json=whose, headers={"Idempotency-Key": "reader-3"})
    assert (third.json()["code"], shop.balance("reader")) == ("reward-sold-out", balance)


@pytest.mark.feature("XOXO-12", "COM-36", "VOU-87")
async def test_points_become_a_coupon_on_paper_and_on_the_phone_that_an_order_is_owed_to(platform: Platform) -> None:
    shop = await rich(platform, "couponed")
    pool(platform, shop, "ten-off", '{"benefit": {"percent": 10}}')
    offer(shop, "discount", reference="e2e-ten-off", codes="ten-off")
    had = ask(shop, "", {"identifier": "card:couponed", "reward": "e2e-ten-off"}, "couponed-1")["order"]["usable"][0]
    virtual = shop.http.get(f"/v1/codes/{had['code_id']}/picture")
    assert virtual.headers["content-type"] == "image/svg+xml"
    sheet = platform.data / "ten-off.html"
    platform.run("codes", "sheet", "ten-off", "--out", sheet, "--tenant", shop.slug)
    assert had["value"] in sheet.read_text()
    asked = cart_of(shop, "couponed", "couponed-r1", 2_000, codes=[had["value"]])
    held = done(shop, "carts", asked)
    assert held["codes"][0]["worth_minor"] == 200
    await platform.publish([shop.purchase("couponed-r1", 1_800, card="couponed", cart=held["token"])])
    await eventually(lambda: shop.get(f"/v1/carts/{held['cart_id']}")["state"] == "bought", "it was bought with it")
    (use,) = shop.get(f"/v1/codes/{had['code_id']}")["redemptions"]
    assert (use["reference"], use["discount_minor"], use["pool"]) == ("couponed-r1", 200, "ten-off")


@pytest.mark.feature("VOU-21", "VOU-24", "VOU-117")
async def test_who_may_have_a_reward_is_asked_each_time(platform: Platform) -> None:
    shop = await rich(platform, "eligible")
    offer(shop, "access", reference="e2e-eligible", audience={"tiers": ["status/nobody"]}, category="e2e-eligible")
    seen = shop.get("/v1/rewards/e2e-eligible", member_id=shop.member_id("eligible"))
    assert (seen["in_reach"], [each["code"] for each in seen["reasons"]]) == (False, ["tier"])
    assert shop.get("/v1/rewards", member_id=shop.member_id("eligible"), category="e2e-eligible", in_reach="true")[
        "data"
    ] == []  # fmt: skip
    body = {"identifier": "card:eligible", "reward": "e2e-eligible"}
    answer = shop.http.post("/v1/redemptions", json=body, headers={"Idempotency-Key": "eligible-1"})
    assert (answer.status_code, answer.json()["code"]) == (httpx.codes.CONFLICT, "reward-barred")
    kept = shop.get("/v1/rewards/e2e-eligible/document")
    document = kept["reward"] | {"audience": {}}
    changed = shop.http.put(
        "/v1/rewards/e2e-eligible/document", json={"reward": document}, headers={"If-Match": f'"{kept["version"]}"'}
    )
    assert changed.status_code == httpx.codes.OK, changed.text
    assert ask(shop, "", body, "eligible-2")["order"]["state"] == "issued"
    pool(platform, shop, "eligible", '{"per_member": 1, "uses": null}')
    code = done(shop, "code-pools/eligible/codes:assign", {"identifier": "card:eligible"})["code"]
    shown = {"code": code, "identifier": "card:eligible"}
    done(shop, "codes:redeem", shown)
    assert reasons(post(shop, "codes:redeem", shown)) == ["member-used-up"]


@pytest.mark.feature("VOU-58", "VOU-125", "VOU-11")
async def test_a_customer_redeems_so_often_and_events_tell_what_came_of_it(platform: Platform) -> None:
    shop = await rich(platform, "often")
    offer(shop, "digital", reference="e2e-often", per_member=[{"most": 1, "per": "month"}])
    body = {"identifier": "card:often", "reward": "e2e-often"}
    first = ask(shop, "", body, "often-1")
    again = shop.http.post("/v1/redemptions", json=body, headers={"Idempotency-Key": "often-2"})
    assert (again.status_code, again.json()["code"]) == (httpx.codes.CONFLICT, "reward-limit")

    def mine(events: list[dict[str, Any]]) -> list[str]:
        return [each["type"].split(".")[3] for each in events if each["data"].get("order_id") == first["redemption_id"]]

    events = await platform.events("loyalty.rewards", lambda events: len(mine(events)) >= 3)
    assert mine(events) == ["redeemed", "issued", "fulfilled"]
    await platform.publish([wanted(shop, "often-over", "often", "redeem", points=10**9)])
    told = await platform.events(
        "loyalty.points", lambda events: any(each["data"].get("cause_id") == "often-over" for each in events)
    )
    (refused,) = [each for each in told if each["data"].get("cause_id") == "often-over"]
    assert refused["data"]["code"] == "insufficient-points"


@pytest.mark.feature("VOU-139", "VOU-146")
async def test_small_balances_are_paid_out_and_tax_knows_what_points_are(platform: Platform) -> None:
    shop, others = await rich(platform, "taxed"), platform.initech
    sold = done(shop, "gift-cards", {"amount_minor": 900, "currency": "USD", "law": "US-CA"})
    paid = done(shop, f"gift-cards/{sold['card_id']}/cash-outs", {})
    assert (paid["balance_minor"], paid["entry"]["amount_minor"], paid["entry"]["target"]) == (0, 900, "cashed_out")
    told = done(shop, "quote", cart_of(shop, "taxed", "taxed-1", 1_000, points={}))["cart"]
    assert (told["points"]["tax"], told["points"]["paid_minor"], told["taxable_minor"]) == ("payment", 500, 1_000)
    await platform.publish([others.enrolment("taxed")])
    await others.enrolled("taxed")
    await platform.publish([others.purchase("taxed-0", 10_000, card="taxed")])
    await others.decided("taxed-0")
    told = done(others, "quote", cart_of(others, "taxed", "taxed-2", 1_000, points={"points": 5}))["cart"]
    assert (told["points"]["tax"], told["points"]["paid_minor"], told["taxable_minor"]) == ("discount", 500, 500)


@pytest.mark.feature("XOXO-50", "XOXO-7", "XOXO-41")
async def test_a_member_is_led_through_a_redemption_on_the_phone(platform: Platform) -> None:
    shop = await rich(platform, "phone")
    pool(platform, shop, "phone", "{}")
    offer(
        shop,
        "digital",
        reference="e2e-phone",
        codes="phone",
        what={"kind": "digital", "item": "A film", "form": "licence"},
    )
    link = done(shop, f"members/{shop.member_id('phone')}/pages", {})["path"]
    shelf = shop.http.get(link, headers={"Authorization": ""}).text
    assert "width=device-width" in shelf
    steps = [shelf.index(words) for words in ("Choose a reward", "Look at what it costs", "Show the code at the till")]
    assert steps == sorted(steps)
    form = shop.http.get(f"{link}/rewards/e2e-phone").text
    key = form.partition('name="key" value="')[2].partition('"')[0]
    before = shop.balance("phone")
    for _ in range(2):
        thanks = shop.http.post(f"{link}/rewards/e2e-phone", data={"key": key}).text
        assert "<svg" in thanks
    assert shop.balance("phone") == before - 10


@pytest.mark.feature("XOXO-29")
async def test_how_it_works_what_there_is_and_its_terms_are_told_to_whoever_asks(platform: Platform) -> None:
    """Anybody reads the rules and how points end; a member sees the rewards, each with its terms, before redeeming."""
    shop = await rich(platform, "informed")
    words = {
        "title": "A told mug",
        "text": "Blue, for half a litre.",
        "terms": "Not for resale. Returned within 14 days.",
    }
    offer(shop, "digital", reference="e2e-told", texts={"en": words})
    for page, said in (("rules", "points"), ("questions", "points")):
        shown = shop.http.get(f"/{page}/acme/main?lang=en", headers={"Authorization": ""})
        assert (shown.status_code, said in shown.text) == (200, True)
    link = done(shop, f"members/{shop.member_id('informed')}/pages", {})["path"]
    shelf = shop.http.get(link, headers={"Authorization": ""}).text
    assert "A told mug" in shelf
    form = shop.http.get(f"{link}/rewards/e2e-told", headers={"Authorization": ""}).text
    assert "Blue, for half a litre." in form
    assert form.index("Terms") < form.index("Not for resale. Returned within 14 days.")


@pytest.mark.feature("XOXO-55", "XOXO-36", "COM-58")
async def test_the_members_page_teaches_thanks_and_shows_what_was_had(platform: Platform) -> None:
    shop = await rich(platform, "taught")
    offer(shop, "training", reference="e2e-taught")
    link = done(shop, f"members/{shop.member_id('taught')}/pages", {})["path"]
    form = shop.http.get(f"{link}/rewards/e2e-taught").text
    key = form.partition('name="key" value="')[2].partition('"')[0]
    thanks = shop.http.post(f"{link}/rewards/e2e-taught", data={"key": key}).text
    assert "Thank you, it is yours!" in thanks
    assert "You have earned it." in thanks
    shelf = shop.http.get(f"{link}?lang=de").text
    assert "So holen Sie am meisten heraus" in shelf
    assert "Zuerst werden die Punkte eingelöst, die am frühesten verfallen." in shelf
    assert "https://courses.example/coffee#" in shelf


@pytest.mark.feature("COM-57", "COM-59", "COM-60")
async def test_rewards_are_redeemed_by_call_centre_app_and_at_partners(platform: Platform) -> None:
    shop = await rich(platform, "anywhere")
    prices = [
        {"name": "call", "points": 11, "channels": ["call_centre"]},
        {"name": "app", "points": 12, "channels": ["app"]},
        {"name": "rest", "points": 13},
    ]
    offer(shop, "access", reference="e2e-anywhere", prices=prices, audience={"partners": ["fuel-and-go"]})
    body = {"identifier": "card:anywhere", "reward": "e2e-anywhere"}
    calls = {
        channel: ask(shop, "", body | {"channel": channel}, f"any-{channel}") for channel in ("call_centre", "app")
    }
    assert {channel: (told["points"], told["order"]["channel"]) for channel, told in calls.items()} == {
        "call_centre": (11, "call_centre"), "app": (12, "app"),
    }  # fmt: skip
    assert ask(shop, "", body | {"partner": "fuel-and-go"}, "any-partner")["points"] == 13
    elsewhere = shop.http.post(
        "/v1/redemptions", json=body | {"partner": "tyre-house"}, headers={"Idempotency-Key": "any-elsewhere"}
    )
    assert elsewhere.json()["code"] == "reward-barred"


@pytest.mark.feature("COM-61", "COM-70", "COM-71")
async def test_a_wish_that_came_true_is_brought_home(platform: Platform) -> None:
    shop = await rich(platform, "wisher", spends=10_000)
    offer(shop, "trial", reference="e2e-wished", prices=[{"name": "standard", "points": shop.balance("wisher") + 50}])
    path = f"/v1/members/{shop.member_id('wisher')}/wishes"
    assert shop.http.put(f"{path}/e2e-wished").status_code == httpx.codes.NO_CONTENT
    assert [(each["reference"], each["missing"]) for each in shop.get(path)["data"]] == [("e2e-wished", 50)]
    await platform.publish([shop.purchase("wisher-2", 10_000, card="wisher")])

    def told(events: list[dict[str, Any]]) -> bool:
        kinds = [each["type"] for each in events if each["data"].get("reference") == "e2e-wished"]
        return "org.pointstream.reward.reached.v1" in kinds

    assert told(await platform.events("loyalty.rewards", told))
    home = {"answers": {"address": "Hauptstr. 1, Bonn"}, "channel": "web"}
    had = ask(shop, "", {"identifier": "card:wisher", "reward": "e2e-wished", **home}, "wisher-1")
    assert had["order"]["state"] == "ordered"
    assert had["redemption_id"] in shop.http.get("/v1/orders.csv", params={"kind": "trial"}).text


@pytest.mark.feature("XOXO-1", "STAR-15", "COM-51")
async def test_points_become_goods_services_discounts_and_money(platform: Platform) -> None:
    shop = await rich(platform, "mixed")
    answers = {"merchandise": {"variant": "blue", "pick_up_at": "12"}}
    kinds = ("merchandise", "training", "discount", "cashback", "gift_card")
    states = {}
    for kind in kinds:
        offer(shop, kind, reference=f"e2e-mixed-{kind}", category="e2e-mixed")
        body = {"identifier": "card:mixed", "reward": f"e2e-mixed-{kind}", "answers": answers.get(kind, {})}
        states[kind] = ask(shop, "", body, f"mixed-{kind}")["order"]["state"]
    assert states == {
        "merchandise": "ordered", "training": "issued", "discount": "issued", "cashback": "ordered",
        "gift_card": "issued",
    }  # fmt: skip


@pytest.mark.feature("XOXO-14", "XOXO-20")
async def test_a_badge_is_shown_and_a_door_opens_once(platform: Platform) -> None:
    shop = await rich(platform, "onlooker")
    pool(platform, shop, "backstage", '{"own_only": true}')
    offer(shop, "status", reference="e2e-badge")
    offer(shop, "access", reference="e2e-backstage", codes="backstage")
    ask(shop, "", {"identifier": "card:onlooker", "reward": "e2e-badge"}, "onlooker-badge")
    ask(shop, "", {"identifier": "card:onlooker", "reward": "e2e-backstage"}, "onlooker-access")
    link = done(shop, f"members/{shop.member_id('onlooker')}/pages", {})["path"]
    page = shop.http.get(link).text
    assert "<b>Friend of the house</b>" in page
    (mine,) = shop.get(f"/v1/members/{shop.member_id('onlooker')}/codes")["data"]
    assert mine["code"] in page
    at_the_door = {"code": mine["code"], "identifier": "card:onlooker"}
    assert done(shop, "codes:redeem", at_the_door)["state"] == "redeemed"
    assert reasons(post(shop, "codes:redeem", at_the_door)) == ["used-up"]


@pytest.mark.feature("VOU-2", "VOU-145", "VOU-118")
async def test_a_reward_says_for_whom_when_and_how_many_and_lists_go_by_state(platform: Platform) -> None:
    shop = await rich(platform, "timely", spends=9_000)
    later = {"window": {"from": f"{shop.now().year + 1}-01-01T00:00:00Z"}}
    fields = {"category": "e2e-timely", "stock": "global", "audience": {"tiers": ["status/gold"]}}
    offer(shop, "access", reference="e2e-timely", available=later, **fields)
    shop.http.put("/v1/rewards/e2e-timely/stock", json={"free": 3})
    (seen,) = shop.get("/v1/rewards", member_id=shop.member_id("timely"), category="e2e-timely")["data"]
    assert (seen["left"], {each["code"] for each in seen["reasons"]}) == (3, {"not-available-yet", "tier"})
    shop.http.put("/v1/rewards/e2e-timely/stock", json={"free": 0})
    (seen,) = shop.get("/v1/rewards", member_id=shop.member_id("timely"), category="e2e-timely")["data"]
    assert "sold-out" in {each["code"] for each in seen["reasons"]}
    pool(platform, shop, "timely", "{}", 2)
    for _ in range(2):
        given = done(shop, "code-pools/timely/codes:assign", {"identifier": "card:timely"})
    done(shop, f"codes/{given['code_id']}/publish", {})
    path = f"/v1/members/{shop.member_id('timely')}/codes"
    found = {state: len(shop.get(path, state=state)["data"]) for state in ("assigned", "published", "redeemed")}
    assert found == {"assigned": 1, "published": 1, "redeemed": 0}


@pytest.mark.feature("XOXO-62", "XOXO-63", "XOXO-39")
async def test_a_till_earns_and_redeems_by_one_card_and_nobody_else_does(platform: Platform) -> None:
    shop = await rich(platform, "till-card")
    earned = shop.balance("till-card")
    asked = cart_of(shop, "till-card", "till-r1", 2_000, points={"points": 100})
    held = done(shop, "carts", asked)
    assert post(platform.acme, f"carts/{held['cart_id']}/release", {}).status_code == httpx.codes.NOT_FOUND
    stolen = shop.purchase("till-r2", 2_000, card="till-card", cart=held["token"])  # a token is for its own receipt
    await platform.publish([stolen])
    await shop.decided("till-r2")
    assert shop.get(f"/v1/carts/{held['cart_id']}")["state"] == "held"
    assert done(shop, f"carts/{held['cart_id']}/release", {})["state"] == "released"
    over_the_phone = ask(shop, "", {"identifier": "card:till-card", "points": 50}, "till-http")
    assert over_the_phone["points"] == 50
    brought = sum(lot["points"] for lot in shop.receipt("till-r2")["lots"])
    assert shop.balance("till-card") == earned - 50 + brought
