"""The company writes on its own fan page: drafted, published over the Graph API, told, and seen in the console."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from tests.support.receivers import Answer, peer, says_json
from tests.support.running import Platform, eventually

TEXT = "The reading corner is open again"
WORDS = [{"language": "en", "text": TEXT}, {"language": "de", "text": "Die Leseecke ist wieder offen"}]


def answer(document: object, status: int = 200) -> Answer:
    return says_json(status, json.dumps(document))


@pytest.mark.feature("COM-46")
async def test_a_post_is_published_on_the_fan_page_once_and_captured_without_one(
    platform: Platform, tmp_path: Path
) -> None:
    shop, whose = platform.globex, ("--tenant", platform.globex.slug)
    key = shop.http.headers["Authorization"].removeprefix("Bearer ")
    wanted = tmp_path / "post.json"
    wanted.write_text(json.dumps({"name": "Before there is a page", "words": WORDS}))
    captured = platform.run("posts", "draft", wanted, *whose)["post_id"]
    assert platform.run("posts", "publish", captured, "--wait", 120, *whose)["state"] == "published"
    gateway = platform.told["gateway"]
    async with httpx.AsyncClient(base_url=gateway, follow_redirects=True, trust_env=False, timeout=60) as browser:
        assert (await browser.post("/sign-in", data={"key": key})).is_success
        assert f"/posts/{captured}" in (await browser.get("/outbox?lang=en")).text
        looks = (await browser.get(f"/posts/{captured}?lang=en")).text
        assert TEXT in looks
        assert "Die Leseecke ist wieder offen" in looks

    blocked = answer({"error": {"code": 368, "message": "blocked for now"}}, 400)
    async with peer(blocked, answer({"data": []}), answer({"id": "77_1"})) as network:
        settings = tmp_path / "social.json"
        page = {"name": "books", "page": "77", "token": "a-token-of-the-page", "language": "de"}
        settings.write_text(json.dumps({"kind": "facebook", "url": network.url, "pages": [page]}))
        platform.run("providers", "set", "social", settings, *whose)
        body = {"name": "The reading corner", "words": WORDS, "link": "https://shop.example/corner", "pages": ["books"]}
        body["starts_at"] = (shop.now() + timedelta(seconds=30)).isoformat()  # settings count within seconds
        made = shop.http.post("/v1/posts", json=body, headers={"Idempotency-Key": "corner"}).json()
        where = f"/v1/posts/{made['post_id']}"
        assert shop.http.post(f"{where}:publish").is_success

        await eventually(lambda: shop.get(where)["state"] == "failed", "the network refuses it", seconds=120)
        assert shop.get(where)["pages"][0]["detail"] == "code 368"
        assert shop.http.post(f"{where}:retry").is_success
        await eventually(lambda: shop.get(where)["state"] == "published", "the page shows it", seconds=120)
        platform.run("providers", "remove", "social", *whose)
    assert [each.method for each in network.heard] == ["POST", "GET", "POST"]
    said = parse_qs(network.heard[-1].body.decode())
    assert said["message"] == ["Die Leseecke ist wieder offen"]
    assert said["link"] == ["https://shop.example/corner"]
    assert shop.get(where)["pages"][0]["provider_id"] == "77_1"

    def mine(events: list[dict[str, Any]]) -> list[str]:
        return [each["type"].split(".")[3] for each in events if each.get("subject") == made["post_id"]]

    events = await platform.events("loyalty.messages", lambda found: len(mine(found)) >= 2, seconds=120)
    assert mine(events) == ["failed", "published"]
