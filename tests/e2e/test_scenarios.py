"""Scenarios as members live them: a series of messages that begins with points and ends when the member comes back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest
from standardwebhooks.webhooks import Webhook

from tests.e2e.test_activities import happened
from tests.e2e.test_catalogue import advance, offer
from tests.e2e.test_messages import captured, enrolment, messages
from tests.e2e.test_programme import loaded
from tests.e2e.test_redemption import ask
from tests.support.receivers import Peer, peer, says
from tests.support.rewards import MUG, WHAT
from tests.support.running import Door, Platform, eventually
from tests.support.stack import until

STEP = {"purpose": "service", "channels": ["email"]}
RULES: dict[str, Any] = {
    "version": 30,
    "zone": "Europe/Rome",
    "currency": "EUR",
    "wallets": [{"name": "points", "expiry": {"kind": "never"}}],
    "campaigns": [
        {"id": "base", "name": "A point for every 1.00", "state": "live",
         "effect": {"kind": "per_amount", "points": 1, "per_minor": 100}},
        {"id": "mug", "name": "A mug", "state": "live", "when": {"min_total_minor": 10_000},
         "effect": {"kind": "reward", "reference": "mug"}},
    ],
    "scenarios": [
        {"name": "thanks", "title": "Come again", "trigger": {"kind": "points_credited"}, "goal": "earned",
         "steps": [
             {"name": "now", "message": "points_credited", **STEP},
             {"name": "day", "message": "come_again", "after_hours": 24, **STEP},
         ]},
        {"name": "present", "trigger": {"kind": "reward_granted", "reference": "mug"},
         "steps": [{"name": "now", "message": "reward_granted", **STEP}]},
    ],
}  # fmt: skip


def stands(shop: Door, name: str) -> dict[str, tuple[str, str | None]]:
    """How the steps of a member's scenarios stand, by scenario and step."""
    return {
        "/".join(each["occasion"].split("/")[1:3]): (each["state"], each["reason"])
        for each in messages(shop, name)
        if each["occasion"].startswith("scenario/")
    }


@pytest.mark.feature("STAR-23", "STAR-24", "VOU-72")
async def test_a_series_begins_with_points_and_ends_with_the_next_purchase(platform_in_2017: Platform) -> None:
    """Thanks at once, and an invitation the day after, but for whom has been back by then."""
    platform, shop = platform_in_2017, platform_in_2017.tea_shop
    await platform.put_version(shop, RULES, timedelta(hours=1))
    await loaded(platform)
    await platform.publish([enrolment(shop, "ida"), enrolment(shop, "otto")])
    await shop.enrolled("ida", "otto")
    await platform.publish(
        [shop.purchase("series-1", 15_000, card="ida"), shop.purchase("series-2", 15_000, card="otto")]
    )
    sent, waits = ("handed", None), ("waiting", None)
    begun = {"thanks/now": sent, "thanks/day": waits, "present/now": sent}
    await eventually(lambda: stands(shop, "ida") == begun and stands(shop, "otto") == begun, "it begins", seconds=120)

    await platform.publish([shop.purchase("series-3", 500, card="ida")])
    await shop.decided("series-3")
    platform.run("clock", (platform.now() + timedelta(hours=25)).isoformat())
    await eventually(lambda: stands(shop, "otto")["thanks/day"] == sent, "who stayed away", seconds=120)

    def day() -> tuple[int, int]:
        step = shop.get("/v1/scenarios")["data"][0]["steps"][1]
        return step["sent"], step["goal_reached"]

    await eventually(lambda: day() == (2, 1), "ida's first series ended with what she bought, which began another")
    assert shop.get("/v1/scenarios")["data"][1]["steps"][0]["sent"] == 2


