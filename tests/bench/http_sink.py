"""`python -m tests.bench.http_sink`: a provider that takes every message and keeps nothing; see `mail_sink`."""

from __future__ import annotations

import asyncio
import re
import sys
from typing import cast

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def _says(body: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    return head + body


_TOKEN = _says(b'{"access_token":"token","expires_in":3600}')
_TAKEN = _says(b'{"id":"1","name":"projects/bench/messages/1"}')


class Sink(asyncio.Protocol):
    """One connection."""

    taken = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        """Answer what is complete."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            found = _LENGTH.search(self._buffer[:end])
            whole = end + 4 + (0 if found is None else int(found[1]))
            if len(self._buffer) < whole:
                return
            asks_token = self._buffer.startswith(b"POST /token ")
            self._buffer = self._buffer[whole:]
            Sink.taken += not asks_token
            self._transport.write(_TOKEN if asks_token else _TAKEN)


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(Sink.taken, flush=True)


if __name__ == "__main__":
    asyncio.run(_serve())
