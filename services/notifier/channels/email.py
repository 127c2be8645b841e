"""Email over SMTP: connections that stay open, one mail at a time on each, and what a server's answer means.

SMTP has no key against repeats: a mail whose last answer is missing may have been taken, and is not safe to send again.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Annotated

from aiosmtplib import SMTP, SMTPException, SMTPResponseException, SMTPServerDisconnected
from aiosmtplib.errors import SMTPAuthenticationError
from pydantic import Field, SecretStr

from libs.messages.content import ChannelName
from libs.runtime.settings import Part
from services.notifier.channels.channel import Handed, Letter, Outcome, Postponed, Refused, Unanswered
from services.notifier.channels.mail_bytes import Sender, fit_address, mail

_MAILS_EACH = 500
"""Mails over one connection: relays close those that stay for ever, and balancers spread new ones."""
_GOODBYE = 2.0


class EmailSettings(Part):
    """The relay that takes mails; without a host they are captured."""

    host: str | None = Field(default=None, description="name of the relay; without one mails are captured")
    port: Annotated[int, Field(ge=1, le=65_535)] = Field(default=587, description="its port")
    security: Annotated[str, Field(pattern="^(tls|starttls|none)$")] = Field(
        default="starttls", description="`tls` from the first byte, `starttls`, or `none` for a relay beside us"
    )
    ca: str | None = Field(default=None, description="PEM certificates that vouch for the relay, beside the system's")
    username: str | None = Field(default=None, description="the login at the relay, if it asks for one")
    password: SecretStr | None = Field(default=None, description="its password")
    sender: str = Field(default="loyalty@example.com", description="the address in From and in the envelope")
    reply_to: str | None = Field(default=None, description="where answers go, if not to the sender")
    connections: Annotated[int, Field(ge=1, le=64)] = Field(default=4, description="connections to the relay at most")
    per_second: Annotated[float, Field(gt=0)] | None = Field(default=None, description="mails a second at most")
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = Field(default=30.0, description="for each of its answers")


class EmailChannel:
    """Hands mails to a relay over a pool of connections."""

    name: ChannelName = "email"

    def __init__(self, settings: EmailSettings, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._now = now
        self._sender = Sender(settings.sender, settings.sender.rpartition("@")[2], settings.reply_to)
        self._free: list[_Connection] = []
        self._places = asyncio.Semaphore(settings.connections)
        self._context: ssl.SSLContext | None = None

    async def open(self) -> None:
        """Make the first connection.

        Raises:
            OSError: the relay can't be reached, or does not let us in.
        """
        connection = self._new()
        try:
            await connection.start()
        except SMTPException as error:
            raise ConnectionError(type(error).__name__) from error
        self._free.append(connection)

    async def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        """Hand mails over, as many at once as there are connections."""
        outcomes: list[Outcome | None] = [None] * len(letters)
        waiting = iter(range(len(letters)))
        workers = min(self._settings.connections, len(letters))
        await asyncio.gather(*(self._work(letters, waiting, outcomes) for _ in range(workers)))
        return [outcome for outcome in outcomes if outcome is not None]

    async def close(self) -> None:
        """Say goodbye on every connection."""
        free, self._free = self._free, []
        for connection in free:
            await connection.stop()

    async def _work(self, letters: Sequence[Letter], waiting: Iterator[int], outcomes: list[Outcome | None]) -> None:
        async with self._places:
            connection = self._free.pop() if self._free else self._new()
            try:
                for number in waiting:
                    outcomes[number] = await connection.send(letters[number], self._sender, self._now())
            finally:
                self._free.append(connection)

    def _new(self) -> _Connection:
        if self._context is None and self._settings.security != "none":
            self._context = ssl.create_default_context()
            if self._settings.ca is not None:
                self._context.load_verify_locations(self._settings.ca)
        return _Connection(self._settings, self._context)


class _Connection:
    """One connection to the relay, opened when it is needed and again when it broke."""

    def __init__(self, settings: EmailSettings, context: ssl.SSLContext | None) -> None:
        self._settings = settings
        self._context = context
        self._client: SMTP | None = None
        self._mails = 0

    async def start(self) -> SMTP:
        """Return the open connection.

        Raises:
            SMTPException: the relay does not let us in, or can't be reached.
            OSError: it can't be reached.
        """
        if self._client is not None and self._client.is_connected and self._mails < _MAILS_EACH:
            return self._client
        await self.stop()
        said = self._settings
        client = SMTP(
            hostname=said.host,
            port=said.port,
            username=said.username,
            password=None if said.password is None else said.password.get_secret_value(),
            timeout=said.timeout_seconds,
            use_tls=said.security == "tls",
            start_tls=said.security == "starttls",
            tls_context=self._context,
        )
        await client.connect()
        self._client, self._mails = client, 0
        return client

    async def stop(self) -> None:
        """Close it; a relay that does not answer is left without a word."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(SMTPException, OSError, TimeoutError):
                async with asyncio.timeout(_GOODBYE):
                    await client.quit()
            client.close()

    async def send(self, letter: Letter, sender: Sender, now: datetime) -> Outcome:
        """Hand one mail over."""
        if not fit_address(letter.address):
            return Refused("address-unknown", "not an address", address_dead=True)
        try:
            data = mail(letter, sender, now)
        except ValueError:
            return Refused("content-refused", "a header would be broken")
        try:
            client = await self.start()
        except SMTPAuthenticationError as error:
            return Postponed("credentials-refused", str(error.code), provider_wide=True)
        except (SMTPException, OSError, TimeoutError) as error:
            return Postponed("provider-away", type(error).__name__, provider_wide=True)
        outcome = await self._dialogue(client, letter.address, sender, data)
        if outcome is None:  # it had closed a connection that was idle
            return await self._again(letter, sender, data)
        return outcome

    async def _again(self, letter: Letter, sender: Sender, data: bytes) -> Outcome:
        try:
            client = await self.start()
        except (SMTPException, OSError, TimeoutError) as error:
            return Postponed("provider-away", type(error).__name__, provider_wide=True)
        outcome = await self._dialogue(client, letter.address, sender, data)
        return outcome or Postponed("provider-away", "closed", provider_wide=True)

    async def _dialogue(self, client: SMTP, address: str, sender: Sender, data: bytes) -> Outcome | None:
        """MAIL, RCPT, DATA; None when the connection was gone before anything was said."""
        self._mails += 1
        step: Callable[[SMTPResponseException], Outcome] = _at_sender
        try:
            await client.mail(sender.address)
            step = _at_recipient
            await client.rcpt(address)
            step = _at_content
            code, said = await client.data(data)
        except SMTPResponseException as error:
            return await self._reset(client, step(error))
        except (SMTPException, OSError, TimeoutError) as error:
            await self.stop()
            if step is _at_content:
                return Unanswered(safe=False, detail=type(error).__name__)
            if step is _at_sender and isinstance(error, SMTPServerDisconnected):
                return None
            return Postponed("provider-away", type(error).__name__, provider_wide=True)
        return Handed(f"{code} {said}"[:64])

    async def _reset(self, client: SMTP, outcome: Outcome) -> Outcome:
        """Begin anew on the same connection after a refusal."""
        try:
            await client.rset()
        except (SMTPException, OSError, TimeoutError):
            await self.stop()
        return outcome


