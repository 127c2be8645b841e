"""Carries out requests to give back what lapsed: for each share an event, which earning applies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from libs.contracts.codec import encode
from libs.contracts.events import ReinstatementRequestedV1
from libs.runtime import logs, sql, stream_store
from libs.runtime.batch import Outgoing
from libs.runtime.clock import Clock
from libs.runtime.failpoint import reach
from libs.runtime.keys import kafka_partition_hash
from libs.runtime.postgres import DATABASE_ERRORS
from libs.sweeps.reinstating import Share, event_name
from services.expiry.announcements import shard_of
from services.expiry.metrics import ExpiryMetrics

log = logs.get(__name__)
ACTIVITIES = "loyalty.activities"
_QUERIES = sql.load("services.expiry", "reinstating.sql")
_STEP = 500
_STEPS = 20


class Reinstater:
    """Looks for approved requests every second or so, in every worker; several share the work row by row.

    An event and the mark that it was sent are one transaction with the outbox.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        clock: Clock,
        metrics: ExpiryMetrics,
        committed: Callable[[Iterable[str]], None],
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._metrics = metrics
        self._committed = committed
        self.trouble: str | None = None

    async def look(self) -> None:
        """Send what is approved, 10,000 shares at most; on trouble the next look does."""
        try:
            async with self._pool.acquire() as connection:
                for _ in range(_STEPS):
                    if await self._step(connection) < _STEP:
                        break
                await connection.execute(_QUERIES["sent"])
        except DATABASE_ERRORS as error:
            self.trouble = type(error).__name__
            log.warning("reinstatements.not_sent", error=self.trouble)
        else:
            self.trouble = None

    async def _step(self, connection: asyncpg.Connection) -> int:
        async with connection.transaction():
            rows = await connection.fetch(_QUERIES["take"], _STEP)
            if not rows:
                return 0
            now = self._clock.now()
            events: dict[str, list[Outgoing]] = {}
            for row in rows:
                events.setdefault(shard_of(row["programme_id"]), []).append(_event(row, now))
            await connection.execute(_QUERIES["mark"], *_names(rows))
            packed = stream_store.pack_rows(events)
            await stream_store.enqueue(connection, stream_store.enqueuing(now, dict.fromkeys(events, 0), packed))
            reach("before-commit")
        self._metrics.reinstatements.inc(len(rows))
        self._committed(events)
        return len(rows)


def _event(row: asyncpg.Record, now: datetime) -> Outgoing:
    """The event of one share: under an id that follows from the request, the member and the wallet."""
    member = str(row["member_id"])
    share = Share(row["member_id"], row["wallet"], row["points"])
    source, name = event_name((row["tenant"], row["programme"]), row["reinstatement_id"], share)
    data = {
        "member_id": member,
        "wallet": share.wallet,
        "points": share.points,
        **{field: row[field] for field in ("lapsed_after", "lapsed_until", "expires_at", "reason", "note")},
        "requested_by": row["asked_by"],
        "requested_at": row["asked_at"],
        "approved_by": row["decided_by"],
    }
    value = encode(
        type=ReinstatementRequestedV1.event_type,
        source=source,
        id=name,
        time=now,
        subject=member,
        tenant=None,
        programme=None,
        memberseq=None,
        partitionkey=member,
        data=data,
    )
    return Outgoing(ACTIVITIES, member.encode(), kafka_partition_hash(member.encode()), value, derived=True)


def _names(rows: Sequence[asyncpg.Record]) -> list[list[int | UUID | str]]:
    columns = ("tenant_id", "programme_id", "reinstatement_id", "member_id", "wallet")
    return [[row[column] for row in rows] for column in columns]
