"""The dry run of old points under another version's policy. Only stores and the command line import this module."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import orjson

from libs.judging.groups import in_segments
from libs.judging.profiles import enrolled
from libs.judging.redating import Redating, new_dates
from libs.judging.versions import RunningProgramme, activate, segmented
from libs.promotions.facts import MemberFacts
from libs.runtime import sql
from libs.sweeps.preview import load_ledgers

_QUERIES = sql.load("libs.sweeps", "redating.sql")
_DAY_SECONDS = 86_400
PAGE = 500
"""So many members are looked at, or asked for, at a time."""


class Change(NamedTuple):
    """Points of a member that get another date; None is never."""

    member_id: UUID
    wallet: str
    points: int
    before: datetime | None
    after: datetime | None

    @property
    def days(self) -> int | None:
        """By how many days the date moves, whole ones; below 0 where it becomes earlier, None from or to never."""
        if self.before is None or self.after is None:
            return None
        return round((self.after - self.before).total_seconds() / _DAY_SECONDS)

    @property
    def direction(self) -> str:
        """Whether they lapse `later` or `earlier`."""
        if self.after is None:
            return "later"
        return "earlier" if self.before is None or self.after < self.before else "later"


class Moved(NamedTuple):
    """Points of one wallet that lapse later, or earlier, and by how many days; None where any never lapse."""

    wallet: str
    direction: str
    members: int
    lots: int
    points: int
    least_days: int | None
    most_days: int | None


async def running(connection: asyncpg.Connection, scope: tuple[int, int], slugs: tuple[str, str]) -> RunningProgramme:
    """Return a programme with all its versions.

    Raises:
        libs.promotions.document.ProgrammeInvalid: a stored document is none.
    """
    rows = await connection.fetch(_QUERIES["versions"], *scope)
    versions = [activate(row["active_from"], orjson.loads(row["document"])) for row in rows]
    return RunningProgramme(*scope, *slugs, versions, **segmented(versions))


async def pages(
    connection: asyncpg.Connection, programme: RunningProgramme, wanted: Redating, now: datetime
) -> AsyncIterator[list[Change]]:
    """Give what would move, some hundred members at a time; changes nothing and locks nothing."""
    after = UUID(int=0)
    while heads := await connection.fetch(_QUERIES["members"], *programme.key, after, wanted.from_version, PAGE):
        after = heads[-1]["member_id"]
        members = {head["member_id"]: _facts(head, programme) for head in heads}
        yield [
            Change(ledger.member_id, lot.wallet, lot.free, lot.expires_at, dates[lot.seq])
            for ledger in await load_ledgers(connection, programme.key, heads)
            for dates in [new_dates(programme, ledger, members[ledger.member_id], wanted, now)]
            for lot in ledger.lots
            if lot.seq in dates
        ]


class Sums:
    """Changes added up page by page, by wallet and direction, so that no change has to be kept."""

    def __init__(self) -> None:
        self.members = 0
        self._moved: dict[tuple[str, str], Moved] = {}

    def add(self, page: Iterable[Change]) -> None:
        """Add a page: everything of some members."""
        found: dict[tuple[str, str], list[Change]] = {}
        whose: set[UUID] = set()
        for change in page:
            whose.add(change.member_id)
            found.setdefault((change.wallet, change.direction), []).append(change)
        self.members += len(whose)
        for key, changes in found.items():
            moved, known = _moved(*key, changes), self._moved.get(key)
            self._moved[key] = moved if known is None else _together(known, moved)

    @property
    def moved(self) -> list[Moved]:
        """What they come to."""
        return [moved for _, moved in sorted(self._moved.items())]


def _together(one: Moved, other: Moved) -> Moved:
    least = [days for days in (one.least_days, other.least_days) if days is not None]
    unbounded = one.most_days is None or other.most_days is None
    return Moved(
        one.wallet,
        one.direction,
        one.members + other.members,
        one.lots + other.lots,
        one.points + other.points,
        min(least, default=None),
        None if unbounded else max(one.most_days or 0, other.most_days or 0),
    )


def _moved(wallet: str, direction: str, changes: Sequence[Change]) -> Moved:
    days = [abs(change.days) for change in changes if change.days is not None]
    return Moved(
        wallet,
        direction,
        len({change.member_id for change in changes}),
        len(changes),
        sum(change.points for change in changes),
        min(days, default=None),
        max(days) if len(days) == len(changes) else None,
    )


def _facts(head: asyncpg.Record, programme: RunningProgramme) -> MemberFacts:
    facts = enrolled(MemberFacts(head["member_id"], head["tier"]), head["enrolled_at"], programme)
    return in_segments(facts, head["segments"] or (), programme)
