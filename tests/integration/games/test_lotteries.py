"""Lotteries and wheels in a real database: nothing is oversold, and what is drawn follows from what was promised."""

from __future__ import annotations

import asyncio
from collections import Counter
from hashlib import sha256
from typing import Any

from libs.games.postgres import load_games, load_record
from libs.games.record import faults
from services.redemption.games import granted
from services.redemption.gifts import gift_of
from services.redemption.heard import kind_of
from tests.integration.codes.desks import SCOPE
from tests.integration.games.conftest import CLOSES, Table

LOTTERY = {
    "kind": "lottery", "ticket": 10, "per_member": 5, "substitutes": 1,
    "prizes": [{"name": "car", "reward": "car"}, {"name": "bonus", "pieces": 2, "points": 500, "badge": "lucky"}],
}  # fmt: skip

MERGE = """
INSERT INTO members.merge (tenant_id, programme_id, member_id, number, survivor_id, leads_to, passed, debts,
                           identifiers, counters, cause, merged_at)
VALUES ($1, $2, $3, 1, $4, $4, '[]', '{}', '{}', '{}', gen_random_uuid(), $5)
"""


def gift(
    kind: str, member: Any, reference: str, quantity: int = 1, *, name: str = "e1", revoked: bool = False
) -> bytes:
    verb = "revoked" if revoked else "granted"
    return (
        f'{{"id":"{name}","source":"/pointstream/earning","type":"org.pointstream.reward.{verb}.v1","tenant":"acme",'
        f'"programme":"main","data":{{"member_id":"{member}","kind":"{kind}","reference":"{reference}",'
        f'"quantity":{quantity},"campaign":"spring","cause_source":"/acme/pos","cause_id":"r1"}}}}'
    ).encode()


async def hear(table: Table, value: bytes) -> None:
    told = gift_of(kind_of(value) or "", value)
    assert told is not None
    await granted.take(table.desk, told, asyncio.Event())


async def test_tickets_are_bought_granted_and_drawn(table: Table) -> None:
    people = [await table.member(100) for _ in range(4)]
    opened = await table.open("summer", **LOTTERY)
    assert len(opened["commitment"]) == 64
    assert (opened["state"], opened["seed"]) == ("open", None)
    assert (await table.ask("put", "summer", "again", document={})).refused == "game-invalid"
    changed = await table.ask("put", "summer", "later", document={**opened["document"], "ticket": 1})
    assert changed.refused == "game-open", "what is open says what it said"

    told = await asyncio.gather(
        *(table.ask("buy", "summer", f"{who}/{at}", member_id=who, quantity=2) for who in people for at in range(4))
    )
    assert Counter(each.refused for each in told) == {None: 8, "tickets-exceeded": 8}
    again = await table.done("buy", "summer", f"{people[0]}/{next(at for at in range(4) if told[at].refused is None)}",
                             member_id=people[0], quantity=2)  # fmt: skip
    assert (again["count"], again["points"]) == (2, 20)
    assert [await table.free(who) for who in people] == [60] * 4

    lucky = await table.member()
    poor = await table.ask("buy", "summer", "poor", member_id=lucky)
    assert poor.refused == "insufficient-points"
    for value in (gift("lottery_ticket", lucky, "summer", 3), gift("lottery_ticket", lucky, "summer", 3),
                  gift("lottery_ticket", lucky, "summer", name="e2", revoked=True),
                  gift("lottery_ticket", lucky, "nowhere", name="e3")):  # fmt: skip
        await hear(table, value)
    kept = await table.desks.operator.fetchrow("SELECT count, voided FROM redemption.game_ticket WHERE points = 0")
    assert tuple(kept) == (3, 1)

    assert (await table.ask("end", "summer", "early")).refused == "game-not-over"
    assert await table.desk.end_due(10) == 0
    table.desks.clock.instant = CLOSES
    assert (await table.ask("buy", "summer", "late", member_id=people[0])).refused == "game-not-open"
    assert await table.desk.end_due(10) == 1
    assert await table.desk.end_due(10) == 0
    ended = await table.done("end", "summer", "once more")
    assert sha256(bytes.fromhex(ended["seed"])).hexdigest() == opened["commitment"]
    wins = await table.desks.operator.fetch("SELECT * FROM redemption.game_win ORDER BY place")
    assert [win["prize"] for win in wins] == ["car", "bonus", "bonus", None]
    assert len({win["member_id"] for win in wins}) == 4
    told_of = await table.desks.told()
    kinds = Counter(event["type"].removeprefix("org.pointstream.") for event in told_of)
    assert (kinds["prize.won.v1"], kinds["reward.granted.v1"], kinds["adjustment.requested.v1"]) == (3, 3, 2)
    assert (kinds["ticket.issued.v1"], kinds["game.opened.v1"], kinds["game.ended.v1"]) == (9, 1, 1)
    asked = [event for event in told_of if event["type"].endswith("adjustment.requested.v1")]
    assert {event["source"] for event in asked} == {"/pointstream/acme/main/games"}
    assert len({event["id"] for event in asked}) == 2
    await table.sound()


