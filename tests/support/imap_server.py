"""A server of one mailbox on loopback, that speaks as much of IMAP as whoever reads bounces needs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_LINE = re.compile(rb"(\S+) (?:UID )?(\S+) ?(.*)\r\n")


@dataclass
class ImapServer:
    """The mails in it, and the numbers of those that were seen; `refuses` names a command that is answered with no."""

    mails: list[bytes] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    refuses: bytes = b""
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection until it leaves."""
        writer.write(b"* OK ready\r\n")
        while found := _LINE.fullmatch(await reader.readline()):
            tag, command, rest = found[1], found[2].upper(), found[3]
            if command == self.refuses:
                writer.write(tag + b" NO not now\r\n")
                continue
            writer.write(self._answer(command, rest) + tag + b" OK done\r\n")
            if command == b"LOGOUT":
                break
        writer.close()

    def _answer(self, command: bytes, rest: bytes) -> bytes:
        match command:
            case b"CAPABILITY":
                return b"* CAPABILITY IMAP4rev1\r\n"
            case b"LOGIN":
                assert rest == b'bounces "secret"'
            case b"SELECT":
                assert rest == b'"INBOX"'
                return b"* %d EXISTS\r\n" % len(self.mails)
            case b"SEARCH":
                new = [number for number in range(1, len(self.mails) + 1) if number not in self.seen]
                return b"* SEARCH " + " ".join(map(str, new)).encode() + b"\r\n"
            case b"FETCH":
                number, _, what = rest.partition(b" ")
                assert what.startswith(b"(BODY.PEEK[]<0.")
                mail = self.mails[int(number) - 1]
                return b"* %s FETCH (UID %s BODY[]<0> {%d}\r\n%s)\r\n" % (number, number, len(mail), mail)
            case b"STORE":
                self.seen |= {int(number) for number in rest.split(b" ")[0].split(b",")}
            case b"LOGOUT":
                return b"* BYE\r\n"
        return b""


@asynccontextmanager
async def imap_server() -> AsyncIterator[ImapServer]:
    """Run one for a block."""
    kept = ImapServer()
    server = await asyncio.start_server(kept.serve, "127.0.0.1", 0)
    kept.port = server.sockets[0].getsockname()[1]
    try:
        yield kept
    finally:
        server.close()
