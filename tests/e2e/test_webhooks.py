"""Webhooks on the running platform: an endpoint made over HTTP is told of a real receipt, signed, until it takes it."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web
from standardwebhooks.webhooks import Webhook

from tests.support.receivers import Answer, peer, says
from tests.support.running import Platform
from tests.support.stack import until


def second_time() -> Answer:
    """Take each message at its second attempt; whoever else of the shop earns meanwhile is told as well."""
    tried: set[str] = set()

    async def answer(request: web.Request, body: bytes) -> web.StreamResponse:
        known = request.headers["webhook-id"] in tried
        tried.add(request.headers["webhook-id"])
        return await (says(200) if known else says(500, "later"))(request, body)

    return answer


@pytest.mark.feature("VOU-124", "VOU-128")
async def test_a_credit_is_told_to_an_endpoint_that_takes_it_at_the_second_attempt(platform: Platform) -> None:
    shop = platform.acme
    async with peer(second_time()) as receiver:
        wish = {"url": f"{receiver.url}/hook", "event_types": ["points.credited"], "style": "full"}
        made = shop.http.post("/v1/webhooks", json=wish)
        assert made.status_code == 201, made.text
        place, secret = made.headers["location"], made.json()["secret"]
        await platform.publish([shop.enrolment("hooked")])
        await shop.enrolled("hooked")
        await platform.publish([shop.purchase("hooked-1", 1_000, card="hooked")])

        def heard() -> list[tuple[str, dict[str, Any]]]:
            """What was said of the member, each time under which id."""
            told = [
                (each.headers["webhook-id"], Webhook(secret).verify(each.body, each.headers)) for each in receiver.heard
            ]
            return [(name, said) for name, said in told if said["data"]["member_id"] == str(shop.member_id("hooked"))]

        async def taken() -> bool:
            return len(heard()) >= 2

        await until(taken, "it is sent again after five seconds")
        (first, said), (second, _) = heard()[:2]
        assert first == second
        assert said["type"] == "points.credited"
        assert said["data"]["details"]["points"] == shop.balance("hooked")

        def listed() -> dict[str, Any]:
            (only,) = [each for each in shop.get(f"{place}/messages")["data"] if each["webhook_id"] == first]
            return dict(only)

        async def told() -> bool:
            return bool(listed()["state"] == "delivered")

        await until(told, "both attempts are in the log")
        message = listed()["id"]
        log = shop.get(f"{place}/messages/{message}")["log"]
        assert [(each["status"], each["answer"]) for each in log] == [(200, ""), (500, "later")]
        assert shop.http.post(f"{place}/messages/{message}:resend").status_code == 202

        async def again() -> bool:
            return len(heard()) >= 3

        await until(again, "it is sent again when somebody asks")
        endpoints = platform.run("webhooks", "list", "--tenant", shop.slug)["endpoints"]
        assert {each["endpoint_id"]: each["state"] for each in endpoints}[made.json()["id"]] == "on"
        assert shop.http.delete(place).status_code == 204
