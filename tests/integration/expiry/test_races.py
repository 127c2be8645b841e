"""R-9, R-11: what happens at once at a boundary ends as if it had happened one after the other; each point leaves once.

Sessions that earn, redeem, hold, transfer and let lapse are interleaved on a real database, by `tests/support`.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from hashlib import sha256
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from pydantic import SecretStr

from cli.verify import examine
from libs.contracts.redemption import Ask, Operation
from libs.runtime import postgres, sql
from libs.runtime.leases import shards_of
from libs.runtime.settings import PostgresSettings
from services.redemption.handlers import WRITER, Desk
from services.redemption.programmes import Programmes
from services.redemption.reward_desk import RewardDesk
from services.redemption.settings import RedemptionSettings
from tests.integration.expiry.test_reinstatement import LAPSING
from tests.integration.expiry.test_restart import WITHOUT_INBOX
from tests.integration.expiry.test_sweep import BOUNDARY, RULES, SetClock, Sweeping, sweeping
from tests.support.database import Database
from tests.support.lives import adjusted, asked
from tests.support.on_database import EarningLane
from tests.support.receipts import Record
from tests.support.schedules import STOPS, Schedule, orderings
from tests.support.stack import SEAL_KEY

__all__ = ["sweeping"]
LEASES = sql.load("libs.runtime", "leases.sql")
BEFORE = BOUNDARY - timedelta(microseconds=1)
CHUNK = """
INSERT INTO expiry.chunk (tenant_id, programme_id, boundary, number, after, last)
SELECT 1, 1, $1, (SELECT count(*) FROM expiry.chunk), '00000000-0000-0000-0000-000000000000',
       'ffffffff-ffff-ffff-ffff-ffffffffffff'
"""
STATE = """
SELECT m.wallet, m.kind::text AS kind, m.from_account::text AS source, m.to_account::text AS target, sum(m.amount)::int
FROM ledger.journal m WHERE m.member_id = $1 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""
LEFT = """
SELECT amount, remaining, held, expires_at FROM ledger.lot_now WHERE member_id = $1 AND remaining > 0 ORDER BY 1, 2
"""
NOBODYS = """
WITH person AS (
    INSERT INTO members.member (tenant_id, programme_id, member_id, enrolled_at, recorded_at)
    VALUES (1, 1, $1, '2025-01-01', '2025-01-01')
)
INSERT INTO ledger.member (tenant_id, programme_id, member_id, seq, spread) VALUES (1, 1, $1, 0, 0)
"""
SESSIONS = ("earn", "redeem", "transfer", "expire")
AT_THE_BOUNDARY = [("earn", "expire"), ("transfer", "expire")]
PAIRS = list(itertools.combinations(SESSIONS, 2))
LONG = Random(11).sample(orderings(SESSIONS), 200)


@dataclass
class Racing:
    """Every writer of the ledger on one database, each known by a name of its own."""

    superuser: asyncpg.Connection
    sweeping: Sweeping
    pools: dict[str, asyncpg.Pool]
    clock: SetClock
    desk: Desk
    lanes: dict[str, EarningLane]
    members: itertools.count[int]

    def sessions(self, ada: UUID, ben: UUID, names: Sequence[str]) -> dict[str, Any]:
        """The work of these sessions on two members."""
        text = f"{ada.int:x}"
        earned = adjusted(f"e{text}", ada, 10, time=BEFORE)
        given = asked(f"t{text}", "transfer", ada, to_member_id=str(ben), wallet="points", points=15, time=BEFORE)
        work = {
            "earn": partial(self.apply, "earn", earned),
            "transfer": partial(self.apply, "transfer", given),
            "redeem": partial(self.spend, "redeem", ada, 40),
            "hold": partial(self.spend, "hold", ada, 40),
            "expire": self.expire,
        }
        return {name: work[name] for name in names}

    async def apply(self, name: str, record: Record) -> None:
        lane = self.lanes[name]
        await lane.claim()
        await lane.apply([record.value])

    async def spend(self, operation: Operation, member: UUID, points: int) -> Any:
        key = sha256(f"{operation}{member.int:x}".encode()).digest()
        return await self.desk.serve(
            Ask(operation, 1, "test", key, key, programme_id=1, member_id=member, points=points)
        )

    async def expire(self) -> None:
        """Let lapse what is due, but of members in somebody else's hands."""
        await self.pools["expire"].execute(CHUNK, BOUNDARY)
        mine = Sweeping(self.pools["expire"], self.sweeping.clock, told=self.sweeping.told)
        await mine.sweep([mine.lane("one")], BOUNDARY)

    async def two(self) -> tuple[UUID, UUID]:
        """Two new members; the first has 50 points that lapse at the boundary."""
        ada, ben = UUID(int=next(self.members)), UUID(int=next(self.members))
        await self.superuser.execute(LAPSING, ada)
        await self.superuser.execute(NOBODYS, ben)
        return ada, ben

    async def ends(self, names: Sequence[str], turns: Sequence[str]) -> tuple[Any, ...]:
        """What interleaving the sessions comes to for two new members, once whoever was passed over is swept too."""
        ada, ben = await self.two()
        await Schedule(self.superuser, self.sessions(ada, ben, names)).run(turns)
        if "expire" in names:
            await self.expire()
        found: list[Any] = []
        for member in (ada, ben):
            found.append([tuple(row) for row in await self.superuser.fetch(STATE, member)])
            found.append([tuple(row) for row in await self.superuser.fetch(LEFT, member)])
        return tuple(map(tuple, found))

    async def serial(self, names: Sequence[str]) -> set[tuple[Any, ...]]:
        """What the sessions come to one after the other, in every order."""
        return {
            await self.ends(names, [name for each in order for name in (each, each)])
            for order in itertools.permutations(names)
        }

    async def sound(self) -> None:
        found = {each.name: each.violations for each in await examine(self.superuser) if each.name not in WITHOUT_INBOX}
        assert {name: count for name, count in found.items() if count} == {}


