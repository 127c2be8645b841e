"""Birthdays, anniversaries and schedules: an event of our own for every member who has one, when it has come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import asyncpg
from aiokafka.errors import KafkaError

from libs.judging.calls import Call, begins, calls, is_clocked
from libs.judging.versions import RunningProgramme
from libs.ledger.late import GRACE
from libs.runtime import logs
from libs.runtime.postgres import DATABASE_ERRORS
from services.earning import occasion_store
from services.earning.charge import Charge
from services.earning.occasion_store import Scope, Told
from services.earning.occasions import prepared

log = logs.get(__name__)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_LOADED = timedelta(seconds=5)
"""Calls are made so much later: by then every worker has loaded the version that was in force."""


class OccasionClock:
    """Tells, in one worker of many, of the occasions that the clock brings, programme by programme and call by call.

    A run tells `most` members at most, so that other activities come between. How far it came is noted once the broker
    has what was told; whoever tells again, after a crash or beside another worker, tells the same events, which the
    inbox drops. After an outage all calls that were missed follow in their order, each judged by the version of its
    time; a programme that never told begins with its first version that waits for the clock, seven days back at most.
    """

    def __init__(self, charge: Charge, most: int) -> None:
        self._charge = charge
        self._most = most
        self._looked: dict[Scope, datetime] = {}

    async def run(self) -> None:
        """Tell what has come; on trouble the next run does."""
        if not self._charge.in_charge():
            self._looked.clear()
            return
        until, room = self._charge.clock.now() - _LOADED, self._most
        try:
            for scope, programme in self._charge.programmes().by_key().items():
                if room > 0 and is_clocked(programme):
                    room -= await self._tell(scope, programme, until, room)
        except (*DATABASE_ERRORS, KafkaError) as error:
            log.warning("occasions.not_told", error=type(error).__name__)

    async def _tell(self, scope: Scope, programme: RunningProgramme, until: datetime, room: int) -> int:
        """Tell the members of a programme of calls up to an instant; return how many were told."""
        if self._looked.get(scope) is not None and not self._has_come(programme, self._looked[scope], until):
            self._looked[scope] = until
            return 0
        async with self._charge.pool.acquire() as connection:
            told = await self._told(connection, scope, programme)
            first = await occasion_store.first_enrolment(connection, scope)
        count = 0
        for call in calls(programme, told.at - timedelta.resolution, until, first):
            while count < room and not told.covers(call):
                found, told = await self._page(scope, programme, call, told, room - count)
                count += found
            if not told.covers(call):
                self._looked.pop(scope, None)
                return count
        self._looked[scope] = until
        return count

    async def _told(self, connection: asyncpg.Connection, scope: Scope, programme: RunningProgramme) -> Told:
        """How far the members of a programme were told; who never told anybody notes where that begins."""
        told = await occasion_store.load_told(connection, scope)
        if told is None:
            told = _begin(programme, self._charge.clock.now())
            await occasion_store.save_told(connection, scope, told)
        return told

    def _has_come(self, programme: RunningProgramme, since: datetime, until: datetime) -> bool:
        """Whether there is any call, whomever it concerns, between two looks."""
        return bool(calls(programme, since, until, _LONG_AGO))

    async def _page(
        self, scope: Scope, programme: RunningProgramme, call: Call, told: Told, most: int
    ) -> tuple[int, Told]:
        """Tell the next members of a call, and note how far that is."""
        async with self._charge.pool.acquire() as connection:
            found = await occasion_store.members_called(connection, scope, call, told, most)
        await self._charge.sender.send([prepared(programme, call.occasion(each.member_id)) for each in found])
        after = Told(call.at, call.place)
        if len(found) == most:
            after = Told(call.at, call.place, True, found[-1].enrolled_at, found[-1].member_id)
        async with self._charge.pool.acquire() as connection:
            await occasion_store.save_told(connection, scope, after)
        self._charge.metrics.occasions.inc(len(found))
        return len(found), after


def _begin(programme: RunningProgramme, now: datetime) -> Told:
    return Told(max(begins(programme), now - GRACE) - timedelta.resolution, "")
