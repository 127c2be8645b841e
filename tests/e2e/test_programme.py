"""The programme as its owner has it: a document, campaigns that come and go, and switches for when it must be quick."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.support.receipts import line
from tests.support.running import Door, Platform, command, eventually
from tests.support.stack import until

TEA = {
    "id": "tea-offer",
    "name": "40 points for tea",
    "state": "live",
    "when": {"skus": ["tea-offer"]},
    "effect": {"kind": "fixed", "points": 40},
}
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


async def in_force(platform: Platform, active_from: str) -> None:
    """Wait until a version counts, and every worker has loaded it."""
    since = datetime.fromisoformat(active_from)
    await eventually(lambda: platform.now() > since, "the version counts")
    await loaded(platform)


async def loaded(platform: Platform) -> None:
    """Wait until every worker judges by what there is."""
    query = (
        "SELECT bool_and(rules = earning.rules_digest() AND switches = earning.switches_digest()) FROM earning.worker"
    )

    async def holds() -> bool:
        return bool(await platform.ask(query))

    await until(holds, "the workers have loaded what there is")


async def bought(platform: Platform, shop: Door, number: str, sku: str, **rest: Any) -> dict[str, int]:
    """Buy something for 1.00, and say which campaigns paid how much."""
    await platform.publish([shop.purchase(number, [line(sku, 100)], card=rest.pop("card", "ruler"), **rest)])
    await shop.decided(number)
    return {paid["campaign"]: int(paid["points"]) for paid in shop.receipt(number)["explanation"]["campaigns"]}


async def ruler(platform: Platform, shop: Door) -> None:
    await platform.publish([shop.enrolment("ruler")])
    await shop.enrolled("ruler")


def send(shop: Door, method: str, path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    answer = shop.http.request(
        method, path, json=body, headers={name.replace("_", "-"): v for name, v in headers.items()}
    )
    assert answer.status_code < httpx.codes.BAD_REQUEST, answer.text
    told: dict[str, Any] = answer.json()
    return told


@pytest.mark.feature("AHEAD-11", "OMNI-17", "VOU-126")
async def test_a_document_is_applied_to_a_running_platform_and_taken_back(platform: Platform, tmp_path: Path) -> None:
    shop, acme = platform.acme, ("--tenant", "acme")
    await ruler(platform, shop)
    file = tmp_path / "acme.yaml"
    document = platform.run("programme", "export", *acme)["document"]
    document["campaigns"].append(TEA)
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    planned = command(platform.data, "programme", "plan", file, "--detailed-exitcode", *acme, expect=(8,))
    assert planned["summary"] == "1 campaign added (tea-offer)"
    before = platform.now()
    applied = platform.run("programme", "apply", file, "--note", "tea time", "--wait", *acme)
    assert applied["workers"]
    assert not platform.run("programme", "apply", file, *acme)["published"]

    await in_force(platform, applied["active_from"])
    assert (await bought(platform, shop, "tea-1", "tea-offer"))["tea-offer"] == 40
    assert "tea-offer" not in await bought(platform, shop, "tea-0", "tea-offer", time=before)
    versions = [shop.receipt(number)["explanation"]["programme_version"] for number in ("tea-0", "tea-1")]
    assert versions == [planned["base"], planned["version"]], (
        "what happened before is judged by the version of its time"
    )

    back = platform.run("programme", "rollback", "--note", "no tea", *acme)
    await in_force(platform, back["active_from"])
    assert "tea-offer" not in await bought(platform, shop, "tea-2", "tea-offer")
    assert shop.receipt("tea-1")["explanation"]["campaigns"], "what was earned stays, and is told by its own version"
    told = platform.run("programme", "history", *acme)["versions"]
    assert [(each["note"], each["restores"]) for each in told[:2]] == [("no tea", planned["base"]), ("tea time", None)]

    def of_tea(events: list[dict[str, Any]]) -> list[str]:
        return [each["type"].split(".")[3] for each in events if each["subject"] == "tea-offer"]

    events = await platform.events("loyalty.campaigns", lambda found: len(of_tea(found)) == 4)
    assert sorted(of_tea(events)) == ["created", "removed", "started", "stopped"]
    heads = await platform.events("loyalty.programmes", lambda found: bool(found))
    assert max(each["data"]["programme_version"] for each in heads if each["tenant"] == "acme") == back["version"]


@pytest.mark.feature("VOU-122", "VOU-40", "VOU-100")
async def test_campaigns_are_made_started_and_changed_over_http(platform: Platform) -> None:
    shop = platform.globex
    await ruler(platform, shop)
    starts_at = platform.now() + 8 * SECOND
    cake = TEA | {
        "id": "cake",
        "when": {"skus": ["cake"], "tiers": ["gold"]},
        "frame": {"starts_at": starts_at.isoformat()},
    }
    made = send(shop, "POST", "/v1/campaigns", {"campaign": cake, "note": "cake"})
    await in_force(platform, made["version"]["active_from"])
    early = await bought(platform, shop, "cake-0", "cake", time=starts_at - SECOND)
    await eventually(lambda: platform.now() > starts_at, "its time begins")
    late = await bought(platform, shop, "cake-1", "cake")
    assert ("cake" in early, late.get("cake")) == (False, 40)

    found = shop.http.get("/v1/campaigns/cake")
    assert found.json()["runs"]
    changes = {"changes": {"when": {"tiers": ["silver"]}}}
    changed = send(shop, "PATCH", "/v1/campaigns/cake", changes, If_Match=found.headers["etag"])
    await in_force(platform, changed["version"]["active_from"])
    assert "cake" not in await bought(platform, shop, "cake-2", "cake"), "golden members are no longer among them"
    ended = send(shop, "POST", "/v1/campaigns/cake:end", {})
    assert ended["plan"]["summary"] == "1 campaign changed (cake)"
    assert not shop.get("/v1/campaigns/cake")["runs"]


@pytest.mark.feature("VOU-45")
async def test_the_site_counts_down_what_ends_soon(platform: Platform) -> None:
    shop = platform.globex
    ends_at = platform.now() + 75 * HOUR
    scones = TEA | {"id": "scones", "name": "Scones", "when": {"skus": ["scone"]}}
    made = send(
        shop,
        "POST",
        "/v1/campaigns",
        {"campaign": scones | {"frame": {"ends_at": ends_at.isoformat()}}, "note": "ends"},
    )
    await in_force(platform, made["version"]["active_from"])
    ends = {rule["campaign"]: rule["ends_at"] for rule in shop.get("/v1/programme/rules")["rules"]}
    assert datetime.fromisoformat(ends["scones"]) == ends_at
    assert ends["base"] is None
    page = shop.http.get("/rules/globex/main").text
    assert '<script src="/time-left.js" defer></script>' in page
    assert re.search(r'Time left: <time class="left" datetime="[^"]+">3 days, 2 hours</time>', page)
    assert "Noch: <time" in shop.http.get("/rules/globex/main", params={"lang": "de"}).text
    assert shop.http.get("/time-left.js").status_code == httpx.codes.OK
    send(shop, "POST", "/v1/campaigns/scones:end", {})


@pytest.mark.feature("COM-3")
async def test_a_switch_stops_a_campaign_whose_rules_are_changed_meanwhile(platform: Platform) -> None:
    shop = platform.initech
    await ruler(platform, shop)
    jam = TEA | {"id": "jam", "when": {"skus": ["jam"]}}
    made = send(shop, "POST", "/v1/campaigns", {"campaign": jam})
    await in_force(platform, made["version"]["active_from"])
    assert (await bought(platform, shop, "jam-1", "jam"))["jam"] == 40

    switch = {"kind": "campaign", "value": "jam", "note": "the price is wrong"}
    send(shop, "POST", "/v1/switches:off", switch)
    await loaded(platform)
    assert "jam" not in await bought(platform, shop, "jam-2", "jam")
    explained = shop.receipt("jam-2")["explanation"]["not_paid"]
    assert {each["campaign"]: each["words"] for each in explained}["jam"] == "it is switched off"
    etag = shop.http.get("/v1/campaigns/jam").headers["etag"]
    changed = send(shop, "PATCH", "/v1/campaigns/jam", {"changes": {"effect": {"points": 15}}}, If_Match=etag)
    await in_force(platform, changed["version"]["active_from"])
    platform.run("switch", "on", "campaign", "jam", "--wait", "--tenant", "initech")
    assert (await bought(platform, shop, "jam-3", "jam"))["jam"] == 15

    platform.run("switch", "off", "store", "77", "--wait", "--tenant", "initech")
    assert await bought(platform, shop, "jam-4", "jam", store="77") == {}
    assert shop.receipt("jam-4")["reason"] == "switched-off"
    assert (await bought(platform, shop, "jam-5", "jam"))["jam"] == 15
    platform.run("switch", "on", "store", "77", "--tenant", "initech")
    send(shop, "POST", "/v1/campaigns/jam:end", {})
