"""Loads of receipts of two tenants, and what each must come to: computed here, without any code that is tested."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from libs.runtime.keys import event_key, kafka_partition_hash
from services.earning import store
from tests.support.database import ACME, GLOBEX, SeededTenant
from tests.support.receipts import WHEN, Record, line, member_id, purchase
from tests.support.stack import Stack

TENANTS = (ACME, GLOBEX)
COFFEE, COFFEE_POINTS, COFFEE_LIMIT = "coffee-500g", 25, 1_000


@dataclass(frozen=True, slots=True)
class Credit:
    """What one receipt must bring: to which member of which tenant, and how many points."""

    tenant_id: int
    source: str
    id: str
    member_id: UUID
    points: int


@dataclass(frozen=True, slots=True)
class Load:
    """Records to produce, and the credits they must come to, by tenant and inbox key. Cards are those to enrol."""

    records: Sequence[Record]
    credits: Mapping[tuple[int, UUID], Credit]
    cards: Sequence[str]
    coffees: int = 0

    @property
    def points(self) -> int:
        """Points of both tenants together."""
        return sum(credit.points for credit in self.credits.values())

    def parts(self, count: int) -> list[Sequence[Record]]:
        """Cut the records into runs of nearly equal length."""
        size = -(-len(self.records) // count)
        return [self.records[at : at + size] for at in range(0, len(self.records), size)]


def two_tenants(receipts: int, members: int, seed: int, *, coffees: int = 0) -> Load:
    """Make receipts of both tenants, whose members carry the same card numbers and whose receipts the same ids.

    Each earns something; the first `coffees` of each tenant (at most 40, so that its shared limit is met at most)
    hold a packet of coffee.
    """
    assert coffees * COFFEE_POINTS <= COFFEE_LIMIT
    chance = random.Random(seed)
    cards = [str(number) for number in range(1, members + 1)]
    records, credits = [], {}
    for number in range(receipts):
        tenant = TENANTS[number % 2]
        record, credit = _receipt(tenant, number // 2, chance, cards, coffee=number < 2 * coffees)
        records.append(record)
        credits[tenant.tenant_id, event_key(credit.source, credit.id)] = credit
    order = list(range(receipts))
    chance.shuffle(order)
    return Load([records[at] for at in order], credits, cards, coffees)


def _receipt(
    tenant: SeededTenant, number: int, chance: random.Random, cards: Sequence[str], *, coffee: bool
) -> tuple[Record, Credit]:
    card, plain, produce = (
        chance.choice(cards),
        chance.randint(100, 12_000),
        chance.choice((0, 0, chance.randint(1, 900))),
    )
    lines = [line("any", plain), line("apples", produce, category="PRODUCE")]
    if coffee:
        lines.append(line(COFFEE, 0))
    total = plain + produce
    points = (total + produce) // 100 + (50 if total >= 10_000 else 0) + (COFFEE_POINTS if coffee else 0)
    source = f"{tenant.source}/{number % 7}/{number % 3}"
    record = purchase(f"R-{number:06}", lines, card=card, source=source, currency=tenant.currency)
    return record, Credit(tenant.tenant_id, source, f"R-{number:06}", member_id(card, tenant.source), points)


async def enrol(stack: Stack, cards: Iterable[str], tenants: Iterable[SeededTenant] = TENANTS) -> None:
    """Enrol the holders of these cards at each tenant, straight through earning's store: no loop is needed for it."""
    cards = list(cards)
    connection = await asyncpg.connect(stack.database.dsn("earning"))
    try:
        async with connection.transaction():
            for tenant in tenants:
                scope = (tenant.tenant_id, tenant.programme_id)
                ids = {card: member_id(card, tenant.source) for card in cards}
                await store.tie_identifiers(
                    connection, WHEN, [store.Tie(*scope, f"card:{card}", None, m) for card, m in ids.items()]
                )
                await store.enrol_members(
                    connection,
                    WHEN,
                    [
                        store.NewMember(*scope, m, kafka_partition_hash(str(m).encode()), None, WHEN)
                        for m in ids.values()
                    ],
                )
    finally:
        await connection.close()
