"""What an error of the database asks for; an outage must never look like bad data, nor our mistake like an outage."""

from __future__ import annotations

import asyncpg
import pytest

from libs.runtime.postgres import DATABASE_ERRORS, Trouble, trouble


def coded(sqlstate: str) -> asyncpg.PostgresError:
    error = asyncpg.PostgresError("made up")
    error.sqlstate = sqlstate
    return error


CASES = [
    (asyncpg.SerializationError("x"), Trouble.REPEAT),
    (asyncpg.DeadlockDetectedError("x"), Trouble.REPEAT),
    (asyncpg.LockNotAvailableError("x"), Trouble.PASSING),
    (asyncpg.QueryCanceledError("x"), Trouble.PASSING),
    (asyncpg.IdleInTransactionSessionTimeoutError("x"), Trouble.PASSING),
    (asyncpg.TooManyConnectionsError("x"), Trouble.PASSING),
    (asyncpg.DiskFullError("x"), Trouble.PASSING),
    (asyncpg.CannotConnectNowError("x"), Trouble.PASSING),
    (asyncpg.AdminShutdownError("x"), Trouble.PASSING),
    (asyncpg.CrashShutdownError("x"), Trouble.PASSING),
    (asyncpg.ConnectionDoesNotExistError("x"), Trouble.PASSING),
    (coded("58030"), Trouble.PASSING),
    (asyncpg.InterfaceError("connection is closed"), Trouble.PASSING),
    (asyncpg.InterfaceError("connection was lost"), Trouble.PASSING),
    (ConnectionRefusedError(), Trouble.PASSING),
    (ConnectionResetError(), Trouble.PASSING),
    (TimeoutError(), Trouble.PASSING),
    (coded("PS001"), Trouble.CAREFUL),
    (asyncpg.CheckViolationError("x"), Trouble.REFUSED),
    (asyncpg.NumericValueOutOfRangeError("x"), Trouble.REFUSED),
    (asyncpg.DatetimeFieldOverflowError("x"), Trouble.REFUSED),
    (asyncpg.UniqueViolationError("x"), Trouble.REFUSED),
    (asyncpg.DataError("invalid input for query argument $1"), Trouble.REFUSED),
    (asyncpg.UndefinedTableError("x"), Trouble.BROKEN),
    (asyncpg.InsufficientPrivilegeError("x"), Trouble.BROKEN),
    (asyncpg.InvalidPasswordError("x"), Trouble.BROKEN),
    (asyncpg.InterfaceError("the server expects 2 arguments for this query, 1 was passed"), Trouble.BROKEN),
    (coded("XX000"), Trouble.BROKEN),
    (ValueError("x"), Trouble.BROKEN),
]


@pytest.mark.parametrize(("error", "asks_for"), CASES, ids=lambda each: repr(each))
def test_trouble(error: Exception, asks_for: Trouble) -> None:
    assert trouble(error) is asks_for


@pytest.mark.parametrize("error", [case[0] for case in CASES if not isinstance(case[0], ValueError)], ids=repr)
def test_the_loop_catches_it(error: Exception) -> None:
    assert isinstance(error, DATABASE_ERRORS)
