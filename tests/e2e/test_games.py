"""Games on the running platform: played for points, drawn by the clock, drawn again by whoever likes to."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.e2e.test_codes import done, post
from tests.e2e.test_occasions import enrolled, has
from tests.support.running import Door, Platform, eventually

TEXTS = {"en": {"title": "Tea lottery"}, "de": {"title": "Teelotterie"}}


def opened(platform: Platform, shop: Door, name: str, **document: Any) -> dict[str, Any]:
    """A game that is open for so long from now on that it can be played on a slow machine."""
    begins, ends = platform.now() - timedelta(minutes=1), platform.now() + timedelta(seconds=30)
    times = {"opens_at": begins.isoformat(), "closes_at": ends.isoformat()}
    said = {"game": {"texts": TEXTS, **times, **document}}
    made = shop.http.put(f"/v1/games/{name}", json=said, headers={"If-None-Match": "*"})
    assert made.status_code == 200, made.text
    return done(shop, f"games/{name}/open", {})


async def rich(platform: Platform, shop: Door, name: str, points: int) -> str:
    """A member with so many points; the id."""
    await platform.publish([enrolled(shop, name)])
    await shop.enrolled(name)
    member = str(shop.member_id(name))
    gift = {"wallet": "points", "points": points, "reason": "goodwill"}
    await shop.decision(shop.post(f"/v1/members/{member}/adjustments", gift, key=f"{name}-gift")["receipt"])
    return member


@pytest.mark.feature("COM-8", "COM-9")
async def test_a_lottery_and_an_auction_are_played_to_their_end(platform: Platform, tmp_path: Path) -> None:
    """What was won arrives by itself, the losers have their points, and the draw is the one that was promised."""
    shop = platform.tea_shop
    one, other = [await rich(platform, shop, name, 500) for name in ("gambler", "bidder")]
    prizes = [{"name": "pot", "points": 300, "badge": "lucky", "texts": {"de": {"title": "Ein Topf"}}}]
    promise = opened(platform, shop, "e2e-draw", kind="lottery", ticket=10, prizes=prizes)["commitment"]
    opened(platform, shop, "e2e-bids", kind="auction", start=50, step=10, extension_minutes=0, prize={"badge": "cup"})
    bought = done(shop, "games/e2e-draw/tickets", {"identifier": "card:gambler", "quantity": 2})
    assert (bought["first"], bought["count"]) == (1, 2)
    done(shop, "games/e2e-bids/bids", {"member_id": one, "points": 60})
    done(shop, "games/e2e-bids/bids", {"member_id": other, "points": 70})
    assert post(shop, "games/e2e-bids/bids", {"member_id": one, "points": 75}).json()["code"] == "bid-too-low"
    assert has(shop, "gambler") == 480, "whoever is outbid has the points back at once"

    def over() -> bool:
        return {shop.get(f"/v1/games/{name}")["state"] for name in ("e2e-draw", "e2e-bids")} == {"ended"}

    def badges() -> list[list[str]]:
        return [[each["badge"] for each in shop.get(f"/v1/members/{of}/badges")["data"]] for of in (one, other)]

    await eventually(over, "the clock ends both")
    await eventually(lambda: has(shop, "gambler") == 780, "what was won is credited")
    assert has(shop, "bidder") == 430
    titles = [win["title"] for win in shop.get(f"/v1/members/{one}/games", lang="de")["wins"]]
    assert titles == ["Ein Topf"]
    await eventually(lambda: badges() == [["lucky"], ["cup"]], "the badges arrive")
    file = tmp_path / "draw.json"
    platform.run("draws", "export", "e2e-draw", "--to", file, "--tenant", shop.slug)
    checked = CliRunner().invoke(app, ["draws", "verify", str(file), "--commitment", promise])
    assert (checked.exit_code, "1 drawn as the seed says" in checked.output) == (0, True), checked.output
