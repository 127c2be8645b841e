"""Sweeps over HTTP: looking at them, asking something of one, and the page of expiry."""

from __future__ import annotations

from uuid import UUID

import httpx

from tests.integration.gateway.conftest import MakeKey, bearer
from tests.integration.gateway.scribe import QUERIES, Scribe
from tests.integration.gateway.test_access import FRIDAY
from tests.support.database import ACME, GLOBEX

SWEEP, OTHER = UUID(int=77), UUID(int=78)


async def test_a_sweep_is_shown_and_takes_what_makes_sense(
    anonymous: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey
) -> None:
    await scribe.connection.execute(QUERIES["sweep"], ACME.tenant_id, SWEEP, FRIDAY)
    await scribe.connection.execute(QUERIES["sweep"], GLOBEX.tenant_id, OTHER, FRIDAY)
    reader, _ = await make_key(ACME, "points:read")
    writer, _ = await make_key(ACME, "rules:publish")
    (seen,) = (await anonymous.get("/v1/sweeps", headers=bearer(reader))).json()["data"]
    assert (seen["sweep_id"], seen["state"], seen["asked"]) == (str(SWEEP), "announced", None)
    assert seen["announced"] == [{"wallet": "points", "members": 1, "lots": 1, "points": 5, "tier": None}]

    async def steer(action: str, key: str = writer, sweep: UUID = SWEEP) -> tuple[int, str]:
        answer = await anonymous.post(f"/v1/sweeps/{sweep}/{action}", headers=bearer(key))
        told = answer.json()
        return answer.status_code, told.get("code") or told["asked"]

    assert [await steer(action) for action in ("pause", "cancel", "run")] == [
        (202, "pause"),
        (202, "cancel"),
        (202, "run"),
    ]
    assert await steer("resume") == (409, "sweep-otherwise")
    assert await steer("stop") == (422, "request-invalid")
    assert await steer("pause", reader) == (403, "scope-missing")
    assert await steer("pause", writer, OTHER) == (404, "sweep-unknown")
    asked, by = await scribe.connection.fetchrow(QUERIES["asked"], ACME.tenant_id)
    assert (asked, bool(by)) == ("run", True)
    assert await scribe.connection.fetchval(QUERIES["asked"], GLOBEX.tenant_id) is None


async def test_the_page_shows_boundaries_and_sweeps_to_who_may_see_them(
    anonymous: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey
) -> None:
    await scribe.connection.execute(QUERIES["sweep"], ACME.tenant_id, SWEEP, FRIDAY)
    assert (await anonymous.get("/expiry")).status_code == 303
    weak, _ = await make_key(ACME, "receipts:read")
    await anonymous.post("/sign-in", data={"key": weak})
    assert (await anonymous.get("/expiry")).status_code == 403
    strong, _ = await make_key(ACME, "receipts:read", "points:read")
    await anonymous.post("/sign-in", data={"key": strong})
    shown = await anonymous.get("/expiry?lang=en")
    assert (shown.status_code, "5 points" in shown.text, "announced" in shown.text) == (200, True, True)
    assert "2024-06-30T22:00:00+00:00" in shown.text
    german = await anonymous.get("/expiry?lang=de")
    assert "Kommende Stichtage" in german.text
    assert "announced" not in german.text
