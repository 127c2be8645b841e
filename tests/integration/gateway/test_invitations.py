"""Friends whom members invite: one notice for an address, whoever invites, and nothing kept but its digest."""

from __future__ import annotations

import asyncio
import base64
import re

import asyncpg
import httpx

from libs.contacts.addresses import CheckedAddress, read_address
from libs.contacts.postgres import destroy_keys
from libs.contacts.vault import Vault
from libs.deliveries.own import opened
from libs.runtime.seal import Seal
from tests.integration.gateway.conftest import NOW, SEAL_KEY, MakeKey, bearer
from tests.integration.gateway.scribe import Scribe
from tests.support.database import ACME, GLOBEX, Database, programme_document
from tests.support.programmes import put_version

SEAL, VAULT = Seal.from_base64(base64.b64encode(SEAL_KEY).decode()), Vault.from_seal_key(SEAL_KEY)
REFERRAL = {"referral": {"when": {"kind": "enrolment"}, "referrer": [{"from": 1, "points": 5}]}}
FRIEND = {"address": "Friend@example.org", "language": "de"}

INVITED = """
WITH asked AS (
    INSERT INTO gateway.invitation_asked (tenant_id, programme_id, member_id, digest, asked_at)
    VALUES (1, 1, $2, $1, now())
)
INSERT INTO gateway.invitation (tenant_id, programme_id, digest, member_id, invited_at, answer, answered_at)
VALUES (1, 1, $1, $2, now(), $3, CASE WHEN $3::text IS NOT NULL THEN now() END)
"""
ELSEWHERE = """
WITH other AS (
    INSERT INTO platform.programme (tenant_id, programme_id, slug, name, zone, currency)
    VALUES (1, 77, 'elsewhere', 'Elsewhere', 'UTC', 'EUR') ON CONFLICT DO NOTHING
)
INSERT INTO gateway.invitation (tenant_id, programme_id, digest, member_id, invited_at, answer, answered_at)
VALUES (1, 77, $1, $2, now(), $3, now())
"""


def digest(address: str) -> bytes:
    read = read_address("email", address)
    assert isinstance(read, CheckedAddress)
    return VAULT.digest(read)


async def letters(scribe: Scribe) -> list[tuple[str, str]]:
    """The notices that wait to be handed over: to whom, and what they say."""
    rows = await scribe.connection.fetch("SELECT letter_id, sealed FROM notifier.own_letter WHERE kind = 'invitation'")
    read = [opened(row["sealed"], row["letter_id"], SEAL) for row in rows]
    return [(address, content.text) for address, _, content in read]


async def test_a_friend_is_written_to_once_and_answers_by_the_link(
    client: httpx.AsyncClient, anonymous: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey
) -> None:
    member, other = await scribe.member(ACME), await scribe.member(ACME)
    await put_version(scribe.connection, programme_document(ACME) | REFERRAL)
    path = f"/v1/members/{member.member_id}/invitations"
    names = {"person": {"given_name": "Anna"}, "contacts": [{"channel": "email", "address": "known@example.org"}]}
    assert (await client.post(f"/v1/members/{member.member_id}/contacts", json=names)).status_code == 200
    invited = await client.post(path, json=FRIEND)
    assert (invited.status_code, invited.json()) == (202, {"invited": 1, "agreed": 0, "refused": 0}), invited.text
    assert (await client.post(path, json=FRIEND)).json()["invited"] == 1
    again = await client.post(f"/v1/members/{other.member_id}/invitations", json={"address": "friend@EXAMPLE.org"})
    assert (again.status_code, again.json()["invited"]) == (202, 1), "whoever invites; it counts like any other"
    assert (await client.post(path, json={"address": "known@example.org"})).json()["invited"] == 2, "also a member"
    assert (await client.post(path, json={"address": "none"})).status_code == 422
    ((address, text),) = await letters(scribe)
    assert address == "Friend@example.org"
    assert "Anna" in text
    link = re.search(r"http://[^/]+(/invited/[^?\s]+)", text)
    assert link is not None
    kept = await scribe.connection.fetch("SELECT i::text FROM gateway.invitation i")
    assert not any("friend@" in row[0].lower() for row in kept)

    page = (await anonymous.get(f"{link[1]}?lang=de")).text
    assert "Nein, nie wieder fragen" in page
    assert (await client.get(path)).json()["agreed"] == 0, "looking says nothing"
    agreed = (await anonymous.post(link[1], data={"answer": "agreed"})).text
    code = (await client.post(f"/v1/members/{member.member_id}/referral-code")).json()["code"]
    assert code in agreed
    assert (await client.get(path)).json() == {"invited": 2, "agreed": 1, "refused": 0}
    refused = (await anonymous.post(link[1], data={"answer": "refused"})).text
    assert (code in refused, "whoever invites you" in refused) == (False, True)
    assert (await client.post(path, json=FRIEND)).json() == {"invited": 2, "agreed": 0, "refused": 1}
    assert len(await letters(scribe)) == 1
    assert (await anonymous.get(link[1][:-1] + ("A" if link[1][-1] != "A" else "B"))).status_code == 404
    stranger = bearer((await make_key(GLOBEX, "members:read", "members:write"))[0])
    assert (await client.post(path, json=FRIEND, headers=stranger)).status_code == 404
    elsewhere = f"/v1/members/{(await scribe.member(GLOBEX)).member_id}/invitations"
    off = await client.post(elsewhere, json=FRIEND, headers=stranger)
    assert (off.status_code, off.json()["code"]) == (409, "invitations-off")


