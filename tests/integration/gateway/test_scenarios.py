"""Scenarios tried on what happened, over HTTP and on the console: asked for, looked at, each company its own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import orjson

from libs.promotions.scenarios import Scenario
from libs.scenarios.simulating import simulated
from libs.scenarios.told import told_of_simulated
from tests.integration.gateway.conftest import MakeKey, bearer
from tests.integration.gateway.scribe import Scribe
from tests.integration.gateway.test_members_console import signed_in
from tests.support.database import ACME, GLOBEX, programme_document
from tests.support.programmes import put_version

FRIDAY = datetime(2024, 3, 1, tzinfo=UTC)
THANKS: dict[str, Any] = {
    "name": "thanks",
    "title": "Come <again>",
    "trigger": {"kind": "purchase"},
    "steps": [{"name": "now", "message": "thank_you"}],
}
DONE = "UPDATE notifier.simulation SET state = 'done', result = $1::jsonb, ended_at = $2, lease_until = NULL"


async def done(scribe: Scribe) -> None:
    """Let the trials that were asked for be over, with nothing to tell."""
    found = simulated([Scenario.model_validate(THANKS)], [], {}, set(), {}, FRIDAY)
    result = {each: told_of_simulated(found, each) for each in ("en", "de")}
    await scribe.connection.execute(DONE, orjson.dumps(result).decode(), FRIDAY)


async def test_scenarios_of_a_draft_are_tried(client: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey) -> None:
    await put_version(scribe.connection, programme_document(ACME))
    none = await client.post("/v1/scenarios:simulate", json={})
    assert (none.status_code, none.json()["code"]) == (404, "scenario-unknown")
    draft = {**programme_document(ACME), "version": 9, "scenarios": [THANKS]}
    wrong = await client.post("/v1/scenarios:simulate", json={"document": {**draft, "zone": "Nowhere"}})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "document-invalid")
    asked = await client.post("/v1/scenarios:simulate", json={"document": draft, "days": 7, "scenario": "thanks"})
    assert asked.status_code == 202, asked.text
    place = asked.headers["Location"]
    assert asked.json().items() >= {"programme": "main", "days": 7, "state": "waiting"}.items()
    assert (await client.get(place)).json()["scenarios"] is None
    await done(scribe)
    told = (await client.get(place, params={"lang": "de"})).json()
    (scenario,) = told["scenarios"]
    assert (told["state"], scenario["words"], scenario["begun"], scenario["members"]) == ("done", "Ein Einkauf", 0, 0)
    assert [each["simulation_id"] for each in (await client.get("/v1/scenario-simulations")).json()["data"]] == [
        told["simulation_id"]
    ]
    other = bearer((await make_key(GLOBEX, "rules:read"))[0])
    assert (await client.get(place, headers=other)).status_code == 404
    assert (await client.get("/v1/scenario-simulations", headers=other)).json()["data"] == []
    for _ in range(5):
        last = await client.post("/v1/scenarios:simulate", json={"document": draft})
        assert last.status_code == 202
    full = await client.post("/v1/scenarios:simulate", json={"document": draft})
    assert (full.status_code, full.json()["code"], full.headers["Retry-After"]) == (503, "simulations-waiting", "15")


async def test_a_marketer_tries_them_on_the_console(
    anonymous: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey
) -> None:
    await put_version(scribe.connection, {**programme_document(ACME), "scenarios": [THANKS]})
    await signed_in(anonymous, make_key, "receipts:read", "rules:read")
    form = {"programme": "main", "days": "90"}
    assert (await anonymous.post("/scenarios/try", data=form | {"days": "5"})).status_code == 422
    sent = await anonymous.post("/scenarios/try?lang=de", data=form)
    assert (sent.status_code, sent.headers["Location"]) == (303, "/scenarios?lang=de#tried-main")
    assert "Der Versuch wartet" in (await anonymous.get("/scenarios?lang=de")).text
    await done(scribe)
    page = (await anonymous.get("/scenarios?lang=en")).text
    assert "On the last 90 days:" in page
    assert "It would have begun for 0 members, 0 times." in page
    assert "Come &lt;again&gt;" in page
    assert await scribe.connection.fetchval("SELECT programme_id FROM notifier.simulation") == 1
    assert UUID(str(await scribe.connection.fetchval("SELECT simulation_id FROM notifier.simulation"))).version == 7
