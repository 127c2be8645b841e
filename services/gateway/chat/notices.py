"""Telling that an answer waits for a member who is away: an activity, with which scenarios may begin.

It is told where a scenario of the programme asks for it, once until the member looks again, without a word of the talk.
What becomes of it is the notifier's: the words, the channel, what the member agreed to.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

import asyncpg

from libs.contacts.vault import MemberName
from libs.judging.postgres import MappingInvalid, ProgrammeInvalid
from libs.judging.versions import RunningProgramme
from libs.promotions.scenario_triggers import ActivityDone
from libs.runtime import logs
from libs.runtime.clock import Clock
from libs.runtime.postgres import DATABASE_ERRORS
from services.gateway.chat.store import load_away, note_told
from services.gateway.intake.desk import Desk
from services.gateway.intake.own import Told, publish
from services.gateway.intake.publisher import CannotPublish
from services.gateway.running import TenantProgrammes
from services.gateway.tenant_store import tenant_transaction, tenants

log = logs.get(__name__)
ACTIVITY = "chat-answered"
AWAY = timedelta(minutes=5)
"""So long an answer is unseen before it is told of."""
_FRESH = timedelta(days=1)
_EVERY = 60.0
_AT_ONCE = 500
_PART = "chat"
_NAMESPACE = UUID("7b0f3f0e-64c2-4a55-8a6e-5a6f2ad2b1c3")


@dataclass(frozen=True, slots=True)
class ChatNotices:
    """Tells it."""

    pool: asyncpg.Pool
    programmes: TenantProgrammes
    desk: Desk
    clock: Clock

    async def run(self) -> None:
        """Go on until cancelled; what can't be told now is told the next time."""
        while True:
            await asyncio.sleep(_EVERY)
            try:
                await self.once()
            except (*DATABASE_ERRORS, CannotPublish, ProgrammeInvalid, MappingInvalid) as error:
                log.warning("chats.not_told", error=type(error).__name__)

    async def once(self) -> int:
        """Tell who is away that an answer waits, and return how many were told.

        Raises:
            CannotPublish: the broker can't be reached.
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists.
        """
        now, told = self.clock.now(), 0
        for tenant_id in await tenants(self.pool):
            async with tenant_transaction(self.pool, tenant_id, reading=True) as connection:
                away = await load_away(connection, tenant_id, now - _FRESH, now - AWAY, _AT_ONCE)
            # Programmes are looked at only where somebody is away: most companies have no such member.
            programmes = (await self.programmes.of(tenant_id)).by_key() if away else {}
            for name, number in away.items():
                running = programmes.get(name[:2])
                if running is not None and asks(running, now):
                    await self._tell(running, name, number)
                    told += 1
        return told

    async def _tell(self, running: RunningProgramme, name: MemberName, number: int) -> None:
        told = Told.activity(uuid5(_NAMESPACE, f"{name} {number}"), {"activity": ACTIVITY})
        await publish(self.desk, running, _PART, name[2], [told])
        async with tenant_transaction(self.pool, name[0]) as connection:
            await note_told(connection, name, number)


def asks(running: RunningProgramme, now: datetime) -> bool:
    """Whether a scenario of a programme begins with an answer that waits."""
    version = running.at(now)
    if version is None:
        return False
    triggers = [each.trigger for each in version.compiled.source.scenarios if each.state == "live"]
    return any(isinstance(each, ActivityDone) and each.activity == ACTIVITY for each in triggers)