async def test_a_wheel_gives_away_what_there_is_and_no_more(table: Table) -> None:
    people = [await table.member(40) for _ in range(6)]
    sectors = [
        {"name": "cup", "weight": 9, "pieces": 3, "points": 50},
        {"name": "none", "weight": 1, "nothing": True},
    ]
    await table.open("fortune", kind="wheel", spin=20, per_day=2, sectors=sectors)
    told = await asyncio.gather(
        *(table.ask("spin", "fortune", f"{who}/{at}", member_id=who, word="hi") for who in people for at in range(3))
    )
    assert Counter(each.refused for each in told) == {None: 12, "spins-exceeded": 6}
    spins = await table.desks.operator.fetch("SELECT number, sector FROM redemption.game_spin ORDER BY number")
    assert [spin["number"] for spin in spins] == list(range(1, 13))
    assert Counter(spin["sector"] for spin in spins) == {"cup": 3, "none": 9}
    assert [await table.free(who) for who in people] == [0] * 6

    await hear(table, gift("lottery_ticket", people[0], "fortune"))
    free = await table.done("spin", "fortune", "free", member_id=people[0])
    assert (free["points"], free["number"], free["prize"]) == (0, 13, None)
    assert (await table.done("spin", "fortune", "free", member_id=people[0])) == free
    assert (await table.ask("buy", "fortune", "x", member_id=people[0])).refused == "no-tickets-sold"
    ended = await table.done("end", "fortune")
    assert (ended["state"], ended["left"]) == ("ended", {"cup": 0})
    assert (await table.ask("spin", "fortune", "over", member_id=people[0])).refused == "spins-exceeded"
    await table.sound()


async def test_badges_rise_by_levels_and_are_taken_back(table: Table) -> None:
    who = await table.member()
    levels = [{"name": "bronze", "times": 1}, {"name": "silver", "times": 3}]
    await table.done("put_badge", "barista", document={"texts": {"en": {"title": "Barista"}}, "levels": levels})
    for name in ("a", "b", "b"):
        await hear(table, gift("badge", who, "barista", name=name))
    given = await table.done("give_badge", "barista", "by hand", member_id=who)
    assert (given["total"], given["level"]) == (3, "silver")
    await hear(table, gift("badge", who, "barista", 1, name="c", revoked=True))
    await hear(table, gift("badge", who, "barista", 1, name="c", revoked=True))
    await hear(table, gift("badge", who, "barista", 5, name="d", revoked=True))
    again = await table.done("give_badge", "barista", "once more", member_id=who)
    assert (again["total"], again["level"]) == (2, "bronze")
    told = [event["data"] for event in await table.desks.told() if event["type"].endswith("badge.awarded.v1")]
    assert [(each["total"], each.get("level")) for each in told] == [
        (1, "bronze"), (2, "bronze"), (3, "silver"), (2, "bronze")
    ]  # fmt: skip
    assert (await table.ask("put_badge", "bad", document={"levels": []})).refused == "game-invalid"


