"""Lapsed points that come back, over HTTP and on the page: asked for once, and decided by somebody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx

from tests.integration.gateway.conftest import NOW, MakeKey, bearer
from tests.integration.gateway.scribe import MemberScribe, Scribe
from tests.integration.gateway.test_sweeps import SWEEP
from tests.integration.gateway.till import fresh_key
from tests.support.database import ACME, GLOBEX

LAPSED = NOW - timedelta(days=5)


async def loser(scribe: Scribe, points: int = 12_000) -> MemberScribe:
    """A member who lost points five days ago."""
    member = await scribe.member()
    lot = await member.credit(points, LAPSED - timedelta(days=20), expires_at=LAPSED)
    await member.move("expire", ("active", "expired"), LAPSED, [(lot, points)])
    return member


async def test_a_member_gets_back_what_lapsed_and_a_repeat_asks_for_nothing_more(
    anonymous: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey
) -> None:
    member = await loser(scribe)
    await member.identify("card:4711")
    keys = [(await make_key(ACME, "points:adjust", "points:read"))[0] for _ in range(2)]
    path, body = f"/v1/members/{member.member_id}:reinstate", {"points": 300, "reason": "goodwill"}

    async def ask(key: str, headers: dict[str, str], body: Any, path: str = path) -> httpx.Response:
        return await anonymous.post(path, json=body, headers=bearer(key) | headers)

    name = fresh_key()
    first, again = await ask(keys[0], name, body), await ask(keys[0], name, body)
    assert (first.status_code, first.json()["state"], first.json()["points"]) == (202, "approved", 300)
    assert again.json() == first.json()
    assert (await ask(keys[0], name, body | {"points": 301})).json()["code"] == "idempotency-key-reused"
    assert (await ask(keys[0], {}, body)).json()["code"] == "idempotency-key-missing"
    assert (await ask(keys[0], fresh_key(), body | {"points": 12_001})).json()["code"] == "reinstatement-impossible"
    wide = {"members": [{"member": "card:4711"}], "reason": "app-outage"}
    plan = (await ask(keys[0], {}, wide, "/v1/reinstatements:plan")).json()
    assert (plan["points"], plan["needs_approval"], plan["left_out"]) == (12_000, True, [])
    asked = (await ask(keys[0], fresh_key(), wide, "/v1/reinstatements")).json()
    assert (asked["state"], asked["members"]) == ("awaiting_approval", 1)
    listed = await anonymous.get("/v1/reinstatements?state=awaiting_approval&limit=1", headers=bearer(keys[1]))
    assert [each["reinstatement_id"] for each in listed.json()["data"]] == [asked["reinstatement_id"]]

    one = f"/v1/reinstatements/{asked['reinstatement_id']}"
    stranger, _ = await make_key(GLOBEX, "points:adjust")
    decided = [
        (await anonymous.post(f"{one}:{what}", headers=bearer(key))).json()
        for key, what in ((keys[0], "approve"), (stranger, "approve"), (keys[1], "approve"), (keys[1], "refuse"))
    ]
    assert [each.get("code", each.get("state")) for each in decided] == [
        "second-person-needed", "reinstatement-unknown", "approved", "decided-otherwise",
    ]  # fmt: skip
    assert decided[2]["decided_by"] != decided[2]["asked_by"]
    unknown = {"members": [{"member": "card:0815"}, {"member": "nonsense"}], "reason": "app-outage"}
    assert (await ask(keys[0], fresh_key(), unknown, "/v1/reinstatements")).status_code == 422


async def test_the_page_lets_somebody_else_decide_and_the_plan_tells_what_lapses(
    anonymous: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey
) -> None:
    member = await loser(scribe)
    ahead = NOW + timedelta(days=9)
    await member.credit(70, NOW - timedelta(days=1), expires_at=ahead)
    await scribe.connection.execute(
        "UPDATE ledger.member SET lapses_at = $2 WHERE member_id = $1", member.member_id, ahead
    )
    scopes = ("receipts:read", "points:read", "points:adjust", "rules:publish")
    asker, decider = [(await make_key(ACME, *scopes))[0] for _ in range(2)]
    headers = bearer(asker) | fresh_key()
    body = {"reason": "app-outage", "note": "Nobody <could> pay."}
    asked = (await anonymous.post(f"/v1/members/{member.member_id}:reinstate", json=body, headers=headers)).json()
    await scribe.connection.execute(SWEEP_WAITS, ACME.tenant_id, SWEEP, ahead)
    path = f"/expiry/reinstatements/{asked['reinstatement_id']}/approve"
    assert (await anonymous.post(path)).status_code == 303
    await anonymous.post("/sign-in", data={"key": asker})
    page = (await anonymous.get("/expiry?lang=en")).text
    assert ("12,000" in page, "Nobody &lt;could&gt; pay." in page, path in page) == (True, True, False)
    assert f"/expiry/sweeps/{SWEEP}/approve" in page
    assert (await anonymous.post(path)).status_code == 409
    await anonymous.post("/sign-in", data={"key": decider})
    assert path in (await anonymous.get("/expiry?lang=de")).text
    assert (await anonymous.post(path, headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403
    assert (await anonymous.post(path)).status_code == 303
    assert path not in (await anonymous.get("/expiry")).text
    assert (await anonymous.post(f"/expiry/sweeps/{SWEEP}/approve")).status_code == 303
    wanted = await scribe.connection.fetchval("SELECT asked FROM expiry.sweep WHERE sweep_id = $1", SWEEP)
    assert wanted == "approve"
    told = (await anonymous.get("/v1/sweeps:plan", headers=bearer(asker))).json()
    assert (told["boundary"], told["totals"]) == (
        ahead.isoformat().replace("+00:00", "Z"), [{"wallet": "points", "members": 1, "lots": 1, "points": 70}],
    )  # fmt: skip
    assert told["coming"][0]["last_day"] == "2024-03-31"
    empty = await anonymous.get("/v1/sweeps:plan?boundary=2024-03-03T00:00:00Z", headers=bearer(asker))
    assert empty.json()["shares"] == []


SWEEP_WAITS = """
INSERT INTO expiry.sweep (tenant_id, programme_id, boundary, sweep_id, local_date, zone, tzdata, wallets, cause, state,
                          preview, announced_at)
VALUES ($1, $1, $3, $2, '2024-03-01', 'Europe/Rome', '2026b', '{points}', $2, 'awaiting_approval', '[]', $3)
"""
