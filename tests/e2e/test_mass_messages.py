"""One message to many members: counted, sent from the console, over mail, text message and letter, and reported."""

from __future__ import annotations

import csv
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from tests.support.receipts import Record
from tests.support.running import Door, Platform, eventually
from tests.support.stack import until

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


def print_letters(platform: Platform, shop: Door, folder: Path) -> None:
    """Let letters of a company be written into files."""
    settings = folder / "file.json"
    settings.write_text(json.dumps({"kind": "csv", "directory": str(folder / "letters")}))
    platform.run("providers", "set", "file", settings, "--tenant", shop.slug)


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.feature("COM-37", "COM-38", "VOU-68")
async def test_a_marketer_counts_a_message_and_sends_it_from_the_console(platform: Platform, tmp_path: Path) -> None:
    shop = platform.acme
    print_letters(platform, shop, tmp_path)
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
    async with httpx.AsyncClient(base_url=gateway, follow_redirects=True, trust_env=False, timeout=60) as browser:
        assert (await browser.post("/sign-in", data={"key": key})).is_success
        page = f"/mass/{made[0]['mass_message_id']}?lang=en"
        assert "Send to 4 members" in (await browser.get(page)).text
        assert (await browser.post(page, data={"do": "send"})).is_success
        await eventually(lambda: shop.get(where)["state"] == "finished", "everybody is told")
        outbox = (await browser.get("/outbox")).text
        assert "Come up on Friday." in outbox
        assert "Die Terrasse öffnet" in outbox
    (letter,) = rows_of(next((tmp_path / "letters").rglob("*.csv")))
    assert letter["address"].startswith("Vera Post")
    assert "Come up on Friday." in letter["text"]
    told = platform.run("messages", "mass", "report", made[0]["mass_message_id"], "--tenant", shop.slug)["became"]
    assert sum(each["messages"] for each in told if each["state"] == "handed") == 3


@pytest.mark.feature("COM-39", "VOU-67", "VOU-97")
async def test_letters_codes_for_a_mailing_tool_and_the_figures_of_a_day(
    platform_in_2017: Platform, tmp_path: Path
) -> None:
    platform, shop = platform_in_2017, platform_in_2017.acme
    whose = ("--tenant", shop.slug)
    print_letters(platform, shop, tmp_path)
    enrolled = shop.enrolment("pen-friend")
    event = orjson.loads(enrolled.value)
    agreed = {"purpose": "marketing", "channel": "email", "given": True, "source": "till", "text_version": "1"}
    event["data"] |= {
        "contacts": [
            {"channel": "file", "address": "Pia Brief\nRing 2\n1010 Wien"},
            {"channel": "email", "address": "pia@example.org"},
        ],
        "person": {"given_name": "Pia"},
        "consents": [agreed],
    }
    await platform.publish(
        [enrolled._replace(value=orjson.dumps(event)), shop.purchase("pen-1", 900, card="pen-friend")]
    )
    await shop.decided("pen-1")
    wanted, members = tmp_path / "letter.yaml", tmp_path / "members.csv"
    wanted.write_text(json.dumps(WANTED | {"channels": ["file"]}))
    members.write_text("card\npen-friend\n")
    planned = platform.run("messages", "mass", "plan", wanted, "--members", members, *whose)
    assert planned["outlook"] == {"now": 1, "later": 0, "never": 0}
    sent = platform.run("messages", "mass", "send", planned["mass_id"], *whose)
    assert (sent["state"], sent["results"][0]["sent"]) == ("finished", 1)
    (letter,) = rows_of(next((tmp_path / "letters").rglob("*.csv")))
    assert letter["address"].startswith("Pia Brief")

    platform.run("codes", "pool", "pens", "--rules", '{"benefit": {"percent": 10}}', *whose)
    platform.run("codes", "generate", "pens", 1, *whose)
    body = {"identifier": "card:pen-friend"}
    code = shop.http.post("/v1/code-pools/pens/codes:assign", json=body, headers={"Idempotency-Key": "pens"}).json()
    platform.run("codes", "merge", "pens", "--out", tmp_path / "merge.csv", *whose)
    (row,) = rows_of(tmp_path / "merge.csv")
    assert (row["FNAME"], row["EMAIL"], row["CODE"], row["BENEFIT"]) == ("Pia", "pia@example.org", code["code"], "10 %")
    assert int(row["POINTS"]) == shop.balance("pen-friend")

    added = platform.run("results", "add", "boss@example.org", "--every", "day", "--hour", 0, *whose)["results"]
    platform.run("clock", (datetime.fromisoformat(added[0]["next_at"]) + timedelta(minutes=1)).isoformat())
    key = shop.http.headers["Authorization"].removeprefix("Bearer ")
    async with httpx.AsyncClient(base_url=platform.told["gateway"], trust_env=False, timeout=60) as browser:
        await browser.post("/sign-in", data={"key": key})

        async def written() -> bool:
            return "boss@example.org" in (await browser.get("/outbox")).text

        await until(written, "the figures are sent")
