"""Commands that ask about the version of a programme that is in force."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple, TypeVar

import asyncpg

from cli.connections import Connections
from cli.exits import Exit
from cli.failures import fail, finished
from cli.programmes import Programme, the_programme
from libs.segments.reading import InForce, in_force

_T = TypeVar("_T")


class Where(NamedTuple):
    """Where a command works: the programme, the version in force, and the time that it is."""

    connection: asyncpg.Connection
    connections: Connections
    programme: Programme
    found: InForce
    now: datetime

    @property
    def scope(self) -> tuple[int, int]:
        """Tenant and programme."""
        return self.programme[:2]


def work_on(
    connections: Connections, tenant: str | None, programme: str | None, work: Callable[[Where], Awaitable[_T]]
) -> _T:
    """Do some work where a programme is; ends the command when none is meant, or no version of it is in force."""

    async def all_of_it() -> _T:
        connection = await asyncpg.connect(connections.dsn())
        try:
            where = await the_programme(connection, tenant, programme, as_json=connections.as_json)
            now = connections.clock().now()
            found = await in_force(connection, where[:2], now)
            if found is None:
                fail(Exit.FAILED, f"{where.slug} has no version in force", as_json=connections.as_json)
            return await work(Where(connection, connections, where, found, now))
        finally:
            await connection.close()

    return finished(all_of_it, as_json=connections.as_json)