LIKED: dict[str, Any] = {
    **RULES,
    "version": 31,
    "attributes": [{"name": "won_back", "type": "bool"}],
    "messages": {
        "brand": "Tea & More",
        "proposals": [
            {"name": "coffee", "title": "Harvest from Ethiopia", "categories": ["COFFEE"]},
            {"name": "tea", "title": "First flush", "categories": ["TEA"]},
        ],
    },
    "scenarios": [
        {"name": "ideas", "title": "For you", "trigger": {"kind": "purchase", "campaign": "base"},
         "steps": [{"name": "ideas", "message": "ideas", **STEP}]},
        {"name": "win_back", "title": "We miss you", "trigger": {"kind": "inactivity", "days": 3}, "goal": "earned",
         "steps": [
             {"name": "invite", "message": "come_back", **STEP},
             {"name": "present", "points": {"points": 50}},
             {"name": "mark", "tag": {"attribute": "won_back"}},
         ]},
    ],
}  # fmt: skip


def wishes(*channels: str) -> list[dict[str, object]]:
    """A yes to marketing over these channels, and to nothing else."""
    return [{"purpose": "marketing", "channel": each, "given": True} for each in channels]


@pytest.mark.feature("STAR-2", "STAR-27", "STAR-34")
async def test_each_member_is_shown_what_they_like_where_they_like_it(platform_in_2017: Platform) -> None:
    """Each gets the proposal that suits what they bought, in their language, over the channel that they chose."""
    platform, shop = platform_in_2017, platform_in_2017.tea_shop
    fitted = {"purpose": "marketing", "channels": ["email", "inbox"]}
    steps = [{"name": "ideas", "message": "ideas", **fitted}]
    said = {**LIKED["messages"], "quiet": {"since": "00:00", "until": "00:00"}}
    rules = {**LIKED, "version": 34, "messages": said, "scenarios": [{**LIKED["scenarios"][0], "steps": steps}]}
    await platform.put_version(shop, rules, timedelta(hours=1))
    await loaded(platform)
    chosen = {"vera": ("COFFEE", "de", "email"), "kurt": ("TEA", "en", "inbox"), "none": ("TEA", "en", "")}
    people = []
    for name, (_, language, channel) in chosen.items():
        enrolled = enrolment(shop, name, language=language)
        event = orjson.loads(enrolled.value)
        event["data"]["consents"] = wishes(*[channel] if channel else [])
        people.append(enrolled._replace(value=orjson.dumps(event)))
    await platform.publish(people)
    await shop.enrolled(*chosen)
    lines = {
        name: [{"sku": kind, "category": kind, "quantity": 1, "amount_minor": 900}]
        for name, (kind, *_) in chosen.items()
    }
    await platform.publish([shop.purchase(f"fitted-{name}", lines[name], card=name) for name in chosen])

    def reached() -> dict[str, list[str]]:
        return {
            name: [each["channel"] for each in messages(shop, name) if each["state"] == "handed"] for name in chosen
        }

    expected = {"vera": ["email"], "kurt": ["inbox"], "none": []}
    await eventually(lambda: reached() == expected, "each over the channel that they chose", seconds=120)
    mail = captured(shop, platform)["vera@example.org"]
    assert "Harvest from Ethiopia" in mail
    assert "Hallo" in mail or "Guten Tag" in mail
    (waits,) = shop.get(f"/v1/members/{shop.member_id('kurt')}/inbox")["data"]
    assert waits["title"] == "For you"


