"""The `pointstream` command, aimed at the stack of a test."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from typer.testing import CliRunner

from cli.main import app
from cli.verify import check
from tests.support.stack import SEAL_KEY, Stack


@dataclass(frozen=True, slots=True)
class Command:
    """Runs subcommands against a stack: as the operator, with its broker, prefix and seal."""

    stack: Stack

    async def dlq(self, *arguments: str) -> dict[str, Any]:
        """Run `dlq` with `--json`; it must succeed."""
        told: dict[str, Any] = json.loads(await self.run(["dlq", *arguments, "--json"]))
        return told

    async def run(self, arguments: Sequence[str], exit_code: int = 0) -> str:
        """Run a command and return what it wrote to standard output."""
        key = self.stack.folder / "seal.key"
        key.write_text(SEAL_KEY)
        where = {
            "list": ["--dsn"],
            "show": ["--dsn", "--seal-key-file"],
            "replay": ["--dsn", "--kafka", "--topic-prefix", "--seal-key-file"],
            "resume": ["--dsn", "--topic-prefix"],
        }
        values = {
            "--dsn": self.stack.database.dsn("operator"),
            "--kafka": self.stack.bootstrap,
            "--topic-prefix": self.stack.prefix,
            "--seal-key-file": str(key),
        }
        names = where.get(arguments[1], ["--dsn"]) if arguments[0] == "dlq" else ["--dsn"]
        options = [part for name in names for part in (name, values[name])]
        result = await asyncio.to_thread(CliRunner().invoke, app, [*arguments, *options])
        assert result.exit_code == exit_code, (result.output, result.exception)
        return result.stdout


async def assert_sound(stack: Stack) -> None:
    """Every invariant holds, and no position lies beyond the end of its partition."""
    results = await check(stack.database.dsn("operator"))
    assert {result.name: result.samples for result in results if result.violations} == {}
    rows = await stack.fetch("SELECT topic, part, next_offset FROM stream.position")
    positions = {TopicPartition(row["topic"], row["part"]): row["next_offset"] for row in rows}
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.bootstrap)
    await consumer.start()
    try:
        ends = await consumer.end_offsets(list(positions))
    finally:
        await consumer.stop()
    assert [partition for partition, offset in positions.items() if offset > ends[partition]] == []


@pytest.fixture
def command(stack: Stack) -> Command:
    """The `pointstream` command, aimed at this test's stack."""
    return Command(stack)
