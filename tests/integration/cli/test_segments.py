"""Segments from the command line: lists out of files, exact counts, and why somebody is in or not."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from prometheus_client import CollectorRegistry
from typer.testing import CliRunner

from cli.main import app
from libs.contracts.identifiers import IdentifierNames
from libs.runtime.clock import SystemClock
from services.earning.charge import Charge
from services.earning.metrics import EarningMetrics
from services.earning.segments import SegmentKeeper
from tests.integration.earning.test_history import document
from tests.integration.earning.test_segments import Deaf, enrolled, programmes_of
from tests.support.database import Database
from tests.support.programmes import put_programme
from tests.support.receipts import WHEN

KEY = bytes(32)
SEGMENTS: list[dict[str, Any]] = [
    {"name": "vip", "title": "Very important", "list": True},
    {"name": "quiet", "when": {"none": [{"kind": "count", "what": "visits", "min": 1}]}},
]


class Console:
    """The command line, as an operator who has the key of the seals."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._rest = ["--dsn", database.dsn("operator"), "--data", str(folder), "--tenant", "acme", "--json"]
        self.key = folder / "seal"
        self.key.write_text(base64.b64encode(KEY).decode())
        self.file = folder / "vip.csv"

    async def run(self, *words: str, code: int = 0) -> Any:
        told = await asyncio.to_thread(CliRunner().invoke, app, ["segments", *words, *self._rest])
        assert told.exit_code == code, told.output
        return json.loads(told.stdout)

    async def load(self, *words: str, code: int = 0) -> Any:
        return await self.run("import", "vip", str(self.file), "--seal-key-file", str(self.key), *words, code=code)


@pytest.fixture
def console(database: Database, tmp_path: Path) -> Console:
    return Console(database, tmp_path)


async def kept(database: Database) -> None:
    """Let the worker in charge look at everybody, in as many runs as that takes: each goes on for two seconds."""
    sender: Any = Deaf()
    async with (
        asyncio.timeout(90),
        asyncpg.create_pool(database.dsn("earning"), min_size=1, max_size=1) as pool,
    ):
        programmes = await programmes_of(pool)
        metrics = EarningMetrics(CollectorRegistry())
        charge = Charge(pool, lambda: programmes, sender, SystemClock(), metrics, lambda: True)
        keeper = SegmentKeeper(charge, lambda: True)
        waiting = 1
        while waiting:
            await keeper.run()
            waiting = await pool.fetchval("SELECT count(*) FROM members.segment_look WHERE due_at <= now()")


def rejected(done: dict[str, Any]) -> list[dict[str, Any]]:
    return [json.loads(row) for row in Path(done["report"]).read_text().splitlines()]


async def test_a_list_comes_out_of_a_file_and_goes_again(database: Database, console: Console) -> None:
    await put_programme(database, document(segments=SEGMENTS))
    ids = await enrolled(database, 1_203)
    owner = await asyncpg.connect(database.dsn())
    mail = IdentifierNames.from_seal_key(KEY).of("email", "eva@example.org")
    tie = "INSERT INTO members.identifier VALUES (1, 1, $1, $2, $3)"
    await owner.executemany(tie, [("card:77", ids[1200], WHEN), (mail, ids[1201], WHEN)])
    rows = [f"{member},," for member in ids[:1_200]]
    rows += [",77,", ",,eva@example.org", f"{uuid4()},,", ",78,", "nobody,,", ",,"]
    console.file.write_text("\n".join(["member_id,card,email", *rows]))

    tried = await console.load("--dry-run", code=6)
    assert (tried["rows"], tried["changed"], tried["known"], tried["rejected"]) == (1_205, 0, 1_202, 3)
    assert (await console.run("count"))["lists"] == {}
    done = await console.load(code=6)
    assert (done["rows"], done["changed"], done["rejected"]) == (1_205, 1_202, 3)
    assert [(each["line"], each["reason"]) for each in rejected(done)] == [
        (1204, "unknown"),
        (1205, "unknown"),
        (1206, "field"),
    ]
    assert (await console.load(code=6))["changed"] == 0

    await kept(database)
    counted = await console.run("count")
    assert counted == {"segments": {"vip": 1_202, "quiet": 1_203}, "lists": {"vip": 1_202}, "waiting": 0}
    listed = (await console.run("list"))["segments"]
    told = [(each["name"], each["members"], each["list"]) for each in listed]
    assert told == [("vip", 1_202, True), ("quiet", 1_203, False)]
    page = (await console.run("members", "vip", "--limit", "5"))["members"]
    behind = (await console.run("members", "vip", "--limit", "5", "--after", page[-1]["member_id"]))["members"]
    assert len({each["member_id"] for each in [*page, *behind]}) == 10

    console.file.write_bytes(gzip.compress(b"card\n77\n"))
    assert (await console.load("--remove"))["changed"] == 1
    await kept(database)
    explained = await console.run("explain", "card:77", "--language", "de", "--seal-key-file", str(console.key))
    vip, quiet = explained["segments"]
    assert (vip["since"], vip["holds"], quiet["holds"]) == (None, False, True)
    assert quiet["since"] is not None
    assert [(each["words"], each["met"], each["there"]) for each in quiet["conditions"]] == [
        ("nichts davon trifft zu", True, None),
        ("mindestens 1 Einkauf bisher", False, "0"),
    ]
    await owner.close()


async def test_what_is_no_list_or_no_file_of_members_is_refused(database: Database, console: Console) -> None:
    await put_programme(database, document(segments=SEGMENTS))
    console.file.write_text("points\n3\n")
    assert "none of the columns" in (await console.load(code=1))["error"]
    refused = await console.run("import", "quiet", str(console.file), code=2)
    assert "is no list" in refused["error"]
    assert "has no segment other" in (await console.run("members", "other", code=2))["error"]
