"""The world is told of programmes and campaigns: of what was published, and of what starts and stops.

The versions and switches as they lie in the database are the outbox: whoever publishes writes nothing else. One worker
of many turns them into events, whose ids follow from their cause, waits for the broker, and then notes how far it came.
"""

from __future__ import annotations

from datetime import timedelta

from aiokafka.errors import KafkaError

from libs.judging.versions import RunningProgramme
from libs.promotions.programme import Programme
from libs.promotions.turns import Calendar, Outage, Version
from libs.runtime import logs
from libs.runtime.postgres import DATABASE_ERRORS
from services.earning import herald_store
from services.earning.charge import Charge
from services.earning.herald_store import Key, News, Told
from services.earning.heraldry import budget_reached, published, turned

log = logs.get(__name__)
_MOST_BUDGETS = 1_000
"""No more limits are told of in one look."""
_COMMITTED = timedelta(seconds=5)
"""Starts and stops are told so much later: a switch is committed a little after its instant, by another clock."""


class Herald:
    """Tells, in the worker that is in charge, what the other programmes' readers need to know.

    `look` is called every few seconds; on trouble the next call begins where nothing is noted yet, under the same ids.
    """

    def __init__(self, charge: Charge) -> None:
        self._charge = charge
        self._calendars: dict[Key, tuple[RunningProgramme, tuple[Outage, ...], Calendar]] = {}

    async def look(self) -> None:
        """Tell what there is to tell."""
        if not self._charge.in_charge():
            return
        try:
            async with self._charge.pool.acquire() as connection:
                news = await herald_store.load_news(connection)
            for key, programme in self._charge.programmes().by_key().items():
                told = await self._tell_versions(key, programme, news)
                if told.version:
                    await self._tell_turns(key, programme, news, told)
            await self._tell_budgets()
        except (*DATABASE_ERRORS, KafkaError) as error:
            log.warning("programmes.not_told", error=type(error).__name__)

    async def _tell_versions(self, key: Key, programme: RunningProgramme, news: News) -> Told:
        told = news.told.get(key, Told())
        documents = {each.compiled.version: each.compiled.source for each in programme.versions}
        for new in news.untold.get(key, ()):
            document = documents.get(new.version)
            if document is None:
                break  # not loaded yet
            events = list(published(programme, new, _before(documents, new.version), document))
            await self._charge.sender.send(events)
            told = Told(new.version, told.until)
            await self._note(key, told, len(events))
        return told

    async def _tell_turns(self, key: Key, programme: RunningProgramme, news: News, told: Told) -> None:
        calendar = self._calendar(key, programme, news.outages.get(key, ()))
        turns = list(calendar.turns(told.until, self._charge.clock.now() - _COMMITTED))
        if turns:
            await self._charge.sender.send([turned(programme, turn) for turn in turns])
            await self._note(key, Told(told.version, turns[-1].at), len(turns))

    async def _tell_budgets(self) -> None:
        async with self._charge.pool.acquire() as connection:
            reached = await herald_store.load_reached(connection, _MOST_BUDGETS)
        programmes = self._charge.programmes().by_key()
        told = [each for each in reached if each[:2] in programmes]
        if told:
            await self._charge.sender.send([budget_reached(programmes[each[:2]], each) for each in told])
            async with self._charge.pool.acquire() as connection:
                await herald_store.save_reached(connection, self._charge.clock.now(), told)
            self._charge.metrics.heralded.inc(len(told))

    async def _note(self, key: Key, told: Told, events: int) -> None:
        async with self._charge.pool.acquire() as connection:
            await herald_store.save_told(connection, key, told)
        self._charge.metrics.heralded.inc(events)

    def _calendar(self, key: Key, programme: RunningProgramme, outages: tuple[Outage, ...]) -> Calendar:
        """The calendar of a programme; made anew only when its versions or switches are others."""
        known = self._calendars.get(key)
        if known is None or known[0] is not programme or known[1] != outages:
            versions = [Version(each.active_from, each.compiled.source) for each in programme.versions]
            known = self._calendars[key] = (programme, outages, Calendar(versions, outages))
        return known[2]


def _before(documents: dict[int, Programme], version: int) -> Programme | None:
    return documents.get(max((number for number in documents if number < version), default=0))
