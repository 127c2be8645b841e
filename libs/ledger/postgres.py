"""Questions about the ledger that more than one store asks; only stores import this module."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import asyncpg

from libs.runtime import sql

_QUERIES = sql.load("libs.ledger")


class Equation(NamedTuple):
    """All the points of a wallet that were ever issued, and where they are: `difference` is 0, or something is broken.

    `lapsed` is the part of `active` whose date has passed, and whose expiry is not yet written.
    """

    tenant: str
    programme: str
    wallet: str
    issued: int
    active: int
    pending: int
    held: int
    lapsed: int
    redeemed: int
    expired: int
    reversed: int
    transferred: int
    adjusted: int
    written_off: int
    debt: int
    difference: int


async def conservation(connection: asyncpg.Connection, at: datetime) -> list[Equation]:
    """Return the equation of each wallet of every tenant that the connection may see, as of an instant.

    It reads the whole ledger.
    """
    return [Equation(*row) for row in await connection.fetch(_QUERIES["conservation"], at)]
