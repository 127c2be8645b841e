"""A lane of sweeping: takes a chunk of members, lets what they have lapse step by step, and takes the next.

A step is one short transaction: the chunk is still ours, heads are locked in the order of members, lots lapse, events
go into the outbox. Its commit does not wait for the disk; nothing of it is published before it is there. Members in
somebody else's hands are passed over: whoever writes to a member records what is due anyway, and whoever is still due
when all chunks are done is taken up again.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from libs.runtime import stream_store
from libs.runtime.clock import happens_within, monotonic
from libs.runtime.failpoint import reach
from services.expiry import store
from services.expiry.announcements import Expired, shard_of, sweep_cause, tell_waived
from services.expiry.lane import Lane, Means
from services.expiry.pace import Pace
from services.expiry.spared_store import Waived, spare
from services.expiry.store import Chunk, Lapsed, Sweep


class Sweeper(Lane):
    """One lane; any number of them, in any number of workers, share the work."""

    def __init__(self, means: Means, *, extra: bool = False) -> None:
        super().__init__(means, extra=extra)
        self._pace = Pace(means.lock_bound)

    async def _chunk(self, connection: asyncpg.Connection) -> bool:
        """Take a chunk as far as it goes, and say whether there was one."""
        wall = self._means.wall.now()
        chunk = await store.claim(connection, self._means.holder, wall, wall + self._means.lease)
        if chunk is None:
            return False
        sweep, tenant, programme = await store.sweep_of(connection, chunk)
        due = await store.due_members(connection, chunk)
        members = list(due)
        if not members:
            await store.finish_chunk(connection, chunk)
        while members and not self._stopping.is_set() and not self._gives_way:
            asked = members[: self._pace.size]
            kept = [member for member in asked if due[member]]
            after = await self._step(connection, chunk, sweep, (tenant, programme), asked, kept, last=asked == members)
            if after is None:
                return True
            chunk, members = after, members[len(asked) :]
            if members and self._pace.rest and self._means.crowd.others:
                await happens_within(self._stopping, self._pace.rest)
        if members:
            await store.let_go(connection, chunk)
        return True

    async def _step(
        self,
        connection: asyncpg.Connection,
        chunk: Chunk,
        sweep: Sweep,
        slugs: tuple[str, str],
        asked: Sequence[UUID],
        kept: Sequence[UUID],
        *,
        last: bool,
    ) -> Chunk | None:
        """Let what some members have lapse, of whom something may spare those in `kept`.

        None when the chunk is ours no longer, or its sweep rests.
        """
        now = self._means.clock.now()
        lease_until = self._means.wall.now() + self._means.lease
        async with connection.transaction():
            if not await store.holds(connection, chunk):
                self._means.metrics.fenced.inc()
                return None
            began = monotonic()
            lapsed = await store.lapse(connection, chunk, sweep.cause, asked, now)
            waived: Sequence[Waived] = ()
            if kept:
                also, waived = await spare(connection, chunk, sweep_cause(sweep), kept, now)
                lapsed += also
            reach("after-load")
            after = store.after_step(chunk, asked, lapsed, {each.member_id for each in waived})
            await store.move_on(connection, after, lease_until, finished=last)
            shard = shard_of(chunk.number)
            events = {shard: [*Expired(sweep, *slugs, now).write(lapsed), *tell_waived(sweep, *slugs, now, waived)]}
            if lapsed or waived:
                packed = stream_store.pack_rows(events)
                await stream_store.enqueue(connection, stream_store.enqueuing(now, dict.fromkeys(events, 0), packed))
            reach("before-commit")
        self._tell(asked, lapsed, waived, monotonic() - began)
        self._means.committed([shard])
        return after

    def _tell(self, asked: Sequence[UUID], lapsed: Sequence[Lapsed], waived: Sequence[Waived], seconds: float) -> None:
        lots = sum([len(each.lots) for each in lapsed])
        spared = sum([len(each.movement.allocations) for each in waived])
        self._pace.tell(len(asked), lots + spared, seconds)
        metrics = self._means.metrics
        metrics.step_seconds.observe(seconds)
        if seconds > self._means.lock_bound:
            metrics.long_steps.inc()
        metrics.members.inc(len({each.member_id for each in lapsed}))
        metrics.lots.inc(lots)
        metrics.spared_lots.inc(spared)
