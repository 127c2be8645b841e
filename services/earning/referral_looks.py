"""Looks at referrals that a switch cut short: asked for again as soon as it is on."""

from __future__ import annotations

from aiokafka.errors import KafkaError

from libs.intake.events import Prepared
from libs.judging.versions import RunningProgramme
from libs.promotions.switches import refers
from libs.runtime import logs
from libs.runtime.postgres import DATABASE_ERRORS
from services.earning import referral_store
from services.earning.charge import Charge
from services.earning.referral_events import asked_for

log = logs.get(__name__)


class WaitingLooks:
    """Asks, in one worker of many, for the looks that nothing else would bring: their members may never come again.

    They are forgotten once the broker has them. A worker that has not heard of the switch yet cuts its look short
    again, under another event, and that is kept and asked for like the first.
    """

    def __init__(self, charge: Charge, most: int) -> None:
        self._charge = charge
        self._most = most

    async def run(self) -> None:
        """Ask for what waits, at most so many of each programme; on trouble the next run does."""
        if not self._charge.in_charge():
            return
        try:
            for scope, programme in self._charge.programmes().by_key().items():
                if programme.refers and refers(programme.switches):
                    await self._ask(scope, programme)
        except (*DATABASE_ERRORS, KafkaError) as error:
            log.warning("referrals.not_asked", error=type(error).__name__)

    async def _ask(self, scope: tuple[int, int], programme: RunningProgramme) -> None:
        async with self._charge.pool.acquire() as connection:
            waiting = await referral_store.load_waiting(connection, scope, self._most)
        if not waiting:
            return
        now = self._charge.clock.now()
        asked = [asked_for(programme, member_id, cause, now) for member_id, cause in waiting]
        await self._charge.sender.send(
            [Prepared(each.topic, each.key, each.value, list(each.headers)) for each in asked]
        )
        async with self._charge.pool.acquire() as connection:
            await referral_store.forget_waiting(connection, scope, waiting)