def _told(error: SMTPResponseException) -> str:
    """The codes of an answer: what a server says beside them may name somebody."""
    first = error.message.split(maxsplit=1)[0] if error.message else ""
    enhanced = first if first[:2] in ("2.", "4.", "5.") and first.replace(".", "").isdigit() else ""
    return f"{error.code} {enhanced}".strip()


def _at_sender(error: SMTPResponseException) -> Outcome:
    """The relay does not take mails of ours, at the moment or at all: that is nothing about this one."""
    if error.code in (530, 535):
        return Postponed("credentials-refused", _told(error), provider_wide=True)
    return Postponed("provider-busy" if error.code < 500 else "provider-failed", _told(error), provider_wide=True)


def _at_recipient(error: SMTPResponseException) -> Outcome:
    told = _told(error)
    if error.code == 421:
        return Postponed("provider-busy", told, provider_wide=True)
    if error.code < 500:
        return Postponed("provider-busy", told)
    _, _, enhanced = told.partition(" ")
    if enhanced.startswith(("5.7.", "5.2.")) or error.code == 552:
        return Refused("address-refused", told)
    return Refused("address-unknown", told, address_dead=True)


def _at_content(error: SMTPResponseException) -> Outcome:
    told = _told(error)
    if error.code < 500:
        return Postponed("provider-busy", told, provider_wide=error.code == 421)
    return Refused("content-refused", told)
