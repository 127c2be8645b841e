"""A process of the benchmark that is asked by a line of JSON and answers with one."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Mapping
from typing import Any

import orjson

from tests.support.stack import ROOT

_LONGEST = 64 * 1024 * 1024


class Dialogue:
    """A module that runs as a process of its own, and ends when its standard input does."""

    def __init__(self, module: str, process: asyncio.subprocess.Process) -> None:
        self._module = module
        self._process = process

    @classmethod
    async def start(cls, module: str) -> Dialogue:
        """Start it."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, cwd=ROOT, stdin=pipe, stdout=pipe, limit=_LONGEST, start_new_session=True
        )
        return cls(module, process)

    async def tell(self, question: Mapping[str, Any]) -> None:
        """Say something without waiting for the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(orjson.dumps(question) + b"\n")
        await self._process.stdin.drain()

    async def hear(self) -> Any:
        """Wait for the next answer.

        Raises:
            RuntimeError: the process ended instead.
        """
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._module} ended with {await self._process.wait()}")
        return orjson.loads(line)

    async def ask(self, question: Mapping[str, Any]) -> Any:
        """Say something and wait for the answer."""
        await self.tell(question)
        return await self.hear()

    def end(self) -> None:
        """Kill it."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
