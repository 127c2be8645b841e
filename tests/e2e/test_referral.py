"""Members bring in friends: by a code over HTTP, as shops and apps see it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.e2e.test_activities import decided, happened
from tests.support.lives import returned
from tests.support.receipts import PROFILES, Record, event
from tests.support.running import Door, Platform, eventually


@pytest.mark.feature("STAR-6", "VOU-31", "XOXO-23")
async def test_a_friend_who_spends_enough_brings_points_to_both(platform: Platform) -> None:
    shop = platform.initech
    await platform.publish([shop.enrolment("host")])
    await shop.enrolled("host")
    code = code_of(shop, "host")
    assert code == code_of(shop, "host")
    assert [shop.get(f"/v1/referral-codes/{text}")["valid"] for text in (code, code.lower(), "2" * 12)] == [
        True,
        True,
        False,
    ]

    await platform.publish([joining(shop, "visitor", code), joining(shop, "twin", code)])
    await shop.enrolled("visitor", "twin")
    await platform.publish(
        [shop.purchase("visitor-1", 1_999, card="visitor"), shop.purchase("twin-1", 2_000, card="twin")]
    )
    await shop.decided("visitor-1", "twin-1")
    await eventually(lambda: figures(shop, "host")["converted"] == 1, "one friend spent enough")
    await eventually(lambda: shop.balance("host") == 1_000, "the host has points for one friend")
    assert shop.balance("visitor") == 59, "the base points alone: a cent is missing"

    await platform.publish([shop.purchase("visitor-2", 2_000, card="visitor")])
    await eventually(lambda: shop.balance("host") == 1_000 + 1_500, "the second friend brings more")
    await eventually(lambda: shop.balance("visitor") == 59 + 60 + 500, "the friend has a reward too")
    told = figures(shop, "host")
    assert (told["invited"], told["counted"], told["earned"], told["next"]) == (
        2, 2, [{"wallet": "points", "points": 2_500}], None
    )  # fmt: skip
    newest = shop.history("host")[0]
    assert newest["kind"] == "credit"
    assert shop.get(newest["receipt"]["href"])["outcome"] == "credited"

    back = returned("visitor-back", "visitor-2", source=f"{shop.source}/1", time=shop.now())
    await platform.publish([back])
    await eventually(lambda: shop.balance("host") == 1_000, "what came back takes the reward back")
    await eventually(lambda: shop.balance("visitor") == 59, "from both")
    assert figures(shop, "visitor")["brought_in_by"] == str(shop.member_id("host"))


@pytest.mark.feature("COM-74", "VOU-19")
async def test_one_who_invites_oneself_is_held_until_a_person_decides(platform: Platform) -> None:
    shop = platform.initech
    await platform.publish([joining(shop, "sly", None, device="phone-7")])
    await shop.enrolled("sly")
    code = code_of(shop, "sly")
    await platform.publish([happened(shop, "sly-names", "referral", card="sly", data={"code": code})])
    await decided(shop, "sly-names")
    await platform.publish([joining(shop, "alias", code, device="phone-7")])
    await shop.enrolled("alias")
    await platform.publish([shop.purchase("alias-1", 5_000, card="alias")])
    await shop.decided("alias-1")
    alias = str(shop.member_id("alias"))
    await eventually(lambda: states(shop).get(alias) == ["same-device"], "the second self is held")
    await eventually(lambda: shop.status(f"/v1/referrals/{shop.member_id('sly')}") == httpx.codes.OK, "the first too")
    assert shop.get(f"/v1/referrals/{shop.member_id('sly')}")["reasons"] == ["self-referral"]
    assert shop.balance("sly") == 0

    platform.run("referrals", "release", alias, "--reason", "father and son", "--wait")
    await eventually(lambda: shop.balance("sly") == 1_000, "released, it counts")
    shop.post(
        "/v1/referrals:resolve",
        {"member_id": alias, "decision": "refuse", "reason": "one and the same"},
        key="alias-refused",
    )
    await eventually(lambda: shop.balance("sly") == 0, "refused, it is taken back")
    changes = shop.get(f"/v1/referrals/{alias}")["changes"]
    assert [(each["state"], each["note"]) for each in changes] == [
        ("held", None), ("converted", "father and son"), ("refused", "one and the same")
    ]  # fmt: skip
    assert all(each["decided_by"] for each in changes[1:])

    await platform.publish([joining(shop, "kin", code)])
    await shop.enrolled("kin")
    kin = f"/v1/referrals/{shop.member_id('kin')}"
    await eventually(lambda: shop.status(kin) == httpx.codes.OK, "another friend has named the code")
    platform.run("switch", "off", "effect", "referral", "--wait", "--tenant", "initech")
    try:
        await platform.publish([shop.purchase("kin-1", 5_000, card="kin")])
        await shop.decided("kin-1")
        await platform.publish([joining(shop, "late", code)])
        await shop.enrolled("late")
        await eventually(lambda: any(each["reason"] == "switched-off" for each in unpaid(shop, "late")), "it is off")
        assert shop.status(f"/v1/referrals/{shop.member_id('late')}") == httpx.codes.NOT_FOUND
        await eventually(lambda: shop.get("/v1/programme/rules")["referral"] == [], "no rule tells of it")
    finally:
        platform.run("switch", "on", "effect", "referral", "--wait", "--tenant", "initech")
    await eventually(lambda: shop.get("/v1/programme/rules")["referral"] != [], "the rules tell of it again")
    await eventually(lambda: shop.balance("sly") == 1_000, "what was bought meanwhile counts, with nothing more done")


def joining(shop: Door, name: str, code: str | None, device: str | None = None) -> Record:
    """An enrolment that names a code."""
    data: dict[str, Any] = {
        "member_id": str(shop.member_id(name)),
        "identifiers": [{"kind": "card", "value": name}],
        "marks": [] if device is None else [{"kind": "device", "value": device}],
        "referral_code": code,
    }
    kind = "org.pointstream.member.enrolled.v1"
    return event(PROFILES, kind, f"enrol-{name}", shop.source, shop.now(), str(data["member_id"]), data)


def code_of(shop: Door, name: str) -> str:
    """The code of a member, asked for over HTTP."""
    answer = shop.http.post(f"/v1/members/{shop.member_id(name)}/referral-code")
    assert answer.status_code == httpx.codes.OK, answer.text
    code: str = answer.json()["code"]
    return code


def figures(shop: Door, name: str) -> dict[str, Any]:
    """What the API tells of a member's friends."""
    told: dict[str, Any] = shop.get(f"/v1/members/{shop.member_id(name)}/referrals")
    return told


