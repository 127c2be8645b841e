"""Waiting until the workers of earning judge by what was just written."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Annotated, TypeAlias

import asyncpg
import typer

from libs.runtime import sql
from libs.runtime.clock import SystemClock, monotonic

_QUERIES = sql.load("cli", "programme.sql")
_FRESH = timedelta(seconds=10)
"""Workers say what they have loaded every two seconds; who is not heard of for so long is gone."""
_PATIENCE = 60.0
_LOOK_SECONDS = 0.2

LoadedOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--wait", help="Return when every running worker of earning has loaded it; the gateway looks with each request."
    ),
]


async def until_loaded(connection: asyncpg.Connection) -> list[str]:
    """Return the workers that judge by what there is, when all who run do.

    Raises:
        TimeoutError: they do not, after a minute, or nobody runs.
    """
    deadline = monotonic() + _PATIENCE
    while True:
        known = await connection.fetch(_QUERIES["workers"], _since())
        if known and all(row["loaded"] for row in known):
            return [row["instance"] for row in known]
        if monotonic() > deadline:
            late = ", ".join(row["instance"] for row in known if not row["loaded"])
            raise TimeoutError(
                f"it is published, and {late} have not loaded it after a minute"
                if known
                else "it is published, and no worker of earning runs to load it"
            )
        await asyncio.sleep(_LOOK_SECONDS)


def _since() -> datetime:
    return SystemClock().now() - _FRESH
