"""Requests from the topic in PostgreSQL: a batch begins and ends once for each of its tenants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from libs.contracts.mapping import SourceMapping, parse_mapping
from libs.history.days import REDEMPTIONS
from libs.lives import postgres as lives
from libs.lives.life import Life, MemberName
from libs.lives.postgres import Head
from libs.runtime import sql
from libs.runtime.batch import Span
from services.redemption import store, trade_store
from services.redemption.batches import Decided
from services.redemption.commands import Command
from services.redemption.deciding import Known, RequestName
from services.redemption.households import store as households
from services.redemption.sources import Origin, Sources, sources_of
from services.redemption.store import Locked

_QUERIES = sql.load("services.redemption", "commands.sql")


class Begun(NamedTuple):
    """How a tenant's part of a batch begins: digests of known events, known keys, merged members, and locked ones."""

    late: Mapping[UUID, int]
    known: Mapping[RequestName, Known]
    leads: Mapping[MemberName, MemberName]
    locked: Sequence[Locked]


async def advance(connection: asyncpg.Connection, consumer: str, now: datetime, spans: Sequence[Span]) -> list[bool]:
    """Move the positions of the batch, and say of which spans."""
    moved: list[bool] = await connection.fetchval(
        _QUERIES["advance"], consumer, now, [span.topic for span in spans], [span.part for span in spans],
        [span.first for span in spans], [span.next for span in spans], [span.epoch for span in spans],
        [span.health.streak for span in spans], [span.health.seen for span in spans],
        [span.health.bad for span in spans], [span.halt for span in spans],
    )  # fmt: skip
    return moved


async def begin(connection: asyncpg.Connection, now: datetime, commands: Sequence[Command]) -> Begun:
    """Take what is new of a tenant's commands, their keys, and lock their members."""
    tenant = commands[0].tenant_id
    numbers: dict[RequestName, int] = {}
    prints: list[bytes] = []
    for each in commands:
        name = each.asked.request
        if name not in numbers:
            numbers[name] = len(numbers) + 1
            prints.append(each.asked.prints[0])
    names = list(numbers)
    members = list(dict.fromkeys([each.member for each in commands]))
    row = await connection.fetchrow(
        _QUERIES["begin_commands"], tenant, now, [each.key for each in commands], [each.body_hash for each in commands],
        [numbers[each.asked.request] for each in commands], [name.credential for name in names],
        [name.operation for name in names], [name.digest for name in names], prints,
        [member[1] for member in members], [member[2] for member in members],
    )  # fmt: skip
    known = zip(_list(row, "known_numbers"), _list(row, "known_fingerprints"), _list(row, "known_answers"), strict=True)
    leads = zip(_list(row, "lead_programmes"), _list(row, "lead_members"), _list(row, "lead_to"), strict=True)
    heads = [_list(row, f"head_{name}") for name in ("programmes", "members", "seqs", "spreads", "owing", "tiers")]
    return Begun(
        dict(zip(_list(row, "late_keys"), _list(row, "late_hashes"), strict=True)),
        {names[number - 1]: Known(fingerprint, answer or b"") for number, fingerprint, answer in known},
        {(tenant, programme, member): (tenant, programme, to) for programme, member, to in leads},
        [
            Locked((tenant, programme, member), Head(seq, owing), spread, tier)
            for programme, member, seq, spread, owing, tier in zip(*heads, strict=True)
        ],
    )


def _list(row: asyncpg.Record, name: str) -> list[Any]:
    return row[name] or []


async def body_hashes(
    connection: asyncpg.Connection, names: Sequence[tuple[int, UUID]]
) -> Mapping[tuple[int, UUID], int]:
    """Return the digest of the body that was taken in first under each id; whose rows are seen then is the last's."""
    found: dict[tuple[int, UUID], int] = {}
    for tenant in sorted({tenant for tenant, _ in names}):
        await store.see(connection, tenant)
        rows = await connection.fetch(_QUERIES["body_hashes"], tenant, [key for of, key in names if of == tenant])
        found |= {(tenant, row["event_key"]): row["body_hash"] for row in rows}
    return found


async def end(
    connection: asyncpg.Connection, tenant_id: int, now: datetime, members: Sequence[Life], decided: Decided
) -> None:
    """Save what a tenant's part of a batch has done; what was refused has its key again."""
    await lives.save(connection, now, members)
    rows = [store.row(redemption) for redemption in decided.redemptions.values()]
    answers, free, still = list(decided.answers.items()), list(decided.refused), list(decided.still.items())
    await connection.execute(
        _QUERIES["end_commands"], tenant_id, now, orjson.dumps(rows, default=str).decode(),
        [name.credential for name, _ in answers], [name.operation for name, _ in answers],
        [name.digest for name, _ in answers], [known.fingerprint for _, known in answers],
        [known.answer for _, known in answers],
        [name.credential for name in free], [name.operation for name in free], [name.digest for name in free],
        [key for key, _ in still], [outcome for _, outcome in still],
    )  # fmt: skip
    await store.save_bills(connection, decided.redemptions.values())
    await trade_store.save(connection, decided.redemptions.values(), decided.used)
    for redemption_id, (before, rules) in decided.joint.items():
        await households.save_parts(connection, [(before, decided.redemptions[redemption_id])], rules)
    await count(connection, decided.counted)


async def count(connection: asyncpg.Connection, counted: Mapping[tuple[MemberName, date], int]) -> None:
    """Count redemptions in the history of members, by so much more or less on a day."""
    for less in (False, True):
        days = [each for each in sorted(counted.items()) if each[1] and (each[1] < 0) == less]
        if days:
            zeros = [0] * len(days)
            names = [name for (name, _), _ in days]
            await connection.execute(
                _QUERIES["count_days"], *([name[column] for name in names] for column in range(3)),
                [day for (_, day), _ in days], zeros, zeros, zeros,
                [orjson.dumps({REDEMPTIONS: by}).decode() for _, by in days], less,
            )  # fmt: skip


async def load_sources(pool: asyncpg.Pool, known: str) -> tuple[str, Sources] | None:
    """Return who may ask over the topic, and a text that changes whenever that does; None while it is `known`.

    Raises:
        libs.contracts.mapping_language.MappingInvalid: a stored mapping is none.
    """
    sources, programmes = await pool.fetch(_QUERIES["sources"]), await pool.fetch(_QUERIES["origins"])
    text = repr([tuple(row) for row in (*sources, *programmes)])
    if text == known:
        return None
    return text, sources_of(
        [(row["source_prefix"], (row["tenant_id"], row["programme_id"])) for row in sources],
        [Origin((row["tenant_id"], row["programme_id"]), row["tenant"], row["programme"]) for row in programmes],
        [
            SourceMapping(row["source_prefix"], parse_mapping(orjson.loads(row["mapping"])))
            for row in sources
            if row["mapping"] is not None
        ],
    )
