"""Commands that work at one programme: the connection, which programme is meant, and the time that it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple, TypeVar

import asyncpg

from cli.connections import Connections
from cli.failures import finished
from cli.programmes import Programme, the_programme

_T = TypeVar("_T")


class AtProgramme(NamedTuple):
    """Where a command works."""

    connection: asyncpg.Connection
    programme: Programme
    now: datetime


def work_at(
    connections: Connections, tenant: str | None, programme: str | None, work: Callable[[AtProgramme], Awaitable[_T]]
) -> _T:
    """Do some work at a programme; ends the command when none is meant, or what it needs does not answer."""

    async def all_of_it() -> _T:
        connection = await asyncpg.connect(connections.dsn())
        try:
            found = await the_programme(connection, tenant, programme, as_json=connections.as_json)
            return await work(AtProgramme(connection, found, connections.clock().now()))
        finally:
            await connection.close()

    return finished(all_of_it, as_json=connections.as_json)
