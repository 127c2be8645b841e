"""What is asked by mail about a consent, and what the owner of the address answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self
from uuid import UUID

import asyncpg

from libs.contacts.addresses import CheckedAddress
from libs.contacts.postgres import record_consents
from libs.contacts.vault import Vault
from libs.deliveries import own
from libs.judging.versions import RunningProgramme
from libs.runtime import sql
from libs.runtime.keys import event_id
from services.gateway.confirming.asked import Asked, Wish
from services.gateway.confirming.links import Asking, ConfirmLinks
from services.gateway.own_letters.writing import written
from services.gateway.templates.desk import TemplateDesk
from services.gateway.tenant_store import tenant_transaction

_SQL = sql.load("services.gateway", "confirming.sql")
LIVES = timedelta(days=7)
"""How long a link may be followed."""
MOST = 3
"""So many mails an address gets from a company within the life of a link, whoever asks: the asker may be a stranger."""
KEPT = timedelta(days=30)
"""How long it is known after that that nobody followed one."""
TEXT_VERSION = "confirmation-1"
"""The version of what the page says; another wording is another version."""


@dataclass(frozen=True, slots=True)
class ConfirmDesk:
    """The means of asking, and of hearing the answer."""

    pool: asyncpg.Pool
    vault: Vault
    links: ConfirmLinks
    templates: TemplateDesk

    @classmethod
    def from_seal_key(cls, key: bytes, pool: asyncpg.Pool, templates: TemplateDesk) -> Self:
        """Make one with the platform's key."""
        return cls(pool, Vault.from_seal_key(key), ConfirmLinks.from_seal_key(key), templates)

    async def ask(
        self, running: RunningProgramme, wish: Wish, address: CheckedAddress, language: str, site: str, now: datetime
    ) -> None:
        """Ask by mail whether the owner of an address agreed, once for a wish, and no more than `MOST` times.

        The same is done whoever has the address, so that neither answer nor time tells.

        Raises:
            ProblemError: the template is broken.
        """
        until, digest = now + LIVES, self.vault.digest(address)
        link = f"{site}{self.links.path(Asking(*running.key, wish.ask_id))}?lang={language}"
        version = running.at(now)
        last_day = until.astimezone(UTC if version is None else version.zone).date()
        letter_id = UUID(event_id(running.tenant, wish.ask_id.hex, "confirmation", running.programme, 0))
        told = {"link": link, "consent": wish.text, "last_day": last_day}
        letter = await written(self.templates, running, "confirmation", letter_id, address, language, told)
        kept = (wish.purpose, wish.channel, wish.source, wish.text, wish.text_version, now)
        async with tenant_transaction(self.pool, running.tenant_id) as connection:
            await connection.execute(_SQL["one_by_one"], running.tenant_id, digest)
            await connection.execute(_SQL["forget_stale"], *running.key, now - KEPT)
            new = await connection.fetchval(
                _SQL["ask"], *running.key, wish.member_id, wish.ask_id, digest, *kept, now - LIVES, MOST, until
            )
            if new is not None:
                await own.put(connection, running.tenant_id, self.vault.seal, letter, digest, wish.source, now)

    async def find(self, asking: Asking) -> Asked | None:
        """Return a question; None when there is none any more."""
        async with tenant_transaction(self.pool, asking.tenant_id, reading=True) as connection:
            row = await connection.fetchrow(_SQL["find"], *asking)
        return None if row is None else Asked(*row)

    async def confirm(self, asking: Asking, now: datetime) -> Asked | None:
        """Take the yes, which counts at once, and once: who said no since is not made to agree by the same link.

        Returns the question as it stands; None when there is none any more.
        """
        async with tenant_transaction(self.pool, asking.tenant_id) as connection:
            row = await connection.fetchrow(_SQL["confirm"], *asking, now, TEXT_VERSION)
            if row is not None:
                said = Asked(*row)
                whose = await connection.fetch(
                    _SQL["whose"], *asking[:2], said.member_id, said.channel, said.digest
                )  # fmt: skip
                names = [(*asking[:2], each["member_id"]) for each in whose]
                await record_consents(connection, now, {name: [said.consent(now)] for name in names})
                return said
        return await self.find(asking)
