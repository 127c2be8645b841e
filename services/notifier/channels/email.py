"""Email over SMTP: connections that stay open, one mail at a time on each, and what a server's answer means.

SMTP has no key against repeats: a mail whose last answer is missing may have been taken, and is not safe to send again.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Annotated, Self

from aiosmtplib import SMTP, SMTPException
from aiosmtplib.errors import SMTPAuthenticationError
from pydantic import Field, SecretStr, model_validator

from libs.deliveries.bounces import OF_SENDER
from libs.messages.content import ChannelName
from libs.runtime.settings import Part
from services.notifier.channels.channel import Handed, Letter, Outcome, Postponed, Refused, Unanswered
from services.notifier.channels.dialogue import Answer, Dialogue
from services.notifier.channels.dkim import Signer
from services.notifier.channels.mail_bytes import Sender, fit_address, mail

_MAILS_EACH = 500
"""Mails over one connection: relays close those that stay for ever, and balancers spread new ones."""
_GOODBYE = 2.0
_TAKEN, _GO_ON, _CLOSING = 250, 354, 421
_HOPED = (_TAKEN, _TAKEN, _GO_ON)


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
    dkim_selector: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,63}$")] | None = Field(
        default=None, description="where the sender's domain publishes the key of our signatures; none: the relay signs"
    )
    dkim_key: SecretStr | None = Field(default=None, description="the private key of it, PEM, RSA or Ed25519")
    per_second: Annotated[float, Field(gt=0)] | None = Field(default=None, description="mails a second at most")
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = Field(default=30.0, description="for each of its answers")

    @model_validator(mode="after")
    def _writes_and_signs(self) -> Self:
        """A sender that is no address, or a selector without its key, would be found out by the first mail."""
        if not all(fit_address(each) for each in (self.sender, self.reply_to) if each is not None):
            raise ValueError("sender and reply_to are bare addresses in ASCII, such as club@shop.example")
        self.signer()
        return self

    def signer(self) -> Signer | None:
        """Return what signs mails as the sender's domain, where that is asked for.

        Raises:
            ValueError: it can't sign.
        """
        if self.dkim_selector is None and self.dkim_key is None:
            return None
        if self.dkim_selector is None or self.dkim_key is None:
            raise ValueError("signing takes both, dkim_selector and dkim_key")
        domain = self.sender.rpartition("@")[2]
        return Signer.from_pem(domain, self.dkim_selector, self.dkim_key.get_secret_value().encode())


class EmailChannel:
    """Hands mails to a relay over a pool of connections."""

    name: ChannelName = "email"

    def __init__(self, settings: EmailSettings, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._now = now
        self._sender = Sender(settings.sender, settings.sender.rpartition("@")[2], settings.reply_to)
        self._signer = settings.signer()
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
        return _Connection(self._settings, self._context, self._signer)


class _Connection:
    """One connection to the relay, opened when it is needed and again when it broke."""

    def __init__(self, settings: EmailSettings, context: ssl.SSLContext | None, signer: Signer | None) -> None:
        self._settings = settings
        self._context = context
        self._signer = signer
        self._line: Dialogue | None = None
        self._mails = 0

    async def start(self) -> Dialogue:
        """Return the open connection.

        Raises:
            SMTPException: the relay does not let us in, or can't be reached.
            OSError: it can't be reached.
        """
        if self._line is not None and self._line.broken is None and self._mails < _MAILS_EACH:
            return self._line
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
        if client.is_ehlo_or_helo_needed:
            await client.ehlo()
        self._line, self._mails = Dialogue(client, said.timeout_seconds), 0
        return self._line

    async def stop(self) -> None:
        """Close it; a relay that does not answer is left without a word."""
        line, self._line = self._line, None
        if line is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_GOODBYE):
                    await line.say((b"QUIT\r\n",), (221,))
            line.close()

    async def send(self, letter: Letter, sender: Sender, now: datetime) -> Outcome:
        """Hand one mail over."""
        if not fit_address(letter.address):
            return Refused("address-unknown", "not an address", address_dead=True)
        try:
            data = mail(letter, sender, now)
        except ValueError:
            return Refused("content-refused", "a header would be broken")
        if self._signer is not None:
            data = self._signer.signed(data, now)
        said = (f"MAIL FROM:<{sender.address}>\r\n", f"RCPT TO:<{letter.address}>\r\n", "DATA\r\n")
        envelope = [each.encode("ascii") for each in said]
        # A connection that was idle may turn out to be closed as soon as something is said: then once more.
        return await self._attempt(envelope, data) or await self._attempt(envelope, data) or _away("closed")

    async def _attempt(self, envelope: Sequence[bytes], data: bytes) -> Outcome | None:
        """Open, and hand over; None when the connection was gone before anything was answered."""
        try:
            line = await self.start()
        except SMTPAuthenticationError as error:
            return Postponed("credentials-refused", str(error.code), provider_wide=True)
        except (SMTPException, OSError, TimeoutError) as error:
            return _away(type(error).__name__)
        self._mails += 1
        outcome = await self._hand_over(line, envelope, data)
        if line.broken is not None:
            await self.stop()
        return outcome

    async def _hand_over(self, line: Dialogue, envelope: Sequence[bytes], data: bytes) -> Outcome | None:
        answers = await line.say(envelope, _HOPED)
        for answer, hoped, meant in zip(answers, _HOPED, (_at_sender, _at_recipient, _at_content), strict=False):
            if not answer.is_like(hoped):
                await self._reset(line, answers)
                return meant(answer)
        if len(answers) < len(envelope):
            return _away(line.broken or "") if answers else None
        told = await line.tell(data)
        if told is None:
            return Unanswered(safe=False, detail=line.broken or "")
        if told.is_like(_TAKEN):
            return Handed(_name_of(told))
        await self._reset(line, (told,))
        return _at_content(told)

    async def _reset(self, line: Dialogue, answers: Sequence[Answer]) -> None:
        """Begin anew on the same connection after a refusal; what was let in for nobody is nothing."""
        if any(answer.code == _CLOSING for answer in answers):
            await self.stop()
            return
        if answers[-1].code == _GO_ON:
            await line.tell(b"")
        if not all(each.is_like(_TAKEN) for each in await line.say((b"RSET\r\n",), (_TAKEN,))):
            await self.stop()


def _away(why: str) -> Postponed:
    return Postponed("provider-away", why, provider_wide=True)


def _name_of(taken: Answer) -> str:
    """What the server calls a mail, for whoever looks for it there; a word with an address in it is left out."""
    return " ".join([str(taken.code), *[word for word in taken.text.split() if "@" not in word]])[:64]


def _told(error: Answer) -> str:
    """The codes of an answer: what a server says beside them may name somebody."""
    first = error.text.split(maxsplit=1)[0] if error.text else ""
    enhanced = first if first[:2] in ("2.", "4.", "5.") and first.replace(".", "").isdigit() else ""
    return f"{error.code} {enhanced}".strip()


def _at_sender(error: Answer) -> Outcome:
    """The relay does not take mails of ours, at the moment or at all: that is nothing about this one."""
    if error.code in (530, 535):
        return Postponed("credentials-refused", _told(error), provider_wide=True)
    return Postponed("provider-busy" if error.code < 500 else "provider-failed", _told(error), provider_wide=True)


def _at_recipient(error: Answer) -> Outcome:
    told = _told(error)
    if error.code == 421:
        return Postponed("provider-busy", told, provider_wide=True)
    if error.code < 500:
        return Postponed("provider-busy", told)
    _, _, enhanced = told.partition(" ")
    if enhanced.removeprefix("5.") in OF_SENDER:  # servers say only here that they do not like who writes
        return _at_sender(error)
    if enhanced.startswith(("5.7.", "5.2.")) or error.code == 552:
        return Refused("address-refused", told)
    return Refused("address-unknown", told, address_dead=True)


def _at_content(error: Answer) -> Outcome:
    told = _told(error)
    if error.code < 500:
        return Postponed("provider-busy", told, provider_wide=error.code == 421)
    return Refused("content-refused", told)
