"""Templates from the command line: shown, checked, published, previewed, imported, taken back; and who keeps them."""

from __future__ import annotations

import asyncio
import json
import zipfile
from pathlib import Path
from typing import Any

import asyncpg
import yaml
from typer.testing import CliRunner

from cli.main import app
from libs.templates.shelf import Shelf
from tests.support.database import ACME, Database

PLACE = ("welcome", "de", "sms")


class Console:
    """The command line, as an operator."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._rest = ["--dsn", database.dsn("operator"), "--data", str(folder), "--tenant", "acme"]

    async def run(self, *words: str, code: int = 0, alone: bool = False) -> Any:
        rest = ["--json", *(() if alone else self._rest)]
        told = await asyncio.to_thread(CliRunner().invoke, app, ["templates", *words, *rest])
        assert told.exit_code == code, told.output
        return json.loads(told.stdout)


async def test_templates_are_published_and_kept(database: Database, tmp_path: Path) -> None:
    console, shelf = Console(database, tmp_path), Shelf()
    pool = await asyncpg.create_pool(database.dsn("notifier"), min_size=1, max_size=1)
    assert await shelf.refresh(pool) == 0
    shown = await console.run("show", *PLACE)
    assert shown["version"] == 0
    file = tmp_path / "welcome.yaml"
    file.write_text(yaml.safe_dump({**shown["template"], "parts": {"text": "Moin{{ x }}"}}), encoding="utf-8")
    refused = await console.run("check", str(file), code=6, alone=True)
    assert refused["faults"][0]["path"] == "text:1"
    file.write_text(yaml.safe_dump({**shown["template"], "parts": {"text": "Moin, {{ brand }}"}}), encoding="utf-8")
    assert (await console.run("check", str(file), alone=True))["text"] == "Moin, {{ brand }}"
    assert (await console.run("publish", str(file), "--dry-run"))["published"] is False
    assert (await console.run("list"))["templates"] == []
    assert (await console.run("publish", str(file), "--note", "Shorter"))["version"]["version"] == 1
    assert (await console.run("publish", str(file)))["published"] is False
    assert (await console.run("list", "welcome"))["templates"][0]["note"] == "Shorter"
    assert (await console.run("preview", "welcome", "de-AT", "sms"))["text"] == "Moin, Meadow"

    scope = (ACME.tenant_id, ACME.programme_id)
    assert shelf.library(scope).find("welcome", "", "de", "sms").version == 0
    assert await shelf.refresh(pool) == 1
    assert await shelf.refresh(pool) == 0
    assert shelf.library(scope).find("welcome", "", "de", "sms").version == 1
    assert (await console.run("rollback", *PLACE))["version"]["state"] == "withdrawn"
    assert await shelf.refresh(pool) == 1
    assert shelf.library(scope).find("welcome", "", "de", "sms").version == 0
    assert (await console.run("rollback", *PLACE, "--to", "1"))["version"]["version"] == 3
    await console.run("rollback", "welcome", "en", "sms", code=1)

    archive = tmp_path / "agency.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("index.html", "<title>Spring</title><p>Hello<img src='a.gif' alt=''>")
        opened.writestr("a.gif", b"GIF89a" + bytes(20))
    words = ("import", str(archive), "spring", "en", "--site", "https://loyalty.example")
    assert (await console.run(*words, "--dry-run"))["images"] == 1
    assert (await console.run(*words))["version"]["channel"] == "email"
    assert "https://loyalty.example/media/" in (await console.run("preview", "spring", "en", "email"))["html"]
    await pool.close()
