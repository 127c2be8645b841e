"""Reminders over HTTP: what came due, what comes and whom it would reach, and their part of the page of expiry."""

from __future__ import annotations

import httpx

from tests.integration.gateway.conftest import MakeKey, bearer
from tests.integration.gateway.scribe import QUERIES, Scribe
from tests.integration.gateway.test_access import FRIDAY
from tests.support.database import ACME, GLOBEX, programme_document
from tests.support.programmes import put_version


async def test_reminders_are_listed_planned_and_shown(
    anonymous: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey
) -> None:
    series = [{"days": 30}, {"days": 1, "name": "last-call", "audience": {"min_points": 100, "segments": ["vip"]}}]
    wallet = {"name": "points", "expiry": {"kind": "natural", "period": "quarter"}, "reminders": series}
    more = {"wallets": [wallet], "segments": [{"name": "vip", "list": True}]}
    await put_version(scribe.connection, {**programme_document(ACME), **more})
    for step in ("7d", "a-week"):
        await scribe.connection.execute(QUERIES["reminder"], ACME.tenant_id, FRIDAY, step)
    await scribe.connection.execute(QUERIES["reminder"], GLOBEX.tenant_id, FRIDAY, "theirs")
    await scribe.connection.execute(QUERIES["reminder_chunk"], ACME.tenant_id, FRIDAY, "7d")
    key = bearer((await make_key(ACME, "points:read"))[0])

    first = (await anonymous.get("/v1/reminders?limit=1", headers=key)).json()
    second = (await anonymous.get(f"/v1/reminders?limit=1&cursor={first['next_cursor']}", headers=key)).json()
    assert [each["data"][0]["step"] for each in (first, second)] == ["a-week", "7d"]
    assert (first["has_more"], second["has_more"]) == (True, False)
    assert (second["data"][0]["members"], second["data"][0]["told"][0]["points"]) == (2, 250)

    plan = (await anonymous.get("/v1/reminders/plan?step=last-call", headers=key)).json()
    assert {each["step"] for each in plan["coming"]} == {"30d", "last-call"}
    assert (plan["step"]["step"], plan["step"]["min_points"], plan["shares"]) == ("last-call", 100, [])
    assert (await anonymous.get("/v1/reminders/plan?step=none", headers=key)).json()["step"] is None

    signed, _ = await make_key(ACME, "receipts:read", "points:read")
    await anonymous.post("/sign-in", data={"key": signed})
    shown = (await anonymous.get("/expiry?lang=en")).text
    assert "last-call (1 day before)" in shown
    assert "at least 100 points, segment vip" in shown
    assert "2 members, under way" in shown
    german = (await anonymous.get("/expiry?lang=de")).text
    assert "30d (30 Tage vorher)" in german
    assert "theirs" not in shown + german
