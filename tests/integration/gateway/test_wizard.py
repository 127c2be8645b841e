"""The way to a campaign without a document, through the forms that a browser would send."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.gateway.planning.library import examples
from services.gateway.settings import GatewaySettings
from tests.integration.gateway.conftest import MakeKey, SetClock, bearer, running
from tests.support.browsing import form_of
from tests.support.database import ACME


async def signed_in(door: httpx.AsyncClient, make_key: MakeKey, *scopes: str) -> str:
    text, _ = await make_key(ACME, "receipts:read", *scopes)
    await door.post("/sign-in", data={"key": text})
    return text


async def sent(door: httpx.AsyncClient, page: httpx.Response, do: str, **changes: str) -> httpx.Response:
    """Change fields of a page's form, and press a button."""
    action, fields = form_of(page.text)
    return await door.post(action, data=fields | {name: [text] for name, text in changes.items()} | {"do": [do]})


async def test_choose_fill_in_check_try_and_start(
    anonymous: httpx.AsyncClient, make_key: MakeKey, clock: SetClock
) -> None:
    door = anonymous
    assert (await door.get("/campaigns")).status_code == 303
    text = await signed_in(door, make_key, "rules:read", "rules:publish")
    shelf = await door.get("/campaigns?lang=de")
    assert all(f"/campaigns/new/{name}?" in shelf.text for name in examples())
    page = await door.get("/campaigns/new/points-by-steps.steps?lang=en")
    wrong = await sent(door, page, "check", **{"f.effect.steps[0].points": "many", "f.limits[0].points": "9"})
    assert wrong.status_code == 422
    assert 'aria-describedby="f.effect.steps[0].points-fault"' in wrong.text
    refused = await sent(door, wrong, "check", **{"f.effect.steps[0].points": "25"})
    assert 'id="f.limits[0].period-fault"' in refused.text  # nobody has said in which period

    more = {
        "f.limits[0].period": "month",
        "f.limits[0].points": "100000",
        "f.when.stores": "12",
        "f.name": "By <steps>",
    }
    checked = await sent(door, refused, "check", **more)
    assert checked.status_code == 200
    assert "25 points from €50.00 on" in checked.text
    assert "campaigns[steps]" in checked.text
    basket = {"try.lines": "wine; drinks; 2; 60,00", "try.store": "12"}
    tried = await sent(door, checked, "try", **basket)
    assert "The campaign gives 25 points." in tried.text
    assert "60 points" in tried.text
    assert "85 points" in tried.text
    many = await sent(door, checked, "try", **{"try.lines": f"wine; drinks; {'9' * 20}; 60,00"})
    assert 'id="try.lines-fault"' in many.text
    elsewhere = await sent(door, tried, "try", **{"try.store": "13"})
    assert "The campaign gives nothing: " in elsewhere.text

    started = await sent(door, elsewhere, "start", note="steps in spring")
    assert started.status_code == 303
    saved = await door.get(started.headers["location"])
    assert "Saved as version 2" in saved.text
    assert "By &lt;steps&gt;" in saved.text
    clock.forward(timedelta(seconds=6))
    told = (await door.get("/v1/campaigns/steps", headers=bearer(await admin(make_key)))).json()
    assert (told["campaign"]["state"], told["runs"], told["campaign"]["when"]["stores"]) == ("live", True, ["12"])
    assert told["campaign"]["effect"]["steps"][0] == {"from_minor": 5000, "points": 25}
    versions = await door.get("/v1/programme/versions", headers=bearer(text))
    assert versions.json()["data"][0]["note"] == "steps in spring"


async def admin(make_key: MakeKey) -> str:
    text, _ = await make_key(ACME, "admin")
    return str(text)


