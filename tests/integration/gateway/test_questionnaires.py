"""Questionnaires: kept, asked on a member's own page and over HTTP, answered into the profile, counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import orjson
import pytest

from services.gateway.intake.publisher import CannotPublish, Publisher, Record
from tests.integration.gateway.conftest import NOW, MakeKey, SetClock, bearer
from tests.integration.gateway.scribe import QUERIES, MemberScribe, Scribe
from tests.integration.gateway.test_catalogue import Shop, shop
from tests.support.database import ACME, GLOBEX, Database, programme_document
from tests.support.programmes import put_programme

__all__ = ["shop"]
DECLARED = [
    {"name": name, "type": kind}
    for name, kind in (
        ("pet", "text"),
        ("likes_tea", "bool"),
        ("likes_coffee", "bool"),
        ("household", "int"),
        ("moved_in", "int"),
        ("drives", "bool"),
        ("team", "text"),
    )
]


def said(text: str) -> dict[str, str]:
    return {"en": text, "de": f"{text} (de)"}


ASKED: dict[str, Any] = {
    "title": said("About you"),
    "questions": [
        {
            "name": "pet",
            "kind": "one",
            "texts": said("Who lives with you?"),
            "attribute": "pet",
            "options": [{"value": each, "texts": said(f"A {each}")} for each in ("dog", "cat")],
        },
        {
            "name": "drinks",
            "kind": "several",
            "texts": said("What do you drink?"),
            "choices": [{"attribute": f"likes_{each}", "texts": said(each)} for each in ("tea", "coffee")],
        },
        {
            "name": "people",
            "kind": "number",
            "texts": said("How many are you?"),
            "attribute": "household",
            "least": 1,
            "most": 20,
        },
        {"name": "since", "kind": "date", "texts": said("Since when?"), "attribute": "moved_in", "optional": True},
        {"name": "drives", "kind": "yes_no", "texts": said("Do you drive?"), "attribute": "drives"},
        {
            "name": "team",
            "kind": "text",
            "texts": said("Your team?"),
            "attribute": "team",
            "personal": False,
            "optional": True,
        },
    ],
    "again_after_days": 30,
}
ANSWERS: dict[str, Any] = {
    "pet": "cat",
    "drinks": ["likes_tea"],
    "people": 3,
    "since": "2019-02-28",
    "drives": False,
    "team": "Zebras <b>",
}
ATTRIBUTES = {
    "pet": "cat",
    "likes_tea": True,
    "likes_coffee": False,
    "household": 3,
    "moved_in": 20190228,
    "drives": False,
    "team": "Zebras <b>",
}
FORM = {"pet": "cat", "drinks.likes_tea": "yes", "people": "3", "since": "2019-02-28", "drives": "no"}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Record]:
    """What the broker was given; it is none."""
    found: list[Record] = []

    async def publish(_publisher: Publisher, records: Sequence[Record]) -> None:
        found.extend(records)

    monkeypatch.setattr(Publisher, "publish", publish)
    return found


@pytest.fixture
async def door(shop: Shop, database: Database) -> httpx.AsyncClient:
    """The door of a programme that declares attributes, with a questionnaire about them."""
    await put_programme(database, programme_document(ACME) | {"attributes": DECLARED})
    kept = await shop.door.put("/v1/questionnaires/about-you", json={"questionnaire": ASKED})
    assert kept.status_code == 200, kept.text
    return shop.door


async def agreeing(door: httpx.AsyncClient, scribe: Scribe, *, given: bool = True) -> MemberScribe:
    member = await scribe.member()
    word = {"purpose": "profiling", "channel": "email", "given": given, "at": "2024-03-01T00:00:00Z", "source": "shop"}
    answer = await door.post(f"/v1/members/{member.member_id}/consents", json={"consents": [word]})
    assert answer.status_code == 200, answer.text
    return member


def events(told: Sequence[Record]) -> list[tuple[str, dict[str, Any]]]:
    return [(record.topic, orjson.loads(record.value)) for record in told]


async def test_answers_become_attributes_once_or_again_and_an_activity_once(
    door: httpx.AsyncClient,
    scribe: Scribe,
    told: list[Record],
    clock: SetClock,
    superuser: asyncpg.Connection,
    log_lines: list[str],
) -> None:
    """The activity says which questionnaire, no log and no row what was answered."""
    member = await agreeing(door, scribe)
    path = f"/v1/members/{member.member_id}/questionnaires"
    waiting = (await door.get(f"{path}?lang=de")).json()["data"]
    assert [(each["name"], each["title"]) for each in waiting] == [("about-you", "About you (de)")]
    assert waiting[0]["questionnaire"] == ASKED
    wrong = ANSWERS | {"pet": "cow", "people": 21, "since": "2019-02-30", "team": "call 0171 2345678", "more": 1}
    refused = await door.post(f"{path}/about-you", json={"answers": wrong | {"drinks": "likes_tea"}})
    assert (refused.status_code, refused.json()["code"]) == (422, "answers-invalid")
    named = {each["pointer"].rpartition("/")[2] for each in refused.json()["errors"]}
    assert named == {"pet", "people", "since", "team", "more", "drinks"}
    assert not told
    assert (await door.post(f"{path}/about-you", json={"answers": ANSWERS})).json() == {"filled": True}
    (profiles, profile), (activities, activity) = events(told)
    assert (profiles, activities) == ("loyalty.profiles", "loyalty.activities")
    assert profile["source"] == activity["source"] == "/pointstream/acme/main/questionnaires"
    assert profile["data"] == {"member_id": str(member.member_id), "attributes": ATTRIBUTES}
    assert activity["data"]["activity"] == "survey-filled"
    assert activity["data"]["data"] == {"questionnaire": "about-you"}
    assert (await door.get(path)).json()["data"] == []
    again = await door.post(f"{path}/about-you", json={"answers": ANSWERS})
    assert (again.status_code, again.json()["code"]) == (409, "questionnaire-filled")
    clock.forward(timedelta(days=30))
    assert (await door.post(f"{path}/about-you", json={"answers": ANSWERS | {"pet": "dog"}})).status_code == 200
    assert [topic for topic, _ in events(told)] == ["loyalty.profiles", "loyalty.activities", "loyalty.profiles"]
    assert len({event["id"] for _, event in events(told)}) == 3
    row = await superuser.fetchrow("SELECT * FROM gateway.questionnaire_filled")
    assert set(dict(row)) == {"tenant_id", "programme_id", "name", "member_id", "filled_at"}
    assert log_lines
    assert not any(word in line for line in log_lines for word in ("Zebras", "cow", "0171"))


async def test_only_who_agreed_is_asked_and_only_in_time(
    door: httpx.AsyncClient, scribe: Scribe, told: list[Record], clock: SetClock, make_key: MakeKey
) -> None:
    member, other = await agreeing(door, scribe), await agreeing(door, scribe, given=False)

    async def code(whose: MemberScribe) -> str:
        body = {"answers": ANSWERS}
        refused = await door.post(f"/v1/members/{whose.member_id}/questionnaires/about-you", json=body)
        return str(refused.json().get("code"))

    assert await code(other) == "profiling-not-agreed"
    assert (await door.get(f"/v1/members/{other.member_id}/questionnaires")).json()["data"] == []
    later = ASKED | {"starts_at": "2024-03-10T00:00:00Z", "ends_at": "2024-03-12T00:00:00Z"}
    assert (await door.put("/v1/questionnaires/about-you", json={"questionnaire": later})).status_code == 200
    assert await code(member) == "questionnaire-closed"
    clock.forward(timedelta(days=9))
    assert await code(member) == "None"
    assert [topic for topic, _ in events(told)] == ["loyalty.profiles", "loyalty.activities"]
    stranger, _ = await make_key(GLOBEX)
    for path in ("/v1/questionnaires/about-you", "/v1/questionnaires/about-you/figures"):
        assert (await door.get(path, headers=bearer(stranger))).json()["code"] == "questionnaire-unknown"
    assert (await door.get("/v1/questionnaires/none")).json()["code"] == "questionnaire-unknown"
    kept = (await door.get("/v1/questionnaires")).json()["data"]
    assert [each["name"] for each in kept] == ["about-you"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"attribute": "shoe_size"}, "questionnaire-undeclared"),
        ({"attribute": "drives"}, "questionnaire-undeclared"),
        ({"texts": {"en": "Only in English"}}, "request-invalid"),
        ({"most": 0}, "request-invalid"),
        ({"kind": "essay"}, "request-invalid"),
    ],
)
async def test_what_can_t_be_asked_is_not_kept(door: httpx.AsyncClient, change: dict[str, Any], code: str) -> None:
    one = ASKED | {"questions": [ASKED["questions"][2] | change]}
    refused = await door.put("/v1/questionnaires/other", json={"questionnaire": one})
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert refused.json()["errors"][0]["pointer"].startswith("/body/questionnaire")
    assert (await door.get("/v1/questionnaires/other")).status_code == 404


async def test_a_member_answers_on_the_own_page(door: httpx.AsyncClient, scribe: Scribe, told: list[Record]) -> None:
    member = await agreeing(door, scribe)
    link = (await door.post(f"/v1/members/{member.member_id}/pages")).json()["path"]
    assert (
        f'<a href="{link}/questions/about-you?lang=de">About you (de)</a>' in (await door.get(f"{link}?lang=de")).text
    )
    path = f"{link}/questions/about-you?lang=en"
    asked = (await door.get(path)).text
    assert all(
        words in asked for words in ("Who lives with you?", "A cat", 'type="date"', "becomes part of your profile")
    )
    wrong = await door.post(path, data=FORM | {"people": "many", "team": "a@b.example"})
    assert [words in wrong.text for words in ("That is no whole number.", "a@b.example", " checked")] == [True] * 3
    assert not told
    assert "Thank you for your answers!" in (await door.post(path, data=FORM)).text
    assert events(told)[0][1]["data"]["attributes"] == {k: v for k, v in ATTRIBUTES.items() if k != "team"}
    assert "/questions/" not in (await door.get(f"{link}?lang=en")).text
    assert "has filled it in" in (await door.post(path, data=FORM)).text
    assert len(told) == 2
    assert (await door.get(f"{link}/questions/none")).status_code == 404


async def test_figures_count_what_stands_in_profiles(
    door: httpx.AsyncClient, scribe: Scribe, told: list[Record], superuser: asyncpg.Connection
) -> None:
    """Nothing is kept twice: who answered is counted, and what stands with them now."""
    for number in range(3):
        member = await agreeing(door, scribe)
        path = f"/v1/members/{member.member_id}/questionnaires/about-you"
        assert (await door.post(path, json={"answers": ANSWERS})).status_code == 200
        if number:  # as earning writes it, once it has read the event
            await superuser.execute(
                QUERIES["profile"], ACME.tenant_id, ACME.programme_id, member.member_id,
                orjson.dumps(ATTRIBUTES | {"household": 3 * number, "other": "x"}).decode(), NOW,
            )  # fmt: skip
    figures = (await door.get("/v1/questionnaires/about-you/figures")).json()
    assert figures["answered"] == 3
    counts = {(each["question"], each["answer"]): each["count"] for each in figures["answers"]}
    assert counts[("pet", "cat")] == counts[("drinks", "likes_tea")] == counts[("drives", "no")] == 2
    assert counts[("since", "2019")] == counts[("team", "any")] == 2
    assert counts[("pet", "dog")] == counts[("drinks", "likes_coffee")] == counts[("drives", "yes")] == 0
    assert (counts[("people", "3..4")], counts[("people", "5..6")], counts[("people", "1..2")]) == (1, 1, 0)
    assert not any(key[0] == "other" or "Zebras" in key[1] for key in counts)


async def test_nothing_is_noted_that_could_not_be_told(
    door: httpx.AsyncClient, scribe: Scribe, superuser: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_publisher: Publisher, _records: Sequence[Record]) -> None:
        raise CannotPublish("away")

    monkeypatch.setattr(Publisher, "publish", away)
    member = await agreeing(door, scribe)
    path = f"/v1/members/{member.member_id}/questionnaires/about-you"
    refused = await door.post(path, json={"answers": ANSWERS})
    assert (refused.status_code, refused.json()["code"]) == (503, "publishing-away")
    assert await superuser.fetchval("SELECT count(*) FROM gateway.questionnaire_filled") == 0
