"""A programme as a document: planned, applied, exported, taken back; and switched off in part."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml
from typer.testing import CliRunner

from cli.main import app
from libs.promotions.document import document_hash, parse_programme_yaml, programme_hash
from tests.support.database import ACME, Database, programme_document


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody at the command line, who looks after acme."""

    database: Database
    folder: Path

    async def run(self, *words: object, expect: int = 0, plain: bool = False) -> Any:
        where = ["--dsn", self.database.dsn("operator"), "--tenant", "acme"]
        words = (*words, *where, *([] if plain else ["--json"]))
        result = await asyncio.to_thread(CliRunner().invoke, app, list(map(str, words)))
        assert result.exit_code == expect, (result.output, result.exception)
        return result.stdout if plain else json.loads(result.stdout)

    def file(self, document: dict[str, Any], name: str = "acme.yaml") -> Path:
        written = self.folder / name
        written.write_text(yaml.safe_dump(document, sort_keys=False))
        return written

    async def rows(self) -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(self.database.dsn())
        try:
            rows = await connection.fetch(
                "SELECT version, active_from, hash, document::text AS document, restores "
                "FROM platform.programme_version WHERE tenant_id = 1 ORDER BY version"
            )
        finally:
            await connection.close()
        assert all(document_hash(json.loads(row["document"])) == row["hash"] for row in rows)
        return [tuple(row) for row in rows]


@pytest.fixture
def operator(database: Database, tmp_path: Path) -> Operator:
    return Operator(database, tmp_path)


def changed(**rest: Any) -> dict[str, Any]:
    """The document of acme as people write it, with a point more for coffee."""
    document = dict(programme_document(ACME)) | rest
    del document["version"]
    campaigns: Any = document["campaigns"]
    campaigns[2]["effect"]["points"] = 30
    return document


async def test_a_document_is_planned_applied_once_and_taken_back(operator: Operator) -> None:
    file = operator.file(changed())
    planned = await operator.run("programme", "plan", file, "--detailed-exitcode", expect=8)
    assert planned["changes"] == [{"path": "campaigns[coffee].effect.points", "what": "changed", "old": 25, "new": 30}]
    assert (planned["base"], planned["version"], planned["summary"]) == (1, 2, "1 campaign changed (coffee)")
    assert any("judged by version 1" in word for word in planned["words"])
    assert len(await operator.rows()) == 1

    begun = datetime.now(UTC)
    applied = await operator.run("programme", "apply", file, "--note", "more for coffee")
    assert (applied["published"], applied["version"]) == (True, 2)
    active_from = datetime.fromisoformat(applied["active_from"])
    assert begun + timedelta(seconds=5) <= active_from < datetime.now(UTC) + timedelta(seconds=15)
    assert not (await operator.run("programme", "apply", file))["published"]
    assert (await operator.run("programme", "plan", file, "--detailed-exitcode"))["unchanged"]

    back = await operator.run("programme", "rollback", "--to", "1", "--note", "a mistake")
    assert back["changes"][0]["new"] == 25
    rows = await operator.rows()
    assert [(row[0], row[4]) for row in rows] == [(1, None), (2, None), (3, 1)]
    first, third = (json.loads(row[3]) for row in (rows[0], rows[2]))
    assert first | {"version": 3} == third

    told = await operator.run("programme", "history")
    assert [each["note"] for each in told["versions"]] == ["a mistake", "more for coffee", None]
    assert [each["in_force"] for each in told["versions"]] == [False, False, True]
    assert "as version 1: 1 campaign changed (coffee)" in await operator.run("programme", "history", plain=True)


async def test_an_export_reads_back_to_the_same_hash_and_knows_what_it_is_based_on(operator: Operator) -> None:
    text = await operator.run("programme", "export", plain=True)
    assert programme_hash(parse_programme_yaml(text)) == (await operator.rows())[0][2]
    edited = operator.folder / "edited.yaml"
    edited.write_text(text.replace("points: 25", "points: 26"))
    await operator.run("programme", "apply", edited)
    late = operator.folder / "late.yaml"
    late.write_text(text.replace("points: 25", "points: 27"))
    await operator.run("programme", "apply", operator.file(changed()))
    refused = await operator.run("programme", "apply", late, expect=9)
    assert "the document says version 1, and the latest is 3" in refused["error"]
    late.write_text(late.read_text().replace("version: 1\n", ""))
    assert "not 2" in (await operator.run("programme", "apply", late, "--expect", "2", expect=9))["error"]
    assert (await operator.run("programme", "apply", late, "--expect", "3"))["version"] == 4


