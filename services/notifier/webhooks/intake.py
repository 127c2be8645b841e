"""From an event of an output topic to the messages that endpoints are told: kept once, however often it is read."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import msgspec

from libs.runtime import logs
from libs.runtime.clock import Clock, happens_within
from libs.runtime.postgres import DATABASE_ERRORS, Trouble, trouble
from libs.webhooks.payload import Told, message_of, short_type
from libs.webhooks.wanted import SOURCES, wants
from services.notifier.metrics import WebhookMetrics
from services.notifier.webhooks.store import Listener, WebhookStore

log = logs.get(__name__)
FRESH = 0.1
"""Seconds for which what is known of endpoints counts: an endpoint hears of whatever is published later than that."""
_PAUSE = 1.0
_decode = msgspec.json.Decoder(Told).decode


class Intake:
    """Hears events one by one. PostgreSQL away: it waits, and the topic with it."""

    def __init__(self, store: WebhookStore, wall: Clock, seconds: Callable[[], float], metrics: WebhookMetrics) -> None:
        self._store, self._wall, self._seconds, self._metrics = store, wall, seconds, metrics
        self._listeners: dict[str, list[Listener]] = {}
        self._kinds: frozenset[bytes] = frozenset()
        self._topics: Mapping[str, datetime] = {}
        self._known_at: float | None = None
        self._stopping = asyncio.Event()
        self.news = asyncio.Event()
        """Set when something is to be sent."""

    async def topics(self) -> Mapping[str, datetime]:
        """Return the topics in which something may lie that an endpoint wants, and from when each is to be read.

        Raises:
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists.
        """
        await self._refresh()
        if _topics_of(self._kinds) != self._topics.keys():
            self._topics = await self._store.follow(asked_of)
        return self._topics

    async def hear(self, raw: bytes | None, published: float, kind: bytes | None = None) -> None:
        """Keep what endpoints are to be told of an event. It returns when that is done, or it is asked to stop.

        What was published, in seconds of Unix time, before an endpoint was made or turned on is not for it. `kind` is
        the event's type, where that is known without reading it: what nobody wants is not read.
        """
        while not self._stopping.is_set():
            try:
                await self._refresh()
                if raw and (kind in self._kinds or (kind is None and self._listeners)):
                    await self._keep(raw, published)
                return
            except DATABASE_ERRORS as error:
                if trouble(error) not in (Trouble.PASSING, Trouble.REPEAT):
                    raise
                log.warning("webhooks.intake_waits", error=type(error).__name__)
                await happens_within(self._stopping, _PAUSE)

    def stop(self) -> None:
        """Let go of what PostgreSQL keeps waiting: it is read again."""
        self._stopping.set()

    async def _refresh(self) -> None:
        now = self._seconds()
        if self._known_at is not None and now - self._known_at < FRESH:
            return
        found: dict[str, list[Listener]] = defaultdict(list)
        for each in await self._store.listeners():
            found[each.tenant].append(each)
        self._listeners, self._known_at = dict(found), now
        self._kinds = frozenset([kind.encode() for some in found.values() for each in some for kind in wanted_by(each)])

    async def _keep(self, raw: bytes, published: float) -> None:
        try:
            event = _decode(raw)
        except msgspec.MsgspecError:
            self._metrics.unreadable.inc()  # our own topics hold our own events; whoever else wrote it is told nowhere
            return
        kind = short_type(event.type)
        for each in self._listeners.get(event.tenant, ()):
            if wants(each.event_types, kind) and published >= each.since:
                await self._keep_for(each, event)

    async def _keep_for(self, listener: Listener, event: Told) -> None:
        """Keep an event for an endpoint; one that PostgreSQL refuses is left out, and holds up none behind it."""
        message = message_of(event, listener.endpoint_id, listener.style)
        try:
            new = await self._store.keep(listener.tenant_id, listener.endpoint_id, message, self._wall.now())
        except DATABASE_ERRORS as error:
            if trouble(error) is not Trouble.REFUSED:
                raise
            self._metrics.refused.inc()
            log.error("webhooks.event_refused", tenant=listener.tenant, event_id=event.id, error=type(error).__name__)
            return
        if new:
            self._metrics.queued.inc()
            self.news.set()


def asked_of(listeners: Iterable[Listener]) -> dict[str, datetime]:
    """Return the topics that endpoints ask for, each with the instant from which the first of them does."""
    found: dict[str, datetime] = {}
    for each in listeners:
        for topic in _topics_of([kind.encode() for kind in wanted_by(each)]):
            found[topic] = min(found.get(topic, each.asked_at), each.asked_at)
    return found


def wanted_by(listener: Listener) -> list[str]:
    """Return the types of events that an endpoint wants, in full."""
    types = [kind for topic in SOURCES for kind in topic.types]
    return [kind for kind in types if wants(listener.event_types, short_type(kind))]


def _topics_of(kinds: Iterable[bytes]) -> set[str]:
    known = {kind.encode(): topic.name for topic in SOURCES for kind in topic.types}
    return {known[kind] for kind in kinds}
