"""`python -m tests.bench.mail_sink`: a mail server that takes everything and keeps nothing, as fast as Python can.

It prints its port, and with each further line on stdin how many mails it has taken.
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast

_OK = b"250 OK\r\n"
_ANSWERS = {b"EHLO": b"250-sink\r\n250 PIPELINING\r\n", b"MAIL": _OK, b"RCPT": _OK, b"RSET": _OK, b"NOOP": _OK}
_END = b"\r\n.\r\n"


class Sink(asyncio.Protocol):
    """One connection."""

    taken = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = cast("asyncio.Transport", transport)
        self._buffer = bytearray()
        self._in_data = False
        self._transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer what is complete."""
        self._buffer += data
        while self._take():
            pass

    def _take(self) -> bool:
        end = self._buffer.find(_END if self._in_data else b"\r\n")
        if end < 0:
            return False
        if self._in_data:
            del self._buffer[: end + len(_END)]
            self._in_data = False
            Sink.taken += 1
            self._transport.write(b"250 2.0.0 OK\r\n")
            return True
        command = bytes(self._buffer[:4]).upper()
        del self._buffer[: end + 2]
        if command == b"DATA":
            self._in_data = True
            self._transport.write(b"354 Go on\r\n")
        elif command == b"QUIT":
            self._transport.write(b"221 Bye\r\n")
            self._transport.close()
        else:
            self._transport.write(_ANSWERS.get(command, b"250 sink\r\n"))
        return True


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(Sink.taken, flush=True)


if __name__ == "__main__":
    asyncio.run(_serve())
