"""PostgreSQL: pools, and which errors mean what."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from enum import Enum

import asyncpg

from libs.runtime.settings import PostgresSettings


class Trouble(Enum):
    """What an exception from the database asks for."""

    PASSING = "passing"  # the database is away or busy: hold the batch, try again
    CAREFUL = "careful"  # a shared limit was passed: run again, with what is shared locked
    REPEAT = "repeat"  # two transactions met: run the transaction again at once
    REFUSED = "refused"  # the database refuses the data: find the record that it refuses
    BROKEN = "broken"  # our own mistake: stop before anything moves


DATABASE_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
"""Everything that talking to PostgreSQL may raise; `trouble` tells them apart."""

_GOODBYE = 2.0
"""Seconds for taking leave of a server, which may have stopped answering."""

# Classes and codes of PostgreSQL's appendix A, errcodes.
_CAREFUL = "PS001"  # raised by our own functions
_REPEAT = frozenset({"40001", "40P01"})
_PASSING = frozenset({"55P03", "57014", "25P03", "25P04"})
_PASSING_CLASSES = frozenset({"08", "53", "57", "58"})
_REFUSED_CLASSES = frozenset({"22", "23"})
# asyncpg's own words. It can't switch its state when the server ended the session while nothing was asked of it.
_CONNECTION_GONE = ("closed", "lost", "released", "cannot switch to state")


def trouble(error: BaseException) -> Trouble:
    """Say what `error` asks for; whatever is not known to pass is taken as our own mistake."""
    match error:
        case asyncpg.PostgresError():
            return _by_code(getattr(error, "sqlstate", None) or "")
        case asyncpg.InterfaceError() | asyncpg.InternalClientError():
            return Trouble.PASSING if any(word in str(error) for word in _CONNECTION_GONE) else Trouble.BROKEN
        case OSError() | TimeoutError():
            return Trouble.PASSING
        case _:
            return Trouble.BROKEN


def _by_code(code: str) -> Trouble:
    if code == _CAREFUL:
        return Trouble.CAREFUL
    if code in _REPEAT:
        return Trouble.REPEAT
    if code in _PASSING or code[:2] in _PASSING_CLASSES:
        return Trouble.PASSING
    return Trouble.REFUSED if code[:2] in _REFUSED_CLASSES else Trouble.BROKEN


async def connect(settings: PostgresSettings, application: str) -> asyncpg.Connection:
    """Open one connection, named `application` in `pg_stat_activity`."""
    return await asyncpg.connect(
        settings.dsn.get_secret_value(),
        timeout=settings.connect_timeout.total_seconds(),
        command_timeout=settings.command_timeout.total_seconds(),
        server_settings={"application_name": application},
    )


def pool(settings: PostgresSettings, application: str, *, most: int = 10) -> asyncpg.Pool:
    """Return a pool that opens its first connection when it is entered or first awaited.

    A connection comes back as it is: nothing of ours sets what would outlive a transaction, and to ask the server to
    reset it would be one more round trip each time.
    """
    return asyncpg.create_pool(
        settings.dsn.get_secret_value(),
        min_size=0,
        max_size=most,
        timeout=settings.connect_timeout.total_seconds(),
        command_timeout=settings.command_timeout.total_seconds(),
        server_settings={"application_name": application},
        reset=_as_it_is,
    )


async def _as_it_is(_: asyncpg.Connection) -> None:
    """Leave a connection alone."""


async def close(connection: asyncpg.Connection) -> None:
    """Close a connection; a server that does not answer is left without a word."""
    with contextlib.suppress(*DATABASE_ERRORS):
        await connection.close(timeout=_GOODBYE)


@contextlib.asynccontextmanager
async def opened(connections: asyncpg.Pool) -> AsyncIterator[asyncpg.Pool]:
    """Open a pool for a block; at the end a server that does not answer is left without a word."""
    await connections
    try:
        yield connections
    finally:
        with contextlib.suppress(*DATABASE_ERRORS):
            async with asyncio.timeout(_GOODBYE):
                await connections.close()
