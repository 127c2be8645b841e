"""A lane of reminding: takes a chunk of members, tells of those who lose something, and takes the next.

A chunk is one transaction: it is still ours, its members' lots are read in one statement, events go into the outbox,
the chunk is finished. No member is locked, and who is killed in between has told nobody.
"""

from __future__ import annotations

import asyncpg

from libs.runtime import stream_store
from libs.runtime.failpoint import reach
from libs.sweeps.losing import added, each_alone
from services.expiry import reminder_store
from services.expiry.announcements import shard_of
from services.expiry.lane import Lane
from services.expiry.reminder_events import reminders


class ReminderLane(Lane):
    """One lane; any number of them, in any number of workers, share the work."""

    async def _chunk(self, connection: asyncpg.Connection) -> bool:
        """Tell of the members of a chunk, and say whether there was one."""
        means, wall = self._means, self._means.wall.now()
        chunk = await reminder_store.claim(connection, means.holder, wall, wall + means.lease)
        if chunk is None:
            return False
        now, shard = means.clock.now(), shard_of(chunk.number)
        async with connection.transaction():
            telling = await reminder_store.hold(connection, chunk, now)
            if telling is None:
                means.metrics.fenced.inc()
                return True
            found = await reminder_store.losing(connection, chunk, telling.asked)
            reach("after-load")
            await reminder_store.finish_chunk(connection, chunk, added(each_alone(found)))
            if found:
                events = {shard: reminders(telling, found, now)}
                packed = stream_store.pack_rows(events)
                await stream_store.enqueue(connection, stream_store.enqueuing(now, dict.fromkeys(events, 0), packed))
            reach("before-commit")
        means.metrics.reminders.inc(len(found))
        means.committed([shard])
        return True
