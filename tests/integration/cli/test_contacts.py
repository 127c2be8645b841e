"""Contact data from the command line: set, shown masked, given up, agreed to and refused."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import asyncpg
from typer.testing import CliRunner

from cli.main import app
from libs.contacts.links import Links
from tests.support.database import Database

KEY = bytes(32)
MEMBER = "0190a3c4-7e51-7b1a-9c3f-52f0a1d6e8b7"


async def test_an_operator_sets_shows_and_ends(database: Database, tmp_path: Path) -> None:
    seal = tmp_path / "seal"
    seal.write_text(base64.b64encode(KEY).decode())
    rest = ["--dsn", database.dsn("operator"), "--seal-key-file", str(seal)]

    async def run(*words: str, code: int = 0) -> str:
        told = await asyncio.to_thread(CliRunner().invoke, app, ["contacts", words[0], MEMBER, *words[1:], *rest])
        assert told.exit_code == code, told.output
        return told.output

    async def read(*words: str) -> Any:
        return json.loads(await run(*words, "--json"))

    superuser = await asyncpg.connect(database.dsn())
    await superuser.execute("INSERT INTO members.member VALUES (1, 1, $1, '2026-01-01', '2026-01-01')", MEMBER)
    await superuser.close()
    addresses = ("--address", "email=Anna@Example.com", "--address", "sms=601 123 456")
    await run("set", "--given-name", "Anna", "--zone", "Europe/Prague", "--country", "CZ", *addresses)
    await run("set", "--zone", "Prague", code=2)
    await run("set", "--address", "email=secret", code=2)
    shown = await read("show")
    assert (shown["given_name"], shown["zone"], shown["masked"]) == ("A•••", "Europe/Prague", True)
    assert [each["address"] for each in shown["addresses"]] == ["A•••@e•••.com", "+42•••456"]
    assert "Anna@example.com" in await run("show", "--reveal")
    log = (database.server.data / "logs" / "postgres.log").read_text(errors="replace")
    assert f"member revealed: {MEMBER} by " in log
    ended = await read("suppress", "sms=+420601123456", "--reason", "wrong")
    assert [each["reason"] for each in ended["addresses"]] == [None, "wrong"]
    assert (await read("unsuppress", "sms=+420601123456"))["addresses"][1]["alive"]
    await run("suppress", "email=eva@example.com", "--reason", "wrong", code=1)

    await run("agree", "--purpose", "marketing", "--channel", "email", code=2)
    said = await read("agree", "--purpose", "marketing", "--channel", "email", "--source", "a call")
    assert [(each["purpose"], each["given"], each["source"]) for each in said["history"]] == [
        ("marketing", True, "a call")
    ]
    said = await read("opt-out")
    allowed = {(each["purpose"], each["channel"]) for each in said["permissions"] if each["allowed"]}
    assert {purpose for purpose, _ in allowed} == {"service"}
    assert "marketing" in await run("consents")
    path = (await read("link", "--channel", "sms"))["path"]
    link = Links.from_seal_key(KEY).read(path.rpartition("/")[2])
    assert link is not None
    assert (str(link.member[2]), link.purpose, link.channel) == (MEMBER, "marketing", "sms")
