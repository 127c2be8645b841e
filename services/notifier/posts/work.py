"""Publishes posts on the company's own pages, page by page, in every worker: whoever comes first acts.

A page that may show a post already, because an answer never came or a worker ended, is searched for it first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

import asyncpg

from libs.messages.content import Content
from libs.posts.wanted import Post
from libs.runtime import logs
from libs.runtime.clock import Clock
from libs.runtime.failpoint import reach
from libs.runtime.postgres import DATABASE_ERRORS
from services.notifier.announcements import Shards
from services.notifier.attempts import after
from services.notifier.channels.channel import Letter, Outcome
from services.notifier.channels.facebook import PICTURE, SINCE
from services.notifier.intake import enqueue
from services.notifier.metrics import NotifierMetrics
from services.notifier.posts import store, telling
from services.notifier.posts.pages import Pages
from services.notifier.posts.store import Beginning, Settled, Taken
from services.notifier.states import Failed, Handed, Postponed

log = logs.get(__name__)
CAPTURED = "page"
"""The page that a post is captured for where none is named and none is set."""
_LEASE = timedelta(minutes=2)
_SKEW = timedelta(minutes=2)
"""So far may the network's clock be behind ours."""
_MOST = 20


class PostWork:
    """Looks every second or so; `site` is where the gateway shows pictures, `chance` moves attempts apart."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        pages: Pages,
        clock: Clock,
        wall: Clock,
        site: str,
        chance: Callable[[], float],
        metrics: NotifierMetrics,
        committed: Callable[[Iterable[str]], None],
    ) -> None:
        self._pool = pool
        self._pages = pages
        self._clock = clock
        self._wall = wall
        self._site = site.rstrip("/")
        self._chance = chance
        self._metrics = metrics
        self._committed = committed
        self.trouble: str | None = None

    async def look(self) -> None:
        """Look once; what can't be done while the database is away is done by the next look."""
        try:
            for post in await store.beginning(self._pool, self._clock.now(), _MOST):
                await self._begin(post)
            for _ in range(_MOST):
                if not await self._one():
                    break
        except DATABASE_ERRORS as error:
            self._metrics.interruptions.inc()
            self.trouble = f"posts are not published: {type(error).__name__}"
            log.warning("posts.interrupted", error=type(error).__name__)
        else:
            self.trouble = None

    async def _begin(self, post: Beginning) -> None:
        known = await self._pages.of(post.tenant_id)
        if known is None:
            return
        pages = languages(post.wanted, known)
        async with self._pool.acquire() as connection, connection.transaction():
            await store.begin(connection, post, pages, self._clock.now())

    async def _one(self) -> bool:
        """Take one and see it through, well within its lease; False when none is due."""
        wall = self._wall.now()
        taken = await store.take(self._pool, self._clock.now(), wall, wall + _LEASE)
        if taken is None:
            return False
        said = await self._published(taken)
        reach("before-commit")
        now = self._clock.now()
        shards = told(taken, said, now)
        async with self._pool.acquire() as connection, connection.transaction():
            if not await store.settle(connection, taken, said, now):
                return True
            await enqueue(connection, shards, now)
        self._metrics.posts.labels(said.state).inc()
        self._committed(shards)
        return True

    async def _published(self, taken: Taken) -> Settled:
        if taken.called_off:
            return Settled("cancelled", ended_at=self._clock.now())
        outcome = await self._pages.publish(letter_of(taken, self._site))
        return settled(outcome, taken, self._clock.now(), self._chance())


def languages(wanted: Post, known: Mapping[str, str]) -> dict[str, str]:
    """The pages that a post is for, each with the language of the words that it gets."""
    pages = wanted.pages or tuple(known) or (CAPTURED,)
    return {page: wanted.told_in(known.get(page)).language for page in pages}


def letter_of(taken: Taken, site: str) -> Letter:
    """The post as its page gets it."""
    place, wanted = taken.place, taken.wanted
    said = wanted.told_in(taken.language)
    data = []
    if wanted.picture is not None:
        data.append((PICTURE, f"{site}/media/{wanted.picture}"))
    if taken.tried_before is not None:
        data.append((SINCE, str(int((taken.tried_before - _SKEW).timestamp()))))
    content = Content(said.language, "", said.text, None, wanted.link)
    return Letter(
        place.publication_id, place.page, content, place.programme, data=tuple(data), tenant_id=taken.tenant_id
    )


def settled(outcome: Outcome, taken: Taken, now: datetime, chance: float) -> Settled:
    """What becomes of a page after an attempt."""
    match after(outcome, taken.place.attempt, now, None, chance):
        case Handed(at, provider_id):
            return Settled("published", provider_id=provider_id[:64] or None, ended_at=at)
        case Failed(at, reason, detail):
            return Settled("failed", reason=reason, detail=detail or None, ended_at=at)
        case Postponed(at, reason, detail):
            return Settled("waiting", due_at=at, reason=reason, detail=detail or None)
        case state:
            raise AssertionError(state)


def told(taken: Taken, said: Settled, now: datetime) -> Shards:
    """The event that follows; none while it waits again."""
    if said.state == "published":
        return telling.published(taken.place, taken.language, said.provider_id or "", now)
    if said.state == "failed":
        return telling.failed(taken.place, said.reason or "", now)
    return {}
