"""Webhooks on the running platform: an endpoint made over HTTP is told of a real receipt, signed, until it takes it."""

from __future__ import annotations

from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from tests.support.receivers import peer, says
from tests.support.running import Platform
from tests.support.stack import until


@pytest.mark.feature("VOU-124", "VOU-128")
async def test_a_credit_is_told_to_an_endpoint_that_takes_it_at_the_second_attempt(platform: Platform) -> None:
    shop = platform.acme
    async with peer(says(500, "later"), says(200)) as receiver:
        wish = {"url": f"{receiver.url}/hook", "event_types": ["points.credited"], "style": "full"}
        made = shop.http.post("/v1/webhooks", json=wish)
        assert made.status_code == 201, made.text
        place, secret = made.headers["location"], made.json()["secret"]
        await platform.publish([shop.enrolment("hooked")])
        await shop.enrolled("hooked")
        await platform.publish([shop.purchase("hooked-1", 1_000, card="hooked")])

        async def taken() -> bool:
            return len(receiver.heard) >= 2

        await until(taken, "it is sent again after five seconds")
        first, second = receiver.heard[:2]
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        said: dict[str, Any] = Webhook(secret).verify(second.body, second.headers)
        assert said["type"] == "points.credited"
        assert said["data"]["member_id"] == str(shop.member_id("hooked"))
        assert said["data"]["details"]["points"] == shop.balance("hooked")

        async def told() -> bool:
            (only,) = shop.get(f"{place}/messages")["data"]
            return bool(only["state"] == "delivered")

        await until(told, "both attempts are in the log")
        (message,) = shop.get(f"{place}/messages")["data"]
        log = shop.get(f"{place}/messages/{message['id']}")["log"]
        assert [(each["status"], each["answer"]) for each in log] == [(200, ""), (500, "later")]
        assert shop.http.post(f"{place}/messages/{message['id']}:resend").status_code == 202

        async def again() -> bool:
            return len(receiver.heard) == 3

        await until(again, "it is sent again when somebody asks")
        assert platform.run("webhooks", "list", "--tenant", shop.slug)["endpoints"][0]["state"] == "on"
        assert shop.http.delete(place).status_code == 204
