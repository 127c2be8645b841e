"""Promotions that begin: where the programme has members told of one, a message to many is made of it, once.

One that began so long ago that its message is of no more use, as after a long outage, is told to nobody.

Nothing leaves `take` as an exception but that it was cancelled: while the database is away it tries again, and the
topic waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
from aiokafka import ConsumerRecord

from libs.contracts.codec import EventDecoder
from libs.contracts.events import CampaignStartedV1
from libs.contracts.headers import type_of
from libs.contracts.rejection import Rejection
from libs.mass import postgres as masses
from libs.mass.wanted import Said, Wanted
from libs.promotions.announced import Promotion
from libs.runtime import logs
from libs.runtime.clock import Clock
from libs.runtime.keys import event_id
from libs.runtime.postgres import DATABASE_ERRORS, Trouble, trouble
from services.notifier.mass.store import OURS
from services.notifier.programmes import Programmes

log = logs.get(__name__)
TOPIC = "loyalty.campaigns"
_STARTED = CampaignStartedV1.event_type.encode()
_PAUSE, _LONGEST = 0.1, 5.0
_NAME = 64


class Promotions:
    """Hears of campaigns that begin."""

    def __init__(self, pool: asyncpg.Pool, programmes: Programmes, clock: Clock) -> None:
        self._pool, self._programmes, self._clock = pool, programmes, clock
        self._decode = EventDecoder[Any]((CampaignStartedV1.event_type,)).decode

    async def take(self, records: Sequence[ConsumerRecord]) -> None:
        """Make messages of what a batch brings; the same again changes nothing."""
        for record in records:
            if type_of(record.headers) in (None, _STARTED):
                event = self._decode(record.value, record.headers)
                if not isinstance(event, Rejection):
                    await self._patiently(event)

    async def _patiently(self, event: Any) -> None:
        pause = _PAUSE
        while True:
            try:
                await self._make(event)
            except DATABASE_ERRORS as error:
                log.warning("promotion.not_taken", error=type(error).__name__)
                if trouble(error) is Trouble.REFUSED:
                    return
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST)
            else:
                return

    async def _make(self, event: Any) -> None:
        data: CampaignStartedV1 = event.data
        if event.tenant is None or event.programme is None or data.cause == "switch":
            return
        await self._programmes.see(self._clock.now())
        scope = self._programmes.scope_of(event.tenant, event.programme)
        rules = None if scope is None else self._programmes.of(scope, data.at)
        if scope is None or rules is None:
            return
        promotion = next((each for each in rules.messages.promotions if each.campaign == data.campaign), None)
        now = self._clock.now()
        if promotion is not None and data.at + timedelta(hours=promotion.useful_hours) > now:
            name = UUID(event_id(event.tenant, event.id, "mass.promotion", data.campaign, 0))
            async with self._pool.acquire() as connection, connection.transaction():
                await masses.make(connection, scope, (name, name.bytes), wanted_of(promotion), (), OURS, now)


def wanted_of(promotion: Promotion) -> Wanted:
    """The message to many that tells of a promotion."""
    return Wanted(
        name=f"{promotion.campaign} begins"[:_NAME],
        words=tuple([Said(language=each.language, title=each.title, text=each.text) for each in promotion.words]),
        channels=promotion.channels,
        purpose=promotion.purpose,
        segments=promotion.segments,
        everyone=not promotion.segments,
        useful_hours=promotion.useful_hours,
    )
