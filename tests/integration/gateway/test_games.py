"""Games and badges through the door, with redemption's desk behind it in this process; anybody checks the draw."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from html import escape
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from typer.testing import CliRunner

from cli.main import app
from libs.contracts.codes import write
from libs.contracts.games import PATH, read_game_ask
from services.gateway.redemptions.client import RedemptionClient
from services.gateway.settings import GatewaySettings
from tests.integration.codes.desks import NOW
from tests.integration.games.conftest import CLOSES, TIMES, Table, table
from tests.integration.gateway.conftest import MakeKey, SetClock, bearer, running
from tests.integration.gateway.test_live import sign_in
from tests.integration.gateway.till import fresh_key
from tests.support.browsing import form_of
from tests.support.database import GLOBEX

__all__ = ["table"]
LOTTERY: dict[str, Any] = {
    **TIMES, "kind": "lottery", "ticket": 10, "texts": {"en": {"title": "Summer"}, "de": {"title": "Sommer"}},
    "prizes": [{"name": "car", "texts": {"en": {"title": "A car"}, "de": {"title": "Ein Auto"}}}],
}  # fmt: skip
WHEEL: dict[str, Any] = {
    **TIMES, "kind": "wheel", "spin": 5,
    "sectors": [{"name": "ten", "weight": 1, "points": 10}, {"name": "none", "weight": 1, "nothing": True}],
}  # fmt: skip


@pytest.fixture
async def shop(
    table: Table, settings: GatewaySettings, make_key: MakeKey, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a key of acme that may do everything, at a door whose way to redemption is a call."""

    async def post(_client: RedemptionClient, path: str, data: bytes) -> bytes:
        assert path == PATH
        return write(await table.desk.serve(read_game_ask(data)))

    monkeypatch.setattr(RedemptionClient, "_post", post)
    text, _ = await make_key()
    async with running(settings, SetClock(NOW + timedelta(days=2))) as client:
        client.headers.update(bearer(text))
        yield client


async def done(shop: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await shop.post(f"/v1/{path}", json=body, headers=fresh_key())
    assert answer.status_code in (200, 201), answer.text
    told: dict[str, Any] = answer.json()
    return told


async def open_game(shop: httpx.AsyncClient, name: str, document: dict[str, Any]) -> dict[str, Any]:
    made = await shop.put(f"/v1/games/{name}", json={"game": document}, headers={"If-None-Match": "*"})
    assert (made.status_code, made.headers["etag"]) == (200, '"1"'), made.text
    return await done(shop, f"games/{name}/open", {})


async def test_a_lottery_is_kept_played_drawn_and_drawn_again(
    shop: httpx.AsyncClient, table: Table, tmp_path: Path
) -> None:
    new = {"If-None-Match": "*"}
    wrong = await shop.put("/v1/games/summer", json={"game": {**LOTTERY, "prizes": []}}, headers=new)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "game-invalid")
    assert wrong.json()["errors"][0]["pointer"] == "/reasons/prizes"
    promised = (await open_game(shop, "summer", LOTTERY))["commitment"]
    late = await shop.put("/v1/games/summer", json={"game": LOTTERY}, headers=new)
    assert late.json()["code"] == "precondition-failed"
    who, poor = await table.member(100), await table.member()
    bought = await done(shop, "games/summer/tickets", {"member_id": str(who), "quantity": 3})
    assert (bought["first"], bought["left"], bought["points"]) == (1, 3, 30)
    refused = await shop.post("/v1/games/summer/tickets", json={"member_id": str(poor)}, headers=fresh_key())
    assert refused.json()["code"] == "insufficient-points"
    assert (await shop.get("/v1/games/summer/record")).json()["code"] == "record-unknown"
    assert (await shop.get("/v1/games")).json()["data"][0]["seed"] is None
    table.desks.clock.instant = CLOSES
    ended = await done(shop, "games/summer/end", {})
    mine = (await shop.get(f"/v1/members/{who}/games", headers={"Accept-Language": "de"})).json()
    assert [(win["prize"], win["title"]) for win in mine["wins"]] == [("car", "Ein Auto")]
    assert mine["tickets"][0]["count"] == 3

    record = (await shop.get("/v1/games/summer/record")).text
    assert str(who) not in record, "whoever reads it knows nobody by it"
    file = tmp_path / "summer.json"
    file.write_text(record)
    checked = CliRunner().invoke(app, ["draws", "verify", str(file), "--commitment", promised])
    assert (checked.exit_code, "1 drawn as the seed says" in checked.output) == (0, True), checked.output
    file.write_text(record.replace(ended["seed"], "0" * 64))
    assert CliRunner().invoke(app, ["draws", "verify", str(file), "--json"]).exit_code == 1
    file.write_text("{}")
    assert CliRunner().invoke(app, ["draws", "verify", str(file)]).exit_code == 2