async def test_who_said_no_is_asked_by_no_other_programme_of_the_company(
    client: httpx.AsyncClient, scribe: Scribe
) -> None:
    member = await scribe.member(ACME)
    await put_version(scribe.connection, programme_document(ACME) | REFERRAL)
    path = f"/v1/members/{member.member_id}/invitations"
    for name, answer in (("no", "refused"), ("yes", "agreed")):
        await scribe.connection.execute(ELSEWHERE, digest(f"{name}@example.org"), member.member_id, answer)
    for name in ("no", "yes"):
        assert (await client.post(path, json={"address": f"{name}@example.org"})).status_code == 202
    assert [address for address, _ in await letters(scribe)] == ["yes@example.org"]


async def test_who_invites_is_named_where_it_is_plainly_a_name_and_forgotten_on_demand(
    client: httpx.AsyncClient, anonymous: httpx.AsyncClient, scribe: Scribe, database: Database
) -> None:
    member, other = await scribe.member(ACME), await scribe.member(ACME)
    await put_version(scribe.connection, programme_document(ACME) | REFERRAL)
    path, contacts = f"/v1/members/{member.member_id}/invitations", f"/v1/members/{member.member_id}/contacts"
    told = {"person": {"given_name": "Win at evil.example"}, "contacts": [{"channel": "email", "address": "me@a.org"}]}
    assert (await client.post(contacts, json=told)).is_success
    invited = await client.post(path, json=FRIEND | {"language": "en"}, headers={"Host": "evil.example"})
    assert invited.status_code == 202
    ((_, text),) = await letters(scribe)
    assert ("evil" in text, "A friend of yours" in text) == (False, True)
    link = re.search(r"http://door\.test(/invited/[^?\s]+)", text)
    assert link is not None
    others = f"/v1/members/{other.member_id}/invitations"
    for address, answer in (("me@a.org", None), ("me@b.org", "refused")):
        await scribe.connection.execute(INVITED, digest(address), other.member_id, answer)
    assert (await client.post(contacts, json={"contacts": [{"channel": "email", "address": "me@b.org"}]})).is_success
    assert (await client.post(others, json={"address": "third@example.org"})).json()["invited"] == 3

    operator = await asyncpg.connect(database.dsn("operator"))
    await destroy_keys(operator, NOW, [(1, 1, member.member_id)])
    await operator.close()
    assert (await client.get(path)).json() == {"invited": 0, "agreed": 0, "refused": 0}
    assert "yes" not in (await anonymous.post(link[1], data={"answer": "agreed"})).text
    rows = await scribe.connection.fetch("SELECT digest, member_id FROM gateway.invitation")
    found = {bytes(row["digest"]): row["member_id"] for row in rows}
    assert found[digest("friend@example.org")] is None, "asked once, whoever invites, and nobody knows who did"
    assert digest("me@b.org") in found, "who said no is not asked again"
    assert (await client.get(others)).json()["invited"] == 2, "of whom one is known by nobody any more"


async def test_a_member_invites_so_many_a_day(client: httpx.AsyncClient, scribe: Scribe) -> None:
    """However many they send at once, and whoever they invite."""
    member = await scribe.member(ACME)
    await put_version(scribe.connection, programme_document(ACME) | REFERRAL)
    path = f"/v1/members/{member.member_id}/invitations"
    known = {"contacts": [{"channel": "email", "address": "f0@example.org"}]}
    assert (await client.post(f"/v1/members/{member.member_id}/contacts", json=known)).status_code == 200
    friends = [{"address": f"f{number}@example.org"} for number in range(22)]
    assert [(await client.post(path, json=each)).status_code for each in friends[:19]] == [202] * 19
    last = await asyncio.gather(*(client.post(path, json=each) for each in friends[19:]))
    assert sorted(each.status_code for each in last) == [202, 429, 429], "also all at once"
    assert {each.json()["code"] for each in last if each.status_code == 429} == {"invitations-spent"}
    assert len(await letters(scribe)) == 19
    assert (await client.get(path)).json()["invited"] == 20
