"""The dialogue about one mail after another, over a connection on which a server has let us in.

aiosmtplib connects, greets, encrypts and logs in; it waits for each answer before it says more. Where a server takes
commands together (RFC 2920), whose mail it is, whom it is for and the wish to send it are one packet here, so that a
mail costs two ways there and back instead of four.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from aiosmtplib import SMTP

_MOST_ANSWER = 32 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said: its code, and the first line behind it."""

    code: int
    text: str

    def is_like(self, hoped: int) -> bool:
        """Whether it says what was hoped for; a server may add how (251: taken, and forwarded)."""
        return self.code // 10 == hoped // 10


class Dialogue(asyncio.Protocol):
    """Takes a connection over from whoever opened it. Commands and answers are in order; one caller at a time.

    `broken` says why nothing more can be said, once that is so.
    """

    def __init__(self, client: SMTP, timeout: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._together = client.supports_extension("pipelining")
        self._timeout = timeout
        self._buffer = bytearray()
        self._answers: list[Answer] = []
        self._wanted = 0
        self._waiter: asyncio.Future[None] | None = None
        self.broken: str | None = None
        assert client.protocol is not None
        self._transport = cast("asyncio.Transport", client.protocol.transport)  # uvloop's is none by its class
        self._transport.set_protocol(self)

    async def say(self, commands: Sequence[bytes], fine: Sequence[int]) -> list[Answer]:
        """Say commands and return their answers: fewer than commands where the connection broke.

        Where they go one by one, nothing more is said behind an answer that is not like the one in `fine`.
        """
        if self._together:
            return await self._ask(b"".join(commands), len(commands))
        answers: list[Answer] = []
        for command, hoped in zip(commands, fine, strict=True):
            answers += await self._ask(command, 1)
            if self.broken is not None or not answers[-1].is_like(hoped):
                break
        return answers

    async def tell(self, data: bytes) -> Answer | None:
        """Send a mail as bytes, lines ended by CRLF, and return the answer to its end; None where none came."""
        body = data.replace(b"\r\n.", b"\r\n..") if b"\r\n." in data else data  # to look costs a sixth
        return next(iter(await self._ask(body + b".\r\n", 1)), None)

    def close(self) -> None:
        """Leave, without a word."""
        self._end("closed")
        self._transport.abort()

    async def _ask(self, said: bytes, count: int) -> list[Answer]:
        if self._answers:  # what nobody asked for, such as a goodbye
            self._end("spoke unasked")
        if self.broken is not None:
            return []
        self._wanted, self._waiter = count, self._loop.create_future()
        alarm = self._loop.call_later(self._timeout, self._late)
        self._transport.write(said)
        try:
            await self._waiter
        except asyncio.CancelledError:
            self._end("left in the middle")
            raise
        finally:
            alarm.cancel()
            self._waiter = None
        answers, self._answers = self._answers, []
        return answers

    def data_received(self, data: bytes) -> None:
        """Take answers apart; those of several lines are known by their last."""
        self._buffer += data
        while (end := self._buffer.find(b"\n")) >= 0:
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            if not line[:3].isdigit():
                self._end("no answer of a mail server")
            elif line[3:4] != b"-":
                self._answers.append(Answer(int(line[:3]), line[4:].decode("utf-8", "replace").strip()))
        if len(self._buffer) > _MOST_ANSWER:
            self._end("an answer without end")
        if len(self._answers) >= self._wanted:
            self._wake()

    def eof_received(self) -> bool:
        """Nothing more comes; the transport closes."""
        self._end("closed")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more can be said."""
        self._end("closed" if exc is None else type(exc).__name__)

    def _late(self) -> None:
        self._end("no answer in time")
        self._transport.abort()

    def _end(self, why: str) -> None:
        if self.broken is None:
            self.broken = why
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
