"""Generated files equal the code, and the command that makes them refuses to hide a break."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from libs.contracts import __main__ as command
from libs.contracts import schema as schema_module
from libs.contracts.__main__ import main, stale_files
from libs.contracts.schema import all_schemas, committed_schemas, rendered


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree of its own for the generated files."""
    schemas = tmp_path / "schemas"
    monkeypatch.setattr(schema_module, "SCHEMAS", schemas)
    monkeypatch.setattr(command, "SCHEMAS", schemas)
    monkeypatch.setattr(command, "EVENTS_PAGE", tmp_path / "docs" / "events.md")
    monkeypatch.setattr(command, "ASYNCAPI_FILE", tmp_path / "docs" / "asyncapi.yaml")
    monkeypatch.setattr(command, "_ROOT", tmp_path)
    return tmp_path


def test_schemas_and_page_are_up_to_date() -> None:
    assert stale_files() == [], "run `python -m libs.contracts generate`"
    assert main(["check"]) == 0


def test_a_fresh_tree_is_generated_and_then_found_good(elsewhere: Path) -> None:
    assert main(["check"]) == 1
    assert main(["generate"]) == 0
    assert main(["check"]) == 0
    assert committed_schemas() == all_schemas()


def test_a_break_is_not_written_over(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["generate"])
    path = elsewhere / "schemas" / "purchase.completed.v1.schema.json"
    released = json.loads(path.read_text())
    released["$defs"]["PurchaseCompletedV1"]["properties"]["cashier"] = {"type": "string"}
    path.write_text(rendered(released))
    for words in (["generate"], ["check"]):
        assert main(words) == 1
        assert "/data/cashier: the field was removed (hits earning)" in capsys.readouterr().err
    assert json.loads(path.read_text()) == released
    assert main(["generate", "--unreleased"]) == 0
    assert main(["check"]) == 0


def test_a_file_of_no_event_is_stale(elsewhere: Path) -> None:
    main(["generate"])
    (elsewhere / "schemas" / "purchase.forgotten.v1.schema.json").write_text("{}")
    assert main(["check"]) == 1
