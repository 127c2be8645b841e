"""Questionnaires from a file to the database, shown again as they were written, and counted."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import yaml
from typer.testing import CliRunner

from cli.main import app
from tests.support.database import ACME, Database, programme_document
from tests.support.programmes import put_programme

ASKED = {
    "title": {"en": "About you", "de": "Über Sie"},
    "questions": [
        {
            "name": "drives",
            "kind": "yes_no",
            "texts": {"en": "Do you drive?", "de": "Fahren Sie?"},
            "attribute": "drives",
        }
    ],
    "ends_at": "2024-07-01T00:00:00Z",
}


async def run(database: Database, *words: str, code: int = 0) -> Any:
    rest = ["--dsn", database.dsn("operator"), "--tenant", "acme"]
    told = await asyncio.to_thread(CliRunner().invoke, app, ["questionnaires", *words, *rest, "--json"])
    assert told.exit_code == code, told.output
    return json.loads(told.stdout)


async def test_a_questionnaire_is_kept_from_a_file_and_counted(database: Database, tmp_path: Path) -> None:
    """One whose attributes nobody declared is refused, with the place of each."""
    file = tmp_path / "about-you.yaml"
    file.write_text(yaml.safe_dump(ASKED, allow_unicode=True), encoding="utf-8")
    refused = await run(database, "put", "about-you", str(file), code=6)
    assert [each["path"] for each in refused["faults"]] == ["questions[0].attribute"]
    await put_programme(database, programme_document(ACME) | {"attributes": [{"name": "drives", "type": "bool"}]})
    assert await run(database, "put", "about-you", str(file)) == {"kept": "about-you"}
    assert (await run(database, "show", "about-you"))["questionnaire"] == ASKED
    assert (await run(database, "list"))["questionnaires"][0]["answered"] == 0
    counted = [{"question": "drives", "answer": answer, "count": 0} for answer in ("yes", "no")]
    assert await run(database, "figures", "about-you") == {"answered": 0, "answers": counted}
    file.write_text(yaml.safe_dump(ASKED | {"questions": []}), encoding="utf-8")
    assert (await run(database, "put", "about-you", str(file), code=6))["faults"][0]["path"] == "questions"