async def test_a_draft_is_changed_as_text_and_scheduled_against_what_was_seen(
    anonymous: httpx.AsyncClient, make_key: MakeKey, clock: SetClock
) -> None:
    door = anonymous
    await signed_in(door, make_key, "rules:read", "rules:publish")
    page = await door.get("/campaigns/new/birthday.birthday?lang=en")
    clash = await sent(door, page, "draft", **{"f.id": "base"})
    assert "another campaign has this name" in clash.text
    draft = await sent(door, clash, "draft", **{"f.id": "cake"})
    form = await door.get(draft.headers["location"])
    clock.forward(timedelta(seconds=6))
    as_text = await sent(door, form, "text")
    fields = form_of(as_text.text)[1]
    broken = await sent(door, as_text, "check", text=fields["text"][0].replace("points: 100", "points: lots"))
    assert "effect.points" in broken.text
    form = await sent(door, broken, "form", text=fields["text"][0].replace("points: 100", "points: 120"))
    assert form_of(form.text)[1]["f.effect.points"] == ["120"]
    assert "when does it begin?" in (await sent(door, form, "schedule")).text

    headers = bearer(await admin(make_key))
    gift: dict[str, Any] = {"id": "gift", "name": "Gift", "state": "draft", "effect": {"kind": "fixed", "points": 5}}
    assert (await door.post("/v1/campaigns", json={"campaign": gift}, headers=headers)).status_code == 201
    late = await sent(door, form, "schedule", **{"f.frame.starts_at": "2024-03-29T00:00"})
    assert "Somebody has published meanwhile" in late.text
    clock.forward(timedelta(seconds=6))
    done = await sent(door, late, "schedule")
    assert done.status_code == 303
    clock.forward(timedelta(seconds=6))
    told = (await door.get("/v1/programme/calendar?from=2024-03-01&to=2024-03-31", headers=headers)).json()
    cake = next(each for each in told["campaigns"] if each["id"] == "cake")
    assert (cake["status"], cake["days"]) == ("scheduled", [{"first_day": "2024-03-29", "last_day": "2024-03-31"}])
    assert "cake" in told["boundaries"][0]["campaigns"]


ODD = ["base=[1", "base=%7B%22frame%22:1%7D", "as=text&text=%5B1%5D", "f.id=%FF", "as=text&text=limits:+7"]


@pytest.mark.parametrize("body", ODD)
async def test_odd_posts_change_nothing(anonymous: httpx.AsyncClient, make_key: MakeKey, body: str) -> None:
    await signed_in(anonymous, make_key, "rules:read", "rules:publish")
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await anonymous.post("/campaigns/new/birthday.birthday", content=f"{body}&do=check", headers=headers)
    assert answer.status_code in (200, 422)
    stranger = await anonymous.post(
        "/campaigns/new/birthday.birthday", content="do=start", headers=headers | {"sec-fetch-site": "cross-site"}
    )
    assert stranger.status_code == 403
    await signed_in(anonymous, make_key, "rules:read")
    reader = await anonymous.post("/campaigns/new/birthday.birthday", content="do=start", headers=headers)
    assert reader.status_code == 403
    assert (await anonymous.get("/campaigns/new/nothing.here")).status_code == 404
    assert (await anonymous.get("/campaigns/nobody")).status_code == 404


async def test_history_is_asked_as_if_it_had_run_all_the_time(
    settings: GatewaySettings, make_key: MakeKey, clock: SetClock, tmp_path: Path
) -> None:
    kept = settings.model_copy(
        update={"backtests": settings.backtests.model_copy(update={"directory": tmp_path, "carries_out": False})}
    )
    async with running(kept, clock) as door:
        await signed_in(door, make_key, "rules:read", "rules:publish")
        page = await door.get("/campaigns/new/happy-hour.happy-hour")
        future = {"f.frame.starts_at": "2024-05-01T00:00", "sim.from": "2024-01-01"}
        asked = await sent(door, page, "simulate", **future)
        assert (asked.status_code, asked.headers["location"]) == (303, "/backtests")
        headers = bearer(await admin(make_key))
        (kept_one,) = (await door.get("/v1/backtests", headers=headers)).json()["data"]
        assert (kept_one["against"], kept_one["from"]) == (1, "2023-12-31T23:00:00Z")
        assert len((await door.get("/backtests")).text) > 0
