"""One message to many members: counted, sent from the console, over mail, text message and letter, and reported."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from tests.support.receipts import Record
from tests.support.running import Door, Platform, eventually

WANTED = {
    "name": "Roof terrace",
    "words": [
        {"title": "The terrace opens", "text": "Come up on Friday."},
        {"language": "de", "title": "Die Terrasse öffnet", "text": "Kommen Sie am Freitag hinauf."},
    ],
    "purpose": "service",
    "channels": ["email", "sms", "file"],
}
PEOPLE: dict[str, dict[str, Any]] = {
    "by-mail": {"contacts": [{"channel": "email", "address": "by-mail@example.org"}], "person": {"language": "de"}},
    "by-text": {"contacts": [{"channel": "sms", "address": "+393471234567"}]},
    "by-post": {"contacts": [{"channel": "file", "address": "Vera Post\nRing 1\n1010 Wien"}]},
    "by-none": {},
}


def enrolment(shop: Door, name: str) -> Record:
    enrolled = shop.enrolment(name)
    event = orjson.loads(enrolled.value)
    event["data"] |= PEOPLE[name]
    return enrolled._replace(value=orjson.dumps(event))


@pytest.mark.feature("COM-37", "COM-38", "VOU-68")
async def test_a_marketer_counts_a_message_and_sends_it_from_the_console(platform: Platform, tmp_path: Path) -> None:
    shop = platform.acme
    settings = tmp_path / "file.json"
    settings.write_text(json.dumps({"kind": "csv", "directory": str(tmp_path / "letters")}))
    platform.run("providers", "set", "file", settings, "--tenant", shop.slug)
    await platform.publish([enrolment(shop, name) for name in PEOPLE])
    await shop.enrolled(*PEOPLE)
    body = WANTED | {"members": [f"card:{name}" for name in PEOPLE]}
    made = [shop.post("/v1/mass-messages", body, key="terrace") for _ in range(2)]
    assert made[0]["mass_message_id"] == made[1]["mass_message_id"]
    where = f"/v1/mass-messages/{made[0]['mass_message_id']}"
    await eventually(lambda: shop.get(where)["state"] == "counted", "it is counted")
    found = shop.get(where)
    assert found["outlook"] == {"now": 3, "later": 0, "never": 1}
    assert {(each["channel"], each["reason"]): each["members"] for each in found["counts"]} == {
        ("email", None): 1,
        ("sms", None): 1,
        ("file", None): 1,
        ("file", "no_address"): 1,
    }

    key = shop.http.headers["Authorization"].removeprefix("Bearer ")
    gateway = platform.told["gateway"]
    async with httpx.AsyncClient(base_url=gateway, follow_redirects=True, trust_env=False) as browser:
        assert (await browser.post("/sign-in", data={"key": key})).is_success
        page = f"/mass/{made[0]['mass_message_id']}?lang=en"
        assert "Send to 4 members" in (await browser.get(page)).text
        assert (await browser.post(page, data={"do": "send"})).is_success
        await eventually(lambda: shop.get(where)["state"] == "finished", "everybody is told")
        outbox = (await browser.get("/outbox")).text
        assert "Come up on Friday." in outbox
        assert "Die Terrasse öffnet" in outbox
    (file,) = (tmp_path / "letters").rglob("*.csv")
    with file.open(encoding="utf-8", newline="") as stream:
        (letter,) = csv.DictReader(stream)
    assert letter["address"].startswith("Vera Post")
    assert "Come up on Friday." in letter["text"]
    told = platform.run("messages", "mass", "report", made[0]["mass_message_id"], "--tenant", shop.slug)["became"]
    assert sum(each["messages"] for each in told if each["state"] == "handed") == 3
