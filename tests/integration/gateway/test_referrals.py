"""Codes that members give to friends, and what became of these."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from libs.referral.codes import read_code
from tests.integration.gateway.conftest import MakeKey, bearer
from tests.integration.gateway.scribe import QUERIES, MemberScribe, Scribe
from tests.integration.gateway.test_parked import walk
from tests.support.database import ACME, GLOBEX, Database, programme_document
from tests.support.programmes import put_programme

FRIDAY = datetime(2024, 3, 1, tzinfo=UTC)
REFERRAL: dict[str, Any] = {
    "when": {"kind": "purchase", "at_least_minor": 2_000},
    "referrer": [
        {"from": 1, "points": 100},
        {"from": 3, "points": 150, "gifts": [{"kind": "badge", "reference": "fan"}]},
    ],
    "limits": [{"period": "day", "friends": 2}],
}


async def refer(
    referrer: MemberScribe,
    friend: UUID,
    state: str,
    *reasons: str,
    minutes: int = 0,
    converted_at: datetime | None = None,
) -> None:
    tenant, at = referrer.tenant, FRIDAY + timedelta(minutes=minutes)
    await referrer.connection.execute(
        QUERIES["referral"],
        tenant.tenant_id,
        tenant.programme_id,
        friend,
        referrer.member_id,
        at,
        state,
        list(reasons),
        converted_at,
    )


async def test_a_member_has_one_code_however_often_and_at_once_it_is_asked_for(
    client: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey
) -> None:
    members = [(await scribe.member()).member_id for _ in range(2)]
    asked = [client.post(f"/v1/members/{each}/referral-code") for each in members * 6]
    answers = [answer.json() for answer in await asyncio.gather(*asked)]
    codes = {answer["member_id"]: answer["code"] for answer in answers}
    assert len({(answer["member_id"], answer["code"]) for answer in answers}) == 2
    assert len(set(codes.values())) == 2
    for code in codes.values():
        assert read_code(code) == code.replace("-", "")
        found = [
            (await client.get(f"/v1/referral-codes/{text}")).json() for text in (code, code.lower(), code[:-1] + "2")
        ]
        assert found[:2] == [{"valid": True}] * 2
        assert found[2] == {"valid": code.endswith("2")}
    other, _ = await make_key(GLOBEX)
    answer = await client.get(f"/v1/referral-codes/{code}", headers=bearer(other))
    assert answer.json() == {"valid": False}, "a code of one company is none at another"
    assert (await client.post(f"/v1/members/{members[0]}/referral-code", headers=bearer(other))).status_code == 404
    reader, _ = await make_key(ACME, "members:read")
    assert (await client.post(f"/v1/members/{members[0]}/referral-code", headers=bearer(reader))).status_code == 403


async def test_who_tries_codes_is_slowed_down(client: httpx.AsyncClient, make_key: MakeKey) -> None:
    answers = [await client.get("/v1/referral-codes/K7M2-XW4P-9RTA") for _ in range(35)]
    assert [answer.status_code for answer in answers] == [200] * 30 + [429] * 5
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert answers[-1].json()["violated-policies"] == ["referral-codes"]
    other, _ = await make_key()
    assert (await client.get("/v1/referral-codes/x", headers=bearer(other))).json() == {"valid": False}


async def test_a_member_is_told_whom_they_brought_in_and_what_comes_next(
    client: httpx.AsyncClient, scribe: Scribe, database: Database
) -> None:
    await put_programme(database, programme_document(ACME) | {"referral": REFERRAL})
    host = await scribe.member()
    for number, hours in enumerate((1, 2, 3, 30), start=1):
        await refer(host, UUID(int=number), "converted", converted_at=FRIDAY + timedelta(hours=hours))
    await refer(host, UUID(int=5), "started")
    await refer(host, UUID(int=6), "held", "same-device")
    told = (await client.get(f"/v1/members/{host.member_id}/referrals")).json()
    assert {name: told[name] for name in ("invited", "started", "converted", "held", "refused", "counted")} == {
        "invited": 6, "started": 1, "converted": 4, "held": 1, "refused": 0, "counted": 3
    }  # fmt: skip
    assert told["earned"] == [{"wallet": "points", "points": 350}]
    assert told["gifts"] == [{"kind": "badge", "reference": "fan", "quantity": 1}]
    assert (told["code"], told["next"], told["brought_in_by"]) == (None, None, None)
    rules = (await client.get("/v1/programme/rules", params={"lang": "de"})).json()["referral"]
    assert "Höchstens 2 am Tag zählen." in rules


async def test_what_is_held_is_listed_and_told_in_words(
    client: httpx.AsyncClient, scribe: Scribe, superuser: asyncpg.Connection, make_key: MakeKey
) -> None:
    host, friend = await scribe.member(), await scribe.member()
    for minutes in range(3):
        await refer(host, UUID(int=minutes + 1), "held", "velocity", minutes=minutes)
    await refer(host, friend.member_id, "refused", "refused-by-operator", minutes=9)
    whose = (ACME.tenant_id, ACME.programme_id, friend.member_id)
    await superuser.execute(QUERIES["referral_change"], *whose, 1, "held", "same-device", None, None, FRIDAY)
    await superuser.execute(
        QUERIES["referral_change"], *whose, 2, "refused", "refused-by-operator", "eva", "one person", FRIDAY
    )
    found = await walk(client, "/v1/referrals", state="held")
    assert [UUID(each["friend_id"]).int for each in found] == [3, 2, 1]
    assert found[0]["words"] == "It waits for a person. The referrer brings in friends too fast."
    told = (await client.get(f"/v1/referrals/{friend.member_id}", params={"lang": "de"})).json()
    assert told["words"] == "Sie zählt nicht. Eine Person hat es abgelehnt."
    assert [(each["state"], each["decided_by"], each["note"]) for each in told["changes"]] == [
        ("held", None, None), ("refused", "eva", "one person")
    ]  # fmt: skip
    assert (await client.get(f"/v1/referrals/{host.member_id}")).status_code == 404

    page = (await client.get("/referrals")).text
    assert "Sign in" in page
    assert "velocity" not in page
    assert "too fast" not in page
    key, _ = await make_key(ACME, "receipts:read")
    await client.post("/sign-in", data={"key": key}, headers={"Sec-Fetch-Site": "same-origin"})
    page = (await client.get("/referrals")).text
    assert "The referrer brings in friends too fast." in page
    assert page.count("pointstream referrals release") == 3
    assert str(friend.member_id) not in page