async def test_a_document_with_faults_is_refused_whole(operator: Operator) -> None:
    document = changed(currency="USD")
    refused = await operator.run("programme", "apply", operator.file(document), expect=6)
    assert refused["errors"] == [{"path": "currency", "reason": "a programme keeps it for ever", "allowed": "EUR"}]
    document["campaigns"][0]["effect"]["points"] = 0
    document["campaigns"][1]["state"] = "lively"
    refused = await operator.run("programme", "plan", operator.file(document), expect=6)
    assert [(error["path"], "line" in error) for error in refused["errors"]] == [
        ("campaigns[0].effect.points", True),
        ("campaigns[1].state", True),
    ]
    assert len(await operator.rows()) == 1


async def test_a_version_that_waits_is_not_run_over_unseen(operator: Operator) -> None:
    file = operator.file(changed(rounding="ceil"))
    soon = (datetime.now(UTC) + timedelta(days=9)).isoformat()
    assert (
        "5 seconds ahead"
        in (await operator.run("programme", "plan", file, "--at", datetime.now(UTC).isoformat(), expect=1))["error"]
    )
    await operator.run("programme", "apply", file, "--at", soon)
    assert not (await operator.run("programme", "apply", file, "--at", soon))["published"]
    other = operator.file(changed(rounding="half_up"), "other.yaml")
    waits = await operator.run("programme", "apply", other, expect=1)
    assert "version 2 comes into force" in waits["error"]
    planned = await operator.run("programme", "plan", other, "--before-waiting")
    assert (planned["base"], planned["version"]) == (1, 3)
    replaced = await operator.run("programme", "apply", other, "--at", soon)
    assert (replaced["base"], replaced["version"]) == (2, 3)


async def test_switches_are_turned_off_and_on(operator: Operator) -> None:
    off = await operator.run("switch", "off", "campaign", "coffee", "--note", "wrong price")
    assert (off["turned"], off["switch"]["value"], off["switch"]["off_note"]) == (True, "coffee", "wrong price")
    assert not (await operator.run("switch", "off", "campaign", "coffee"))["turned"]
    await operator.run("switch", "off", "everything")
    for kind, value in (("campaign", "tea"), ("effect", "gift"), ("moon", "x"), ("store", "")):
        await operator.run("switch", "off", kind, *([value] if value else []), expect=2)
    listed = (await operator.run("switch", "list"))["switches"]
    assert [each["kind"] for each in listed] == ["everything", "campaign"]
    assert [each["kind"] for each in (await operator.run("programme", "history"))["switches"]] == [
        "everything",
        "campaign",
    ]
    await operator.run("switch", "on", "campaign", "coffee")
    await operator.run("switch", "on", "campaign", "coffee", expect=1)
    assert [each["kind"] for each in (await operator.run("switch", "list"))["switches"]] == ["everything"]
    whole = (await operator.run("switch", "list", "--all"))["switches"]
    assert [each["on_at"] is None for each in whole] == [True, False]


def test_a_file_is_validated_without_any_platform(tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(yaml.safe_dump(changed()))
    assert CliRunner().invoke(app, ["programme", "validate", str(file)]).exit_code == 0
    file.write_text("zone: UTC\n")
    assert CliRunner().invoke(app, ["programme", "validate", str(file)]).exit_code == 6
    assert json.loads(CliRunner().invoke(app, ["programme", "schema"]).stdout)["title"] == "Programme"


async def test_rates_come_with_a_document_and_are_only_followed(operator: Operator) -> None:
    may, june = "2026-05-01T00:00:00Z", "2026-06-01T02:00:00+02:00"
    chf: list[dict[str, str]] = [{"currency": "CHF", "rate": "1.0500", "from": may}]
    await operator.run("programme", "apply", operator.file(changed(exchange_rates=chf)))
    later = [chf[0] | {"rate": "1.06"}, {"currency": "CHF", "rate": "0.99", "from": june}]
    file = operator.file(changed(exchange_rates=later))
    (change,) = (await operator.run("programme", "plan", file))["changes"]
    assert (change["path"], [each["rate"] for each in change["new"]]) == ("exchange_rates", ["1.06", "0.99"])
    await operator.run("programme", "apply", file)
    await operator.run("programme", "rollback")
    listed = (await operator.run("rates", "list"))["rates"]
    assert [(one["from"][:10], one["version"], one["rate"], one["replaced"]) for one in listed] == [
        ("2026-05-01", 1, "1.05", True),
        ("2026-05-01", 2, "1.06", True),
        ("2026-05-01", 4, "1.05", False),
        ("2026-06-01", 3, "0.99", False),
    ]
    for wrong, path in (
        ({"currency": "EUR", "rate": "2", "from": may}, "exchange_rates[0].currency"),
        ({"currency": "USD", "rate": "1e3", "from": may}, "exchange_rates[0].rate"),
    ):
        refused = await operator.run("programme", "apply", operator.file(changed(exchange_rates=[wrong])), expect=6)
        assert [fault["path"] for fault in refused["errors"]] == [path]
