"""Requests that are decided together, in PostgreSQL: one statement begins those of a tenant, and one ends them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from libs.lives import postgres as lives
from libs.lives.life import Life, MemberName
from libs.lives.postgres import Head
from libs.runtime import sql, stream_store
from libs.runtime.batch import Outgoing
from libs.runtime.outbox import Row
from services.redemption import commands_store, order_gathering, order_store, store
from services.redemption.batches import Decided, InHand, Loaded
from services.redemption.deciding import Asked, Known
from services.redemption.order_gathering import Found
from services.redemption.order_store import Written

_QUERIES = sql.load("services.redemption", "gathering.sql")


async def begin(
    connection: asyncpg.Connection, tenant_id: int, now: datetime, asked: Sequence[Asked]
) -> tuple[Loaded, Found]:
    """Take the keys, lock the members, and load what the requests and the orders among them are decided on.

    Of redemptions those are loaded that are there; the members of others are not found by them.
    """
    by_name = {each.request: each for each in asked}
    names = list(by_name)
    members = list(dict.fromkeys([each.member for each in asked if each.member is not None]))
    wanted = order_gathering.wanted(asked)
    row = await connection.fetchrow(
        _QUERIES["begin_orders" if wanted else "begin"], tenant_id, now, [name.credential for name in names],
        [name.operation for name in names], [name.digest for name in names],
        [each.prints[0] for each in by_name.values()],
        [member[1] for member in members], [member[2] for member in members],
        list(dict.fromkeys([candidate for each in asked for candidate in each.candidates])),
        *(wanted or ()),
    )  # fmt: skip
    listed = {name: value or [] for name, value in row.items()}
    known = zip(listed["known_numbers"], listed["known_fingerprints"], listed["known_answers"], strict=True)
    heads: dict[MemberName, Head] = {}
    about: dict[MemberName, tuple[int, str | None]] = {}
    keeps: dict[MemberName, str] = {}
    columns = ("programmes", "members", "seqs", "owing", "spreads", "tiers", "keeps")
    found = zip(*[listed[f"head_{each}"] for each in columns], strict=True)
    for programme, member, seq, owing, spread, tier, kept in found:
        name = (tenant_id, programme, member)
        heads[name], about[name] = Head(seq, owing), (spread, tier)
        if kept is not None:
            keeps[name] = kept
    ledgers = await lives.ledgers_of(connection, heads, listed["lots"], keeps)
    redemptions = await store.load_redemptions(connection, tenant_id, listed["standing"]) if listed["standing"] else {}
    here = [each for each in redemptions.values() if each.name in heads]
    loaded = await store.with_lots(connection, ledgers, here)
    in_hand = Loaded(
        {name: InHand(life, *about[name]) for name, life in loaded.items()},
        redemptions,
        {names[number - 1]: Known(fingerprint, answer or b"") for number, fingerprint, answer in known},
    )
    return in_hand, Found(row["facts"], row["on_sale"]) if wanted else Found()


async def end(
    connection: asyncpg.Connection,
    tenant_id: int,
    now: datetime,
    members: Iterable[Life],
    decided: Decided,
    orders: Sequence[Written],
    events: dict[str, list[Outgoing]],
) -> list[Row] | None:
    """Save what was decided, and put what is told of it into the outbox; return that with its numbers.

    None where there is too little of what the orders take: then nothing may be committed.

    Raises:
        LookupError: a shard is not there, so that nothing may be committed.
    """
    changed = [life for life in members if life.changed]
    await store.save_bills(connection, decided.redemptions.values())
    await commands_store.count(connection, decided.counted)
    tables = lives.saved_as(changed) if changed else [None] * 6
    answers, free = list(decided.answers.items()), list(decided.refused)
    rows = stream_store.pack_rows(events)
    row = await connection.fetchrow(
        _QUERIES["end_orders" if orders else "end"], tenant_id, now, *tables,
        _json([store.row(each) for each in decided.redemptions.values()]),
        [name.credential for name, _ in answers], [name.operation for name, _ in answers],
        [name.digest for name, _ in answers], [known.fingerprint for _, known in answers],
        [known.answer for _, known in answers],
        [name.credential for name in free], [name.operation for name in free], [name.digest for name in free],
        *stream_store.enqueuing(now, dict.fromkeys(events, 0), rows)[1:],
        *(order_store.saved_as(orders) if orders else ()),
    )  # fmt: skip
    if row["refused"] is not None:
        return None
    if len(row["seqs"]) < len(rows):
        raise LookupError("an outbox shard of redemption is not there")
    await lives.save_rare(connection, changed)
    return stream_store.numbered(rows, row["seqs"])


def _json(rows: Sequence[dict[str, Any]]) -> str:
    return orjson.dumps(rows, default=str).decode()
