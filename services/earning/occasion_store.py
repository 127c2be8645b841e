"""Who has an occasion that the clock brings, and how far they were told of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from libs.judging.calls import Call
from libs.runtime import sql

_QUERIES = sql.load("services.earning", "occasions.sql")

Scope = tuple[int, int]

NOBODY = UUID(int=0)
_BEGIN = datetime(1, 1, 1, tzinfo=UTC)


class Told(NamedTuple):
    """All calls before this one are told; of it those up to a member, in its order, or all when it is not `open`."""

    at: datetime
    place: str
    open: bool = False
    enrolled_at: datetime | None = None
    member_id: UUID | None = None

    def covers(self, call: Call) -> bool:
        """Whether everybody is told of a call."""
        here, there = (self.at, self.place), (call.at, call.place)
        return there < here or (there == here and not self.open)


class Found(NamedTuple):
    """A member who has an occasion."""

    member_id: UUID
    enrolled_at: datetime


async def load_told(connection: asyncpg.Connection, programme: Scope) -> Told | None:
    """Return how far the members of a programme were told; None before the first."""
    row = await connection.fetchrow(_QUERIES["told"], *programme)
    return None if row is None else Told(*row)


async def save_told(connection: asyncpg.Connection, programme: Scope, told: Told) -> None:
    """Note how far they were told, unless another worker has come further."""
    await connection.execute(_QUERIES["tell"], *programme, *told)


async def first_enrolment(connection: asyncpg.Connection, programme: Scope) -> datetime | None:
    """Return when the first member of a programme enrolled."""
    first: datetime | None = await connection.fetchval(_QUERIES["first_enrolment"], *programme)
    return first


async def members_called(
    connection: asyncpg.Connection, programme: Scope, call: Call, told: Told, most: int
) -> list[Found]:
    """Return those whom a call concerns and who were not told, in its order."""
    begun = told.open and (told.at, told.place) == (call.at, call.place)
    behind = (told.member_id or NOBODY) if begun else NOBODY
    match call.kind:
        case "birthday":
            asked: tuple[object, ...] = (call.at, list(call.birthdays), behind)
        case "anniversary":
            assert call.enrolled is not None
            asked = (*call.enrolled, (told.enrolled_at or _BEGIN) if begun else _BEGIN, behind)
        case "schedule":
            asked = (call.at, behind)
    return [Found(*row) for row in await connection.fetch(_QUERIES[call.kind], *programme, *asked, most)]
