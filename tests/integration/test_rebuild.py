"""What is stored beside the movements is lost and made again from them, to the same bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from random import Random
from time import perf_counter
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from msgspec.structs import astuple

from libs.ledger.activate import activate
from libs.ledger.adjust import adjust
from libs.ledger.catch_up import catch_up, due
from libs.ledger.decide import burn_order, decide_credit, opening_movement, take
from libs.ledger.evolve import apply_all
from libs.ledger.lend import lend
from libs.ledger.model import (
    LEGAL,
    LOT_ACCOUNTS,
    Account,
    Allocation,
    Kind,
    Loan,
    Lot,
    MemberLedger,
    Movement,
    NewExpiry,
)
from libs.ledger.postgres import START, conservation, count_members, rebuild
from libs.ledger.repay import repay
from libs.ledger.reverse import Credit, Shortfall, reverse
from libs.runtime import sql
from tests.support.database import ACME, GLOBEX, Database

QUERIES = sql.load("tests.support", "rebuild.sql")
INVARIANTS = sql.load("libs.ledger", "invariants.sql")
BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
CAUSE = UUID(int=1)
LOT_COLUMNS = (
    *("tenant_id", "programme_id", "member_id", "seq", "wallet", "amount", "remaining", "held", "earned_at"),
    *("active_from", "expires_at", "recorded_at", "policy_version", "cause", "contributor", "opened_by", "pending"),
    *("now_active_from", "now_expires_at"),
)
MOVEMENT_COLUMNS = (
    *("tenant_id", "programme_id", "member_id", "seq", "wallet", "kind", "from_account", "to_account", "amount"),
    *("effective_at", "recorded_at", "corrects", "cause", "moves_expiry", "new_expires_at"),
)
MEMBER_COLUMNS = (
    *("tenant_id", "programme_id", "member_id", "seq", "spread", "tier", "activates_at", "lapses_at", "owing"),
)
TABLES = {
    "member": MEMBER_COLUMNS,
    "lot": LOT_COLUMNS,
    "movement": MOVEMENT_COLUMNS,
    "allocation": None,
    "loan": None,
    "debt": None,
}


class Life:
    """One member whose points go through everything, by chance but always the same."""

    def __init__(self, chance: Random, member_id: UUID) -> None:
        self.chance = chance
        self.now = BEGAN
        self.ledger = MemberLedger(member_id)
        self.journal: list[Movement] = []

    def live(self, steps: int) -> None:
        for _ in range(steps):
            self.now += timedelta(hours=self.chance.randint(1, 200))
            self.waive()
            self.tell(*catch_up(self.ledger, self.now, self.now))
            wallet = self.chance.choice(("points", "bonus"))
            step = (
                *(self.earn, self.earn, self.spend, self.hold, self.release, self.take_back, self.correct, self.wake),
                self.borrow,
            )
            self.chance.choice(step)(wallet)
            credited = [lot.seq for lot in self.ledger.lots if lot.earned_at == self.now]
            self.tell(*repay(self.ledger, wallet, self.now, credited=credited))

    def tell(self, *movements: Movement) -> None:
        self.ledger = apply_all(self.ledger, movements)
        self.journal += movements

    def move(self, kind: Kind, pair: str, wallet: str, parts: tuple[Allocation, ...], **more: Any) -> None:
        if parts:
            source, target = pair.split(">")
            points, seq = sum(part.amount for part in parts), self.ledger.seq + 1
            at = more.pop("at", self.now)
            accounts = (Account(source), Account(target))
            self.tell(Movement(seq, wallet, kind, *accounts, points, at, self.now, parts, **more))

    def usable(self, wallet: str) -> list[Lot]:
        return burn_order(lot for lot in self.ledger.lots if lot.wallet == wallet and lot.in_force(self.now))

    def earn(self, wallet: str) -> None:
        active = self.now + timedelta(days=self.chance.choice((0, 0, 3, 14)))
        life = self.chance.choice((None, 10, 40))
        lot = decide_credit(
            self.ledger.seq,
            wallet,
            self.chance.randint(1, 500),
            earned_at=self.now,
            recorded_at=self.now,
            active_from=active,
            expires_at=None if life is None else active + timedelta(days=life),
            policy_version=1,
        )
        self.tell(opening_movement(lot))

    def borrow(self, wallet: str) -> None:
        if not self.ledger.debt(wallet):
            loan = Loan(self.chance.choice((10, 50, 100)), self.now + timedelta(days=self.chance.choice((5, 30, 90))))
            points, fee = self.chance.randint(1, 200), self.chance.choice((0, 7))
            ends = self.now + timedelta(days=60)
            terms: dict[str, Any] = {"at": self.now, "expires_at": ends, "policy_version": 1}
            self.tell(*lend(self.ledger, wallet, points, fee, loan, **terms))

    def spend(self, wallet: str) -> None:
        lots = [lot for lot in self.usable(wallet) if not lot.pending]
        if not self.ledger.debt(wallet):
            self.move(Kind.REDEEM, "active>redeemed", wallet, take(lots, self.chance.randint(1, 400)))

    def hold(self, wallet: str) -> None:
        self.move(Kind.HOLD, "active>held", wallet, take(self.usable(wallet), self.chance.randint(1, 60)))

    def release(self, wallet: str) -> None:
        """Half of what is held in lots that are still in force is free again, or gone."""
        parts = tuple(Allocation(lot.seq, (lot.held + 1) // 2) for lot in self.usable(wallet) if lot.held)
        kind, target = self.chance.choice(((Kind.RELEASE, "active"), (Kind.COMMIT, "redeemed")))
        self.move(kind, f"held>{target}", wallet, parts)

    def take_back(self, wallet: str) -> None:
        taken = Counter({m.seq: m.amount for m in self.journal if m.kind is Kind.CREDIT and m.wallet == wallet})
        for movement in self.journal:
            if movement.corrects is not None:
                taken[movement.corrects] -= movement.amount
        credits = [Credit(seq, left) for seq, left in taken.items() if left > 0][-2:]
        if credits:
            points = self.chance.randint(1, sum(credit.points_left_to_correct for credit in credits))
            at = self.now - timedelta(days=self.chance.randint(0, 4))
            policy = self.chance.choice((Shortfall.DEBT, *Shortfall))
            made = reverse(self.ledger, wallet, points, credits, effective_at=at, recorded_at=self.now, policy=policy)
            self.tell(*made.movements)

    def correct(self, wallet: str) -> None:
        made = adjust(
            self.ledger,
            wallet,
            self.chance.choice((-30, -5, 20, 90)),
            earned_at=self.now - timedelta(days=2),
            recorded_at=self.now,
            expires_at=self.now + timedelta(days=20),
            policy_version=2,
            contributor=CAUSE,
        )
        self.tell(*made.movements)

    def wake(self, wallet: str) -> None:
        lots = [lot.seq for lot in self.ledger.lots if lot.pending][-2:]
        dates = {seq: self.chance.choice((None, self.now + timedelta(days=9))) for seq in lots[:1]}
        self.tell(*activate(self.ledger, lots, self.now, self.now, dates))

    def waive(self) -> None:
        late = [lot for lot in self.ledger.lots if lot.lapsed(self.now) and lot.free and not lot.pending]
        if late and self.chance.random() < 0.3:
            part = (Allocation(late[0].seq, late[0].free),)
            later = NewExpiry(self.chance.choice((None, self.now + timedelta(days=20))))
            at = late[0].expires_at
            self.move(Kind.WAIVE, "active>active", late[0].wallet, part, at=at, new_expiry=later)


def lot_rows(life: Life, owner: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    for movement in life.journal:
        if (began := movement.opens) is not None:
            lot = next(lot for lot in life.ledger.lots if lot.seq == began.seq)
            moved = lot.expires_at != began.expires_at
            yield (
                *(*owner, lot.seq, lot.wallet, lot.amount, lot.remaining, lot.held, lot.earned_at),
                *(began.active_from, began.expires_at, lot.recorded_at, lot.policy_version, CAUSE, lot.contributor),
                *(lot.opened_by.value, lot.pending, None if lot.active_from == began.active_from else lot.active_from),
                (lot.expires_at or FOREVER) if moved else None,
            )


FOREVER = datetime.max.replace(tzinfo=UTC)  # asyncpg writes it as infinity


def movement_rows(life: Life, owner: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    for m in life.journal:
        if m.opens is None:
            yield (
                *(*owner, m.seq, m.wallet, m.kind.value, m.from_account.value, m.to_account.value, m.amount),
                *(m.effective_at, m.recorded_at, m.corrects, CAUSE, m.new_expiry is not None),
                None if m.new_expiry is None else m.new_expiry.expires_at,
            )


Owner = tuple[int, int, UUID]


def lives(members: int, steps: int) -> list[tuple[Owner, Life]]:
    """The lives of so many members of two tenants, always the same."""
    chance = Random(15)
    lived = []
    for number in range(members):
        tenant = (ACME, GLOBEX)[number % 2]
        owner = (tenant.tenant_id, tenant.programme_id, UUID(int=chance.getrandbits(128)))
        life = Life(chance, owner[2])
        life.live(steps)
        lived.append((owner, life))
    return lived


async def store(connection: asyncpg.Connection, lived: list[tuple[Owner, Life]]) -> Counter[str]:
    """Write lives, with what the fold of their movements says; count what they did."""
    tables: dict[str, list[tuple[Any, ...]]] = {name: [] for name in TABLES}
    kinds: Counter[str] = Counter()
    for owner, life in lived:
        kinds.update(movement.kind for movement in life.journal)
        activates_at, lapses_at = due(life.ledger)
        owing = any(debt.amount or debt.lent for debt in life.ledger.debts)
        tables["member"].append((*owner, life.ledger.seq, 1, None, activates_at, lapses_at, owing))
        tables["lot"] += lot_rows(life, owner)
        tables["movement"] += movement_rows(life, owner)
        tables["allocation"] += [
            (*owner, m.seq, p.lot_seq, p.amount) for m in life.journal if m.opens is None for p in m.allocations
        ]
        tables["loan"] += [(*owner, m.seq, m.loan.share, m.loan.due_at) for m in life.journal if m.loan is not None]
        tables["debt"] += [(*owner, *astuple(debt)) for debt in life.ledger.debts]
    for table, columns in TABLES.items():
        await connection.copy_records_to_table(table, schema_name="ledger", records=tables[table], columns=columns)
    await connection.execute(QUERIES["analyze"])
    return kinds


async def export(connection: asyncpg.Connection) -> bytes:
    bytes_of = BytesIO()
    for name in ("export_lots", "export_debts", "export_heads"):
        await connection.copy_from_query(QUERIES[name], output=bytes_of)
    return bytes_of.getvalue()


@pytest.mark.parametrize(
    ("members", "steps"), [(1_500, 24), pytest.param(6_000, 40, marks=pytest.mark.slow)], ids=["short", "long"]
)
async def test_what_follows_from_movements_is_rebuilt_to_the_same_bytes(
    database: Database, members: int, steps: int
) -> None:
    superuser = await asyncpg.connect(database.dsn())
    operator = await asyncpg.connect(database.dsn("operator"))
    kinds = await store(superuser, lives(members, steps))
    assert set(kinds) == {*Kind} - {Kind.RESTORE, Kind.TRANSFER}
    before = await export(superuser)
    await assert_sound(operator)
    await superuser.execute(QUERIES["scramble"])
    assert await export(superuser) != before

    began, after, movements, ranges = perf_counter(), START, 0, 0
    assert await count_members(operator) == members
    while (done := await rebuild(operator, after, 500)) is not None:
        after, movements, ranges = done.last, movements + done.movements, ranges + 1
        if ranges == 1:  # whoever is stopped goes on where it was
            await operator.close()
            operator = await asyncpg.connect(database.dsn("operator"))
    print(f"{movements} movements rebuilt, {movements / (perf_counter() - began):,.0f} a second")
    assert await export(superuser) == before
    assert (movements, ranges) == (kinds.total(), -(-members // 500))

    last = await superuser.fetchval(QUERIES["last_writer"])
    again = await rebuild(operator, START, members)
    assert again is not None
    assert (again.last, again.members, again.movements) == (after, members, movements)
    assert await superuser.fetchval(QUERIES["last_writer"]) == last
    await operator.close()
    await superuser.close()


async def assert_sound(connection: asyncpg.Connection) -> None:
    """The twins in SQL agree with the fold in Python."""
    triples = [(kind.value, *pair) for kind, pairs in LEGAL.items() for pair in pairs]
    arguments = (*(list(column) for column in zip(*triples, strict=True)), sorted(LOT_ACCOUNTS))
    for name, query in INVARIANTS.items():
        rows = await connection.fetch(query, *(arguments if name == "movements_balance" else ()))
        assert [row["key"] for row in rows] == [], name
    equations = await conservation(connection, BEGAN + timedelta(days=60))
    assert len(equations) == 4
    assert {equation.difference for equation in equations} == {0}


async def test_broken_movements_are_not_made_to_fit(database: Database) -> None:
    superuser = await asyncpg.connect(database.dsn())
    await store(superuser, lives(4, 20))
    await superuser.execute(QUERIES["break_a_movement"])
    before = await export(superuser)
    with pytest.raises(asyncpg.CheckViolationError):
        await rebuild(superuser)
    assert await export(superuser) == before
    await superuser.close()
