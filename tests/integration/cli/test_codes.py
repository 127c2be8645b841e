"""Codes and gift cards from the command line: filled, printed, shown, and spent through redemption's door."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from typer.testing import CliRunner

from cli.main import app
from libs.codes.pattern import Pattern, canonical
from libs.contracts import codes as wire_codes
from libs.contracts import gift_cards as wire_cards
from libs.contracts.codes import write
from libs.contracts.redemption import door_token
from services.redemption.cards.desk import CardDesk
from services.redemption.codes.desk import CodeDesk
from tests.integration.codes.desks import SEAL, Desks, opened
from tests.support.database import Database

RULES = '{"uses": 1, "currency": "EUR", "min_total_minor": 2000, "benefit": {"amount_minor": 500}}'


class Console:
    """The command line, as an operator who has the key of the seals and knows where redemption answers."""

    def __init__(self, database: Database, folder: Path, door: str) -> None:
        self.folder, self._door = folder, door
        key = folder / "seal"
        key.write_text(SEAL)
        self._rest = ["--dsn", database.dsn("operator"), "--tenant", "acme", "--seal-key-file", str(key), "--json"]

    async def run(self, *words: str, code: int = 0, door: bool = False) -> Any:
        rest = [*self._rest, "--redemption", self._door] if door else self._rest
        told = await asyncio.to_thread(CliRunner().invoke, app, [*words, *rest])
        assert told.exit_code == code, told.output
        return json.loads(told.stdout)


@pytest.fixture
async def desks(database: Database) -> AsyncIterator[Desks]:
    async with opened(database) as made:
        yield made


@pytest.fixture
async def console(database: Database, desks: Desks, tmp_path: Path) -> AsyncIterator[Console]:
    """A console, and redemption's desks behind a door on a port of this machine."""
    word = f"Bearer {door_token(bytes(range(32)))}"

    async def codes(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == word
        ask = wire_codes.read_code_ask(await request.read())
        return web.Response(body=write(await CodeDesk(desks.tools).serve(ask)))

    async def cards(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == word
        ask = wire_cards.read_card_ask(await request.read())
        return web.Response(body=write(await CardDesk(desks.tools).serve(ask)))

    served = web.Application()
    served.add_routes([web.post(wire_codes.PATH, codes), web.post(wire_cards.PATH, cards)])
    runner = web.AppRunner(served)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    yield Console(database, tmp_path, f"http://{host}:{port}")
    await runner.cleanup()


async def test_a_pool_is_filled_written_out_and_printed(console: Console) -> None:
    made = await console.run("codes", "pool", "spring", "--prefix", "SPRING", "--rules", RULES)
    assert (made["made"], made["codes"], made["rules"]["benefit"]) == (True, 0, {"amount_minor": 500})
    planned = await console.run("codes", "generate", "spring", "30", "--dry-run")
    assert (planned["done"], planned["example"][:7]) == (False, "SPRING-")
    assert (await console.run("codes", "generate", "spring", "30"))["done"]
    await console.run("codes", "pool", "short", "--length", "6")
    refused = await console.run("codes", "generate", "short", "1000000", code=2)
    assert "take 10 random characters" in refused["error"]

    out = console.folder / "codes.csv"
    assert (await console.run("codes", "export", "spring", "--out", str(out)))["codes"] == 30
    with out.open(newline="") as opened:
        found = [row["code"] for row in csv.DictReader(opened)]
    assert len(set(found)) == 30
    assert all(Pattern("SPRING").fits(canonical(code)) for code in found)
    page = console.folder / "sheet.html"
    await console.run("codes", "sheet", "spring", "--out", str(page), "--limit", "2", "--title", "Spring & more")
    text = page.read_text()
    assert "Spring &amp; more" in text
    assert text.count("<svg") == 2
    assert found[0] in text
    assert found[2] not in text

    code = found[0].lower()
    poor = await console.run("codes", "validate", code, "--total", "1999", "--currency", "EUR", code=1, door=True)
    assert [reason["code"] for reason in poor["reasons"]] == ["minimum"]
    used = await console.run(
        "codes", "redeem", code, "--total", "2000", "--currency", "EUR", "--key", "k", door=True
    )  # fmt: skip
    assert used["discount_minor"] == 500
    assert used == await console.run(
        "codes", "redeem", code, "--total", "2000", "--currency", "EUR", "--key", "k", door=True
    )  # fmt: skip
    shown = await console.run("codes", "show", code)
    assert (shown["state"], shown["redemptions"][0]["use_id"]) == ("redeemed", used["use_id"])
    assert (await console.run("codes", "void", found[1], door=True))["state"] == "void"
    (_, spring) = (await console.run("codes", "pools"))["pools"]
    assert spring["counts"] == {"created": 28, "redeemed": 1, "void": 1}


async def test_codes_of_a_partner_are_brought_along_once(console: Console) -> None:
    await console.run("codes", "pool", "partner", "--brought", "--kind", "voucher")
    file = console.folder / "partner.csv"
    file.write_text("code,worth\nAB-1,5\n,7\nAB-2,5\nab1,5\n---,5\n")
    tried = await console.run("codes", "import", "partner", str(file), "--dry-run", code=1)
    assert tried == {"read": 4, "added": 2, "wrong": [6], "known": [5], "written": False}
    assert (await console.run("codes", "import", "partner", str(file), code=1))["added"] == 2
    again = await console.run("codes", "import", "partner", str(file), code=1)
    assert (again["added"], again["known"]) == (0, [2, 4, 5])
    await console.run("codes", "generate", "partner", "5", code=2)


async def test_gift_cards_are_sold_and_spent(console: Console) -> None:
    sale = ("giftcards", "issue", "--amount", "5000", "--currency", "EUR", "--count", "2", "--key", "sale")
    early = ("--law", "IE", "--expires", "2024-04-01T00:00:00Z")
    assert "expiry-too-early" in (await console.run(*sale, *early, door=True, code=1))["error"]
    one, other = (await console.run(*sale, door=True))["cards"]
    assert (await console.run(*sale, door=True))["cards"] == [one, other], "a sale that is repeated is one"
    await console.run("giftcards", "use", one["number"], "--amount", "1990", "--reference", "4711", door=True)
    await console.run("giftcards", "top-up", one["card_id"], "--amount", "990", door=True)
    await console.run("giftcards", "transfer", one["number"], other["number"], "--amount", "4000", door=True)
    assert (await console.run("giftcards", "show", one["number"]))["balance_minor"] == 0
    await console.run("giftcards", "use", one["number"], "--amount", "1", door=True, code=1)
    entries = (await console.run("giftcards", "statement", other["number"]))["entries"]
    assert [(each["kind"], each["balance_minor"]) for each in entries] == [("transfer_in", 9_000), ("issue", 5_000)]
    await console.run("giftcards", "cash-out", other["number"], door=True, code=1)
    assert (await console.run("giftcards", "cash-out", other["number"], "--goodwill", door=True))["balance_minor"] == 0
    (owed,) = (await console.run("giftcards", "liability", "--at", "2030-01-01T00:00:00Z"))["liability"]
    assert (owed["outstanding_minor"], owed["spent_minor"], owed["cashed_out_minor"]) == (0, 1_990, 9_000)
