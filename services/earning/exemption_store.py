"""How far heads were brought to what a programme spares, and what of its members that follows from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from libs.exemptions.postgres import rewrite
from libs.exemptions.spans import MEMBER, Said, held, segment_source
from libs.judging.versions import RunningProgramme
from libs.ledger.model import Span
from libs.lives.life import MemberName
from libs.promotions.facts import MemberFacts
from libs.runtime import sql
from services.earning.tier_store import load_deeds
from services.earning.verdict import Standing

_QUERIES = sql.load("services.earning", "exemptions.sql")

Scope = tuple[int, int]


class Pass(NamedTuple):
    """How far the heads of a programme are: the digest of its exceptions, the version, the last member, the end."""

    rules: str
    version: int
    after: UUID | None
    done: bool


async def load_passes(connection: asyncpg.Connection) -> dict[Scope, Pass]:
    """Return how far the heads of each programme are that has exceptions, or had."""
    rows = await connection.fetch(_QUERIES["passes"])
    return {(row["tenant_id"], row["programme_id"]): Pass(*row[2:]) for row in rows}


async def begin(connection: asyncpg.Connection, scope: Scope, rules: str, version: int) -> None:
    """Begin anew with the first member."""
    await connection.execute(_QUERIES["begin"], *scope, rules, version)


async def go_on(connection: asyncpg.Connection, scope: Scope, version: int) -> None:
    """Note that another version spares what the one before does."""
    await connection.execute(_QUERIES["go_on"], *scope, version)


async def step(
    connection: asyncpg.Connection, programme: RunningProgramme, known: Pass, now: datetime, most: int
) -> Pass:
    """Bring the heads of the next members to what spares them from now on, in one transaction."""
    async with connection.transaction():
        rows = await connection.fetch(_QUERIES["page"], *programme.key, known.after, most)
        members = {(*programme.key, row["member_id"]): _standing(row) for row in rows}
        await rewrite(connection, await _said(connection, programme, members, now))
        after = rows[-1]["member_id"] if rows else known.after
        done = len(rows) < most
        await connection.execute(_QUERIES["move"], *programme.key, known.rules, after, done)
    return known._replace(after=after, done=done)


async def _said(
    connection: asyncpg.Connection, programme: RunningProgramme, members: dict[MemberName, Standing], now: datetime
) -> list[Said]:
    if not members:
        return []
    _, tiers = await load_deeds(connection, {programme.key: programme}, members, (), (), now)
    said: list[Said] = []
    if tiers is not None:
        for name in members:
            tiers.spare(programme, name)
        said += tiers.spared()
    ids = [name[2] for name in members]
    said += await _by_segments(connection, programme, ids, now)
    said += await _by_people(connection, programme, ids, now)
    return said


async def _by_segments(
    connection: asyncpg.Connection, programme: RunningProgramme, ids: Sequence[UUID], now: datetime
) -> list[Said]:
    sparing = programme.exemptions.segments
    if not sparing:
        return []
    rows = await connection.fetch(_QUERIES["segments"], *programme.key, ids, list(sparing))
    inside = {(row["member_id"], row["segment"]) for row in rows}
    return [
        Said(
            (*programme.key, member),
            segment_source(segment),
            tuple(held("segment", segment, rules, now, None)) if (member, segment) in inside else (),
            now,
        )
        for member in ids
        for segment, rules in sparing.items()
    ]


async def _by_people(
    connection: asyncpg.Connection, programme: RunningProgramme, ids: Sequence[UUID], now: datetime
) -> Iterator[Said]:
    found: dict[UUID, list[Span]] = {}
    for row in await connection.fetch(_QUERIES["exemptions"], *programme.key, ids, now):
        spans = held("member", row["reason"], programme.exemptions.wallets, row["since"], row["until"])
        found.setdefault(row["member_id"], []).extend(spans)
    return (Said((*programme.key, member), MEMBER, tuple(spans), now) for member, spans in found.items())


def _standing(row: asyncpg.Record) -> Standing:
    text = str(row["member_id"])
    return Standing(MemberFacts(row["member_id"], row["tier"]), row["seq"], row["spread"], text, text.encode())
