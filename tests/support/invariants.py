"""What must hold after every fault: the database against the load, the topic against the database."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from aiokafka import ConsumerRecord

from cli.verify import check
from libs.promotions.pages import read_page
from tests.support.loads import TENANTS, Load
from tests.support.receipts import POINTS, PURCHASES
from tests.support.stack import Stack

_CREDITED, _EVALUATED = "org.pointstream.points.credited.v1", "org.pointstream.purchase.evaluated.v1"
_SLUGS = {tenant.tenant_id: tenant.slug for tenant in TENANTS}
CONSUMER = "earning.purchases"


@dataclass(frozen=True, slots=True)
class Proof:
    """What was counted on the way: records on the topic of points, and how many of them were repeats."""

    published: int
    repeats: int


async def exactly_once(
    stack: Stack, load: Load, *, sent: int | None = None, enrolled: int = 0, ordered: bool = True
) -> Proof:
    """Check that each receipt of the load became one credit and one of each event, and nothing else happened.

    `sent` is how many receipts were produced, when copies were among them, and `enrolled` how many enrolments beside.
    `ordered` asks for each member's credits in order on the topic, which holds when a member uses one card.
    """
    await verified(stack)
    await _ledger(stack, load)
    await _decisions(stack, load, enrolled)
    await _positions(stack, sent or len(load.records))
    assert await stack.fetch("SELECT * FROM stream.dead_letter") == []
    return await _events(stack, load, ordered=ordered)


async def verified(stack: Stack) -> None:
    """Check what `pointstream verify` checks."""
    violated = {result.name: result.samples for result in await check(stack.database.dsn()) if result.violations}
    assert violated == {}


async def _ledger(stack: Stack, load: Load) -> None:
    lots = await stack.fetch("SELECT tenant_id, programme_id, member_id, amount, cause FROM ledger.lot")
    assert len(lots) == len(load.credits)
    credited = {(lot["tenant_id"], lot["cause"]): (lot["member_id"], lot["amount"]) for lot in lots}
    assert credited == {key: (credit.member_id, credit.points) for key, credit in load.credits.items()}
    assert all(lot["tenant_id"] == lot["programme_id"] for lot in lots)

    seqs: dict[tuple[int, object], list[int]] = defaultdict(list)
    for row in await stack.fetch("SELECT tenant_id, member_id, seq FROM ledger.journal"):
        seqs[row["tenant_id"], row["member_id"]].append(row["seq"])
    heads = await stack.fetch("SELECT tenant_id, member_id, seq FROM ledger.member WHERE seq > 0")
    assert {(row["tenant_id"], row["member_id"]): row["seq"] for row in heads} == {k: len(v) for k, v in seqs.items()}
    assert all(sorted(numbers) == list(range(1, len(numbers) + 1)) for numbers in seqs.values())

    counters = await stack.fetch("SELECT tenant_id, used FROM earning.counter WHERE used > 0")
    assert {row["tenant_id"]: row["used"] for row in counters} == (
        {tenant.tenant_id: load.coffees * 25 for tenant in TENANTS} if load.coffees else {}
    )


async def _decisions(stack: Stack, load: Load, beside: int) -> None:
    """Each receipt stands in the inbox once, and on one page of its own tenant, the one that the inbox names."""
    inbox = await stack.fetch("SELECT tenant_id, event_key, page FROM earning.inbox")
    named = {
        (row["tenant_id"], row["event_key"], row["page"])
        for row in inbox
        if (row["tenant_id"], row["event_key"]) in load.credits
    }
    assert (len(inbox), len(named)) == (len(load.credits) + beside, len(load.credits))
    pages = await stack.fetch("SELECT tenant_id, page, body FROM earning.decision_page")
    kept = Counter((p["tenant_id"], d.key, p["page"]) for p in pages for d in read_page(p["body"]))
    assert set(kept) == named
    assert max(kept.values()) == 1


async def _positions(stack: Stack, sent: int) -> None:
    """Every position stands at the end of its partition; together they have counted what was sent."""
    assert await stack.lag(PURCHASES, CONSUMER) == 0
    rows = await stack.fetch(
        "SELECT sum(next_offset) AS done, count(halt_reason) AS halted FROM stream.position WHERE consumer = $1",
        CONSUMER,
    )
    assert (rows[0]["done"], rows[0]["halted"]) == (sent, 0)


async def _events(stack: Stack, load: Load, *, ordered: bool) -> Proof:
    stored = await stack.fetch(
        "SELECT shard, seq, count FROM stream.outbox WHERE topic = $1 ORDER BY shard, seq", POINTS
    )
    committed = {(row["shard"], row["seq"] + at) for row in stored for at in range(row["count"])}
    assert len(committed) == sum(row["count"] for row in stored)
    shards = await stack.fetch("SELECT shard, next_seq, published_seq FROM stream.outbox_shard")
    assert all(row["published_seq"] == row["next_seq"] - 1 for row in shards)
    (all_topics,) = await stack.fetch("SELECT sum(count)::int AS events FROM stream.outbox")
    assert sum(row["next_seq"] - 1 for row in shards) == all_topics["events"]

    records = await stack.read(POINTS)
    first = _first_occurrences(records)
    assert set(first) == committed
    events = [orjson.loads(record.value) for record in first.values()]
    assert len({event["id"] for event in events}) == len(events)
    _credits(events, load)
    if ordered:
        _order_of_members(first.values())
    return Proof(len(records), len(records) - len(first))


def _first_occurrences(records: Sequence[ConsumerRecord]) -> dict[tuple[str, int], ConsumerRecord]:
    """The first record of each outbox number; repeats must be the same to the byte, and first ones in order."""
    first: dict[tuple[str, int], ConsumerRecord] = {}
    last: dict[tuple[str, int], int] = {}
    for record in sorted(records, key=lambda each: (each.partition, each.offset)):
        headers = dict(record.headers)
        shard, seq = headers["outbox-shard"].decode(), int(headers["outbox-seq"])
        known = first.setdefault((shard, seq), record)
        assert (known.value, known.key, known.partition) == (record.value, record.key, record.partition)
        if known is record:
            assert seq > last.get((shard, record.partition), 0), f"{shard} went back to {seq}"
            last[shard, record.partition] = seq
    return first


def _credits(events: Sequence[dict[str, Any]], load: Load) -> None:
    """One credited and one evaluated event a receipt, each with the right tenant, member and points."""
    for kind in (_CREDITED, _EVALUATED):
        told = Counter(
            (
                e["tenant"],
                e["data"]["receipt_source"],
                e["data"]["receipt_id"],
                e["data"]["member_id"],
                e["data"]["points"],
            )
            for e in events
            if e["type"] == kind
        )
        assert told == Counter(
            (_SLUGS[c.tenant_id], c.source, c.id, str(c.member_id), c.points) for c in load.credits.values()
        )
    lots = Counter((e["data"]["member_id"], e["data"]["lot"]) for e in events if e["type"] == _CREDITED)
    assert max(lots.values()) == 1


def _order_of_members(firsts: Any) -> None:
    came: dict[str, list[int]] = defaultdict(list)
    for record in sorted(firsts, key=lambda each: (each.partition, each.offset)):
        event = orjson.loads(record.value)
        if event["type"] == _CREDITED:
            came[event["subject"]].append(event["memberseq"])
    assert all(numbers == sorted(numbers) for numbers in came.values())


async def durable(stack: Stack) -> tuple[int, int, int]:
    """Records consumed, records with an inbox row, and lots, at one instant: positions never run ahead of effects."""
    rows = await stack.fetch(
        "SELECT (SELECT coalesce(sum(next_offset), 0)::bigint FROM stream.position WHERE consumer = $1) AS done, "
        "(SELECT count(*) FROM earning.inbox) AS known, (SELECT count(*) FROM ledger.lot) AS lots",
        CONSUMER,
    )
    return rows[0]["done"], rows[0]["known"], rows[0]["lots"]
