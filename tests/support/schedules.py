"""Sessions on a real database, interleaved as a schedule says: each stops once, where it first writes points.

A session is known by its `application_name`. Triggers on the ledger wait for an advisory lock of that name, which the
test holds until it lets the session go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import asyncpg

from tests.support.stack import until

STOPS = """
CREATE FUNCTION public.stop_here() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext(current_setting('application_name')));
    RETURN NULL;
END $$;
CREATE TRIGGER stops BEFORE INSERT ON ledger.movement FOR EACH STATEMENT EXECUTE FUNCTION public.stop_here();
CREATE TRIGGER stops BEFORE INSERT ON ledger.lot FOR EACH STATEMENT EXECUTE FUNCTION public.stop_here();
"""
_LOCK, _FREE = "SELECT pg_advisory_lock(hashtext($1))", "SELECT pg_advisory_unlock(hashtext($1))"
_WAITS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = $1 AND wait_event_type = 'Lock'
"""
_AGAIN = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
Work = Callable[[], Awaitable[Any]]


class Schedule:
    """Runs sessions, each started and let go on when its turn comes; `gate` is a connection of the test's own."""

    def __init__(self, gate: asyncpg.Connection, sessions: dict[str, Work]) -> None:
        self._gate = gate
        self._sessions = sessions
        self._tasks: dict[str, asyncio.Task[Any]] = {}

    async def run(self, turns: Sequence[str]) -> None:
        """Take the turns: the first of a session starts it, the second lets it go on behind where it stopped.

        After each the session stands: it is done, or waits for a lock.
        """
        for name in self._sessions:
            await self._gate.execute(_LOCK, name)
        for name in turns:
            if name in self._tasks:
                await self._gate.fetchval(_FREE, name)
            else:
                self._tasks[name] = asyncio.create_task(again(self._sessions[name]))
            await self._stands(name)
        for task in self._tasks.values():
            await task

    async def _stands(self, name: str) -> None:
        async def so() -> bool:
            return self._tasks[name].done() or bool(await self._gate.fetchval(_WAITS, name))

        await until(so, f"{name} is done or waits")


async def again(work: Work) -> Any:
    """Do some work, once more when the database says that somebody else was in the way."""
    while True:
        try:
            return await work()
        except _AGAIN:
            continue


def orderings(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Every order of two turns for each of these sessions, in which none is let go on before it has started."""
    return sorted(set(_orderings(dict.fromkeys(names, 2))))


def _orderings(left: dict[str, int]) -> Iterable[tuple[str, ...]]:
    if not any(left.values()):
        yield ()
    for name, turns in left.items():
        if turns:
            for rest in _orderings(left | {name: turns - 1}):
                yield (name, *rest)
