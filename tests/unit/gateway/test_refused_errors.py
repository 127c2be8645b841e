"""What a request is told of an error that nobody else has dealt with."""

from __future__ import annotations

import asyncpg
import pytest
from starlette.requests import ClientDisconnect

from services.gateway.door.middleware import as_problem


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (asyncpg.CharacterNotInRepertoireError("0x00"), "request-invalid"),
        (asyncpg.UntranslatableCharacterError("\\u0000"), "request-invalid"),
        (asyncpg.NumericValueOutOfRangeError("much"), "internal-error"),
        (asyncpg.LockNotAvailableError("busy"), "database-away"),
        (ClientDisconnect(), "body-too-slow"),
        (ValueError("x"), "internal-error"),
    ],
)
def test_what_the_caller_brought_about_is_the_callers_fault(error: Exception, code: str) -> None:
    assert as_problem(error).code == code