@pytest.fixture
async def racing(database: Database, sweeping: Sweeping) -> AsyncIterator[Racing]:
    superuser = await asyncpg.connect(database.dsn())
    await superuser.execute(STOPS)
    clock = SetClock(BEFORE)
    async with AsyncExitStack() as stack:
        pools = {
            name: await stack.enter_async_context(
                postgres.opened(postgres.pool(PostgresSettings(dsn=database.dsn(role)), name))
            )
            for name, role in ROLES.items()
        }
        await superuser.execute(LEASES["ensure"], shards_of(WRITER))
        programmes = Programmes(pools["redeem"])
        await programmes.refresh()
        settings = RedemptionSettings.model_construct(
            hold=timedelta(minutes=15), grace=timedelta(days=30), seal_key=SecretStr(SEAL_KEY)
        )
        desk = Desk(pools["redeem"], programmes, clock, settings, RewardDesk.of(settings), lambda shards: None)
        lanes = {name: EarningLane(pools[name], clock) for name in ("earn", "transfer")}
        racing = Racing(superuser, sweeping, pools, clock, desk, lanes, itertools.count(1))
        await racing.two()
        await sweeping.overseer(RULES).look()
        await sweeping.overseer(RULES).look()
        await sweeping.sweep([sweeping.lane("first")], BOUNDARY)
        yield racing
    await superuser.close()


ROLES = {"earn": "earning", "transfer": "earning", "redeem": "redemption", "expire": "expiry"}


@pytest.mark.parametrize(
    "schedules",
    [
        pytest.param(
            [(pair, turns) for pair in AT_THE_BOUNDARY for turns in orderings(pair) if turns[0] != turns[1]],
            id="with-a-sweep",
        ),
        pytest.param(
            [(pair, turns) for pair in PAIRS for turns in orderings(pair)], id="pairs", marks=pytest.mark.slow
        ),
        pytest.param([(SESSIONS, turns) for turns in LONG], id="all-four", marks=pytest.mark.slow),
    ],
)
async def test_whatever_is_interleaved_ends_as_some_order_one_after_the_other(
    racing: Racing, schedules: Sequence[tuple[Sequence[str], Sequence[str]]]
) -> None:
    serial = {names: await racing.serial(names) for names in {names for names, _ in schedules}}
    assert len(serial[schedules[0][0]]) >= 1
    for names, turns in schedules:
        assert await racing.ends(names, turns) in serial[names], (names, turns)
    await racing.sound()


@pytest.mark.parametrize("rounds", [1, pytest.param(17, marks=pytest.mark.slow)])
async def test_of_a_redemption_and_a_sweep_at_the_boundary_whoever_is_first_wins(racing: Racing, rounds: int) -> None:
    """Points leave once: to the redemption or the hold that had the member before the sweep, else to the boundary."""
    for operation in ("redeem", "hold"):
        for _ in range(rounds):
            for turns in orderings(("spend", "expire")):
                ada, ben = await racing.two()
                work = racing.sessions(ada, ben, (operation, "expire"))
                renamed = {"redeem": work[operation], "expire": work["expire"]}
                first = "spend" if turns[0] == "spend" else "expire"
                await Schedule(racing.superuser, renamed).run(["redeem" if name == "spend" else name for name in turns])
                await racing.expire()
                moved = {row["target"]: row[4] for row in await racing.superuser.fetch(STATE, ada)}
                gone = {"redeem": "redeemed", "hold": "held"}[operation]
                spent = moved.get(gone, 0)
                assert spent == (40 if first == "spend" else 0), (operation, turns, moved)
                assert moved["expired"] == 50 - spent
    await racing.sound()
