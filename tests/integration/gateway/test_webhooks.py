"""Webhooks over HTTP and in the console: made, refused, changed, told again; and each company's own."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.gateway.settings import GatewaySettings, WebhooksPart
from tests.integration.gateway.conftest import MakeKey, SetClock, bearer, running
from tests.integration.gateway.scribe import QUERIES, Scribe
from tests.integration.gateway.test_access import FRIDAY
from tests.support.database import ACME, GLOBEX

WISH: dict[str, Any] = {
    "url": "http://127.0.0.1:9/hook",
    "event_types": ["points.credited", "sweep.*"],
    "description": "the shop's",
}
REFUSED = ["http://example.com/", "https://10.0.0.1/", "https://a:b@example.com/", "file:///etc/passwd"]


@pytest.fixture
async def trying(settings: GatewaySettings, clock: SetClock) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a door that lets endpoints lie on this machine, as the embedded platform does."""
    embedded = settings.model_copy(update={"webhooks": WebhooksPart(loopback=True)})
    async with running(embedded, clock) as client:
        yield client


async def test_an_endpoint_is_made_changed_and_removed(trying: httpx.AsyncClient, make_key: MakeKey) -> None:
    trying.headers.update(bearer((await make_key(ACME, "webhooks:read", "webhooks:write"))[0]))
    made = await trying.post("/v1/webhooks", json=WISH)
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    place, secret = made.headers["location"], made.json()["secret"]
    assert secret.startswith("whsec_")
    shown = await trying.get(place)
    assert secret not in shown.text
    assert (shown.json()["state"], shown.json()["event_types"]) == ("on", WISH["event_types"])

    bad: list[tuple[dict[str, Any], str]] = [
        ({"event_types": ["points.credit"]}, "request-invalid"),
        ({"event_types": []}, "request-invalid"),
        *[({"url": url}, "webhook-refused") for url in REFUSED[1:]],
    ]
    for wish, code in bad:
        answer = await trying.post("/v1/webhooks", json=WISH | wish)
        assert (answer.status_code, answer.json()["code"]) == (422, code), wish
        answer = await trying.patch(place, json=wish)
        assert (answer.status_code, answer.json()["code"]) == (422, code), wish
    changed = await trying.patch(place, json={"style": "full", "event_types": ["*", "*"]})
    told = changed.json()
    assert (told["style"], told["event_types"], told["url"]) == ("full", ["*"], WISH["url"])

    other = (await trying.post(f"{place}:rotate")).json()
    assert other["secret"] != secret
    assert other["old_secret_until"] is not None
    assert (await trying.post(f"{place}:disable")).json()["state"] == "off"
    assert (await trying.post(f"{place}:enable")).json()["state"] == "on"

    tried = (await trying.post(f"{place}:test")).json()
    assert (tried["event_type"], tried["state"]) == ("webhook.test", "waiting")
    told = (await trying.get(f"{place}/messages/{tried['id']}")).json()
    assert (told["body"]["type"], told["log"]) == ("webhook.test", [])
    again = await trying.post(f"{place}/messages/{tried['id']}:resend")
    assert again.status_code == 202
    await trying.post(f"{place}:test")
    first = (await trying.get(f"{place}/messages?limit=1&state=waiting")).json()
    second = (await trying.get(f"{place}/messages?limit=1&state=waiting&cursor={first['next_cursor']}")).json()
    assert {first["data"][0]["id"], second["data"][0]["id"]} > {tried["id"]}
    assert (first["has_more"], second["has_more"]) == (True, False)

    span = {"from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z", "failed_only": False}
    assert (await trying.post(f"{place}:replay", json=span)).json() == {"messages": 0, "more": False}
    backwards = span | {"to": span["from"]}
    assert (await trying.post(f"{place}:replay", json=backwards)).status_code == 422
    assert (await trying.delete(place)).status_code == 204
    for path in ("", ":enable", ":rotate", ":test", f"/messages/{tried['id']}:resend"):
        answer = await (trying.get(place) if not path else trying.post(place + path))
        assert (answer.status_code, answer.json()["code"]) == (404, "webhook-unknown"), path


async def test_elsewhere_this_machine_is_no_receiver(
    client: httpx.AsyncClient, settings: GatewaySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for url in (WISH["url"], *REFUSED):
        answer = await client.post("/v1/webhooks", json=WISH | {"url": url})
        assert (answer.status_code, answer.json()["code"]) == (422, "webhook-refused"), url

    def inside(host: str, port: int, *arguments: object, **named: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.1.2.3", port))]

    monkeypatch.setattr(socket, "getaddrinfo", inside)
    answer = await client.post("/v1/webhooks", json=WISH | {"url": "https://hook.example.com/"})
    assert answer.json()["errors"] == [{"pointer": "/body/url", "detail": "its address is not public"}]
    with pytest.raises(ValueError, match="embedded platform only"):
        GatewaySettings(postgres=settings.postgres, kafka=settings.kafka, webhooks={"loopback": True})


async def test_who_may_write_and_whose_they_are(trying: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey) -> None:
    reader = bearer((await make_key(ACME, "webhooks:read"))[0])
    writer = bearer((await make_key(ACME, "webhooks:write"))[0])
    theirs = (await trying.post("/v1/webhooks", json=WISH, headers=bearer((await make_key(GLOBEX))[0]))).json()
    place = f"/v1/webhooks/{theirs['id']}"
    for path in (":enable", ":disable", ":rotate", ":test", f"/messages/{theirs['id']}:resend"):
        assert (await trying.post(place + path, headers=writer)).status_code == 404
        assert (await trying.post(place + path, headers=reader)).json()["code"] == "scope-missing"
    assert (await trying.patch(place, json={"style": "full"}, headers=writer)).status_code == 404
    assert (await trying.delete(place, headers=writer)).status_code == 404
    assert (await trying.post("/v1/webhooks", json=WISH, headers=reader)).json()["code"] == "scope-missing"
    assert (await trying.get("/v1/webhooks", headers=reader)).json() == {"data": []}

    for name in ("webhook", "webhook_message"):
        await scribe.connection.execute(QUERIES[name], ACME.tenant_id, theirs["id"], FRIDAY)
    await trying.post("/sign-in", data={"key": (await make_key(ACME, "receipts:read", "webhooks:read"))[0]})
    listed = (await trying.get("/webhooks?lang=de")).text
    assert "https://hook.example.com/" in listed
    assert "Noch einmal senden" not in (await trying.get(f"/webhooks/{theirs['id']}?lang=de")).text
    assert WISH["url"] not in listed
    assert (await trying.post(f"/webhooks/{theirs['id']}/test")).status_code == 403

    await trying.post("/sign-in", data={"key": (await make_key())[0]})
    shown = (await trying.get(f"/webhooks/{theirs['id']}")).text
    assert "Send again" in shown
    for path in (f"{theirs['id']}/{theirs['id']}/resend", f"{theirs['id']}/test", f"{theirs['id']}/disable"):
        led = await trying.post(f"/webhooks/{path}")
        assert led.status_code == 303, path
    assert "off" in (await trying.get("/webhooks")).text
    assert "webhook.test" in (await trying.get(f"/webhooks/{theirs['id']}/{theirs['id']}")).text
    assert (await trying.get(f"/webhooks/{ACME.programme_id:032x}")).status_code == 404
