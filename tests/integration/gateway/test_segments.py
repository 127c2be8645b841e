"""Segments at a door on a real database: counts, members page by page, why, lists changed, quotes that see them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from tests.integration.gateway.conftest import NOW, MakeKey, bearer
from tests.integration.gateway.scribe import QUERIES, Scribe
from tests.integration.gateway.test_quote import COFFEE, cart, quoted
from tests.support.database import ACME, GLOBEX, Database, programme_document
from tests.support.programmes import put_programme

SEGMENTS: list[dict[str, Any]] = [
    {"name": "vip", "title": "Very <important>", "list": True},
    {"name": "rich", "when": {"any": [{"kind": "balance", "min": 50}], "none": [{"kind": "tier", "one_of": ["gold"]}]}},
]
MORE = {
    "id": "more",
    "name": "More for the rich",
    "state": "live",
    "when": {"segments": ["rich"], "not_lists": ["vip"]},
    "effect": {"kind": "fixed", "points": 500},
}


@pytest.fixture
async def segmented(database: Database) -> None:
    document = programme_document(ACME)
    campaigns: Any = document["campaigns"]
    await put_programme(database, document | {"campaigns": [*campaigns, MORE], "segments": SEGMENTS})


async def enter(connection: asyncpg.Connection, segment: str, *members: UUID, tenant: int = 1) -> None:
    await connection.executemany(
        QUERIES["segment_member"], [(tenant, tenant, member, segment, NOW) for member in members]
    )


@pytest.mark.usefixtures("segmented")
async def test_counts_members_and_why(client: httpx.AsyncClient, scribe: Scribe, superuser: asyncpg.Connection) -> None:
    members = [await scribe.member() for _ in range(5)]
    other = await scribe.member(GLOBEX)
    await members[0].credit(60, NOW)
    await enter(superuser, "rich", *[each.member_id for each in members])
    await enter(superuser, "rich", other.member_id, tenant=2)
    vip, rich = (await client.get("/v1/segments?lang=de")).json()["data"]
    assert (vip["members"], vip["list"], vip["asks"]) == (0, True, ["steht auf der Liste"])
    assert (rich["members"], rich["asks"][1]) == (5, "\u2013 kann mindestens 50 Punkte in points ausgeben")

    found: list[str] = []
    path: str | None = "/v1/segments/rich/members?limit=2"
    while path is not None:
        answer = await client.get(path)
        found += [each["member_id"] for each in answer.json()["data"]]
        path = answer.links["next"]["url"] if answer.json()["has_more"] else None
    assert found == [str(each.member_id) for each in members]
    assert (await client.get("/v1/segments/rich/members?cursor=x")).status_code == 400
    assert (await client.get("/v1/segments/poor/members")).json()["code"] == "not-found"

    of_first = (await client.get(f"/v1/members/{found[0]}/segments")).json()["data"]
    assert [(each["name"], each["holds"], each["since"]) for each in of_first] == [
        ("vip", False, None),
        ("rich", True, "2024-03-02T10:00:00Z"),
    ]
    of_last = (await client.get(f"/v1/members/{found[4]}/segments")).json()["data"][1]
    assert [(each["depth"], each["words"], each["met"], each["there"]) for each in of_last["conditions"]] == [
        (0, "at least one of these holds", False, None),
        (1, "may spend at least 50 points in points", False, "0"),
        (0, "none of these holds", True, None),
        (1, "stands in gold", False, "nothing known"),
    ]
    assert (await client.get(f"/v1/members/{found[0]}")).json()["segments"] == ["rich"]


@pytest.mark.usefixtures("segmented")
async def test_a_list_is_changed_whole_and_its_members_are_looked_at(
    client: httpx.AsyncClient, scribe: Scribe, superuser: asyncpg.Connection
) -> None:
    anna, ben = await scribe.member(), await scribe.member()
    await anna.identify("card:77")
    change = {"add": ["card:77", str(ben.member_id), "card:99"], "remove": [str(UUID(int=5))]}
    answer = await client.post("/v1/segments/vip/members", json=change)
    assert answer.json() == {"added": 2, "removed": 0, "unknown": ["card:99", str(UUID(int=5))]}
    assert (await client.post("/v1/segments/vip/members", json=change)).json()["added"] == 0
    looks = await superuser.fetch(QUERIES["segment_looks"])
    assert [tuple(row) for row in looks] == [(1, anna.member_id, "list", True), (1, ben.member_id, "list", True)]
    answer = await client.post("/v1/segments/vip/members", json={"remove": ["card:77"]})
    assert answer.json() == {"added": 0, "removed": 1, "unknown": []}
    assert (await client.get("/v1/segments")).json()["waiting"] == 2
    for path, body, pointer in [
        ("vip", {"add": ["nobody"]}, "/body/add/0"),
        ("vip", {"put": []}, "/body/put"),
        ("rich", {"add": []}, "/path/segment"),
    ]:
        refused = await client.post(f"/v1/segments/{path}/members", json=body)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)


@pytest.mark.usefixtures("segmented")
async def test_a_quote_sees_the_segments_of_its_member_alone(
    client: httpx.AsyncClient, scribe: Scribe, superuser: asyncpg.Connection
) -> None:
    anna, ben = await scribe.member(), await scribe.member()
    await anna.identify("card:1")
    await ben.identify("card:2")

    async def paid(card: str) -> bool:
        told = await quoted(client, cart(COFFEE, card=card))
        return "more" in {each["campaign"] for each in told["explanation"]["campaigns"]}

    assert [await paid("1"), await paid("2")] == [False, False]
    await enter(superuser, "rich", anna.member_id)
    assert [await paid("1"), await paid("2")] == [True, False]
    await enter(superuser, "vip", anna.member_id)
    assert [await paid("1"), await paid("2")] == [False, False]


@pytest.mark.usefixtures("segmented")
async def test_the_page_of_segments(
    anonymous: httpx.AsyncClient, scribe: Scribe, superuser: asyncpg.Connection, make_key: MakeKey
) -> None:
    member = await scribe.member()
    await enter(superuser, "vip", member.member_id)
    assert (await anonymous.get("/segments")).status_code == 303
    text, _ = await make_key(ACME, "receipts:read")
    await anonymous.post("/sign-in", data={"key": text})
    assert (await anonymous.get("/segments")).status_code == 403
    text, _ = await make_key(ACME, "receipts:read", "members:read")
    await anonymous.post("/sign-in", data={"key": text})
    page = await anonymous.get("/segments")
    assert "Very &lt;important&gt;" in page.text
    assert "<td>1</td>" in page.text
    assert "at least 50 points" in page.text
    german = await anonymous.get("/segments?lang=de")
    assert 'lang="de"' in german.text
    assert "mindestens 50 Punkte" in german.text
    assert bearer(text)["Authorization"].removeprefix("Bearer ") not in page.text
    text, _ = await make_key(ACME, "receipts:read", "members:read", "members:write")
    await anonymous.post("/sign-in", data={"key": text})
    many = await anonymous.post("/segments", content="&".join(f"{n}=" for n in range(9)))
    assert (many.status_code, many.json()["code"]) == (422, "request-invalid")


@pytest.mark.usefixtures("segmented")
async def test_a_list_comes_as_csv_and_each_bad_row_is_told(
    client: httpx.AsyncClient, anonymous: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey
) -> None:
    """Looked up, put on, put on again, taken off; at the door and on the page."""
    members = [await scribe.member() for _ in range(3)]
    for number, member in enumerate(members):
        await member.identify(f"card:{number}")
    file = f"member_id,card,note\n,0,first\n,99,nobody\n{members[1].member_id},,by id\nno-id,,\n,2,\n"
    csv = {"content-type": "text/csv; charset=utf-8"}
    rejects = [
        {"line": 3, "pointer": "", "expected": "a member of the programme"},
        {"line": 5, "pointer": "/member_id", "expected": "a UUID"},
    ]

    async def sent(query: str = "", content: str = file) -> dict[str, Any]:
        answer = await client.post(f"/v1/segments/vip/members{query}", content=content, headers=csv)
        told: dict[str, Any] = answer.json()
        return told

    assert await sent("?dry_run=true") == {
        "rows": 5, "added": 0, "removed": 0, "rejected": 2, "rejects": rejects, "dry_run": True,
    }  # fmt: skip
    assert (await sent())["added"] == 3
    assert ((await sent())["added"], (await sent())["rejects"]) == (0, rejects)
    assert (await sent("?remove=true", "card\n0\n1\n"))["removed"] == 2
    assert (await sent("", "name\nanna\n"))["code"] == "file-unreadable"
    assert (await sent("", ""))["code"] == "file-unreadable"
    refused = await client.post("/v1/segments/rich/members", content=file, headers=csv)
    assert refused.json()["errors"][0]["pointer"] == "/path/segment"
    refused = await client.post("/v1/segments/vip/members?dry_run=true", json={"add": []})
    assert refused.json()["errors"][0]["pointer"] == "/query"

    text, _ = await make_key(ACME, "receipts:read", "members:read")
    await anonymous.post("/sign-in", data={"key": text})
    form = {"programme": "main", "list": "vip", "what": "add", "rows": "card\n0\n<b>\n"}
    assert "<textarea" not in (await anonymous.get("/segments")).text
    assert (await anonymous.post("/segments", data=form)).status_code == 403
    text, _ = await make_key(ACME, "receipts:read", "members:read", "members:write")
    await anonymous.post("/sign-in", data={"key": text})
    assert "<textarea" in (await anonymous.get("/segments")).text
    page = await anonymous.post("/segments", data=form | {"what": "look"})
    assert "2 rows looked up, 1 name nobody; nothing was changed." in page.text
    page = await anonymous.post("/segments?lang=de", data=form)
    assert "2 Zeilen, 1 Mitglieder geändert, 1 Zeilen abgelehnt." in page.text
    assert (await anonymous.post("/segments", data=form | {"list": "rich"})).status_code == 404
    cross = await anonymous.post("/segments", data=form, headers={"sec-fetch-site": "cross-site"})
    assert cross.status_code == 403
    assert "This form works from its own page only." in cross.text


async def test_how_far_a_member_is_with_a_challenge(
    client: httpx.AsyncClient, scribe: Scribe, superuser: asyncpg.Connection, database: Database
) -> None:
    document = programme_document(ACME)
    twice = {"kind": "count", "what": "visits", "within": {"days": 30}, "min": 2}
    campaign = {
        "id": "twice",
        "name": "Come twice",
        "state": "live",
        "trigger": {"kind": "segment_entered", "segment": "twice"},
        "challenge": True,
        "effect": {"kind": "fixed", "points": 50},
    }
    weekly = {"kind": "count", "what": "visits", "min": 1, "in_a_row": {"periods": 3, "of": "week"}}
    segments = [
        {"name": "twice", "title": "Two visits", "when": {"all": [twice]}},
        {"name": "weekly", "title": "Every week", "when": {"all": [weekly]}},
    ]
    streak = campaign | {"id": "weekly", "trigger": {"kind": "segment_entered", "segment": "weekly"}}
    await put_programme(database, document | {"campaigns": [campaign, streak], "segments": segments})
    anna = await scribe.member()
    await superuser.execute(QUERIES["member_day"], 1, anna.member_id, NOW.date(), 1, 500, None)
    answer = await client.get(f"/v1/members/{anna.member_id}/challenges")
    told, every_week = answer.json()["data"]
    (step,) = every_week["steps"]
    assert (step["told"], step["here"]["done"], step["here"]["needed"]) == ("1 of 3 in a row", 1, 1)
    page = (await client.post(f"/v1/members/{anna.member_id}/pages")).json()["path"]
    shown = (await client.get(f"{page}?lang=de")).text
    assert "mindestens 1 Einkauf in jeder von 3 Wochen hintereinander: <b>1 von 3 hintereinander</b>" in shown
    assert (told["campaign"], told["met"], told["done_at"]) == ("twice", 0, None)
    assert told["gives"] == "50 points for whoever completes \u201cTwo visits\u201d."
    assert [(one["told"], one["done"], one["needed"]) for one in told["steps"]] == [("1 of 2", 1, 2)]
