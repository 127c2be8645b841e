"""Consents that were ticked on a page count once the owner of the address has followed a link: double opt-in."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import orjson
import pytest

from libs.contacts.postgres import destroy_keys
from libs.contracts.identifiers import IdentifierNames
from libs.deliveries.own import opened
from libs.runtime.seal import Seal
from services.gateway.confirming.desk import KEPT, LIVES, MOST
from services.gateway.intake.publisher import Record
from tests.integration.gateway.conftest import NOW, SEAL_KEY, SetClock
from tests.integration.gateway.scribe import Scribe
from tests.integration.gateway.test_designs import PAGE
from tests.integration.gateway.test_feedback import told
from tests.support.database import ACME, Database

__all__ = ["told"]
SEAL, NAMES = Seal.from_base64(base64.b64encode(SEAL_KEY).decode()), IdentifierNames.from_seal_key(SEAL_KEY)
PATH = "/p/acme/main/spring?lang=en"
FLORA = {"email": "Flora@example.org", "given_name": "Flora", "consent": "on"}
FORM = {**PAGE, "opens_at": (NOW - timedelta(days=1)).isoformat(), "closes_at": None}


@pytest.fixture
async def page(client: httpx.AsyncClient, told: list[Record]) -> httpx.AsyncClient:
    """A company with a landing page."""
    document = {name: value for name, value in FORM.items() if value is not None}
    done = await client.post("/v1/designs", json={"kind": "page", "name": "spring", "document": document})
    assert done.json()["published"], done.text
    return client


async def join(door: httpx.AsyncClient, **fields: str) -> httpx.Response:
    """Fill in the form anew."""
    form = (await door.get(PATH)).text
    found = re.search(r'name="key" value="([^"]*)"', form)
    assert found is not None
    return await door.post(PATH, data={"key": found[1], **fields})


async def letters(scribe: Scribe) -> list[tuple[str, str]]:
    """The mails that ask: to whom, and what they say, in order."""
    rows = await scribe.connection.fetch(
        "SELECT letter_id, sealed FROM notifier.own_letter WHERE kind = 'confirmation' ORDER BY asked_at, letter_id"
    )
    read = [opened(row["sealed"], row["letter_id"], SEAL) for row in rows]
    return [(address, content.text) for address, _, content in read]


def link_in(text: str) -> str:
    """The path of the link in a mail, whose address is the configured one."""
    found = re.search(r"http://door\.test(/confirm/[^?\s]+)", text)
    assert found is not None, text
    return found[1]


async def consents(door: httpx.AsyncClient, member: UUID | str) -> dict[str, Any]:
    found: dict[str, Any] = (await door.get(f"/v1/members/{member}/consents")).json()
    return found


async def test_a_consent_counts_once_the_link_in_the_mail_was_followed(
    page: httpx.AsyncClient, scribe: Scribe, told: list[Record], clock: SetClock
) -> None:
    member = await scribe.member(ACME)
    await member.identify(NAMES.of("email", "flora@example.org"))
    said = await join(page, **FLORA)
    assert "follow the link in that mail" in said.text
    ((address, text),) = await letters(scribe)
    assert (address, "Write to me" in text) == ("Flora@example.org", True)
    link = link_in(text)
    clock.forward(timedelta(hours=1))
    for _ in range(2):  # whoever looks, people and machines, says nothing
        looked = await page.get(f"{link}?lang=de", headers={"Authorization": ""})
        assert (looked.status_code, "Write to me" in looked.text, "Ja, das war ich" in looked.text) == (200, True, True)
    assert "Yes, that was me" in (await page.post(f"{link}?lang=en", data={"answer": "perhaps"})).text
    before = await consents(page, member.member_id)
    (asked,) = before["asked"]
    assert (before["history"], asked["confirmed_at"], asked["source"]) == ([], None, "page spring")
    assert (asked["text"], asked["asked_at"]) == ("Write to me", NOW.isoformat().replace("+00:00", "Z"))

    done = await page.post(f"{link}?lang=en", data={"answer": "yes"}, headers={"Authorization": ""})
    assert 'role="status"' in done.text
    after = await consents(page, member.member_id)
    (word,) = after["history"]
    assert (word["purpose"], word["channel"], word["given"]) == ("marketing", "email", True)
    assert (word["source"], word["text_version"]) == ("page spring, confirmed by mail", asked["text_version"])
    assert after["asked"][0]["confirmed_at"] == word["at"] == clock.now().isoformat().replace("+00:00", "Z")

    no = {"purpose": "marketing", "channel": "email", "given": False}
    clock.forward(timedelta(hours=1))
    assert (await page.post(f"/v1/members/{member.member_id}/consents", json={"consents": [no]})).is_success
    assert 'role="status"' in (await page.post(link, data={"answer": "yes"})).text
    words = (await consents(page, member.member_id))["history"]
    assert [each["given"] for each in words] == [False, True], "who said no is not made to agree by the same link"


async def test_nothing_tells_whether_an_address_is_a_members(
    page: httpx.AsyncClient, scribe: Scribe, told: list[Record]
) -> None:
    """The same answer, a mail, and an event that is waited for."""
    member = await scribe.member(ACME)
    await member.identify(NAMES.of("email", "flora@example.org"))
    told.clear()
    answers = [await join(page, **FLORA), await join(page, **FLORA | {"email": "fauna@example.org"})]
    known, new = [orjson.loads(record.value) for record in told]
    assert [each["type"].rpartition("pointstream.")[2] for each in (known, new)] == [
        "member.updated.v1", "member.enrolled.v1",
    ]  # fmt: skip
    assert known["data"] == {"member_id": str(member.member_id)}, "it changes nothing"
    assert "consents" not in new["data"], "nobody has confirmed anything"
    assert new["data"]["person"] == {"language": "en", "given_name": "Flora"}
    assert answers[0].text == answers[1].text
    asked = dict(await letters(scribe))
    assert asked.keys() == {"Flora@example.org", "fauna@example.org"}
    link = link_in(asked["fauna@example.org"])
    assert (await page.post(link, data={"answer": "yes"})).is_success
    row = await scribe.connection.fetchrow("SELECT member_id, given FROM vault.consent")
    assert row is not None
    assert (str(row["member_id"]), row["given"]) == (new["data"]["member_id"], True), "also before earning has heard"


async def test_an_address_is_asked_so_often_and_a_link_ends(
    page: httpx.AsyncClient, scribe: Scribe, clock: SetClock
) -> None:
    """A stranger can fill in anybody's address, again and again."""
    for _ in range(MOST + 2):
        assert 'role="status"' in (await join(page, **FLORA)).text
    assert len(await letters(scribe)) == MOST
    form = {name: value for name, value in FLORA.items() if name != "consent"}
    assert "follow the link" not in (await join(page, **form)).text
    assert (await join(page, **FLORA | {"given_name": "Win at evil.example"})).status_code == 422
    first = link_in((await letters(scribe))[0][1])
    clock.forward(LIVES)
    late = await page.post(f"{first}?lang=en", data={"answer": "yes"})
    assert (late.status_code, "This link has ended" in late.text) == (410, True)
    assert await scribe.connection.fetchval("SELECT count(*) FROM vault.consent") == 0
    broken = first[:-1] + ("A" if first[-1] != "A" else "B")
    assert (await page.get(broken)).status_code == 404
    clock.forward(KEPT + timedelta(seconds=1))
    assert 'role="status"' in (await join(page, **FLORA)).text
    assert len(await letters(scribe)) == MOST + 1
    assert await scribe.connection.fetchval("SELECT count(*) FROM vault.consent_asked") == 1, (
        "what nobody followed goes"
    )
    assert (await page.get(first)).status_code == 404