def unpaid(shop: Door, name: str) -> list[dict[str, Any]]:
    """What brought a member nothing."""
    return [each for each in shop.history(name) if "outcome" in each]


def states(shop: Door) -> dict[str, list[str]]:
    """Why each friend is held."""
    return {each["friend_id"]: each["reasons"] for each in shop.get("/v1/referrals", state="held")["data"]}


def notices(platform: Platform, shop: Door, address: str) -> list[str]:
    """The words of the letters to an address that the console's outbox shows."""
    with httpx.Client(base_url=platform.told["gateway"], follow_redirects=True, trust_env=False, timeout=60) as browser:
        key = shop.http.headers["Authorization"].removeprefix("Bearer ")
        assert browser.post("/sign-in", data={"key": key}).is_success
        rows = [row for row in browser.get("/outbox").text.split("<tr>") if address in row and "/outbox/own/" in row]
        return [browser.get(row.split('href="')[1].split("?")[0]).text for row in rows]


def says(platform: Platform, link: str, answer: str | None = None) -> str:
    """What anybody with the link is shown, who answers or only looks."""
    with httpx.Client(base_url=platform.told["gateway"], trust_env=False, timeout=60) as anybody:
        return (anybody.get(link) if answer is None else anybody.post(link, data={"answer": answer})).text


@pytest.mark.feature("VOU-147")
async def test_a_friend_who_is_invited_is_asked_once_and_decides(platform: Platform) -> None:
    """One notice that asks; nothing more whoever invites; the code after a yes, and silence after a no."""
    shop = platform.initech
    await platform.publish([shop.enrolment("inviter"), shop.enrolment("second")])
    await shop.enrolled("inviter", "second")
    friend = {"address": "friend-of-inviter@example.org", "language": "en"}

    def invite(name: str) -> dict[str, Any]:
        answer = shop.http.post(f"/v1/members/{shop.member_id(name)}/invitations", json=friend)
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        found: dict[str, Any] = answer.json()
        return found

    assert [invite(name)["invited"] for name in ("inviter", "inviter", "second")] == [1, 1, 1]
    await eventually(lambda: len(notices(platform, shop, friend["address"])) > 0, "the notice is handed over")
    (words,) = notices(platform, shop, friend["address"])
    link = "/invited/" + words.split("/invited/")[1].split("?")[0]
    assert "never ask me again" in says(platform, link)
    assert code_of(shop, "inviter") in says(platform, link, "agreed")
    assert "We will not write to you again" in says(platform, link, "refused")
    assert invite("inviter") == {"invited": 1, "agreed": 0, "refused": 1}
