"""Sweeps where something spares members: what lives on, and what lapses, is what the pure function says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from msgspec.structs import replace

from libs.balances import postgres as balances
from libs.ledger.balance import balance
from libs.ledger.catch_up import catch_up, due
from libs.ledger.evolve import apply_all
from libs.ledger.model import Kind, MemberLedger, Span
from libs.sweeps.liability import liability
from libs.sweeps.preview import SparedShare, Total, preview_all, totals
from services.expiry import store as sweeps
from tests.integration.expiry.test_sweep import BOUNDARY, HEADS, RULES, SCOPE, Sweeping, events, ours
from tests.integration.expiry.test_sweep import sweeping as sweeping
from tests.integration.test_rebuild import BEGAN, assert_sound, lives, store
from tests.support.database import Database

KEEP = "UPDATE ledger.member SET keeps = $2::jsonb WHERE tenant_id = 1 AND member_id = $1"
WAIVED = """
SELECT m.member_id, m.seq, m.kind::text, m.amount, m.effective_at, m.new_expires_at, w.spared_by, w.spared_as,
       w.programme_version
FROM ledger.movement m LEFT JOIN ledger.waiver w USING (tenant_id, programme_id, member_id, seq)
WHERE m.cause IN (SELECT cause FROM expiry.sweep)
"""
EXCEPTIONS = """
UPDATE platform.programme_version
SET document = jsonb_set(document, '{wallets,0,spared}', '[{"segments": ["vip"]}]')
    || '{"segments": [{"name": "vip", "list": true}]}'
WHERE tenant_id = 1
"""
PASSED = """
INSERT INTO members.exemption_pass (tenant_id, programme_id, rules, programme_version, done)
SELECT 1, 1, 'x', max(version), true FROM platform.programme_version WHERE tenant_id = 1
"""


def chance_of(number: int) -> tuple[Span, ...]:
    """What spares a member, by chance: of most nothing; else a level for a while, all points or some."""
    chance = Random(number)
    spans = []
    for wallet in ("points", "bonus"):
        if chance.random() < 0.4:
            since = BEGAN + timedelta(days=chance.randint(0, 95))
            until = chance.choice((None, since + timedelta(days=chance.randint(1, 60))))
            bound = chance.choice(({}, {"first": chance.randint(1, 200)}, {"older_days": 20}))
            spans.append(Span("tier", "gold", 3, wallet, "Europe/Rome", since, until, "month", **bound))
    return tuple(spans)


def told(each: dict[str, Any]) -> tuple[str, int, str]:
    return each["data"]["member_id"], each["memberseq"], each["type"].split(".")[3]


def points_of(found: Iterable[SparedShare | Total]) -> int:
    """All of their points."""
    return sum(each.points for each in found)


async def test_what_is_spared_and_what_lapses_is_what_the_pure_function_says(
    database: Database, sweeping: Sweeping
) -> None:
    superuser = await asyncpg.connect(database.dsn())
    lived = lives(200, 17)
    await store(superuser, lived)
    ledgers: dict[UUID, MemberLedger] = {}
    for number, life in enumerate(ours(lived, plain=True)):
        spans = chance_of(number)
        ledgers[life.ledger.member_id] = replace(life.ledger, keeps=spans)
        if spans:
            await superuser.execute(KEEP, life.ledger.member_id, msgspec.json.encode({"tier:x": spans}).decode())
    expected = {member: catch_up(ledger, BOUNDARY, BOUNDARY) for member, ledger in ledgers.items()}
    kinds = Counter([each.kind for made in expected.values() for each in made])
    assert min(kinds[Kind.WAIVE], kinds[Kind.EXPIRE]) > 15

    async def shown() -> dict[UUID, list[tuple[object, ...]]]:
        names = [(*SCOPE, member) for member in ledgers]
        found = await balances.load(superuser, names, BOUNDARY)
        return {each.member_id: [(w.wallet, w.available, w.next_expiry_at) for w in each.wallets] for each in found}

    before = await shown()
    for member, ledger in ledgers.items():
        for wallet, available, next_expiry_at in before[member]:
            seen = balance(ledger, str(wallet), BOUNDARY)
            assert (available, next_expiry_at) == (seen.available, seen.next_expiry and seen.next_expiry.instant)

    async with sweeping.pool.acquire() as connection:
        planned, owed = await preview_all(connection, SCOPE, BOUNDARY), await liability(superuser, SCOPE, BOUNDARY)
    await sweeping.overseer().look()
    await sweeping.overseer().look()
    await sweeping.sweep([sweeping.lane("one"), sweeping.lane("two")], BOUNDARY)

    made = {tuple(row)[:2]: tuple(row)[2:] for row in await superuser.fetch(WAIVED)}
    assert made == {
        (member, m.seq): (
            *(m.kind.value, m.amount, m.effective_at, m.new_expiry and m.new_expiry.expires_at),
            *((None, None, None) if m.spared is None else (m.spared.by, m.spared.name, m.spared.version)),
        )
        for member, movements in expected.items()
        for m in movements
    }
    after = {member: apply_all(ledger, expected[member]) for member, ledger in ledgers.items()}
    heads = {row["member_id"]: tuple(row)[1:] for row in await superuser.fetch(HEADS)}
    assert {member: heads[member] for member in after} == {m: (one.seq, *due(one)) for m, one in after.items()}
    assert await shown() == before, "the sweep changes no balance"
    assert await liability(superuser, SCOPE, BOUNDARY) == owed, "nor what is outstanding"
    await assert_sound(superuser)

    names = {Kind.WAIVE.value: "waived", Kind.EXPIRE.value: "expired"}
    points = [told(each) for each in await events(superuser, "loyalty.points")]
    assert sorted(points) == sorted((str(member), seq, names[row[0]]) for (member, seq), row in made.items())
    async with sweeping.pool.acquire() as connection:
        left = await preview_all(connection, SCOPE, BOUNDARY)
        (running,) = await sweeps.running(connection)
        done = await sweeps.done(connection, running.sweep)
    assert points_of(planned.spared) == sum(row[1] for row in made.values() if row[0] == "waive")
    assert left.spared == []
    assert points_of((*done, *totals(left.lapsing))) == points_of(totals(planned.lapsing))
    await superuser.close()


async def test_no_sweep_starts_before_the_heads_say_what_is_spared(database: Database, sweeping: Sweeping) -> None:
    superuser = await asyncpg.connect(database.dsn())
    await store(superuser, lives(20, 13))
    await superuser.execute(EXCEPTIONS)
    overseer = sweeping.overseer(RULES)
    states = []
    for pause in ("SELECT 1", PASSED):
        await superuser.execute(pause)
        await overseer.look()
        await overseer.look()
        states.append(await superuser.fetchval("SELECT state FROM expiry.sweep WHERE tenant_id = 1"))
    assert states == ["announced", "running"]
    await superuser.close()
