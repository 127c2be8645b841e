"""Contact data over HTTP: masked unless a key may see it, kept at once, and every word with its proof."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg
import httpx

from libs.contacts.links import Links
from libs.contacts.postgres import destroy_keys, load_people
from libs.contacts.vault import Vault
from services.gateway.settings import GatewaySettings, PublicPart
from tests.integration.gateway.conftest import NOW, SEAL_KEY, MakeKey, SetClock, bearer, running
from tests.integration.gateway.scribe import Scribe
from tests.support.database import ACME, GLOBEX, Database

TELLING = {
    "person": {"given_name": "Anna", "family_name": "Nová", "language": "de-AT", "country": "CZ"},
    "contacts": [
        {"channel": "email", "address": "Anna@Example.com"},
        {"channel": "sms", "address": "601 123 456"},
        {"channel": "push", "address": "token-0001"},
    ],
}
LINKS, VAULT = Links.from_seal_key(SEAL_KEY), Vault.from_seal_key(SEAL_KEY)


def addresses(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [each["address"] for each in answer.json()["addresses"]]


def words(answer: httpx.Response) -> list[tuple[Any, ...]]:
    assert answer.status_code == 200, answer.text
    return [(each["purpose"], each["channel"], each["given"], each["source"]) for each in answer.json()["history"]]


async def test_contact_data_is_told_masked_and_in_full_to_whom_may_see_it(
    anonymous: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey, log_lines: list[str]
) -> None:
    member = await scribe.member(ACME)
    path = f"/v1/members/{member.member_id}/contacts"
    writer, reader, seer = [
        bearer((await make_key(ACME, scope))[0]) for scope in ("members:write", "members:read", "pii:read")
    ]
    told = await anonymous.post(path, json=TELLING, headers=writer)
    assert addresses(told) == ["A•••@e•••.com", "•••001", "+42•••456"]
    assert (told.json()["given_name"], told.json()["language"], told.json()["masked"]) == ("A•••", "de-AT", True)
    assert (await anonymous.get(path, headers=reader)).json() == told.json()
    refused = await anonymous.get(f"{path}:reveal", headers=reader)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope-missing")
    revealed = await anonymous.get(f"{path}:reveal", headers=seer)
    assert addresses(revealed) == ["Anna@example.com", "token-0001", "+420601123456"]
    assert revealed.json()["family_name"] == "Nová"
    more = {"person": {"family_name": ""}, "contacts": [{"channel": "push", "address": "token-0002"}]}
    assert len(addresses(await anonymous.post(path, json=more, headers=writer))) == 4
    number = {"contacts": [{"channel": "sms", "address": "602 000 111"}]}
    assert "+42•••111" in addresses(await anonymous.post(path, json=number, headers=writer)), "the country is known"
    only = {"person": {"given_name": "Eva"}, "contacts": [{"channel": "push", "address": "token-0002"}]}
    assert addresses(await anonymous.put(path, json=only, headers=writer)) == ["•••002"]
    whole = (await anonymous.get(f"{path}:reveal", headers=seer)).json()
    assert (whole["given_name"], whole["family_name"], whole["language"]) == ("Eva", None, None)
    assert any("revealMemberContacts" in line or "reveal_contacts" in line for line in log_lines)
    assert not any("Anna" in line or "example.com" in line for line in log_lines)


async def test_what_is_no_address_is_refused_without_being_repeated(client: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await scribe.member(ACME)
    path = f"/v1/members/{member.member_id}/contacts"
    for body, pointer in (
        ({"contacts": [{"channel": "email", "address": "secret"}]}, "/body/contacts/0/address"),
        ({"contacts": [{"channel": "inbox", "address": "secret"}]}, "/body/contacts/0/channel"),
        ({"person": {"zone": "secret"}}, "/body/person/zone"),
        ({"person": {"language": "SECRET"}}, "/body/person/language"),
    ):
        answer = await client.put(path, json=body)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == pointer
        assert "secret" not in answer.text.lower()


async def test_an_address_is_given_up_and_taken_up_again(client: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await scribe.member(ACME)
    path = f"/v1/members/{member.member_id}/contacts"
    told = (await client.post(path, json=TELLING)).json()
    email = f"{path}/email/{told['addresses'][0]['id']}"
    gone = await client.post(f"{email}:suppress", json={"reason": "not hers"})
    assert [each["reason"] for each in gone.json()["addresses"]] == ["not hers", None, None]
    again = await client.post(path, json=TELLING)
    assert not again.json()["addresses"][0]["alive"], "an old list does not bring it back to life"
    back = await client.post(f"{email}:unsuppress")
    assert back.json()["addresses"][0] == told["addresses"][0]
    unknown = await client.post(f"{path}/sms/{told['addresses'][0]['id']}:suppress", json={"reason": "x"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "contact-unknown")


async def test_consents_count_at_once_and_keep_their_history(
    client: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey
) -> None:
    member, theirs = await scribe.member(ACME), await scribe.member(GLOBEX)
    path = f"/v1/members/{member.member_id}/consents"
    yes = {"purpose": "marketing", "channel": "email", "given": True, "source": "till 3", "text_version": "2"}
    no = {"purpose": "marketing", "channel": "email", "given": False}
    early = no | {"at": (NOW - timedelta(days=9)).isoformat()}
    assert len(words(await client.post(path, json={"consents": [yes, early]}))) == 2
    told = (await client.get(path)).json()
    found = {(each["purpose"], each["channel"]): each["reason"] for each in told["permissions"]}
    assert found["marketing", "email"] == "agreed"
    assert found["marketing", "sms"] == "never-agreed"
    assert found["service", "inbox"] == "not-refused"
    last = words(await client.post(path, json={"consents": [no]}))[0]
    assert last[:3] == ("marketing", "email", False)
    assert last[3].startswith("test (")
    foreign = bearer((await make_key(GLOBEX, "members:write"))[0])
    assert (await client.post(path, json={"consents": [no]}, headers=foreign)).status_code == 404
    assert (await client.get(f"/v1/members/{theirs.member_id}/consents")).status_code == 404
    assert (await client.post(path, json={"consents": []})).status_code == 422


async def test_the_console_shows_them_masked_on_the_members_page(
    anonymous: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey
) -> None:
    member = await scribe.member(ACME)
    path = f"/v1/members/{member.member_id}"
    text, _ = await make_key(ACME)
    told = (await anonymous.post(f"{path}/contacts", json=TELLING, headers=bearer(text))).json()
    dead = f"{path}/contacts/email/{told['addresses'][0]['id']}:suppress"
    await anonymous.post(dead, json={"reason": "<not hers>"}, headers=bearer(text))
    yes = {"purpose": "marketing", "channel": "sms", "given": True, "source": "till <3>"}
    await anonymous.post(f"{path}/consents", json={"consents": [yes]}, headers=bearer(text))
    await anonymous.post("/sign-in", data={"key": text})
    shown = (await anonymous.get(f"/members/{member.member_id}?programme=main&lang=en")).text
    assert "A••• N••• · de-AT, CZ" in shown
    assert "A•••@e•••.com" in shown
    assert ": &lt;not hers&gt;" in shown
    assert "agreed SMS" in shown
    assert "till &lt;3&gt;" in shown
    assert not any(secret in shown for secret in ("Anna", "Nová", "Example.com", "601123456"))
    assert "zugestimmt SMS" in (await anonymous.get(f"/members/{member.member_id}?programme=main&lang=de")).text


async def test_one_click_says_no_and_the_page_shows_and_saves_choices(
    anonymous: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey, clock: SetClock, log_lines: list[str]
) -> None:
    member = await scribe.member(ACME)
    anonymous.headers["Authorization"] = f"Bearer {(await make_key(ACME))[0]}"
    base = f"/v1/members/{member.member_id}"
    await anonymous.post(f"{base}/contacts", json=TELLING)
    yes = [{"purpose": "marketing", "channel": channel, "given": True} for channel in ("email", "sms")]
    await anonymous.post(f"{base}/consents", json={"consents": yes})
    del anonymous.headers["Authorization"]
    name = (ACME.tenant_id, ACME.programme_id, member.member_id)
    link = LINKS.path(name, "marketing", "email", NOW)
    clock.forward(timedelta(hours=1))
    shown = await anonymous.get(link)
    assert (shown.status_code, shown.headers["content-language"]) == (200, "de"), "in the member's own language"
    assert 'name="marketing.email" checked' in shown.text
    assert 'name="profiling.push">' in shown.text
    assert not any(secret in shown.text for secret in ("Anna", "Nov", "example.com", "601123456", "token-"))
    assert "What would you like" in (await anonymous.get(link, params={"lang": "en"})).text
    clicked = await anonymous.post(link, content="List-Unsubscribe=One-Click", headers={"Content-Type": "text/plain"})
    assert (clicked.status_code, "Davon hören Sie nichts mehr" in clicked.text) == (200, True)
    assert 'name="marketing.email">' in (await anonymous.get(link)).text
    form = {f"shown.{name}": "1" for name in ("marketing.email", "marketing.sms", "service.email", "service.sms")}
    clock.forward(timedelta(hours=1))
    saved = await anonymous.post(f"{link}/choices", data=form | {"service.email": "on", "marketing.email": "on"})
    assert "Gespeichert" in saved.text
    assert (
        "Es wurde nichts"
        in (await anonymous.post(f"{link}/choices", data=form | {"service.email": "on", "marketing.email": "on"})).text
    )
    clock.forward(timedelta(days=4_000))
    old = await anonymous.get(link)
    assert 'name="marketing.sms" disabled' in old.text
    await anonymous.post(f"{link}/choices", data={"shown.marketing.sms": "1", "marketing.sms": "on"})
    await anonymous.post(link)
    admin = bearer((await make_key(ACME, expires_at=None))[0])
    history = words(await anonymous.get(f"{base}/consents", headers=admin))
    assert [each for each in history if each[3] in ("one-click link", "preference page")] == [
        ("marketing", "email", False, "one-click link"),
        ("marketing", "sms", False, "preference page"),
        ("marketing", "email", True, "preference page"),
        ("service", "sms", False, "preference page"),
        ("marketing", "email", False, "one-click link"),
    ]
    assert not any(link.rsplit("/", 1)[-1] in line for line in log_lines)


async def test_a_link_that_is_none_tells_nothing_and_counts_against_the_visitor(
    settings: GatewaySettings, clock: SetClock, scribe: Scribe
) -> None:
    member_id = (await scribe.member(ACME)).member_id
    nobody = LINKS.token((99, 99, member_id), "marketing", "email", NOW)
    true = LINKS.path((ACME.tenant_id, ACME.programme_id, member_id), "marketing", "email", NOW)
    for token in ("x", "A" * 60, nobody):
        few = settings.model_copy(update={"public": PublicPart(requests=1)})
        async with running(few, clock) as visitor:
            answer = await visitor.get(f"/u/{token}")
            assert (answer.status_code, "This link does not work" in answer.text) == (404, True)
            assert (await visitor.post(f"/u/{token}")).status_code == 429
            assert (await visitor.post(true)).status_code == 200, "servers that click for people are never held up"


async def test_whoever_was_erased_is_told_of_nothing_more(
    client: httpx.AsyncClient, scribe: Scribe, database: Database
) -> None:
    member = await scribe.member(ACME)
    path = f"/v1/members/{member.member_id}/contacts"
    await client.post(path, json=TELLING)
    operator = await asyncpg.connect(database.dsn("operator"))
    name = (ACME.tenant_id, ACME.programme_id, member.member_id)
    await destroy_keys(operator, NOW, [name])
    assert (await load_people(operator, [name], VAULT.seal))[name].given_name is None
    await operator.close()
    assert addresses(await client.get(path)) == []
    for answer in (await client.post(path, json=TELLING), await client.put(path, json=TELLING)):
        assert (answer.status_code, answer.json()["code"]) == (409, "member-erased")
