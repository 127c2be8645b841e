"""Members whom a person spares at boundaries, with a reason and until when. Only stores and the command line import it.

One such word holds for a member at a time: a new one takes the place of the one before, from now on.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import orjson

from libs.exemptions.postgres import rewrite
from libs.exemptions.rules import wallet_rules
from libs.exemptions.spans import MEMBER, Said, held
from libs.promotions.document import parse_programme
from libs.runtime import sql

_QUERIES = sql.load("libs.exemptions", "people.sql")
_LONGEST_NAME = 64

MemberName = tuple[int, int, UUID]


class Word(NamedTuple):
    """What a person said: why a member is spared, from when until when, and whether that was ended before."""

    number: int
    reason: str
    since: datetime
    until: datetime
    given_by: str
    ended_at: datetime | None
    ended_by: str | None

    def holds(self, now: datetime) -> bool:
        """Whether it counts at an instant."""
        return self.ended_at is None and self.since <= now < self.until


async def load_words(connection: asyncpg.Connection, name: MemberName) -> list[Word]:
    """Return what was said of a member, the last first."""
    return [Word(*row) for row in await connection.fetch(_QUERIES["list"], *name)]


async def spare(
    connection: asyncpg.Connection, name: MemberName, reason: str, until: datetime, now: datetime, by: str
) -> bool:
    """Spare all points of a member from now on, and say whether that is news; False too where nobody has this id.

    It counts from `now` until before `until`, which lies behind it, in every wallet of the version in force. Said again
    it changes nothing. In a transaction of the caller's.
    """
    if await connection.fetchval(_QUERIES["head"], *name) is None:
        return False
    last = next((word for word in await load_words(connection, name) if word.holds(now)), None)
    if last is not None and (last.reason, last.until) == (reason, until):
        return False
    await connection.execute(_QUERIES["end"], *name, now, by[:_LONGEST_NAME])
    await connection.execute(_QUERIES["give"], *name, reason, now, until, by[:_LONGEST_NAME])
    row = await connection.fetchrow(_QUERIES["document"], *name[:2], now)
    rules = () if row is None else wallet_rules([(row["active_from"], parse_programme(orjson.loads(row["document"])))])
    await rewrite(connection, [Said(name, MEMBER, tuple(held("member", reason, rules, now, until)), now)])
    return True


async def end(connection: asyncpg.Connection, name: MemberName, now: datetime, by: str) -> bool:
    """Spare a member no longer from now on, and say whether that is news. In a transaction of the caller's."""
    if await connection.fetchval(_QUERIES["head"], *name) is None:
        return False
    held_before = any(word.holds(now) for word in await load_words(connection, name))
    await connection.execute(_QUERIES["end"], *name, now, by[:_LONGEST_NAME])
    await rewrite(connection, [Said(name, MEMBER, (), now)])
    return held_before
