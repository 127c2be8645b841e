"""The calendar of campaigns at a door on a real database: resolved days, states, budgets, boundaries, page and file."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from dateutil.rrule import FR, WEEKLY, rrule

from tests.integration.gateway.conftest import MakeKey, SetClock
from tests.integration.gateway.scribe import QUERIES
from tests.support.database import ACME, Database, programme_document
from tests.support.programmes import put_programme

MARCH = {"from": "2024-03-01", "to": "2024-05-31"}
FRIDAYS: dict[str, Any] = {
    "id": "fridays",
    "name": "Fridays <double>",
    "state": "live",
    "frame": {"weekdays": ["fri"], "hours": {"from": "17:00", "to": "19:00"}, "ends_at": "2024-05-01T00:00:00+02:00"},
    "when": {"partners": ["fuel"], "tiers": ["gold"]},
    "effect": {"kind": "multiplier", "percent": 200},
    "limits": [{"scope": "campaign", "period": "ever", "points": 1000}],
}
EASTER: dict[str, Any] = {
    "id": "easter",
    "name": "Easter",
    "state": "draft",
    "frame": {"holidays": [{"country": "IT", "first_year": 2024, "last_year": 2024, "names": ["Easter Monday"]}]},
    "effect": {"kind": "fixed", "points": 5},
}


@pytest.fixture
async def planned(database: Database, superuser: asyncpg.Connection) -> None:
    document = programme_document(ACME)
    campaigns: Any = document["campaigns"]
    await put_programme(database, document | {"campaigns": [*campaigns[:1], FRIDAYS, EASTER]})
    await superuser.execute(QUERIES["counter"], ACME.tenant_id, ACME.programme_id, "fridays|ever", 800)


def days(runs: list[dict[str, str]]) -> list[date]:
    found = []
    for run in runs:
        first, last = date.fromisoformat(run["first_day"]), date.fromisoformat(run["last_day"])
        found += [first + timedelta(day) for day in range((last - first).days + 1)]
    return found


@pytest.mark.usefixtures("planned")
async def test_days_states_budgets_and_boundaries(client: httpx.AsyncClient, clock: SetClock) -> None:
    told = (await client.get("/v1/programme/calendar", params=MARCH)).json()
    by_id = {each["id"]: each for each in told["campaigns"]}
    assert (told["first_day"], told["last_day"], told["today"], told["zone"]) == (
        "2024-03-01",
        "2024-05-31",
        "2024-03-02",
        "Europe/Rome",
    )
    fridays = by_id["fridays"]
    every = rrule(
        WEEKLY, byweekday=FR, dtstart=clock.instant.replace(day=1), until=clock.instant.replace(month=5, day=1)
    )
    assert days(fridays["days"]) == [each.date() for each in every]
    assert (fridays["status"], fridays["would"]) == ("live", [])
    assert fridays["audience"] == ["at the partner fuel", "for the tier gold"]
    assert [(each["percent"], each["mark"]) for each in fridays["budgets"]] == [(80, 80)]
    assert fridays["budgets"][0]["words"] == "80 % of 1,000 points used in all (80 % mark reached)"
    easter = by_id["easter"]
    assert (easter["status"], easter["days"], days(easter["would"])) == ("draft", [], [date(2024, 4, 1)])
    assert [(each["last_day"], each["wallets"], each["campaigns"]) for each in told["boundaries"]] == [
        ("2024-03-31", ["points"], ["base", "fridays"])
    ]

    async def ids(**asked: str) -> set[str]:
        answer = await client.get("/v1/programme/calendar", params=MARCH | asked)
        return {each["id"] for each in answer.json()["campaigns"]}

    assert await ids(partner="grocer") == {"base", "easter"}
    assert await ids(status="draft") == {"easter"}
    assert await ids(kind="multiplier") == {"fridays"}
    assert await ids(**{"from": "2024-06-01", "to": "2024-06-30"}) == {"base"}
    for wrong in ({"to": "2024-02-01"}, {"to": "2026-02-01"}, {"from": "0001-01-01"}, {"from": "Friday"}):
        answer = await client.get("/v1/programme/calendar", params=MARCH | wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, "request-invalid")


@pytest.mark.usefixtures("planned")
async def test_the_past_is_that_of_its_versions_and_a_switch_cuts(client: httpx.AsyncClient, clock: SetClock) -> None:
    async def fridays() -> Any:
        told = (await client.get("/v1/programme/calendar", params=MARCH)).json()
        return next(each for each in told["campaigns"] if each["id"] == "fridays")

    clock.forward(timedelta(days=10))  # the 12th
    assert (await client.post("/v1/switches:off", json={"kind": "campaign", "value": "fridays"})).status_code == 200
    off = await fridays()
    assert (off["status"], days(off["days"])) == ("off", [date(2024, 3, day) for day in (1, 8)])
    assert days(off["would"])[:2] == [date(2024, 3, 15), date(2024, 3, 22)]
    clock.forward(timedelta(days=7))
    assert (await client.post("/v1/switches:on", json={"kind": "campaign", "value": "fridays"})).status_code == 200
    assert (await client.post("/v1/campaigns/fridays:end")).status_code == 200
    clock.forward(timedelta(days=7))  # the 26th
    ended = await fridays()
    assert (ended["status"], ended["version"]) == ("ended", 2)
    assert days(ended["days"]) == [date(2024, 3, day) for day in (1, 8)]


@pytest.mark.usefixtures("planned")
async def test_as_icalendar(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/programme/calendar.ics", params=MARCH | {"lang": "de"})
    assert answer.headers["content-type"].startswith("text/calendar")
    assert 'filename="main.ics"' in answer.headers["content-disposition"]
    assert max(map(len, answer.content.split(b"\r\n"))) <= 75
    lines = answer.text.replace("\r\n ", "").split("\r\n")
    entries = "\n".join(lines).split("BEGIN:VEVENT\n")[1:]
    by_uid = {entry.split("UID:")[1].split("\n")[0]: entry for entry in entries}
    assert len(by_uid) == len(entries) == 1 + 9 + 1 + 1
    easter = by_uid["easter-20240401@main.pointstream"]
    assert "DTSTART;VALUE=DATE:20240401\nDTEND;VALUE=DATE:20240402\n" in easter
    assert "STATUS:TENTATIVE" in easter
    assert "SUMMARY:Punkte verfallen: points\n" in by_uid["lapse-20240331@main.pointstream"]
    assert lines[-2:] == ["END:VCALENDAR", ""]


@pytest.mark.usefixtures("planned")
async def test_the_page(anonymous: httpx.AsyncClient, make_key: MakeKey) -> None:
    assert (await anonymous.get("/calendar")).status_code == 303
    text, _ = await make_key(ACME, "receipts:read")
    await anonymous.post("/sign-in", data={"key": text})
    assert (await anonymous.get("/calendar")).status_code == 403
    text, _ = await make_key(ACME, "receipts:read", "rules:read")
    await anonymous.post("/sign-in", data={"key": text})
    page = await anonymous.get("/calendar")
    assert "Fridays &lt;double&gt;" in page.text
    assert "<double>" not in page.text
    assert 'aria-label="March 1, 2024, March 8, 2024, ' in page.text
    assert "80 % mark reached" in page.text
    assert page.text.count('class="would"') == 1 + 1  # Easter, and the key to the picture
    assert "month=2024-06&amp;view=quarter" in page.text
    german = await anonymous.get("/calendar?lang=de&view=month&month=2024-04&status=draft")
    assert "Aktionskalender" in german.text
    assert "Easter" in german.text
    assert "Fridays" not in german.text
    empty = await anonymous.get("/calendar?month=1999-01")
    assert "no version in this time" in empty.text
    file = await anonymous.get("/calendar.ics?month=2024-03&view=month")
    assert file.text.startswith("BEGIN:VCALENDAR\r\n")
