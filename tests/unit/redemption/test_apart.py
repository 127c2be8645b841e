"""Requests that are served alone wait for those about the same, and for no others."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest

from libs.contracts.redemption import Answer, Ask
from services.redemption.apart import Apart


class Doors:
    """Serves a request once its key's door is open; knows who is in."""

    def __init__(self) -> None:
        self.inside: list[bytes] = []
        self.doors: dict[bytes, asyncio.Event] = {}
        self.entered = asyncio.Event()

    async def serve(self, ask: Ask) -> Answer:
        self.inside.append(ask.key)
        self.entered.set()
        await self.doors.setdefault(ask.key, asyncio.Event()).wait()
        self.inside.remove(ask.key)
        if ask.key == b"broken":
            raise ValueError(ask.key)
        return Answer(detail=ask.key.decode())

    def open(self, key: bytes) -> None:
        self.doors.setdefault(key, asyncio.Event()).set()

    async def someone(self, many: int) -> None:
        while len(self.inside) < many:
            self.entered.clear()
            await self.entered.wait()


def ask(member: UUID, key: bytes) -> Ask:
    return Ask("redeem", 1, "till", key=key, programme_id=1, member_id=member)


async def test_those_about_the_same_are_served_in_order_and_others_beside_them() -> None:
    doors, one, two = Doors(), uuid4(), uuid4()
    apart = Apart(doors.serve, 2)
    asked = [asyncio.create_task(apart.serve(ask(one, key))) for key in (b"1", b"2", b"broken", b"3")]
    await doors.someone(1)
    asked.append(asyncio.create_task(apart.serve(ask(two, b"other"))))
    await doors.someone(2)
    assert sorted(doors.inside) == [b"1", b"other"]
    assert apart.awaits(ask(one, b"again"))
    asked.append(asyncio.create_task(apart.serve(ask(uuid4(), b"third"))))
    for key in (b"3", b"broken", b"third", b"2", b"other", b"1"):
        doors.open(key)
    served = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 60)
    told = [each.detail if isinstance(each, Answer) else type(each) for each in served]
    assert told == ["1", "2", ValueError, "3", "other", "third"]
    assert not apart.awaits(ask(one, b"again"))


async def test_no_more_are_served_at_once_than_there_is_room_for() -> None:
    doors = Doors()
    apart = Apart(doors.serve, 3)
    keys = [b"%d" % number for number in range(7)]
    asked = [asyncio.create_task(apart.serve(ask(uuid4(), key))) for key in keys]
    await doors.someone(3)
    assert len(doors.inside) == 3
    for key in keys:
        doors.open(key)
    served = await asyncio.wait_for(asyncio.gather(*asked), 60)
    assert [each.detail for each in served] == [key.decode() for key in keys]


async def test_whoever_goes_away_leaves_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    doors, one = Doors(), uuid4()
    apart = Apart(doors.serve, 3)
    first = asyncio.create_task(apart.serve(ask(one, b"1")))
    await doors.someone(1)
    monkeypatch.setattr("services.redemption.apart._PATIENCE", 0.0)
    with pytest.raises(TimeoutError):
        await apart.serve(ask(one, b"2"))
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert not apart.awaits(ask(one, b"3"))
    doors.open(b"3")
    assert (await asyncio.wait_for(apart.serve(ask(one, b"3")), 60)).detail == "3"
