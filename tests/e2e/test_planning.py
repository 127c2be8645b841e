"""Planning as marketing has it: a campaign made in the console without a document, and the calendar that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.e2e.test_programme import bought, in_force
from tests.support.browsing import form_of
from tests.support.running import Door, Platform


@contextmanager
def signed_in(shop: Door) -> Iterator[httpx.Client]:
    """A browser at the console, signed in with the shop's key."""
    with httpx.Client(base_url=shop.http.base_url, timeout=60) as browser:
        key = shop.http.headers["authorization"].removeprefix("Bearer ")
        assert browser.post("/sign-in", data={"key": key}).status_code == httpx.codes.SEE_OTHER
        yield browser


def pressed(browser: httpx.Client, page: httpx.Response, do: str, **changes: str) -> httpx.Response:
    action, fields = form_of(page.text)
    return browser.post(action, data=fields | {name: [text] for name, text in changes.items()} | {"do": [do]})


async def counted(platform: Platform, shop: Door) -> None:
    """Wait until the newest version counts."""
    await in_force(platform, shop.get("/v1/programme/versions", limit=1)["data"][0]["active_from"])


@pytest.mark.feature("COM-30")
async def test_a_campaign_is_made_from_the_library_tried_and_started_and_pays(platform: Platform) -> None:
    """Chosen, filled in, refused at a field, tried on a basket, started: the next receipt gets what the try said."""
    shop = platform.acme
    await platform.publish([shop.enrolment("planner")])
    await shop.enrolled("planner")
    with signed_in(shop) as browser:
        page = browser.get("/campaigns/new/above-100.above-100", params={"lang": "en"})
        own = {"f.id": "planned-tea", "f.name": "Tea for the planners", "f.when.skus": "planned-tea"}
        wrong = pressed(browser, page, "check", **own, **{"f.when.min_total_minor": "1.001"})
        assert 'id="f.when.min_total_minor-fault"' in wrong.text
        basket = {"try.lines": "planned-tea; ; 1; 1.00"}
        tried = pressed(browser, wrong, "try", **basket, **{"f.when.min_total_minor": "1.00", "f.effect.points": "33"})
        assert "The campaign gives 33 points." in tried.text
        assert "campaigns[planned-tea]" in tried.text
        started = pressed(browser, tried, "start", note="asked for by the planners")
        assert started.status_code == httpx.codes.SEE_OTHER
        await counted(platform, shop)
        paid = await bought(platform, shop, "planned-1", "planned-tea", card="planner")
        assert paid["planned-tea"] == 33
        form = browser.get("/campaigns/planned-tea", params={"lang": "en"})
        assert "Tea for the planners" in form.text
        assert pressed(browser, form, "end").status_code == httpx.codes.SEE_OTHER


@pytest.mark.feature("COM-35", "OMNI-15")
async def test_the_calendar_shows_what_is_planned_before_each_boundary(platform: Platform, tmp_path: Any) -> None:
    """A campaign for the last days before a boundary is seen there by page, API, command and as iCalendar."""
    shop = platform.acme
    today = platform.now().astimezone(ZoneInfo("Europe/Rome")).date()
    span = {"from": str(today), "to": str(today + timedelta(190))}
    boundary = shop.get("/v1/programme/calendar", **span)["boundaries"][-1]
    last = date.fromisoformat(boundary["last_day"])
    first = last - timedelta(6)
    with signed_in(shop) as browser:
        page = browser.get("/campaigns/new/cross-sell.printer-with-ink", params={"lang": "en"})
        when = {"f.frame.starts_at": f"{first}T00:00", "f.frame.ends_at": f"{last + timedelta(1)}T00:00"}
        name = {"f.id": "last-chance", "f.name": "Last chance for printers"}
        assert pressed(browser, page, "schedule", **name, **when).status_code == httpx.codes.SEE_OTHER
        await counted(platform, shop)
        told = shop.get("/v1/programme/calendar", **span)
        planned = next(each for each in told["campaigns"] if each["id"] == "last-chance")
        assert (planned["status"], planned["days"]) == ("scheduled", [{"first_day": str(first), "last_day": str(last)}])
        assert ["last-chance" in each["campaigns"] for each in told["boundaries"]][-1]
        asked = ("--from", span["from"], "--to", span["to"], "--ics", tmp_path / "plan.ics")
        by_command = platform.run("programme", "calendar", "--tenant", shop.slug, *asked)
        seen = [[(each["id"], each["status"], each["days"]) for each in one["campaigns"]] for one in (told, by_command)]
        assert seen[0] == seen[1]
        assert f"UID:last-chance-{first:%Y%m%d}@" in (tmp_path / "plan.ics").read_text()
        picture = browser.get("/calendar", params={"month": f"{last:%Y-%m}", "view": "month", "lang": "en"})
        assert "Last chance for printers" in picture.text
        form = browser.get("/campaigns/last-chance", params={"lang": "en"})
        assert pressed(browser, form, "end").status_code == httpx.codes.SEE_OTHER
