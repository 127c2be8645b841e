"""What is known of members, for programmes that ask: told by profiles, read with the members of a batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from libs.judging.profiles import Profile, enrolled, knowing
from libs.judging.versions import RunningProgramme
from libs.lives.life import MemberName
from libs.runtime import sql
from services.earning.cases import Case
from services.earning.verdict import Standing

_QUERIES = sql.load("services.earning", "profiles.sql")
OPEN_BATCH = _QUERIES["open_batch"]

NOBODY: Mapping[tuple[int, int], RunningProgramme] = MappingProxyType({})
"""No programme of a batch asks."""


class Told(NamedTuple):
    """What is told of a member: a birthday as month times 100 plus day, attributes by name, None to take one away."""

    birthday: int | None
    attributes: Mapping[str, Any]


def asking(programmes: Mapping[tuple[int, int], RunningProgramme]) -> Mapping[tuple[int, int], RunningProgramme]:
    """The programmes that ask what is known of their members."""
    found = {scope: programme for scope, programme in programmes.items() if programme.knows}
    return found or NOBODY


def know(
    row: Mapping[str, Any],
    standings: Mapping[MemberName, Standing],
    programmes: Mapping[tuple[int, int], RunningProgramme],
) -> None:
    """Add to the members of a batch what its opening found of them."""
    for tenant, programme, member_id, enrolled_at, *profile in zip(*[row[name] or () for name in _ROW], strict=True):
        standing = standings[tenant, programme, member_id]
        facts = knowing(standing.facts, Profile.of_row(*profile))
        standing.facts = enrolled(facts, enrolled_at, programmes[tenant, programme])


_ROW = [
    f"profile_{name}"
    for name in ("tenants", "programmes", "members", "enrolled", "revisions", "birthdays", "attributes")
]


async def load_past(
    connection: asyncpg.Connection, cases: Iterable[Case], standings: Mapping[MemberName, Standing]
) -> None:
    """Find for receipts that were first judged by another state of their owner's profile than the present one what it
    was."""
    wanted: dict[tuple[int, int, UUID, int], list[Case]] = {}
    for case in cases:
        owner, revision = case.story.owner, case.story.profile
        standing = None if owner is None else standings.get((*case.programme.key, owner))
        if owner is not None and revision is not None and standing is not None and standing.facts.profile != revision:
            wanted.setdefault((*case.programme.key, owner, revision), []).append(case)
    if not wanted:
        return
    past = {name: Profile(name[3]) for name in wanted}
    for row in await connection.fetch(_QUERIES["past"], *_columns(list(wanted), 4)):
        past[tuple(row[:4])] = Profile.of_row(row["revision"], row["birthday"], row["attributes"])
    for name, profile in past.items():
        for case in wanted[name]:
            case.profile = profile


async def tell_profiles(connection: asyncpg.Connection, now: datetime, told: Mapping[MemberName, Told]) -> None:
    """Save what is told of members, who are locked."""
    if told:
        await connection.execute(
            _QUERIES["tell_profiles"],
            now,
            *_columns(list(told), 3),
            [each.birthday for each in told.values()],
            [orjson.dumps(each.attributes).decode() for each in told.values()],
        )


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [[row[column] for row in rows] for column in range(width)]