async def test_a_wheel_an_auction_and_badges(shop: httpx.AsyncClient, table: Table, make_key: MakeKey) -> None:
    who = await table.member(100)
    await open_game(shop, "fortune", WHEEL)
    spun = await done(shop, "games/fortune/spins", {"member_id": str(who), "word": "hi"})
    assert (spun["number"], spun["word"], spun["points"]) == (1, "hi", 5)
    again = await shop.post("/v1/games/fortune/spins", json={"member_id": str(who)}, headers=fresh_key())
    assert again.json()["code"] == "spins-exceeded"
    assert (await done(shop, "games/fortune/end", {}))["state"] == "ended"
    assert len((await shop.get("/v1/games/fortune/record")).json()["spins"]) == 1

    await open_game(shop, "helmet", {**TIMES, "kind": "auction", "start": 50, "prize": {"badge": "bidder"}})
    bid = await done(shop, "games/helmet/bids", {"member_id": str(who), "points": 60})
    assert (bid["state"], bid["least"]) == ("best", 61)
    assert (await shop.get("/v1/games/helmet")).json()["least"] == 61
    low = await shop.post("/v1/games/helmet/bids", json={"member_id": str(who), "points": 60}, headers=fresh_key())
    assert (low.status_code, low.json()["code"]) == (409, "bid-too-low")
    assert (await shop.get(f"/v1/members/{who}/games")).json()["bids"][0]["state"] == "best"

    levels = [{"name": "bronze", "times": 1}, {"name": "gold", "times": 4}]
    badge = {"texts": {"en": {"title": "Bidder"}, "de": {"title": "Bieter"}}, "levels": levels}
    assert (await shop.put("/v1/badges/bidder", json={"badge": badge})).status_code == 200
    await done(shop, "badges/bidder/awards", {"member_id": str(who), "times": 2})
    (mine,) = (await shop.get(f"/v1/members/{who}/badges?lang=de")).json()["data"]
    assert (mine["title"], mine["level"], mine["next_level"], mine["missing"]) == ("Bieter", "bronze", "gold", 2)
    assert (await shop.get("/v1/badges")).json()["data"][0]["name"] == "bidder"
    text, _ = await make_key(GLOBEX)
    other = bearer(text)
    assert (await shop.get("/v1/games", headers=other)).json()["data"] == []
    assert (await shop.get("/v1/games/helmet", headers=other)).status_code == 404


DAYS = """
INSERT INTO earning.member_day (tenant_id, programme_id, member_id, day, visits, spend_minor, points, parts)
VALUES (1, 1, $1, $2, $3, $4, $5, $6)
"""


async def test_rankings_by_period_and_shop(shop: httpx.AsyncClient, table: Table) -> None:
    one, other, third = [await table.member() for _ in range(3)]
    for who, day, visits, spend, points, parts in (
        (one, 1, 2, 500, 10, {"store:12": 400, "product:milk": 300}),
        (one, 2, 1, 100, 5, {"store:7": 100}),
        (other, 1, 3, 900, 15, {"store:7": 900, "product:milk": 100, "product:tea": 700}),
        (third, 1, 1, 50, 1, {}),
    ):
        day_of = NOW.date().replace(day=day)
        await table.desks.operator.execute(DAYS, who, day_of, visits, spend, points, orjson.dumps(parts).decode())
    by_points = (await shop.get(f"/v1/rankings?member_id={third}&top=2&lang=en")).json()
    assert [(each["rank"], each["key"], each["score"]) for each in by_points["data"]] == [
        (1, str(one), 15), (1, str(other), 15)
    ]  # fmt: skip
    assert (by_points["total"], by_points["period"], by_points["own"]["rank"]) == (3, "2024-03", 3)
    assert by_points["own"]["share"] == "I am number 3 of 3 in points collected!"
    in_store = (await shop.get("/v1/rankings?store=12&by=visits")).json()
    assert [(each["key"], each["score"]) for each in in_store["data"]] == [(str(one), 400)]
    products = (await shop.get("/v1/rankings?of=products&lang=de")).json()["data"]
    assert [(each["key"], each["score"]) for each in products] == [("tea", 700), ("milk", 400)]
    assert products[0]["share"] == "tea ist Nummer 1: Einkäufe!"
    stores = (await shop.get("/v1/rankings?of=stores&period=day&ago=1")).json()
    assert [(each["key"], each["score"]) for each in stores["data"]] == [("7", 100)]
    assert (await shop.get("/v1/rankings?of=rewards&store=12")).json()["total"] == 0


