"""What others tell of rewards is acted on once it is ours to do, and said to be done only when it is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from aiokafka import AIOKafkaConsumer, TopicPartition

from services.redemption.listening import Listening

PART = TopicPartition("loyalty.rewards", 3)
OURS, OTHER = "org.pointstream.reward.granted.v1", "org.pointstream.reward.redeemed.v1"


@dataclass
class Told:
    """A record as a consumer gives it."""

    offset: int
    value: bytes
    headers: Sequence[tuple[str, bytes]] = ()
    partition: int = PART.partition


def told(offset: int, kind: str, *, header: bool = True) -> Told:
    value = b'{"type":"%s","id":"%d"}' % (kind.encode(), offset)
    return Told(offset, value, [("ce_type", kind.encode())] if header else [])


@dataclass
class Consumer:
    """Gives pieces of records, and stops whoever reads them when there are no more."""

    pieces: list[list[Told]]
    stopping: asyncio.Event
    committed: list[int] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    async def start(self) -> None:
        self.steps.append("start")

    def subscribe(self, topics: Sequence[str]) -> None:
        self.steps.append(f"subscribe {' '.join(topics)}")

    async def getmany(self, **_: Any) -> Mapping[TopicPartition, list[Told]]:
        if not self.pieces:
            self.stopping.set()
            return {}
        return {PART: self.pieces.pop(0)}

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        self.committed.append(offsets[PART])

    async def stop(self) -> None:
        self.steps.append("stop")


async def heard(pieces: list[list[Told]], act: Any = None) -> tuple[list[bytes], Consumer]:
    """What was acted on, and what the consumer was asked to do."""
    stopping, seen = asyncio.Event(), list[bytes]()
    consumer = Consumer(pieces, stopping)

    async def note(kind: str, value: bytes) -> None:
        assert kind == OURS
        seen.append(value)
        if act is not None:
            act(value, stopping)

    listening = Listening(lambda: cast("AIOKafkaConsumer", consumer), PART.topic, [OURS], note, stopping)
    await listening.run()
    return seen, consumer


async def test_only_what_is_asked_of_us_is_opened() -> None:
    ours, bare = told(7, OURS), told(9, OURS, header=False)
    broken = Told(6, b"no event at all", [("ce_type", OTHER.encode())])
    nothing, noise = Told(10, b""), Told(11, b"no event either")
    seen, consumer = await heard(
        [[broken, ours, told(8, OTHER)], [bare, told(12, OTHER, header=False), nothing, noise]]
    )
    assert seen == [ours.value, bare.value]
    assert consumer.committed == [9, 12], "behind what is done, whatever it was"
    assert consumer.steps == ["start", "subscribe loyalty.rewards", "stop"]


async def test_what_is_left_when_we_stop_comes_again() -> None:
    first, second = told(1, OURS), told(2, OURS)
    seen, consumer = await heard([[first, second]], lambda value, stopping: stopping.set())
    assert (seen, consumer.committed) == ([first.value], [])


async def test_one_that_nobody_can_take_keeps_no_other_from_going_on() -> None:
    def fails(value: bytes, _: asyncio.Event) -> None:
        if b'"1"' in value:
            raise LookupError("a mistake of ours")

    seen, consumer = await heard([[told(1, OURS), told(2, OURS)]], fails)
    assert (len(seen), consumer.committed) == (2, [3])
