"""Where members are, over HTTP: only who agreed is told of, only who did not refuse is shown, and nothing is kept."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import httpx
import orjson

from tests.integration.gateway.conftest import MakeKey, bearer
from tests.integration.gateway.scribe import Scribe
from tests.support.database import ACME, GLOBEX, programme_document
from tests.support.programmes import put_version

HERE = {"latitude": "48.208493", "longitude": "16.373118"}
STORES: list[dict[str, Any]] = [
    {"id": "12", "name": "Old Town", "latitude": "48.209", "longitude": "16.37",
     "arrival": {"activity": "near_old_town", "metres": 100}},
    {"id": "13", "name": "Station", "latitude": "48.185", "longitude": "16.378"},
]  # fmt: skip
OLD_TOWN = {
    "id": "old-town", "name": "Double", "state": "live", "when": {"stores": ["12"]},
    "effect": {"kind": "multiplier", "percent": 200},
}  # fmt: skip


async def test_a_position_takes_a_yes_and_is_kept_nowhere(
    client: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey, log_lines: list[str]
) -> None:
    member = await scribe.member(ACME)
    document: dict[str, Any] = programme_document(ACME)
    await put_version(scribe.connection, document | {"stores": STORES, "campaigns": [*document["campaigns"], OLD_TOWN]})
    path = f"/v1/members/{member.member_id}"
    found = await client.post(f"{path}/stores:near?lang=en", json=HERE | {"metres": 3_000})
    assert found.status_code == 200, found.text
    shown = found.json()["data"]
    told = [(each["store"], each["metres"], [one["campaign"] for one in each["offers"]]) for each in shown]
    assert told == [("12", 238, ["old-town"]), ("13", 2_637, [])]

    async def tell(key: str) -> httpx.Response:
        return await client.post(f"{path}/positions", json=HERE, headers={"Idempotency-Key": key})

    refused = await tell("p-1")
    assert (refused.status_code, refused.json()["code"]) == (403, "position-not-agreed")
    word = {"purpose": "location", "channel": "push", "given": True}
    assert (await client.post(f"{path}/consents", json={"consents": [word]})).status_code == 200
    agreed = await tell("p-1")
    assert (agreed.status_code, agreed.json()) == (202, {"arrived": []}), "238 m are not 100"
    assert (await client.post(f"{path}/consents", json={"consents": [word | {"given": False}]})).status_code == 200
    assert (await tell("p-2")).status_code == 403
    assert (await client.post(f"{path}/stores:near", json=HERE)).json()["code"] == "position-not-agreed"
    stranger = bearer((await make_key(GLOBEX, "members:read", "events:write"))[0])
    assert (await client.post(f"{path}/stores:near", json=HERE, headers=stranger)).status_code == 404
    assert not any("48.208" in line for line in log_lines)
    kept = await scribe.connection.fetchval("SELECT string_agg(encode(body, 'escape'), ' ') FROM gateway.idempotency")
    assert "48.208" not in str(kept)
    digest = await scribe.connection.fetchval("SELECT fingerprint FROM gateway.idempotency")
    guess = {"latitude": 48_208_493, "longitude": 16_373_118}
    tried = sha256(f"POST\n{path}/positions\n".encode() + orjson.dumps(guess, option=orjson.OPT_SORT_KEYS)).digest()
    assert bytes(digest) != tried, "nor can it be tried out"
