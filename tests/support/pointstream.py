"""The `pointstream` command with a data directory of its own, aimed at the stack of a test."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.support.stack import ROOT, SEAL_KEY, Stack

_DATABASE = {"sources", "rates", "db", "backtest", "history"}
"""Commands that ask the database alone."""
_SEALED = {"ingest", "import", "adjust"}
"""Commands that name identifiers."""


@dataclass(frozen=True, slots=True)
class Pointstream:
    """Runs commands as an operator does who names database, broker and key."""

    stack: Stack
    folder: Path

    def words(self, *arguments: object) -> list[str]:
        """The whole command line, with where everything is."""
        key = self.folder / "seal.key"
        key.write_text(SEAL_KEY)
        where = ["--json", "--data", str(self.folder / "data"), "--dsn", self.stack.database.dsn("operator")]
        if arguments[0] not in _DATABASE and arguments[:2] != ("parked", "list"):
            where += ["--kafka", self.stack.bootstrap, "--topic-prefix", self.stack.prefix]
        if arguments[0] in _SEALED:
            where += ["--seal-key-file", str(key)]
        words = list(map(str, arguments))
        at = words.index("--") if "--" in words else len(words)
        return [*words[:at], *where, *words[at:]]

    async def run(self, *arguments: object, expect: int = 0) -> dict[str, Any]:
        """Run a command with `--json`, check how it ends, and return its object."""
        result = await asyncio.to_thread(CliRunner().invoke, app, self.words(*arguments))
        assert result.exit_code == expect, (result.output, result.exception)
        told: dict[str, Any] = json.loads(result.stdout)
        return told

    def start(self, *arguments: object) -> subprocess.Popen[bytes]:
        """Start a command as a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "cli.main", *self.words(*arguments)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )


@pytest.fixture
def pointstream(stack: Stack, tmp_path: Path) -> Pointstream:
    """The command line for this test's stack."""
    return Pointstream(stack, tmp_path)
