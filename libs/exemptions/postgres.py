"""Spans on the heads of members, written by whoever holds what they follow from. Only stores import this module."""

from __future__ import annotations

from collections.abc import Iterable

import asyncpg
import msgspec

from libs.exemptions.spans import MemberName, Said, Spans, rewritten
from libs.ledger.model import Span
from libs.runtime import sql

_QUERIES = sql.load("libs.exemptions", "heads.sql")
_read = msgspec.json.Decoder(dict[str, tuple[Span, ...]]).decode


async def rewrite(connection: asyncpg.Connection, said: Iterable[Said]) -> int:
    """Bring what was said to the heads of members, in the order in which it was, and return how many that changed.

    It locks the heads, in a transaction of the caller's; what other sources say, and what was said of the time before,
    stays.
    """
    by_name: dict[MemberName, list[Said]] = {}
    for each in said:
        by_name.setdefault(each.name, []).append(each)
    if not by_name:
        return 0
    changed: list[tuple[MemberName, str | None]] = []
    for row in await connection.fetch(_QUERIES["lock"], *_columns(by_name)):
        name = (row["tenant_id"], row["programme_id"], row["member_id"])
        before: Spans = {} if row["keeps"] is None else _read(row["keeps"])
        after = before
        for each in by_name[name]:
            after = rewritten(after, {each.source: each.spans}, each.at)
        if after != before:
            changed.append((name, msgspec.json.encode(after).decode() if after else None))
    if changed:
        await connection.execute(
            _QUERIES["write"], *_columns([name for name, _ in changed]), [stored for _, stored in changed]
        )
    return len(changed)


def _columns(names: Iterable[MemberName]) -> list[list[object]]:
    return [[name[column] for name in names] for column in range(3)]
