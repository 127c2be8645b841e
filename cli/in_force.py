"""Commands that ask about the version of a programme that is in force."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple, TypeVar

import asyncpg

from cli.at_programme import AtProgramme, work_at
from cli.connections import Connections
from cli.exits import Exit
from cli.failures import fail
from cli.programmes import Programme
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

    async def in_its_version(at: AtProgramme) -> _T:
        found = await in_force(at.connection, at.programme[:2], at.now)
        if found is None:
            fail(Exit.FAILED, f"{at.programme.slug} has no version in force", as_json=connections.as_json)
        return await work(Where(at.connection, connections, at.programme, found, at.now))

    return work_at(connections, tenant, programme, in_its_version)
