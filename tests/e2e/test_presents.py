"""Presents on the running platform: tried out with some by lot, by the clock, for a turn of things, for a challenge."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from libs.promotions.experiments import Experiment
from tests.e2e.test_catalogue import offer
from tests.e2e.test_occasions import enrolled, has
from tests.e2e.test_quotes import quoted
from tests.support import running
from tests.support.lives import activity
from tests.support.receipts import line
from tests.support.running import Door, Platform, eventually

PRESENT = {
    "id": "present",
    "name": "100 points and a book on the birthday",
    "state": "live",
    "trigger": {"kind": "birthday"},
    "effects": [{"kind": "fixed", "points": 100}, {"kind": "reward", "reference": "birthday-book"}],
}


def programme() -> dict[str, Any]:
    text = Path(running.__file__).with_name("presents.yaml").read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    return document


def rewards(shop: Door, card: str) -> list[str]:
    """What a member was given beside points, newest first."""
    told = [entry["receipt"] for entry in shop.history(card) if entry["receipt"]["kind"] == "activity.recorded"]
    return [one["reference"] for each in told for one in shop.get(each["href"])["explanation"]["granted"]]


def _of(shop: Door, card: str, told: dict[str, Any]) -> bool:
    return bool(told["data"].get("member_id") == str(shop.member_id(card)))


async def tea(platform: Platform, shop: Door, number: str, card: str, amount: int = 200) -> None:
    await platform.publish([shop.purchase(number, [line("leaves", amount, category="TEA")], card=card)])
    await shop.decided(number)


@pytest.mark.feature("VOU-115", "VOU-13")
async def test_half_of_the_members_drawn_by_lot_try_the_new_tea(platform: Platform) -> None:
    """What the quote promises is what the receipt brings, both name the arm, and the office sees both groups."""
    shop = platform.tea_shop
    experiment = Experiment.model_validate(programme()["experiments"][0])
    names = [f"taster-{number}" for number in range(8)]
    arms = {name: experiment.arm_of(shop.member_id(name)) for name in names}
    assert {*arms.values()} == {"control", "given"}
    before = shop.get("/v1/experiments/try-tea")
    await platform.publish([enrolled(shop, name) for name in names])
    await shop.enrolled(*names)
    cart = [line("new-tea", 1_000)]
    promised = {name: sum(one["points"] for one in quoted(shop, cart, name)["points"]) for name in names}
    assert promised == {name: 50 if arms[name] == "given" else 10 for name in names}
    await platform.publish([shop.purchase(f"{name}-1", cart, card=name) for name in names])
    await shop.decided(*[f"{name}-1" for name in names])
    assert {name: has(shop, name) for name in names} == promised
    for name in names:
        told = shop.receipt(f"{name}-1")["explanation"]
        assert [one["arm"] for one in told["experiments"]] == [arms[name]]
        why = {one["campaign"]: one["words"] for one in told["not_paid"]}
        assert ("the control group of 'try-tea', drawn by lot" in why.get("new-tea", "")) == (arms[name] == "control")

    def grown(arm: str, what: str) -> int:
        counts = [each[what] for told in (before, after) for each in told["arms"] if each["arm"] == arm]
        return int(counts[1]) - int(counts[0])

    after = shop.get("/v1/experiments/try-tea")
    for arm in ("control", "given"):
        count = [*arms.values()].count(arm)
        assert (grown(arm, "members"), grown(arm, "purchases"), grown(arm, "spend_minor")) == (
            count, count, count * 1_000,
        )  # fmt: skip
        assert grown(arm, "cost_minor") == count * (50 if arm == "given" else 10)
    assert platform.run("experiments", "show", "try-tea", "--tenant", shop.slug)["arms"] == after["arms"]


@pytest.mark.feature("VOU-69")
async def test_coming_into_a_segment_brings_a_voucher_by_itself(platform: Platform) -> None:
    """Nobody asks for it: the second cup of a guest does, once, and not that of somebody else."""
    shop = platform.tea_shop
    await platform.publish([enrolled(shop, "guest"), enrolled(shop, "stranger")])
    await shop.enrolled("guest", "stranger")
    shop.http.post("/v1/segments/guests/members", json={"add": ["card:guest"]}).raise_for_status()
    for card in ("guest", "stranger"):
        await tea(platform, shop, f"{card}-1", card)
        await tea(platform, shop, f"{card}-2", card)
    await eventually(lambda: has(shop, "guest") == 4 + 30, "the guest is rewarded")
    assert rewards(shop, "guest") == ["third-cup"]
    assert has(shop, "stranger") == 4
    told = await platform.events("loyalty.rewards", lambda found: any(_of(shop, "guest", one) for one in found))
    assert [one["data"]["reference"] for one in told if _of(shop, "guest", one)] == ["third-cup"]


@pytest.mark.feature("COM-114")
async def test_a_challenge_says_how_far_one_is_and_pays_when_all_is_done(platform: Platform) -> None:
    shop = platform.tea_shop
    await platform.publish([enrolled(shop, "drinker")])
    await shop.enrolled("drinker")
    await tea(platform, shop, "drinker-1", "drinker")
    await tea(platform, shop, "drinker-2", "drinker")

    def challenge() -> dict[str, Any]:
        (found,) = shop.get(f"/v1/members/{shop.member_id('drinker')}/challenges", lang="en")["data"]
        return dict(found)

    now = challenge()
    assert [one["told"] for one in now["steps"]] == ["2 of 3", "0 of 1", "€4.00 of €5.00"]
    assert (now["met"], now["done_at"]) == (0, None)
    assert now["gives"].startswith("500 points and")
    said: dict[str, Any] = {"card": "drinker", "time": shop.now(), "source": f"{shop.source}/1"}
    await platform.publish([activity("drinker-r", "product-reviewed", **said)])
    await shop.decision(f"/v1/receipts{shop.source}/1/drinker-r")
    assert (challenge()["met"], has(shop, "drinker")) == (1, 4)
    await tea(platform, shop, "drinker-3", "drinker")
    await eventually(lambda: has(shop, "drinker") == 6 + 500, "the challenge pays")
    assert rewards(shop, "drinker")[0] == "tea-master"
    assert (challenge()["met"], challenge()["done_at"] is not None) == (3, True)


@pytest.mark.feature("COM-33", "STAR-16", "XOXO-59")
async def test_a_birthday_comes_by_the_clock(platform: Platform) -> None:
    """The clock tells of every birthday since the rule began: of who had enrolled by then, and of nobody else."""
    shop = platform.tea_shop
    offer(shop, "digital", reference="birthday-book")
    midnight = shop.now().astimezone(ZoneInfo("Europe/Rome")).replace(hour=0, minute=0, second=0, microsecond=0)
    today, other = f"{midnight:%m-%d}", f"{midnight + timedelta(days=90):%m-%d}"
    await platform.publish(
        [
            enrolled(shop, "born", ago=4, birthday=today),
            enrolled(shop, "late", birthday=today),
            enrolled(shop, "another", ago=4, birthday=other),
        ]
    )
    await shop.enrolled("born", "late", "another")
    document = programme()
    changed = document | {"version": 2, "campaigns": [*document["campaigns"], PRESENT]}
    await platform.put_version(shop, changed, timedelta(days=3))
    await eventually(lambda: has(shop, "born") == 100, "the clock brings a birthday")
    assert [has(shop, card) for card in ("late", "another")] == [0, 0]
    (entry,) = shop.history("born")
    told = shop.get(entry["receipt"]["href"])
    assert told["inputs"]["activity"] == "occasion-birthday"
    assert datetime.fromisoformat(told["occurred_at"]) == midnight
    path = f"/v1/members/{shop.member_id('born')}/orders"
    await eventually(lambda: len(shop.get(path)["data"]) == 1, "the book comes by itself")
    (gift,) = shop.get(path)["data"]
    assert (gift["reference"], gift["points"], bool(gift["usable"])) == ("birthday-book", 0, True)