async def test_who_is_erased_or_complained_is_not_asked(
    page: httpx.AsyncClient, scribe: Scribe, database: Database
) -> None:
    member = await scribe.member(ACME)
    await member.identify(NAMES.of("email", "flora@example.org"))
    await join(page, **FLORA)
    link = link_in((await letters(scribe))[0][1])
    operator = await asyncpg.connect(database.dsn("operator"))
    await destroy_keys(operator, NOW, [(ACME.tenant_id, ACME.programme_id, member.member_id)])
    await operator.close()
    assert (await page.post(link, data={"answer": "yes"})).status_code == 404
    assert (await consents(page, member.member_id))["history"] == []
    row = await scribe.connection.fetchrow("SELECT digest, text FROM vault.consent_asked")
    assert row is not None
    assert tuple(row) == (None, "Write to me")

    other = await scribe.member(ACME)
    contact = {"contacts": [{"channel": "email", "address": "dead@example.org"}]}
    kept = (await page.post(f"/v1/members/{other.member_id}/contacts", json=contact)).json()["addresses"][0]["id"]
    place = f"/v1/members/{other.member_id}/contacts/email/{kept}:suppress"
    assert (await page.post(place, json={"reason": "complained"})).is_success
    assert 'role="status"' in (await join(page, **FLORA | {"email": "dead@example.org"})).text
    assert len(await letters(scribe)) == 1


async def test_a_yes_is_nobodys_who_has_another_address_by_then(page: httpx.AsyncClient, scribe: Scribe) -> None:
    member, heir = await scribe.member(ACME), await scribe.member(ACME)
    await member.identify(NAMES.of("email", "flora@example.org"))
    for who, address in ((member, "flora@example.org"), (member, "new@example.org"), (heir, "flora@example.org")):
        if who is heir:
            await join(page, **FLORA)
        contact = {"contacts": [{"channel": "email", "address": address}]}
        assert (await page.post(f"/v1/members/{who.member_id}/contacts", json=contact)).is_success
    assert (await page.post(link_in((await letters(scribe))[0][1]), data={"answer": "yes"})).is_success
    words = [len((await consents(page, each.member_id))["history"]) for each in (member, heir)]
    assert words == [0, 1]


async def test_links_are_built_from_the_configured_address_alone(page: httpx.AsyncClient, scribe: Scribe) -> None:
    """Whatever a request calls the gateway."""
    form = (await page.get(PATH, headers={"Host": "evil.example"})).text
    assert "evil.example" not in form
    found = re.search(r'name="key" value="([^"]*)"', form)
    assert found is not None
    said = await page.post(PATH, data={"key": found[1], **FLORA}, headers={"Host": "evil.example"})
    assert "evil.example" not in said.text
    ((_, text),) = await letters(scribe)
    assert ("evil.example" in text, link_in(text).startswith("/confirm/")) == (False, True)