@pytest.mark.feature("STAR-25", "STAR-26")
async def test_each_member_is_shown_what_they_like_and_won_back_by_a_present(platform_in_2017: Platform) -> None:
    """A purchase is answered by what suits it; three days without one by a message, points and a mark."""
    platform, shop = platform_in_2017, platform_in_2017.tea_shop
    await platform.put_version(shop, LIKED, timedelta(hours=1))
    await loaded(platform)
    await platform.publish([enrolment(shop, name) for name in ("mia", "noah")])
    await shop.enrolled("mia", "noah")
    lines = {"mia": "COFFEE", "noah": "TEA"}
    bought = [
        shop.purchase(f"liked-{name}", [{"sku": kind, "category": kind, "quantity": 1, "amount_minor": 900}], card=name)
        for name, kind in lines.items()
    ]
    await platform.publish(bought)
    sent = ("handed", None)
    await eventually(
        lambda: all(stands(shop, name).get("ideas/ideas") == sent for name in lines), "ideas are sent", seconds=120
    )
    mails = captured(shop, platform)
    shown = {name: mails[name] for name in ("mia@example.org", "noah@example.org")}
    assert [name for name, words in shown.items() if "Harvest from Ethiopia" in words] == ["mia@example.org"]
    assert [name for name, words in shown.items() if "First flush" in words] == ["noah@example.org"]

    before = {name: shop.balance(name) for name in lines}
    platform.run("clock", (platform.now() + timedelta(days=4)).isoformat())
    await eventually(
        lambda: all(shop.balance(name) == before[name] + 50 for name in lines), "points for coming back", seconds=120
    )
    await eventually(lambda: all(stands(shop, name).get("win_back/invite") == sent for name in lines), "an invitation")

    def all_sent() -> bool:
        counted = platform.run("scenarios", "funnel", "win_back", "--tenant", shop.slug)
        return bool(min(step["sent"] for step in counted["steps"]) >= 2)

    await eventually(all_sent, "every step is done for both")
    tried = platform.run("scenarios", "simulate", "--days", "10", "--scenario", "win_back", "--tenant", shop.slug)
    assert tried["scenarios"][0]["begun"] >= 2

    def acts(events: list[dict[str, Any]]) -> set[tuple[str, str]]:
        acted = [each["data"] for each in events if each["type"].endswith("scenario.acted.v1")]
        both = {str(shop.member_id(name)): name for name in lines}
        return {(both[each["member_id"]], each["action"]) for each in acted if each["member_id"] in both}

    expected = {(name, action) for name in lines for action in ("points", "tag")}
    assert acts(await platform.events("loyalty.messages", lambda found: acts(found) >= expected)) == expected


async def heard(receiver: Peer, secret: str, member: str) -> list[dict[str, Any]]:
    """Wait until a system has heard of a member, and return what it heard, each event once; others may come between."""

    def told() -> dict[str, dict[str, Any]]:
        every = {each.headers["webhook-id"]: Webhook(secret).verify(each.body, each.headers) for each in receiver.heard}
        return {name: said for name, said in every.items() if said["data"]["member_id"] == member}

    await eventually(lambda: bool(told()), "the shop's system hears of it", seconds=120)
    return list(told().values())


REVIEWED: dict[str, Any] = {
    **LIKED,
    "version": 32,
    "scenarios": [
        {"name": "review", "title": "Thank you", "trigger": {"kind": "activity", "activity": "tea-reviewed"},
         "steps": [
             {"name": "tell", "webhook": {"data": {"team": "community"}}},
             {"name": "thanks", "message": "review_thanks", **STEP},
         ]},
    ],
}  # fmt: skip


@pytest.mark.feature("COM-2", "STAR-21", "VOU-70")
async def test_what_a_member_does_is_told_to_other_systems_and_answered(platform_in_2017: Platform) -> None:
    """A review: the shop's own system hears of it by webhook, signed, and the member gets a word by name."""
    platform, shop = platform_in_2017, platform_in_2017.tea_shop
    await platform.put_version(shop, REVIEWED, timedelta(hours=1))
    await loaded(platform)
    await platform.publish([enrolment(shop, "uma")])
    await shop.enrolled("uma")
    async with peer(says(200)) as receiver:
        wish = {"url": f"{receiver.url}/hook", "event_types": ["scenario.acted"], "style": "full"}
        made = shop.http.post("/v1/webhooks", json=wish)
        assert made.status_code == 201, made.text
        await platform.publish([happened(shop, "review-1", "tea-reviewed", card="uma")])
        (said,) = await heard(receiver, made.json()["secret"], str(shop.member_id("uma")))
        assert said["data"]["details"].items() >= {"scenario": "review", "step": "tell", "action": "webhook"}.items()
        assert said["data"]["details"]["data"] == {"team": "community"}
        await eventually(lambda: stands(shop, "uma").get("review/thanks") == ("handed", None), "and so does Uma")
        assert "Uma" in captured(shop, platform)["uma@example.org"]
        assert shop.http.delete(made.headers["location"]).status_code == 204