async def test_limits_of_a_player_count_what_a_merged_one_did(table: Table) -> None:
    one, other = await table.member(100), await table.member(100)
    await table.open("summer", **LOTTERY)
    sectors = [{"name": name, "weight": 1, "nothing": True} for name in ("none", "nothing")]
    await table.open("fortune", kind="wheel", spin=1, per_day=2, sectors=sectors)
    await table.done("buy", "summer", "one", member_id=one, quantity=4)
    await table.done("spin", "fortune", "one", member_id=one)
    await table.desks.operator.execute(MERGE, *SCOPE, one, other, table.desks.clock.instant)
    assert (await table.ask("buy", "summer", "two", member_id=other, quantity=2)).refused == "tickets-exceeded"
    assert (await table.done("buy", "summer", "single", member_id=other, quantity=1))["count"] == 1
    await table.done("spin", "fortune", "two", member_id=other)
    assert (await table.ask("spin", "fortune", "three", member_id=other)).refused == "spins-exceeded"
    await table.desks.operator.execute("UPDATE members.merge SET undone_at = merged_at, undone_by = cause")
    await table.done("buy", "summer", "parted", member_id=other, quantity=4)
    await table.done("spin", "fortune", "parted", member_id=other)


async def test_what_a_campaign_gave_a_merged_member_is_taken_back_of_whom_they_are_now(table: Table) -> None:
    """A purchase is returned after its member was merged: what it brought goes, whichever of the two ids is told."""
    one, other = await table.member(), await table.member()
    await table.open("summer", **LOTTERY)
    sectors = [{"name": name, "weight": 1, "nothing": True} for name in ("none", "nothing")]
    await table.open("fortune", kind="wheel", spin=1, sectors=sectors)
    for number, game in enumerate(("summer", "summer", "fortune")):
        await hear(table, gift("lottery_ticket", one, game, 2, name=f"e{number}"))
    for number in (1, 2):
        await hear(table, gift("badge", one, "barista", name=f"b{number}"))
    connection = table.desks.operator
    await connection.execute(MERGE, *SCOPE, one, other, table.desks.clock.instant)
    assert (await table.done("spin", "fortune", "free", member_id=other))["points"] == 0
    for number, who in enumerate((one, other)):
        await hear(table, gift("lottery_ticket", who, "summer", 2, name=f"r{number}", revoked=True))
        await hear(table, gift("badge", who, "barista", name=f"t{number}", revoked=True))
    assert await connection.fetchval("SELECT sum(voided)::int FROM redemption.game_ticket") == 4
    assert await connection.fetchval("SELECT sum(taken_back)::int FROM redemption.badge_award") == 2
    await table.sound()


async def test_members_who_are_one_when_it_is_drawn_win_once(table: Table) -> None:
    """Of two people with tickets of three ids one ticket each wins, and the record is drawn again as it was told."""
    one, other, third = [await table.member(100) for _ in range(3)]
    await table.open("summer", kind="lottery", ticket=10, once=True, prizes=[{"name": "cup", "pieces": 3, "points": 5}])
    for who in (one, other, third):
        await table.done("buy", "summer", str(who), member_id=who, quantity=3)
    connection = table.desks.operator
    await connection.execute(MERGE, *SCOPE, one, other, table.desks.clock.instant)
    table.desks.clock.instant = CLOSES
    assert await table.desk.end_due(10) == 1
    wins = await connection.fetch("SELECT member_id FROM redemption.game_win")
    assert sorted(win["member_id"] for win in wins) == sorted([other, third])
    told = [event["data"]["member_id"] for event in await table.desks.told() if event["type"].endswith("prize.won.v1")]
    assert sorted(told) == sorted([str(other), str(third)])
    await connection.execute("UPDATE members.merge SET undone_at = merged_at, undone_by = cause")
    (game,) = await load_games(connection, SCOPE[0], None, "summer")
    record = await load_record(connection, SCOPE[0], "acme", game)
    assert record is not None
    assert faults(record) == []
    assert {(each.first, each.count) for each in record.entries} == {(1, 3), (4, 3), (7, 3)}
    await table.sound()
