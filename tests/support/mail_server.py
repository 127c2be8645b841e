"""A mail server on loopback, in the loop of the test: it keeps what it takes, and answers as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class MailServer:
    """What it took, as (recipient, bytes); `on_rcpt` and `on_data` say what is answered, None for yes."""

    port: int = 0
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    connections: int = 0
    on_rcpt: Callable[[str], str | None] = lambda address: None
    on_data: Callable[[str], str | None] = lambda address: None
    hang_up_after_data: bool = False
    pipelining: bool = False

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Say what it can."""
        session.host_name = hostname
        return [*responses[:-1], *(["250-PIPELINING"] if self.pipelining else []), responses[-1]]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answer a recipient."""
        answer = self.on_rcpt(address)
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take a mail."""
        address = envelope.rcpt_tos[0]
        answer = self.on_data(address)
        if answer is None:
            content = envelope.content
            assert isinstance(content, bytes)
            self.taken.append((address, content))
        if self.hang_up_after_data:
            assert server.transport is not None
            server.transport.close()
        return answer or "250 2.0.0 OK"


@asynccontextmanager
async def mail_server(**options: Any) -> AsyncIterator[MailServer]:
    """Run one for a block; `options` are those of `aiosmtpd.smtp.SMTP`, such as a context for TLS."""
    kept = MailServer()
    open_ones: set[Any] = set()

    def factory() -> SMTP:
        kept.connections += 1
        server = SMTP(kept, enable_SMTPUTF8=False, hostname="mx.test", **options)
        open_ones.add(server)
        return server

    listener = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0)
    kept.port = listener.sockets[0].getsockname()[1]
    try:
        yield kept
    finally:
        listener.close()
        for server in open_ones:
            if server.transport is not None:
                server.transport.close()
