"""Who sees to what sweeps there are: announces boundaries, starts, obeys people, tells of progress, ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from libs.promotions.document import ProgrammeInvalid
from libs.runtime import logs, stream_store
from libs.runtime.batch import Outgoing
from libs.runtime.clock import Clock
from libs.runtime.postgres import DATABASE_ERRORS
from libs.sweeps.calendar import Turn, days_of_their_own, together, turns
from libs.sweeps.preview import Share, preview, preview_all
from services.expiry import spared_store, store
from services.expiry.announcements import Crier, cause_of, shard_of, sweep_name
from services.expiry.approval import NO_BOUNDS, takes_two
from services.expiry.crowd import Crowd
from services.expiry.metrics import ExpiryMetrics
from services.expiry.reminder_desk import ReminderDesk
from services.expiry.store import Programme, Progress, Scope, Sweep, VersionReader

log = logs.get(__name__)
_MOMENT = timedelta(microseconds=1)
_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Rules:
    """How sweeps are run: how long before a boundary it is announced, how long after it the sweep waits for what is
    under way, whether it starts by itself, how many members a chunk has, and how often progress is told.
    """

    ahead: timedelta
    settle: timedelta
    automatic: bool
    chunk: int
    progress_every: timedelta


class Overseer:
    """Looks around every second or so, in every worker; of several that look at once one acts."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        clock: Clock,
        wall: Clock,
        rules: Rules,
        metrics: ExpiryMetrics,
        crowd: Crowd,
        versions: VersionReader,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._wall = wall
        self._rules = rules
        self._metrics = metrics
        self._crowd = crowd
        self._versions = versions
        self._reminders = ReminderDesk(clock, rules.chunk, metrics)
        self._since: dict[Scope, datetime] = {}
        self._looked: dict[Scope, datetime] = {}
        self.trouble: str | None = "programmes not loaded"

    async def look(self) -> None:
        """Do what there is to do; on trouble the next look does."""
        try:
            async with self._pool.acquire() as connection:
                await self._crowd.look(connection)
                programmes = await self._versions.load(connection)
                for scope, programme in programmes.items():
                    await self._announce(connection, scope, programme)
                await self._see_to(connection, programmes)
                await self._reminders.look(connection, programmes)
        except (*DATABASE_ERRORS, ProgrammeInvalid) as error:
            self.trouble = type(error).__name__
            log.warning("sweeps.not_seen_to", error=self.trouble)
        else:
            self.trouble = None

    async def _announce(self, connection: asyncpg.Connection, scope: Scope, programme: Programme) -> None:
        """Announce what comes; of boundaries that were missed one after the other, each when the one before is over."""
        now = self._clock.now()
        last, still_open = await store.last_boundary(connection, scope)
        if last is None:
            last = self._since.get(scope) or await self._first_look(connection, scope, now)
        if still_open and last <= now:
            return
        coming = turns(programme.periods, last, now + self._rules.ahead)
        for turn in together(coming, await self._days(connection, scope, programme, now)):
            await self._announce_one(connection, scope, programme, turn, now)
            if turn.boundary.instant <= now:
                return

    async def _days(
        self, connection: asyncpg.Connection, scope: Scope, programme: Programme, now: datetime
    ) -> list[Turn]:
        """The turns of a programme whose points may lapse on any day; looked for once an hour, since it reads heads.

        Days are announced as members come to them, so a boundary may have to be added before others that are announced.
        Of days that were missed the last one stands for all.
        """
        looked = self._looked.get(scope)
        if not programme.scattered or (looked is not None and looked <= now < looked + _EVERY):
            return []
        until = now + self._rules.ahead
        past, announced = await store.announced(connection, scope, now)
        past = past or await self._first_look(connection, scope, now)
        days = days_of_their_own(programme.scattered, await store.days_due(connection, scope, past, until))
        missed = [turn for turn in days if turn.boundary.instant <= now]
        if not missed:
            self._looked[scope] = now
        coming = [*turns(programme.periods, past, until), *[turn for turn in days if turn.boundary.instant > now]]
        return [*missed[-1:], *[turn for turn in coming if turn.boundary.instant not in announced]]

    async def _first_look(self, connection: asyncpg.Connection, scope: Scope, now: datetime) -> datetime:
        """Where the calendar of a programme begins that was never swept: that reads all heads, so it is done once."""
        first = await store.first_due(connection, scope)
        since = self._since[scope] = now if first is None else min(first - _MOMENT, now)
        return since

    async def _announce_one(
        self, connection: asyncpg.Connection, scope: Scope, programme: Programme, turn: Turn, now: datetime
    ) -> None:
        ahead = await preview_all(connection, scope, turn.boundary.instant)
        sweep_id = sweep_name(programme, turn.boundary.instant)
        async with connection.transaction():
            if await store.announce(connection, scope, turn, sweep_id, cause_of(sweep_id), ahead.lapsing, now):
                await spared_store.keep_spared(connection, (*scope, turn.boundary.instant), ahead.spared)
                await self._publish(connection, scope, Crier(programme, now).announced(sweep_id, turn, ahead))
                await self._held_back(connection, (*scope, turn.boundary.instant), sweep_id, programme, ahead.lapsing)

    async def _held_back(
        self,
        connection: asyncpg.Connection,
        key: tuple[int, int, datetime],
        sweep_id: UUID,
        programme: Programme,
        shares: Sequence[Share],
    ) -> bool:
        """Let a sweep wait that is too large for one person, and say whether it does."""
        if not takes_two(shares, programme.approval, programme.worth) or not await store.hold_back(connection, key):
            return False
        crier = Crier(programme, self._clock.now())
        await self._publish(connection, key[:2], crier.held_back(sweep_id, key[2], shares))
        return True

    async def _starts(self, connection: asyncpg.Connection, sweep: Sweep, programme: Programme) -> bool:
        """Whether heads say what is spared, and nobody has to agree: points since the announcement count as well."""
        if await spared_store.heads_wait(connection, sweep):
            return False
        if programme.approval == NO_BOUNDS or sweep.approved_by is not None:
            return True
        shares = await preview(connection, sweep.key[:2], sweep.boundary)
        return not await self._held_back(connection, sweep.key, sweep.sweep_id, programme, shares)

    async def _see_to(self, connection: asyncpg.Connection, programmes: dict[Scope, Programme]) -> None:
        async with connection.transaction():
            if not await store.on_duty(connection):
                return
            now = self._clock.now()
            for sweep in await store.asked_for(connection):
                await self._obey(connection, sweep, programmes[sweep.key[:2]], now)
            for sweep in await store.open_sweeps(connection):
                programme = programmes[sweep.key[:2]]
                if (
                    sweep.state == "announced"
                    and self._may_start(sweep, now)
                    and await self._starts(connection, sweep, programme)
                ):
                    members = await store.start(connection, sweep, self._rules.chunk, now, self._wall.now())
                    await self._publish(connection, sweep.key[:2], Crier(programme, now).started(sweep, members))
            going = await store.running(connection)
            for progress in going:
                await self._follow(connection, progress, Crier(programmes[progress.sweep.key[:2]], now), now)
        self._metrics.running.set(len(going))
        self._metrics.members_left.set(sum(each.sweep.members - each.members_done for each in going))

    def _may_start(self, sweep: Sweep, now: datetime) -> bool:
        if sweep.asked == "run":
            return sweep.boundary <= now
        return self._rules.automatic and sweep.boundary + self._rules.settle <= now

    async def _obey(self, connection: asyncpg.Connection, sweep: Sweep, programme: Programme, now: datetime) -> None:
        state = answer(sweep.state, sweep.asked, started=sweep.started_at is not None)
        if sweep.asked == "run" and sweep.state in ("announced", "awaiting_approval"):
            return  # what starts is seen to in its turn
        if sweep.asked == "approve" and state != sweep.state:
            await store.approve(connection, sweep, now)
        else:
            await store.turn_to(connection, sweep, state, now)
        if state != sweep.state and sweep.asked is not None:
            turned = Crier(programme, now).turned(sweep, sweep.asked, sweep.asked_by)
            await self._publish(connection, sweep.key[:2], turned)

    async def _follow(self, connection: asyncpg.Connection, progress: Progress, crier: Crier, now: datetime) -> None:
        sweep, wall = progress.sweep, self._wall.now()
        if progress.chunks_finished == progress.chunks:
            if await store.cut(connection, sweep, self._rules.chunk, plain=True):
                return
            if not await store.anybody_due(connection, sweep):
                done = await store.done(connection, sweep)
                lapsed = await store.finish(connection, sweep, now)
                waived = await spared_store.keep_waived(connection, sweep)
                await self._publish(connection, sweep.key[:2], crier.finished(sweep, done, lapsed, waived))
                return
        if sweep.told_at is None or wall - sweep.told_at >= self._rules.progress_every:
            done = await store.done(connection, sweep)
            await store.told(connection, sweep, wall)
            await self._publish(connection, sweep.key[:2], crier.progressed(sweep, progress.members_done, done))

    async def _publish(self, connection: asyncpg.Connection, scope: Scope, event: Outgoing) -> None:
        shard = shard_of(scope[1])
        packed = stream_store.pack_rows({shard: [event]})
        await stream_store.enqueue(connection, stream_store.enqueuing(self._clock.now(), {shard: 0}, packed))


def answer(state: str, asked: str | None, *, started: bool) -> str:
    """Return the state after what a person asked for; the same as before where it makes no sense."""
    match asked, state:
        case "pause", "running" | "announced":
            return "paused"
        case "resume", "paused":
            return "running" if started else "announced"
        case "cancel", "running" | "announced" | "paused" | "awaiting_approval":
            return "cancelled"
        case "approve", "awaiting_approval":
            return "announced"
        case "refuse", "awaiting_approval":
            return "cancelled"
    return state
