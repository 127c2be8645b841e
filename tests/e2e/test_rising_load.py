"""Redemptions that become more and more, on the running platform: all are done, each once, and none is put off."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.e2e.test_catalogue import offer
from tests.support.running import Door, Platform

NAMES = [f"crowd-{number}" for number in range(8)]
STEPS = (8, 24, 80)
"""How many redeem at the same time, one step after the other."""
PRICE = 10
_PATIENCE = 120


async def earned(platform: Platform, shop: Door) -> dict[str, int]:
    """Members with points, and how many each has."""
    await platform.publish([shop.enrolment(name, tier=None) for name in NAMES])
    await shop.enrolled(*NAMES)
    await platform.publish([shop.purchase(f"{name}-1", 100_000, card=name) for name in NAMES])
    await shop.decided(*(f"{name}-1" for name in NAMES))
    return {name: shop.balance(name) for name in NAMES}


def body(number: int) -> dict[str, Any]:
    """What somebody asks for: of four at a time two want a reward of which there is just enough, two points."""
    wanted = {"points": 1} if number // len(NAMES) % 2 else {"reward": "e2e-crowd"}
    return {"identifier": f"card:{NAMES[number % len(NAMES)]}", **wanted}


async def redeem(door: httpx.AsyncClient, number: int) -> httpx.Response:
    """Ask under a key of its own."""
    return await door.post("/v1/redemptions", json=body(number), headers={"Idempotency-Key": f"crowd-{number}"})


@pytest.mark.feature("XOXO-64")
async def test_the_more_redeem_at_once_the_more_are_served(platform: Platform) -> None:
    shop, many = platform.club, sum(STEPS)
    before = await earned(platform, shop)
    offer(shop, "discount", reference="e2e-crowd", category="e2e-crowd", stock="global")
    orders = [number for number in range(many) if "reward" in body(number)]
    stocked = shop.http.put("/v1/rewards/e2e-crowd/stock", json={"free": len(orders)})
    assert stocked.status_code == httpx.codes.OK, stocked.text

    answers: list[httpx.Response] = []
    limits = httpx.Limits(max_connections=max(STEPS))
    async with httpx.AsyncClient(
        base_url=shop.http.base_url, headers=shop.http.headers, timeout=_PATIENCE, limits=limits, trust_env=False
    ) as door:
        for step in STEPS:
            first = len(answers)
            answers += await asyncio.gather(*(redeem(door, number) for number in range(first, first + step)))
        again = await asyncio.gather(*(redeem(door, number) for number in range(many - len(NAMES), many)))

    assert {each.status_code for each in answers} == {httpx.codes.CREATED}, [
        each.text for each in answers if each.status_code != httpx.codes.CREATED
    ][:3]
    assert [each.json() for each in again] == [each.json() for each in answers[-len(NAMES) :]], "asked again, done once"
    assert len({each.json()["redemption_id"] for each in answers}) == many
    for place, name in enumerate(NAMES):
        own = range(place, many, len(NAMES))
        spent = sum(PRICE if number in orders else 1 for number in own)
        assert shop.balance(name) == before[name] - spent, name
    (seen,) = shop.get("/v1/rewards", category="e2e-crowd")["data"]
    assert seen["left"] == 0, "as many were sold as there were"
