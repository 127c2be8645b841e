"""Hands letters to people of the company over, one by one; what a provider can't take now is tried again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import asyncpg

from libs.deliveries.own import opened
from libs.runtime import logs, sql
from libs.runtime.clock import Clock
from libs.runtime.postgres import DATABASE_ERRORS
from libs.runtime.seal import Seal, SealBroken
from services.notifier.channels.channel import Handed, Letter, Outcome, Refused, Unanswered
from services.notifier.lane import Carrier

log = logs.get(__name__)
_QUERIES = sql.load("services.notifier", "own.sql")
_LEASE = timedelta(minutes=2)
_AGAIN = timedelta(seconds=30)
_ATTEMPTS = 5
_MOST = 20


class OwnLetters:
    """Looks every second or so, in every worker."""

    def __init__(
        self, pool: asyncpg.Pool, carriers: Mapping[str, Carrier], seal: Seal, clock: Clock, wall: Clock
    ) -> None:
        self._pool = pool
        self._carriers = carriers
        self._seal = seal
        self._clock = clock
        self._wall = wall
        self.trouble: str | None = None

    async def look(self) -> None:
        """Hand over what is due; what can't be done while the database is away is done by the next look."""
        try:
            for _ in range(_MOST):
                if not await self._one():
                    break
        except DATABASE_ERRORS as error:
            self.trouble = f"letters of one's own are not sent: {type(error).__name__}"
            log.warning("own_letters.interrupted", error=type(error).__name__)
        else:
            self.trouble = None

    async def _one(self) -> bool:
        """Take one and see it through, well within its lease; False when none is due."""
        wall = self._wall.now()
        row = await self._pool.fetchrow(_QUERIES["take"], self._clock.now(), wall, wall + _LEASE)
        if row is None:
            return False
        outcome = await self._hand_over(row)
        settled = _settled(outcome, row["attempts"], self._clock.now())
        await self._pool.execute(_QUERIES["settle"], row["tenant_id"], row["letter_id"], *settled)
        return True

    async def _hand_over(self, row: asyncpg.Record) -> Outcome:
        try:
            address, sender, content = opened(row["sealed"], row["letter_id"], self._seal)
        except SealBroken:
            return Refused("content-refused", "sealed with another key")
        letter = Letter(row["letter_id"], address, content, sender, tenant_id=row["tenant_id"])
        (outcome,) = await self._carriers[row["channel"]].channel.send([letter])
        return outcome


def _settled(
    outcome: Outcome, attempts: int, now: datetime
) -> tuple[str, datetime | None, str | None, str | None, datetime | None]:
    """State, when it is due again, why and what the provider said, and when it was over."""
    if isinstance(outcome, Handed):
        return "handed", None, None, outcome.provider_id[:64] or None, now
    reason = "no-answer" if isinstance(outcome, Unanswered) else outcome.reason
    maybe_there = isinstance(outcome, Unanswered) and not outcome.safe
    if isinstance(outcome, Refused) or maybe_there or attempts >= _ATTEMPTS:
        return "failed", None, reason, outcome.detail or None, now
    return "waiting", now + _AGAIN, reason, outcome.detail or None, None