WELCOMED: dict[str, Any] = {
    **LIKED,
    "version": 33,
    "scenarios": [
        {"name": "first_idea", "trigger": {"kind": "joined"}, "steps": [{"name": "now", "message": "ideas", **STEP}]},
    ],
    "messages": {
        **LIKED["messages"],
        "notices": [{"message": name, "channels": ["email"]} for name in ("welcome", "order_moved")],
    },
}  # fmt: skip


def told(shop: Door, name: str) -> list[str]:
    """What a member was told of, in its order, as far as it is on its way."""
    return sorted(each["message"] for each in messages(shop, name) if each["state"] == "handed")


@pytest.mark.feature("VOU-82", "VOU-127", "XOXO-38")
async def test_who_joins_is_welcomed_and_hears_of_the_way_of_an_order(platform_in_2017: Platform) -> None:
    """The company's system is told of the new member; the member of every step that an order takes."""
    platform, shop = platform_in_2017, platform_in_2017.tea_shop
    await platform.put_version(shop, WELCOMED, timedelta(hours=1))
    await loaded(platform)
    async with peer(says(200)) as receiver:
        wish = {"url": f"{receiver.url}/hook", "event_types": ["member.joined"], "style": "full"}
        made = shop.http.post("/v1/webhooks", json=wish)
        assert made.status_code == 201, made.text
        await platform.publish([enrolment(shop, "wanda", language="de")])
        await shop.enrolled("wanda")
        (said,) = await heard(receiver, made.json()["secret"], str(shop.member_id("wanda")))
        assert said["type"] == "member.joined"
        assert shop.http.delete(made.headers["location"]).status_code == 204
    await platform.publish([shop.purchase("wanda-1", 50_000, card="wanda")])
    await shop.decided("wanda-1")
    offer(shop, "merchandise", reference="wanda-mug", **(MUG | {"stock": "unlimited"}))
    body = {"identifier": "card:wanda", "reward": "wanda-mug", "answers": WHAT["merchandise"][1]}
    advance(shop, ask(shop, "", body, "wanda-mug"), "approved", "shipped")
    expected = ["ideas", "order_moved", "order_moved", "welcome"]
    await eventually(lambda: told(shop, "wanda") == expected, "welcomed, and told of both steps", seconds=120)
    assert "Willkommen bei" in captured(shop, platform)["wanda@example.org"]
    tried = shop.http.post("/v1/scenarios:simulate", json={"days": 3, "scenario": "first_idea"})
    assert tried.status_code == 202, tried.text
    place = tried.headers["Location"]
    await eventually(lambda: shop.get(place)["state"] == "done", "the trial is over")
    (scenario,) = shop.get(place)["scenarios"]
    assert scenario["members"] >= 1


HERE = {"latitude": "45.485800", "longitude": "9.203500"}
NEAR: dict[str, Any] = {
    **RULES,
    "version": 35,
    "activities": [{"name": "near-station"}],
    "stores": [
        {"id": "21", "name": "Station", **HERE, "arrival": {"activity": "near-station", "metres": 200}},
    ],
    "campaigns": [
        *RULES["campaigns"],
        {"id": "station", "name": "Double at the station", "state": "live", "when": {"stores": ["21"]},
         "effect": {"kind": "multiplier", "percent": 200}},
    ],
    "scenarios": [
        {"name": "nearby", "title": "Tea at the station", "trigger": {"kind": "activity", "activity": "near-station"},
         "steps": [{"name": "now", "message": "nearby", "purpose": "location", "channels": ["inbox"]}]},
    ],
    "messages": {"quiet": {"since": "00:00", "until": "00:00"}},
}  # fmt: skip


