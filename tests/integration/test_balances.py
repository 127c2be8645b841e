"""Balances of many members in one question: the same as the ledger's own arithmetic says, member by member."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID, uuid5

import asyncpg
import pytest

from libs.balances.balance import TOPIC, MemberBalance, WalletPoints, event
from libs.balances.postgres import load
from libs.contracts.codec import decoder
from libs.contracts.events.balance import BalanceChangedV1
from libs.contracts.rejection import Rejection
from libs.ledger.balance import balance
from libs.ledger.model import Lot, MemberLedger
from libs.runtime.keys import kafka_partition_hash
from tests.support.database import ACME, GLOBEX, Database

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
NEVER = datetime.max.replace(tzinfo=UTC)  # infinity, as asyncpg writes it
LOT = """
INSERT INTO ledger.lot (tenant_id, programme_id, member_id, seq, wallet, amount, remaining, held, earned_at,
                        active_from, expires_at, recorded_at, policy_version, cause, now_active_from, now_expires_at)
VALUES ($1, $2, $3, $4, $5, 1000000, $6, $7, $8, $9, $10, $8, 1, $3, $11, $12)
"""
MEMBER = "INSERT INTO ledger.member (tenant_id, programme_id, member_id, seq, spread) VALUES ($1, $2, $3, $4, $5)"
DEBT = """
INSERT INTO ledger.debt (tenant_id, programme_id, member_id, wallet, amount, since) VALUES ($1, $2, $3, $4, $5, $6)
"""


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(database.dsn())
    yield opened
    await opened.close()


def somebody(number: int) -> UUID:
    return uuid5(UUID(int=0), f"member {number}")


Dates = tuple[datetime, datetime]


async def keep(
    connection: asyncpg.Connection, ledger: MemberLedger, moved: dict[int, Dates], owed: dict[str, int]
) -> None:
    """Write a ledger as rows; `moved` gives lots the dates that they began with, those of the lot being the present."""
    member, of = ledger.member_id, (ACME.tenant_id, ACME.programme_id)
    await connection.execute(MEMBER, *of, member, ledger.seq, kafka_partition_hash(str(member).encode()))
    for lot in ledger.lots:
        began, present = moved.get(lot.seq), (lot.active_from, lot.expires_at)
        then = began or present
        now_from, now_until = (present[0], present[1] or NEVER) if began else (None, None)
        await connection.execute(
            LOT, *of, member, lot.seq, lot.wallet, lot.remaining, lot.held, lot.earned_at, *then, now_from, now_until
        )  # fmt: skip
    for wallet, amount in owed.items():
        await connection.execute(DEBT, *of, member, wallet, amount, NOW - DAY)


def some_ledger(number: int, chance: Random) -> MemberLedger:
    lots = []
    for seq in range(1, chance.randrange(9)):
        earned = NOW - DAY * chance.randrange(1, 100)
        begins = earned + DAY * chance.choice((0, 0, 30, 120))
        ends = chance.choice((None, begins + DAY * chance.choice((20, 60, 90))))
        left = chance.choice((0, 7, 250))
        held = chance.choice((0, left))
        lots.append(
            Lot(seq, chance.choice(("points", "stars")), 1_000_000, left, held, earned, begins, ends, earned, 1)
        )
    return MemberLedger(somebody(number), len(lots) + 3, tuple(lots))


async def test_it_is_what_the_ledger_says(connection: asyncpg.Connection) -> None:
    chance = Random(4)
    ledgers = [some_ledger(number, chance) for number in range(60)]
    for ledger in ledgers:
        moved = {lot.seq: (lot.active_from + DAY, lot.active_from + 2 * DAY) for lot in ledger.lots if lot.seq % 3 == 0}
        await keep(connection, ledger, moved if ledger.seq % 2 else {}, _owed(ledger))

    found = await load(connection, [(ACME.tenant_id, ACME.programme_id, ledger.member_id) for ledger in ledgers], NOW)

    assert [told.member_id for told in found] == sorted(ledger.member_id for ledger in ledgers)
    by_member = {told.member_id: told for told in found}
    for ledger in ledgers:
        told = by_member[ledger.member_id]
        wallets = sorted({lot.wallet for lot in ledger.lots} | set(_owed(ledger)))
        expected = tuple(_expected(ledger, wallet) for wallet in wallets)
        assert told == MemberBalance(ACME.slug, "main", ledger.member_id, ledger.seq, expected)


def _owed(ledger: MemberLedger) -> dict[str, int]:
    return {"points": 30} if ledger.seq % 4 == 0 else {}


def _expected(ledger: MemberLedger, wallet: str) -> WalletPoints:
    one = balance(ledger, wallet, NOW)
    instant, amount = one.next_expiry or (None, 0)
    return WalletPoints(wallet, one.available, one.pending, one.held, _owed(ledger).get(wallet, 0), instant, amount)


async def test_unknown_members_are_left_out_and_nobody_asks_for_nothing(connection: asyncpg.Connection) -> None:
    await keep(connection, MemberLedger(somebody(1)), {}, {})
    asked = [
        (ACME.tenant_id, ACME.programme_id, somebody(1)),
        (GLOBEX.tenant_id, GLOBEX.programme_id, somebody(1)),
        (ACME.tenant_id, ACME.programme_id, somebody(2)),
        (ACME.tenant_id, ACME.programme_id, somebody(1)),
    ]
    (found,) = await load(connection, asked, NOW)
    assert (found.member_id, found.seq, found.wallets) == (somebody(1), 0, ())
    assert await load(connection, [], NOW) == []


async def test_the_key_of_the_lots_finds_them(connection: asyncpg.Connection) -> None:
    await keep(connection, some_ledger(1, Random(1)), {}, {})
    from libs.balances.postgres import _QUERIES

    await connection.execute("SET enable_seqscan = off")
    plan = await connection.fetch("EXPLAIN " + _QUERIES["balances"], [1], [1], [somebody(1)], NOW)
    text = "\n".join(row[0] for row in plan)
    assert "lot_pkey" in text
    assert "debt_pkey" in text


def test_the_event_is_one_of_the_contract() -> None:
    wallets = (
        WalletPoints("points", 120, 30, 0, 0, NOW + DAY, 20),
        WalletPoints("stars", 0, 0, 0, 5, None, 0),
    )
    told = MemberBalance("acme", "main", somebody(1), 9, wallets)
    made = event(told, NOW)
    decoded = decoder(BalanceChangedV1).decode(made.value)
    assert not isinstance(decoded, Rejection), decoded
    key = f"acme/main/{somebody(1)}"
    assert (made.topic, made.key, made.spread) == (TOPIC, key.encode(), kafka_partition_hash(key.encode()))
    assert decoded.partitionkey == key
    assert event(replace(told, programme="other"), NOW).key != made.key
    assert decoded.subject == str(somebody(1))
    assert [(each.wallet, each.available, each.next_expiry_points) for each in decoded.data.wallets] == [
        ("points", 120, 20),
        ("stars", 0, 0),
    ]
    assert event(told, NOW) == made, "the same again has the same id"
    assert event(told, NOW + DAY).value != made.value