async def test_the_console_begins_with_a_ready_game_opens_it_and_draws_again(
    shop: httpx.AsyncClient, table: Table
) -> None:
    """All of it with buttons alone; whoever changed the seed afterwards is found out on the page."""
    await sign_in(shop, shop.headers["authorization"].removeprefix("Bearer "))
    ours = {"Sec-Fetch-Site": "same-origin"}
    overview = (await shop.get("/games?lang=en")).text
    assert "Ready to begin with" in overview
    for name in ("Our <wheel>", "x" * 41, "-"):
        bad = {"example": "daily-spin", "programme": "main", "name": name}
        refused = await shop.post("/games?lang=en", data=bad, headers=ours)
        assert (refused.status_code, "A name has small letters" in refused.text) == (422, True)
        assert f'value="{escape(name)}"' in refused.text, "what was typed is kept, to be put right"
    assert (await shop.get("/v1/games")).json()["data"] == []
    wrong = await shop.post("/games?lang=en", data={"example": "barista", "programme": "no"}, headers=ours)
    assert wrong.status_code == 404
    who = await table.member(100)
    await open_game(shop, "helmet", {**TIMES, "kind": "auction", "start": 50, "prize": {"badge": "bidder"}})
    other = await table.member(500)
    for bidder, points in ((who, 60), (other, 90)):
        await done(shop, "games/helmet/bids", {"member_id": str(bidder), "points": points})
    bids = (await shop.get("/games/main/helmet?lang=en")).text
    assert [words in bids for words in ("How the bids went up", "outbid", str(other))] == [True] * 3

    table.desks.clock.instant = NOW + timedelta(days=2)
    begin = {"example": "wheel-of-fortune", "name": "our-wheel", "programme": "main"}
    made = await shop.post("/games?lang=en", data=begin, headers=ours)
    assert (made.status_code, made.headers["location"]) == (303, "/games/main/our-wheel?lang=en")
    again = await shop.post("/games?lang=en", data=begin, headers=ours)
    assert "Somebody has written it meanwhile." in again.text
    path, fields = form_of((await shop.get("/games/main/our-wheel?lang=de")).text)
    document = fields["document"][0]
    assert "Glücksrad" in document
    broken = await shop.post(path, data={"do": "save", "version": "1", "document": "kind: [x"}, headers=ours)
    assert "Das ist kein YAML" in broken.text
    cheaper = {"do": "save", "version": "1", "document": document.replace("spin: 50", "spin: 5")}
    assert "Der Entwurf ist geschrieben." in (await shop.post(path, data=cheaper, headers=ours)).text
    opened = (await shop.post(path, data={"do": "open"}, headers=ours)).text
    assert "Ein Dreh kostet 5 Punkte." in opened
    assert "Zusage, genannt beim Öffnen" in opened
    assert '<svg viewBox="0 0 240 240"' in opened
    await done(shop, "games/our-wheel/spins", {"member_id": str(who)})
    ended = (await shop.post("/games/main/our-wheel?lang=en", data={"do": "end"}, headers=ours)).text
    assert "Draw it again now" in ended
    proven = (await shop.get("/games/main/our-wheel?lang=en&again=true")).text
    assert "Drawn again: 1 result is the one that the promised seed gives." in proven
    assert (await shop.get("/games/main/our-wheel/record.json")).json()["spins"][0]["number"] == 1
    await table.desks.operator.execute("UPDATE redemption.game SET seed = $1 WHERE name = 'our-wheel'", b"\1" * 32)
    assert "the seed is not the one" in (await shop.get("/games/main/our-wheel?lang=en&again=true")).text

    written = await shop.post("/games?lang=en", data={**begin, "example": "barista"}, headers=ours)
    assert "The badge is written." in written.text
    day_of = NOW.date().replace(day=2)
    await table.desks.operator.execute(DAYS, who, day_of, 7, 500, 10, "{}")
    ranked = (await shop.get("/games/rankings?by=visits&lang=de")).text
    assert [words in ranked for words in ("Mitglieder nach Besuchen, 2024-03", f">{who}</a>")] == [True, True]
    assert (await shop.get("/games/main/nothing")).status_code == 404