@pytest.mark.feature("COM-45", "COM-68")
async def test_who_agreed_is_offered_something_where_they_are_until_they_say_no(platform_in_2017: Platform) -> None:
    """An app tells where a member is: word of it comes by itself, or is asked for; after a no it is neither."""
    platform, shop = platform_in_2017, platform_in_2017.tea_shop
    await platform.put_version(shop, NEAR, timedelta(hours=1))
    await loaded(platform)
    await platform.publish([enrolment(shop, "walker")])
    await shop.enrolled("walker")
    path = f"/v1/members/{shop.member_id('walker')}"

    def tell(key: str) -> httpx.Response:
        return shop.http.post(f"{path}/positions", json=HERE, headers={"Idempotency-Key": f"walker-{key}"})

    def say(given: bool) -> None:
        word = {"purpose": "location", "channel": "inbox", "given": given, "source": "app"}
        shop.http.post(f"{path}/consents", json={"consents": [word]}).raise_for_status()

    async def known() -> bool:
        return tell("early").status_code == httpx.codes.FORBIDDEN

    await until(known, "nobody is followed who did not agree")
    say(True)
    arrived = tell("there")
    assert arrived.json() == {"arrived": [{"store": "21", "name": "Station", "activity": "near-station"}]}, arrived.text
    await eventually(lambda: stands(shop, "walker") == {"nearby/now": ("handed", None)}, "an offer", seconds=120)
    (waits,) = shop.get(f"{path}/inbox")["data"]
    assert waits["title"] == "Tea at the station"
    (near,) = shop.http.post(f"{path}/stores:near", json=HERE).json()["data"]
    assert (near["metres"], [each["name"] for each in near["offers"]]) == (0, ["Double at the station"])
    say(False)
    assert tell("gone").status_code == httpx.codes.FORBIDDEN
    assert shop.http.post(f"{path}/stores:near", json=HERE).status_code == httpx.codes.FORBIDDEN
    assert len(messages(shop, "walker")) == 1


TOLD: dict[str, Any] = {
    **RULES,
    "version": 36,
    "campaigns": [
        *RULES["campaigns"],
        {"id": "tea-week", "name": "Tea week", "state": "live", "effect": {"kind": "multiplier", "percent": 150}},
    ],
    "scenarios": [],
    "messages": {
        "quiet": {"since": "00:00", "until": "00:00"},
        "notices": [{"message": name, "channels": ["email"]} for name in ("reward_granted", "reward_in_reach")],
        "promotions": [
            {"campaign": "tea-week", "words": [{"title": "Tea week begins", "text": "Half as many points again."}],
             "channels": ["inbox"], "purpose": "service"},
        ],
    },
}  # fmt: skip


@pytest.mark.feature("XOXO-49", "XOXO-61")
async def test_members_hear_of_rewards_of_wishes_in_reach_and_of_promotions(platform_in_2017: Platform) -> None:
    """A reward that was earned and a wish that came into reach by mail; in the app, that a promotion begins."""
    platform, shop = platform_in_2017, platform_in_2017.tea_shop
    offer(shop, "merchandise", reference="ella-mug", **(MUG | {"stock": "unlimited"}))
    await platform.publish([enrolment(shop, "ella")])
    await shop.enrolled("ella")
    path = f"/v1/members/{shop.member_id('ella')}"
    shop.http.put(f"{path}/wishes/ella-mug").raise_for_status()
    await platform.put_version(shop, TOLD, timedelta(minutes=1))
    await loaded(platform)
    await platform.publish([shop.purchase("ella-1", 50_000, card="ella")])
    await shop.decided("ella-1")
    expected = ["reward_granted", "reward_in_reach"]
    await eventually(
        lambda: [each for each in told(shop, "ella") if each != "campaign"] == expected, "both", seconds=120
    )

    def waiting() -> list[str]:
        return [each["title"] for each in shop.get(f"{path}/inbox")["data"]]

    await eventually(lambda: waiting() == ["Tea week begins"], "the app shows it", seconds=120)
    (made,) = [each for each in shop.get("/v1/mass-messages")["data"] if each["name"] == "tea-week begins"]
    assert made["made_by"] == "pointstream"
