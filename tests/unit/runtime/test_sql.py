"""Named queries are read from files beside their store."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from libs.runtime import sql

Write = Callable[[str], str]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Makes a package with this text as its queries, and returns its name."""

    def written(text: str) -> str:
        folder = tmp_path / "some_store" / "sql"
        folder.mkdir(parents=True)
        (folder.parent / "__init__.py").touch()
        (folder / "queries.sql").write_text(text)
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, "some_store", raising=False)
        return "some_store"

    return written


def test_queries_come_by_name(write: Write) -> None:
    text = "-- Of the store.\n\n-- name: one\n-- The first.\nSELECT 1;\n\n-- name: two\nSELECT ';' AS semicolon;\n"
    assert sql.load(write(text)) == {"one": "-- The first.\nSELECT 1", "two": "SELECT ';' AS semicolon"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("SELECT 1;\n-- name: one\nSELECT 1;\n", "SQL before the first"),
        ("-- name: one\nSELECT 1;\n-- name: one\nSELECT 2;\n", "a query name stands twice"),
    ],
)
def test_sloppy_files_are_refused(write: Write, text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        sql.load(write(text))


ROOT = Path(__file__).parents[3]
FILES = [path for path in ROOT.rglob("sql/*.sql") if ".venv" not in path.parts and "build" not in path.parts]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_file_of_queries_loads(file: Path) -> None:
    package = ".".join(file.parent.parent.relative_to(ROOT).parts)
    assert sql.load(package, file.name)
