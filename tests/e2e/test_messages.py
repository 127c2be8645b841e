"""Reminders as members get them: true when they are sent, at a decent hour, and a reason for each that is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.e2e.test_programme import loaded
from tests.support.receipts import PROFILES, Record, event
from tests.support.running import Door, Platform, eventually

ROME = ZoneInfo("Europe/Rome")
DAY = timedelta(days=1)
RULES = {
    "version": 9,
    "zone": "Europe/Rome",
    "currency": "EUR",
    "wallets": [
        {
            "name": "points",
            "expiry": {"kind": "natural", "period": "month"},
            "worth": {"points": 100, "minor": 100},
            "reminders": [{"days": 3, "at": "06:30"}, {"days": 0, "at": "22:00", "name": "last-chance"}],
        }
    ],
    "campaigns": [
        {"id": "base", "name": "A point for every 1.00", "state": "live",
         "effect": {"kind": "per_amount", "points": 1, "per_minor": 100}}
    ],
    "messages": {"brand": "Tea & More", "language": "en"},
}  # fmt: skip


def enrolment(shop: Door, name: str, contacts: Sequence[Mapping[str, str]] = (), **person: str) -> Record:
    """A member with a mail address, or with these contacts."""
    member = str(shop.member_id(name))
    data = {
        "member_id": member,
        "identifiers": [{"kind": "card", "value": name}],
        "person": {"given_name": name.title(), **person},
        "contacts": contacts or [{"channel": "email", "address": f"{name}@example.org"}],
    }
    return event(PROFILES, "org.pointstream.member.enrolled.v1", f"enrol-{name}", shop.source, shop.now(), member, data)


def messages(shop: Door, name: str, **asked: str) -> list[dict[str, Any]]:
    """What a member was told, the newest first."""
    found: list[dict[str, Any]] = shop.get(f"/v1/members/{shop.member_id(name)}/messages", **asked)["data"]
    return found


def stands(shop: Door, name: str, step: str, channel: str) -> tuple[str, str | None] | None:
    """How a reminder stands on a channel, and why."""
    found = [each for each in messages(shop, name, channel=channel) if each["occasion"].endswith(f"/{step}")]
    return (found[0]["state"], found[0]["reason"]) if found else None


@pytest.mark.feature("AHEAD-14", "OMNI-16", "XOXO-30")
async def test_reminders_are_true_when_they_arrive(platform_in_2017: Platform) -> None:
    """Points are spent between the reminder and the morning: the mail has what is left, or is not sent."""
    platform, shop = platform_in_2017, platform_in_2017.tea_shop
    await platform.put_version(shop, RULES, timedelta(hours=1))
    await loaded(platform)
    names = ("rosa", "dieter", "spender", "spared")
    people = [enrolment(shop, name, language="de" if name == "dieter" else "en") for name in names]
    await platform.publish(people)
    await shop.enrolled(*names)
    await platform.publish([shop.purchase(f"tea-{name}", 25_000, card=name) for name in names])
    await shop.decided(*[f"tea-{name}" for name in names])

    now = platform.now().astimezone(ROME)
    boundary = (now.replace(day=1, hour=0, minute=0, second=0, microsecond=0) + 32 * DAY).replace(day=1)
    step_at = datetime(boundary.year, boundary.month, 1, tzinfo=ROME) - 4 * DAY + timedelta(hours=6, minutes=31)
    platform.run("clock", step_at.isoformat())
    waits = ("postponed", "quiet_hours")
    await eventually(
        lambda: all(stands(shop, name, "3d", "email") == waits for name in names), "nobody is woken", seconds=120
    )

    for name, points in (("dieter", 150), ("spender", 250)):
        body = {"identifier": f"card:{name}", "points": points}
        answer = shop.http.post("/v1/redemptions", json=body, headers={"Idempotency-Key": f"tea-{name}"})
        assert answer.status_code == httpx.codes.CREATED, answer.text
    path = f"/v1/members/{shop.member_id('spared')}/exemptions"
    spared = {"until": (boundary + 40 * DAY).isoformat(), "reason": "illness"}
    assert shop.http.post(path, json=spared).status_code == httpx.codes.OK

    platform.run("clock", (step_at + timedelta(hours=2)).isoformat())
    await eventually(lambda: stands(shop, "rosa", "3d", "email") == ("handed", None), "Rosa has her mail")
    await eventually(lambda: stands(shop, "dieter", "3d", "email") == ("handed", None), "Dieter too")
    await eventually(
        lambda: stands(shop, "spender", "3d", "email") == ("suppressed", "nothing_lapses"), "nothing is left to tell"
    )
    await eventually(
        lambda: stands(shop, "spared", "3d", "email") == ("suppressed", "points_spared"), "the points are spared"
    )
    shown = captured(shop, platform)
    assert "250" in shown["rosa@example.org"]
    assert "100 Punkte" in shown["dieter@example.org"]
    assert {f"{name}@example.org" for name in names} & set(shown) == {"rosa@example.org", "dieter@example.org"}

    told = platform.run("messages", "why", shop.member_id("spender"), "--tenant", shop.slug, "--channel", "email")
    assert told["words"] == [
        "Reminder that points lapse, Email: was not sent. Nothing lapses any more: the points were spent or moved."
    ]
    platform.run("clock", (boundary - timedelta(hours=1, minutes=59)).isoformat())
    await eventually(
        lambda: stands(shop, "rosa", "last-chance", "email") == ("suppressed", "quiet_until_too_late"),
        "a reminder is not pushed past its boundary", seconds=120,
    )  # fmt: skip

    def sent(events: list[dict[str, Any]]) -> list[str]:
        kind, ours = "message.sent.v1", {str(shop.member_id(name)): name for name in names}
        return sorted(
            ours[each["subject"]] for each in events if each["type"].endswith(kind) and each["subject"] in ours
        )

    assert sent(await platform.events("loyalty.messages", lambda found: len(sent(found)) >= 2)) == ["dieter", "rosa"]


def captured(shop: Door, platform: Platform) -> dict[str, str]:
    """What the console's outbox shows, by address: the mail as its frame has it."""
    with httpx.Client(base_url=platform.told["gateway"], follow_redirects=True, trust_env=False, timeout=60) as browser:
        key = shop.http.headers["Authorization"].removeprefix("Bearer ")
        assert browser.post("/sign-in", data={"key": key}).is_success
        page = browser.get("/outbox").text
        found = {}
        for row in page.split("<tr>")[2:]:
            address = row.split("<code>")[1].split("</code>")[0]
            link = row.split('href="')[1].split("?")[0]
            frame = browser.get(f"{link}/body")
            assert frame.headers["content-security-policy"].startswith("sandbox ")
            found[address] = frame.text
    return found
