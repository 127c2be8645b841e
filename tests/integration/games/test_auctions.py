"""Auctions in a real database: the best bid is held, who is outbid has the points back, and the best who can pays."""

from __future__ import annotations

import asyncio
import base64
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

from libs.contracts.redemption import Ask
from libs.runtime.seal import Seal
from services.redemption.deciding import Patience
from services.redemption.handlers import Desk
from services.redemption.reward_desk import RewardDesk
from tests.integration.codes.desks import SCOPE, SEAL
from tests.integration.games.conftest import CLOSES, Table
from tests.support.stack import until

AUCTION: dict[str, Any] = {
    "kind": "auction", "start": 50, "step": 5, "extension_minutes": 5, "prize": {"reward": "helmet"}
}  # fmt: skip
WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND usename = 'pointstream_redemption' AND wait_event_type = 'Lock'
"""

BLOCKS = """
INSERT INTO members.block (tenant_id, programme_id, member_id, number, reason, blocked_at, blocked_by)
VALUES ($1, $2, $3, 1, 'looks odd', $4, 'eva')
"""


async def waits(table: Table, many: int) -> None:
    """Until so many transactions of redemption wait for a lock."""

    async def there() -> bool:
        return bool(await table.desks.tools.pool.fetchval(WAITING) == many)

    await until(there, f"{many} wait")


def counter(table: Table) -> Desk:
    """Where points are asked for that no game is about."""
    tools, patience = table.desks.tools, Patience(timedelta(minutes=15), timedelta(days=30))
    rewards = RewardDesk(patience, Seal.from_base64(SEAL), base64.b64decode(SEAL), tools.keeper)
    return Desk(tools.pool, tools.programmes, tools.clock, tools.settings, rewards, lambda _: None)


async def test_bids_at_once_are_taken_one_after_the_other(table: Table) -> None:
    people = [await table.member(100) for _ in range(5)]
    await table.open("helmet", **AUCTION)
    assert (await table.ask("bid", "helmet", "low", member_id=people[0], points=49)).refused == "bid-too-low"
    told = await asyncio.gather(
        *(
            table.ask("bid", "helmet", f"{who}/{points}", member_id=who, points=points)
            for points in (60, 60, 80, 95, 70)
            for who in people[:4]
        )
    )
    assert set(Counter(each.refused for each in told)) <= {None, "bid-too-low"}
    taken = await table.desks.operator.fetch("SELECT member_id, points, state FROM redemption.game_bid ORDER BY points")
    assert [row["points"] for row in taken] == sorted({row["points"] for row in taken}), "each is above the one before"
    assert taken[-1]["points"] == 95
    assert [row["state"] for row in taken] == ["outbid"] * (len(taken) - 1) + ["best"]
    frees = Counter([await table.free(who) for who in people])
    assert frees == {100: 4, 5: 1}, "only the best bid is held"
    more = await table.ask("bid", "helmet", "more", member_id=people[4], points=101)
    assert more.refused == "insufficient-points"
    assert frees == Counter([await table.free(who) for who in people]), "who can't pay outbids nobody"
    await table.sound()


async def test_whoever_waits_for_a_bid_is_judged_by_it(table: Table) -> None:
    """Two bids meet: the second waits for the first, which is held open by force, and sees what it made."""
    one, other = await table.member(100), await table.member(100)
    await table.open("helmet", **AUCTION)
    async with table.desks.operator.transaction():
        await table.desks.operator.execute("SELECT FROM ledger.member WHERE member_id = $1 FOR UPDATE", one)
        first = asyncio.create_task(table.ask("bid", "helmet", "a", member_id=one, points=60))
        await waits(table, 1)
        second = asyncio.create_task(table.ask("bid", "helmet", "b", member_id=other, points=62))
        await waits(table, 2)
    answers = await asyncio.gather(first, second)
    assert [each.refused for each in answers] == [None, "bid-too-low"]
    third = await table.done("bid", "helmet", "c", member_id=other, points=65)
    assert (third["state"], third["least"]) == ("best", 70)
    assert [await table.free(one), await table.free(other)] == [100, 35]


async def test_a_late_bid_moves_the_end_and_the_winner_pays(table: Table) -> None:
    one, other = await table.member(100), await table.member(100)
    await table.open("helmet", **AUCTION)
    early = await table.done("bid", "helmet", "a", member_id=one, points=50)
    table.desks.clock.instant = CLOSES - timedelta(minutes=1)
    late = await table.done("bid", "helmet", "b", member_id=other, points=60)
    assert early["closes_at"] < late["closes_at"]
    table.desks.clock.instant = CLOSES + timedelta(minutes=3)
    assert await table.desk.end_due(9) == 0, "it goes on"
    table.desks.clock.instant = CLOSES + timedelta(minutes=4)
    ended, last = await asyncio.gather(table.desk.end_due(9), table.ask("bid", "helmet", "c", member_id=one, points=70))
    assert (ended, last.refused) == (1, "auction-not-open")
    assert [await table.free(one), await table.free(other)] == [100, 40]
    (win,) = await table.desks.operator.fetch("SELECT * FROM redemption.game_win")
    assert (win["member_id"], str(win["redemption_id"])) == (other, late["bid_id"])
    kinds = Counter(event["type"].removeprefix("org.pointstream.") for event in await table.desks.told())
    assert {kind: kinds[kind] for kind in ("bid.placed.v1", "bid.outbid.v1", "prize.won.v1", "reward.granted.v1")} == {
        "bid.placed.v1": 2, "bid.outbid.v1": 1, "prize.won.v1": 1, "reward.granted.v1": 1
    }  # fmt: skip
    await table.sound()


async def test_where_the_best_bid_holds_nothing_the_next_one_wins(table: Table) -> None:
    one, other, poor = await table.member(100), await table.member(100), await table.member(55)
    await table.open("helmet", **AUCTION)
    await table.done("bid", "helmet", "a", member_id=poor, points=50)
    await table.done("bid", "helmet", "b", member_id=one, points=60)
    best = await table.done("bid", "helmet", "c", member_id=other, points=70)
    desk = counter(table)
    mine = UUID(best["bid_id"])
    keyed: dict[str, Any] = {"key": b"k" * 32, "fingerprint": b"f" * 32}
    refused = await desk.serve(Ask("release", SCOPE[0], "app", **keyed, redemption_id=mine))
    assert refused.refused == "redemption-of-game"
    table.desks.clock.instant = CLOSES + timedelta(days=8)
    assert await desk.release_expired() == 1, "nobody was there to end it"
    spent = await desk.serve(Ask("redeem", SCOPE[0], "app", **keyed, programme_id=SCOPE[1], member_id=other, points=40))
    assert spent.refused is None
    assert await table.desk.end_due(9) == 1
    states = await table.desks.operator.fetch("SELECT points, state FROM redemption.game_bid ORDER BY points")
    assert [tuple(row) for row in states] == [(50, "outbid"), (60, "won"), (70, "lost")]
    assert [await table.free(who) for who in (one, other, poor)] == [40, 60, 55]
    await table.sound()


async def test_whoever_was_blocked_since_pays_with_what_is_held_alone(table: Table) -> None:
    """Blocked members begin nothing new: where nothing is held for their bid, they are passed over."""
    third, second, best, alone = [await table.member(100) for _ in range(4)]
    await table.open("cap", **AUCTION)
    await table.open("helmet", **AUCTION)
    await table.done("bid", "cap", "alone", member_id=alone, points=50)
    for who, points in ((third, 50), (second, 60), (best, 70)):
        await table.done("bid", "helmet", str(points), member_id=who, points=points)
    for who in (second, best, alone):
        await table.desks.operator.execute(BLOCKS, *SCOPE, who, table.desks.clock.instant)
    await table.desks.tools.programmes.refresh()
    table.desks.clock.instant = CLOSES
    await table.done("end", "cap")
    assert await table.free(alone) == 50, "who bid before pays, blocked or not"

    table.desks.clock.instant = CLOSES + timedelta(days=8)
    assert await counter(table).release_expired() == 1, "nobody was there to end it"
    await table.done("end", "helmet")
    states = await table.desks.operator.fetch("SELECT points, state FROM redemption.game_bid ORDER BY points, state")
    assert [tuple(row) for row in states] == [(50, "won"), (50, "won"), (60, "outbid"), (70, "lost")]
    assert [await table.free(who) for who in (third, second, best)] == [50, 100, 100]
    await table.sound()
