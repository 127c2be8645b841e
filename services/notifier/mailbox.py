"""The mailbox to which mails come back: its bounces and complaints are told as if somebody had handed them over.

Anybody may write to it. So a report counts only for a mail of ours that it returns, known by its Message-ID, which
nobody has but us and whoever got the mail. A mail is flagged as seen only when what it says is stored, and the same
report twice counts once: two workers that read one mailbox, or one that ends in the middle, do no harm. What is no
report, or proves nothing, is left to people, seen.
"""

from __future__ import annotations

import asyncio
import imaplib
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any

import asyncpg
from pydantic import Field, SecretStr

from libs.deliveries.bounces import LONGEST, Report, read_report
from libs.deliveries.postgres import Heard
from libs.runtime import logs
from libs.runtime.postgres import DATABASE_ERRORS
from libs.runtime.settings import Part
from services.notifier import feedback_store
from services.notifier.metrics import NotifierMetrics

log = logs.get(__name__)
_AT_ONCE = 50
MAILBOX_ERRORS = (imaplib.IMAP4.error, OSError, TimeoutError, EOFError, UnicodeError)
"""Everything that a server of mailboxes may answer with, or be away with."""


class MailboxSettings(Part):
    """Where mails come back to; without a host nobody looks."""

    host: str | None = Field(default=None, description="IMAP server of the mailbox that bounces and complaints go to")
    port: Annotated[int, Field(ge=1, le=65_535)] = Field(default=993, description="its port")
    security: Annotated[str, Field(pattern="^(tls|none)$")] = Field(
        default="tls", description="`tls`, or `none` for a server beside us"
    )
    ca: str | None = Field(default=None, description="PEM certificates that vouch for it, beside the system's")
    username: str = Field(default="", description="the login of the mailbox")
    password: SecretStr = Field(default=SecretStr(""), description="its password")
    folder: Annotated[str, Field(pattern=r'^[^"\\\x00-\x1f]{1,200}$')] = Field(
        default="INBOX", description="the folder that is read"
    )
    every: timedelta = Field(default=timedelta(seconds=30), gt=timedelta(0), description="between two looks")
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = Field(default=20.0, description="for each of its answers")


@dataclass(frozen=True, slots=True)
class Returned:
    """A mail in the mailbox, by its number there; None for one that is too long to be a report."""

    number: str
    raw: bytes | None = field(repr=False)


class Mailbox:
    """Reads the mailbox now and then. `trouble` says what keeps it from being read."""

    def __init__(
        self,
        settings: MailboxSettings,
        pool: asyncpg.Pool,
        now: Callable[[], datetime],
        metrics: NotifierMetrics,
    ) -> None:
        self._settings, self._pool, self._now, self._metrics = settings, pool, now, metrics
        self.trouble: str | None = None

    async def look(self) -> int:
        """Read what is new, and return how many mails there were; what can't be read now is read by the next look."""
        if self._settings.host is None:
            return 0
        try:
            found = await asyncio.to_thread(self._fetch)
            if found:
                await self._take(found)
                await asyncio.to_thread(self._flag, [each.number for each in found])
        except (*MAILBOX_ERRORS, *DATABASE_ERRORS) as error:
            self.trouble = f"the mailbox is not read: {type(error).__name__}"
            log.warning("mailbox.not_read", error=type(error).__name__)
            self._metrics.mailbox_failures.inc()
            return 0
        self.trouble = None
        return len(found)

    async def _take(self, found: Sequence[Returned]) -> None:
        reports = [[] if each.raw is None else await asyncio.to_thread(read_report, each.raw) for each in found]
        now = self._now()
        heard = [one for each in reports for report in each if (one := _heard(report, now)) is not None]
        ours = await feedback_store.hear_of_sent(self._pool, heard, now) if heard else frozenset()
        for each in reports:
            proven = any(report.message_id in ours for report in each)
            self._metrics.mailbox.labels("report" if proven else "unproven" if each else "other").inc()

    def _fetch(self) -> list[Returned]:
        with self._opened() as box:
            told = b" ".join([part for part in _answered(box.uid("SEARCH", "UNSEEN")) if isinstance(part, bytes)])
            return [Returned(number, _mail(box, number)) for number in told.decode("ascii").split()[:_AT_ONCE]]

    def _flag(self, numbers: Sequence[str]) -> None:
        with self._opened() as box:
            _answered(box.uid("STORE", ",".join(numbers), "+FLAGS.SILENT", r"(\Seen)"))

    @contextmanager
    def _opened(self) -> Iterator[imaplib.IMAP4]:
        """The folder, over a connection for a block."""
        said = self._settings
        host = said.host or ""
        if said.security == "tls":
            context = ssl.create_default_context()
            if said.ca is not None:
                context.load_verify_locations(said.ca)
            box: imaplib.IMAP4 = imaplib.IMAP4_SSL(host, said.port, ssl_context=context, timeout=said.timeout_seconds)
        else:
            box = imaplib.IMAP4(host, said.port, timeout=said.timeout_seconds)
        try:
            box.login(said.username, said.password.get_secret_value())
            _answered(box.select(f'"{said.folder}"'))
            yield box
        finally:
            with suppress(*MAILBOX_ERRORS):
                box.logout()


def _heard(report: Report, now: datetime) -> Heard | None:
    """What a report says of the message that it names, which knows its address; nothing of an address alone."""
    if report.message_id is None:
        return None
    return Heard(report.kind, now, report.reason, report.message_id, dead=report.dead)


def _mail(box: imaplib.IMAP4, number: str) -> bytes | None:
    """A mail as it lies there, unless it is longer than a report may be; looking at it does not make it seen."""
    parts = _answered(box.uid("FETCH", number, f"(BODY.PEEK[]<0.{LONGEST + 1}>)"))
    raw = next((part[1] for part in parts if isinstance(part, tuple)), b"")
    return raw if len(raw) <= LONGEST else None


def _answered(answer: tuple[str, list[Any]]) -> list[Any]:
    """What a server answered: lines, and literals with the line before them.

    Raises:
        imaplib.IMAP4.error: it said no.
    """
    state, said = answer
    if state != "OK":
        raise imaplib.IMAP4.error(state)
    return said
