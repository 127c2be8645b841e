"""Redemptions at a till: members with points, requests of every sort, and how long their answers take."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count, islice
from typing import Any, NamedTuple, Self
from uuid import UUID

import asyncpg

from libs.catalogue import postgres as catalogue
from libs.catalogue.reward import parse_reward
from libs.contracts import redemption as wire
from libs.contracts.orders import OrderAsk
from libs.contracts.redemption import Ask, door_token
from libs.runtime import sql
from tests.bench.asking import Client, Latencies, Timed
from tests.bench.expiry import start
from tests.bench.population import TENANTS
from tests.bench.stage import Stage
from tests.bench.usage import machine_seconds, tree_seconds
from tests.support.stack import SEAL_KEY, Worker

QUERIES = sql.load("tests.bench", "redeem.sql")
TENANT = TENANTS[0]
SCOPE = (TENANT.tenant_id, TENANT.programme_id)
MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)
COLD, HOT, LAST = 50, "hot", "last"
"""How many rewards others order, the one that half of all orders are of, and the one that runs out."""
PIECES = 100
_PEOPLE = 2_000
_WARM_UP = 300
_MANY = 100_000_000
_TURNS = 4


class Asking(NamedTuple):
    """What is asked for in a part, and of whom if not of the service itself."""

    bodies: Iterator[bytes]
    client: Client | None = None


@dataclass(slots=True)
class Till:
    """A till beside the redemption service: whom it asks for, at which rate, and how many requests it has made."""

    stage: Stage
    connection: asyncpg.Connection
    service: Worker
    client: Client
    members: Sequence[UUID]
    rate: float
    seconds: float
    numbers: Iterator[int] = field(default_factory=count)

    @classmethod
    async def open(cls, stage: Stage, connection: asyncpg.Connection, rate: float, seconds: float) -> Self:
        """Start redemption, give some members points, fill the catalogue, and warm up."""
        members = await give_points(connection)
        await fill_catalogue(connection)
        service = await start(stage, "redemption", "redemption-0")
        client = Client(service.port, wire.PATH, door_token(base64.b64decode(SEAL_KEY)))
        till = cls(stage, connection, service, client, members, rate, seconds)
        for ask in islice(till.points(), _WARM_UP):
            await till.ask(ask)
        for ask in islice(till.orders(hot=False), _WARM_UP):
            await till.ask(ask)
        return till

    def points(self, *, half_of_one: bool = False) -> Iterator[bytes]:
        """Redemptions of a point or two, of one member after the other; or every other one of the same member."""
        for number in self.numbers:
            member = self.members[0] if half_of_one and number % 2 else self.members[number % len(self.members)]
            yield wire.write(_ask(number, member, points=1 + number % 2))

    def orders(self, *, hot: bool, reward: str | None = None) -> Iterator[bytes]:
        """Orders of one of many rewards after the other, or every other one of the same; or all of one `reward`."""
        for number in self.numbers:
            name = reward or (HOT if hot and number % 2 else f"cold-{number // 2 % COLD}")
            yield wire.write(_ask(number, self.members[number % len(self.members)], order=OrderAsk(reward=name)))

    async def ask(self, body: bytes) -> None:
        """Ask once.

        Raises:
            RuntimeError: it was not done.
        """
        answer = wire.read_answer(await self.client.ask(body))
        if answer.refused is not None:
            raise RuntimeError(f"{answer.refused}: {answer.detail}")

    async def in_turns(self, parts: Mapping[str, Asking]) -> dict[str, Any]:
        """Ask at the rate for the same time each, part after part and back again so often that a drift shows in none.

        Returns the figures of all under their names.
        """
        timed = {name: Timed(each.client or self.client, self.rate) for name, each in parts.items()}
        spent, machine = dict.fromkeys(parts, 0.0), dict.fromkeys(parts, 0.0)
        for turn in range(_TURNS):
            for name in list(parts)[:: -1 if turn % 2 else 1]:
                own, whole = self._spent(), machine_seconds()
                await timed[name].run(islice(parts[name].bodies, int(self.rate * self.seconds / _TURNS)))
                spent[name] += self._spent() - own
                machine[name] += machine_seconds() - whole
        told: dict[str, Any] = {}
        for name, each in timed.items():
            found = each.told()
            others = max(0.0, machine[name] - spent[name]) / found.seconds
            self.stage.tell(f"{name}: p50 {found.p50_ms:.1f} ms, p99 {found.p99_ms:.1f} ms")
            told |= latencies(name, found) | {
                f"{name}_cpu_ms": round(spent[name] / found.count * 1_000, 2),
                f"{name}_cores_busy_with_others": round(others, 2),
            }
        return told

    async def sell_out(self) -> list[str]:
        """Order what there are too few pieces of, all at once; return what is wrong with what was sold."""
        bodies = list(islice(self.orders(hot=False, reward=LAST), 3 * PIECES))
        answers = [wire.read_answer(each) for each in await asyncio.gather(*map(self.client.ask, bodies))]
        sold = sum(answer.refused is None for answer in answers)
        left = await self.connection.fetchval(QUERIES["left"], *SCOPE, LAST)
        wrong = {answer.refused for answer in answers} - {None, "reward-sold-out"}
        return [] if (sold, left, wrong) == (PIECES, 0, set()) else [f"{sold} of {PIECES} sold, {left} left, {wrong}"]

    def _spent(self) -> float:
        """Processor seconds of PostgreSQL and of every service so far."""
        assert self.stage.postgres.pid is not None
        running = [worker.process.pid for worker in self.stage.workers if worker.process.poll() is None]
        return tree_seconds(self.stage.postgres.pid) + sum(map(tree_seconds, running))


def _ask(number: int, member: UUID, **more: Any) -> Ask:
    return Ask(
        "redeem",
        TENANT.tenant_id,
        "till",
        sha256(b"key %d" % number).digest(),
        sha256(b"request %d" % number).digest(),
        programme_id=TENANT.programme_id,
        member_id=member,
        **more,
    )


def latencies(name: str, found: Latencies) -> dict[str, Any]:
    """How long answers took, under the names of a part."""
    return {
        f"{name}_count": found.count,
        f"{name}_p50_ms": round(found.p50_ms, 1),
        f"{name}_p99_ms": round(found.p99_ms, 1),
        f"{name}_max_ms": round(found.most_ms, 1),
        f"{name}_client_late_ms": round(found.late_ms, 1),
    }


async def give_points(connection: asyncpg.Connection) -> list[UUID]:
    """Give some members of the first tenant five lots each that last, whatever they had, and return who they are."""
    rows = await connection.fetch(QUERIES["give_points"], *SCOPE, _PEOPLE, MADE_AT)
    await connection.execute(QUERIES["vacuum"])
    return sorted(row["member_id"] for row in rows)


async def fill_catalogue(connection: asyncpg.Connection) -> None:
    """Put rewards into the catalogue that are usable at once, each with a stock of its own."""
    for name in (HOT, LAST, *(f"cold-{number}" for number in range(COLD))):
        document = {
            "reference": name,
            "category": "home",
            "what": {"kind": "discount", "percent": 10, "valid_days": 30},
            "texts": {"en": {"title": name}},
            "prices": [{"name": "standard", "points": 3}],
            "stock": "global",
        }
        await catalogue.put_reward(connection, SCOPE, parse_reward(document), 1, "benchmark", MADE_AT)
        await catalogue.set_stock(connection, SCOPE, name, "", to=PIECES if name == LAST else _MANY, by=None)
