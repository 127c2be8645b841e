"""What the gateway does about messages: takes in what is heard of them, and shows what was captured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from libs.contacts.addresses import CheckedAddress, read_address
from libs.contacts.vault import Vault
from libs.deliveries.bounces import Report
from libs.deliveries.own import Shown
from libs.deliveries.postgres import Heard
from libs.deliveries.told import Captured
from libs.runtime.clock import Clock
from services.gateway.messages import store


@dataclass(frozen=True, slots=True)
class MessageDesk:
    """The means; `vault` names addresses and opens what was captured."""

    pool: asyncpg.Pool
    vault: Vault
    clock: Clock

    async def take(self, tenant_id: int, reports: Sequence[Report]) -> None:
        """Keep what mails that came back say."""
        now = self.clock.now()
        heard = [each for each in map(self._heard, reports) if each is not None]
        await store.tell(self.pool, tenant_id, heard, now)

    async def captured(self, tenant_id: int, most: int, channel: str | None = None) -> list[Captured]:
        """Return what was captured, the newest first."""
        return await store.captured(self.pool, tenant_id, self.vault.seal, most=most, channel=channel)

    async def letters(
        self, scope: tuple[int, int], span: tuple[datetime, datetime], most: int, behind: int
    ) -> list[Captured]:
        """Return letters of a programme that were kept from one instant and until another, the newest first."""
        return await store.letters(self.pool, scope, self.vault.seal, span, most, behind)

    async def one_captured(self, tenant_id: int, delivery_id: UUID) -> Captured | None:
        """Return one message that was captured."""
        return await store.one_captured(self.pool, tenant_id, self.vault.seal, delivery_id)

    async def own_captured(self, tenant_id: int, most: int, letter_id: UUID | None = None) -> list[Shown]:
        """Return letters to people of the company that were captured, the newest first, or one."""
        return await store.own_captured(self.pool, tenant_id, self.vault.seal, most=most, letter_id=letter_id)

    def _heard(self, report: Report) -> Heard | None:
        """What a report says of the message, which knows its address; of an address where it names no message."""
        if report.message_id is not None:
            digest = None
        else:
            address = None if report.recipient is None else read_address("email", report.recipient)
            if not isinstance(address, CheckedAddress):
                return None
            digest = self.vault.digest(address)
        return Heard(report.kind, self.clock.now(), report.reason, report.message_id, digest, report.dead)
