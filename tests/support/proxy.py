"""A TCP proxy on loopback that spoils connections on request: drops, delays, silences, half-closes, loses one reply."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from enum import Enum

_CHUNK = 1 << 16
_HEAD = 1 << 10
"""Bytes in which a client says who it is."""


class Ending(Enum):
    """What becomes of a connection whose reply was lost."""

    CLOSE = "the client sees the connection break"
    HALF_CLOSE = "the client sees the end of the stream, but may still write"
    SILENCE = "the client sees nothing at all"


class _Link:
    """One client's connection, and the one behind it."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.client, self.server = client, server
        self.losing = False
        self.silent = False
        self.head = self.tail = b""

    def abort(self) -> None:
        """Break both sides at once, as a reset does."""
        for side in (self.client, self.server):
            side.transport.abort()


class Proxy:
    """Stands before a port of this machine. Its faults are told by attributes and methods; without any it is a wire.

    `delay` (seconds) holds back every chunk on its way to the client; `refusing` breaks new connections at once;
    `lost` counts the replies that reached the proxy and no further, and `passed` the connections let through.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._links: set[_Link] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._request: bytes | None = None
        self._whose = b""
        self._ending = Ending.CLOSE
        self._left = 0
        self.delay = 0.0
        self.refusing = False
        self.lost = 0
        self.passed = 0

    @property
    def address(self) -> str:
        """Where to connect to."""
        assert self._server is not None
        host, port = self._server.sockets[0].getsockname()
        return f"{host}:{port}"

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.drop()
        for task in list(self._pumps):
            task.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def lose_reply(self, request: bytes, ending: Ending, times: int = 1, whose: bytes = b"") -> None:
        """Keep the replies to the next `times` requests that contain `request`, each when it comes from the server.

        Only connections count that said `whose` of themselves as they were opened.
        """
        self._request, self._ending, self._left, self._whose = request, ending, times, whose

    def drop(self) -> None:
        """Break every connection there is."""
        for link in list(self._links):
            link.abort()

    def silence(self) -> None:
        """Let nothing pass any more, in either direction, on the connections there are; nobody is told."""
        for link in self._links:
            link.silent = True

    @contextlib.contextmanager
    def slow(self, seconds: float) -> Iterator[None]:
        """Hold back every reply so long, within the block."""
        self.delay = seconds
        try:
            yield
        finally:
            self.delay = 0.0

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refusing:
            writer.transport.abort()
            return
        try:
            answers, server = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self.passed += 1
        link = _Link(writer, server)
        self._links.add(link)
        pumps = [asyncio.create_task(self._upward(link, reader)), asyncio.create_task(self._downward(link, answers))]
        self._pumps.update(pumps)
        await asyncio.wait(pumps)
        self._pumps.difference_update(pumps)
        self._links.discard(link)
        link.abort()

    async def _upward(self, link: _Link, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(_CHUNK):
                if link.silent:
                    continue
                if len(link.head) < _HEAD:
                    link.head += chunk[:_HEAD]
                if self._left and self._whose in link.head and self._request and self._request in link.tail + chunk:
                    self._left -= 1
                    link.losing = True
                link.tail = chunk[-64:]
                link.server.write(chunk)
                await link.server.drain()
            if not link.silent and link.server.can_write_eof():
                link.server.write_eof()

    async def _downward(self, link: _Link, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(_CHUNK):
                if link.losing:
                    self._lose(link)
                elif self.delay:
                    await asyncio.sleep(self.delay)  # the fault itself, not a wait for something
                if not link.silent:
                    link.client.write(chunk)
                    await link.client.drain()
            if not link.silent and link.client.can_write_eof():
                link.client.write_eof()

    def _lose(self, link: _Link) -> None:
        """The server has answered: keep the answer, and end the connection as asked."""
        self.lost += 1
        link.losing, link.silent = False, True
        if self._ending is Ending.CLOSE:
            link.abort()
        elif self._ending is Ending.HALF_CLOSE:
            link.client.write_eof()
