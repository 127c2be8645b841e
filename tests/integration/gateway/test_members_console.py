"""The pages on members: found by what is known of them, and shown with the reasons for their points."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import escape

import httpx

from tests.integration.gateway.conftest import MakeKey
from tests.integration.gateway.scribe import Scribe, decision, receipt
from tests.integration.gateway.test_receipts import COFFEE, FRIDAY, PRODUCE
from tests.support.browsing import form_of
from tests.support.database import ACME, GLOBEX

JANUARY = datetime(2024, 1, 10, tzinfo=UTC)


async def signed_in(anonymous: httpx.AsyncClient, make_key: MakeKey, *scopes: str) -> None:
    text, _ = await make_key(ACME, *scopes)
    await anonymous.post("/sign-in", data={"key": text})


async def test_a_member_is_found_and_every_number_explained(
    anonymous: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey
) -> None:
    member, stranger = await scribe.member(tier="gold"), await scribe.member(GLOBEX)
    await member.identify("card:98123456")
    bought = receipt(1349, PRODUCE, COFFEE)
    paid = decision("/acme/pos/12/3", "R-1", bought, FRIDAY, member_id=member.member_id, lot=1)
    await scribe.page([paid])
    await member.credit(42, FRIDAY, cause=paid.key)

    assert (await anonymous.get("/members")).status_code == 303
    await signed_in(anonymous, make_key, "receipts:read")
    assert (await anonymous.get("/members")).status_code == 403
    await signed_in(anonymous, make_key, "receipts:read", "members:read", "points:read")
    assert 'name="value"' in (await anonymous.get("/members")).text

    found = await anonymous.post("/members?lang=de", data={"kind": "card", "value": " 98123456"})
    assert found.status_code == 303
    assert found.headers["location"] == f"/members/{member.member_id}?programme=main&lang=de"
    assert "9812" not in found.headers["location"]
    by_id = await anonymous.post("/members", data={"kind": "member_id", "value": str(member.member_id)})
    assert by_id.headers["location"] == f"/members/{member.member_id}?programme=main&lang=en"
    for kind, value in (("card", "1"), ("member_id", str(stranger.member_id)), ("member_id", "me"), ("shoe", "42")):
        nobody = await anonymous.post("/members", data={"kind": kind, "value": value})
        assert nobody.status_code == 404
        assert f'value="{value}"' in nobody.text, "what was typed is kept, to be put right"
        assert (f'<option value="{kind}" selected>' in nobody.text) == (kind != "shoe")
    assert (await anonymous.get(f"/members/{stranger.member_id}")).status_code == 404

    shown = await anonymous.get(found.headers["location"])
    assert shown.status_code == 200
    assert '<html lang="de">' in shown.text
    assert "98123456" not in shown.text
    assert "••••3456" in shown.text
    assert "<td>42</td>" in shown.text
    assert "42 points durch" in shown.text
    assert re.search(r"Gezahlt: [^:]+: [^<]+ = 13[.,]49", shown.text)


async def test_who_may_not_see_points_sees_the_rest(
    anonymous: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey
) -> None:
    member = await scribe.member()
    for number in range(30):
        await member.credit(number + 1, JANUARY)
    await signed_in(anonymous, make_key, "receipts:read", "members:read")
    shown = (await anonymous.get(f"/members/{member.member_id}")).text
    assert "<h2>Points</h2>" in shown
    assert "<h2>Journal</h2>" not in shown
    await signed_in(anonymous, make_key, "receipts:read", "members:read", "points:read")
    shown = (await anonymous.get(f"/members/{member.member_id}")).text
    older = re.search(r'href="(/members/[^"]+cursor=[^"]+)"', shown)
    assert older is not None
    following = (await anonymous.get(older[1].replace("&amp;", "&"))).text
    assert "<td>1</td><td><time" in following
    assert "<td>30</td><td><time" not in following


async def test_a_member_is_blocked_on_their_page(
    anonymous: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey
) -> None:
    member = await scribe.member()
    page = f"/members/{member.member_id}?programme=main&lang=de"
    turn = page.replace("?", "/block?")
    await signed_in(anonymous, make_key, "receipts:read", "members:read")
    shown = (await anonymous.get(page)).text
    assert "Nichts ist gesperrt" in shown
    assert 'name="turn"' not in shown
    assert (await anonymous.post(turn, data={"turn": "block", "why": "Gestohlen"})).status_code == 403
    await signed_in(anonymous, make_key, "receipts:read", "members:read", "points:adjust")
    sent = await anonymous.post(turn, data={"turn": "block", "why": ""})
    assert (sent.status_code, sent.headers["location"]) == (303, page)
    asked = await anonymous.post(turn, data={"turn": "block", "why": "Gestohlen <b>"})
    assert asked.status_code == 200
    assert "Alle Karten dieses Mitglieds sperren? Der Grund: Gestohlen &lt;b&gt;" in asked.text
    assert f'<a href="{escape(page)}">Nein, zurück</a>' in asked.text
    assert "Nichts ist gesperrt" in (await anonymous.get(page)).text, "one click blocks nobody"
    action, fields = form_of(asked.text)
    sent = await anonymous.post(action, data=fields)
    assert (sent.status_code, sent.headers["location"]) == (303, page)
    shown = (await anonymous.get(page)).text
    assert "Gestohlen &lt;b&gt;" in shown
    assert "Die Sperre aufheben" in shown
    await anonymous.post(turn, data={"turn": "lift", "why": ""})
    assert "Nichts ist gesperrt" in (await anonymous.get(page)).text
    assert (await anonymous.get(page.replace("lang=de", "lang=en"))).text.count("Blocked from ") == 1
