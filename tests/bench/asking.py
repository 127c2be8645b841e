"""An open loop over HTTP: requests are due at fixed times, and the clock of each runs from when it was due."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Latencies:
    """Milliseconds from when requests were due to their answers; `late_ms` is how late the latest was sent."""

    count: int
    seconds: float
    p50_ms: float
    p99_ms: float
    most_ms: float
    late_ms: float


class Client:
    """Asks over connections that are kept; the leanest client that there can be."""

    def __init__(self, port: int, path: str, token: str, more: Callable[[], str] = str) -> None:
        """`more` gives further lines of the head of each request."""
        self._port = port
        self._head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {token}\r\n"
        )
        self._more = more
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, body: bytes) -> bytes:
        """Ask once.

        Raises:
            RuntimeError: the answer is neither 200 nor 201.
        """
        reader, writer = await self._connection()
        try:
            writer.write(f"{self._head}{self._more()}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            answer = await reader.readexactly(int(length.partition(b":")[2]))
            if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")):
                raise RuntimeError(f"{head.decode()}{answer.decode()}")
            return answer
        finally:
            self._free.append((reader, writer))

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The connection that was used last, of those that the server has not closed for being idle, or a new one."""
        while self._free:
            reader, writer = self._free.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection("127.0.0.1", self._port, limit=2**20)

    def close(self) -> None:
        """Close the connections."""
        for _, writer in self._free:
            writer.close()


class Timed:
    """Sends requests when they are due, and times their answers."""

    def __init__(self, client: Client, rate: float) -> None:
        self._client = client
        self._rate = rate
        self._took: list[float] = []
        self._late: list[float] = []
        self._seconds = 0.0

    async def run(self, bodies: Iterable[bytes], until: asyncio.Event | None = None) -> None:
        """Ask for every body at its time, until there are no more or until that comes; may be done again.

        Raises:
            RuntimeError: an answer is not 200.
        """
        start = time.monotonic() + 0.5
        async with asyncio.TaskGroup() as tasks:
            for number, body in enumerate(bodies):
                due = start + number / self._rate
                if (ahead := due - time.monotonic()) > 0:
                    await asyncio.sleep(ahead)
                if until is not None and until.is_set():
                    break
                tasks.create_task(self._one(due, body))
        self._seconds += time.monotonic() - start

    async def _one(self, due: float, body: bytes) -> None:
        self._late.append(time.monotonic() - due)
        async with asyncio.timeout(_PATIENCE):
            await self._client.ask(body)
        self._took.append(time.monotonic() - due)

    def told(self) -> Latencies:
        """What was found; at least one request was answered."""
        took = sorted(self._took)
        return Latencies(
            len(took),
            self._seconds,
            _share(took, 0.5),
            _share(took, 0.99),
            took[-1] * 1000,
            max(self._late) * 1000,
        )


def _share(took: Sequence[float], share: float) -> float:
    return took[min(len(took) - 1, int(len(took) * share))] * 1000
