"""Produces records for the benchmark, and keeps account of what they are worth.

Runs as a process of its own, so that making records is not measured: `python -m tests.bench.load` reads one `Order` a
line as JSON, produces what it says and answers with one line, `Produced`. Paced, it keeps to the intended times
whatever happens: record n is due at `start + n / rate`, and late ones are sent at once. A line `{"balances": FILE}`
has it write what every member must have by now, as a NumPy array by member number, and answers with their sum.
"""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import orjson
import uvloop
from aiokafka import AIOKafkaProducer
from numpy.typing import NDArray

from tests.bench.mixes import Maker, Mix, maker
from tests.bench.population import PARTITIONS
from tests.bench.receipts import Made, Receipts

_BATCH_BYTES = 64 * 1024
_IN_FLIGHT = 200
_TICK = 0.001


@dataclass(frozen=True, slots=True)
class Order:
    """What to produce: records `first` to before `first + count` of a mix, for `members` members, the last of them just
    before `until` (RFC 3339). `rate` a second from `start` (of the monotonic clock), or as fast as it goes without
    them."""

    bootstrap: str
    topic: str
    first: int
    count: int
    members: int
    until: str
    rate: float | None = None
    start: float | None = None
    mix: Mix = "plain"

    def maker(self) -> Maker:
        """What makes these records."""
        return maker(self.mix, Receipts(self.first, self.count, self.members, self.until))


@dataclass(slots=True)
class Produced:
    """What was produced, and what the platform must make of it.

    Purchases open lots of `credited` points together, returns take `reversed` points back, repeats do nothing; all
    make `movements` in the ledger and `events` on `loyalty.points`. `seconds` is how long it took, `late` the longest
    delay of a send after its intended time.
    """

    records: int = 0
    purchases: int = 0
    repeats: int = 0
    credited: int = 0
    reversed: int = 0
    movements: int = 0
    events: int = 0
    bytes: int = 0
    seconds: float = 0.0
    late: float = 0.0

    @property
    def points(self) -> int:
        """What the members have of it in the end."""
        return self.credited - self.reversed

    def count(self, made: Made) -> None:
        """Count a record."""
        self.records += 1
        self.purchases += made.credited > 0 and not made.repeat
        self.repeats += made.repeat
        self.credited += made.credited
        self.reversed += made.reversed
        self.movements += made.movements
        self.events += made.events
        self.bytes += len(made.value)

    def add(self, other: Produced) -> None:
        """Count what was produced elsewhere."""
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)


@dataclass(slots=True)
class Account:
    """What every member must have by now, by number."""

    points: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def reach(self, members: int) -> None:
        """Have room for so many members."""
        if len(self.points) < members:
            self.points = np.concatenate([self.points, np.zeros(members - len(self.points), np.int64)])

    def count(self, made: Made) -> None:
        """Count a record."""
        self.points[made.member] += made.credited - made.reversed


async def produce_backlog(order: Order, account: Account) -> Produced:
    """Produce as fast as it goes, in batches as large as a busy till server makes them."""
    records, produced = order.maker(), Produced()
    began = time.monotonic()
    producer = AIOKafkaProducer(bootstrap_servers=order.bootstrap, max_batch_size=_BATCH_BYTES, acks="all")
    await producer.start()
    try:
        builders = [producer.create_batch() for _ in range(PARTITIONS)]
        sent: list[asyncio.Future[object]] = []
        for index in range(order.count):
            made = records.make(index)
            produced.count(made)
            account.count(made)
            part = made.part
            if builders[part].append(timestamp=None, key=made.key, value=made.value) is None:
                sent.append(await producer.send_batch(builders[part], order.topic, partition=part))
                builders[part] = producer.create_batch()
                builders[part].append(timestamp=None, key=made.key, value=made.value)
                if len(sent) > _IN_FLIGHT:
                    await asyncio.gather(*sent)
                    sent.clear()
        for part, builder in enumerate(builders):
            if builder.record_count():
                sent.append(await producer.send_batch(builder, order.topic, partition=part))
        await asyncio.gather(*sent)
    finally:
        await producer.stop()
    produced.seconds = time.monotonic() - began
    return produced


async def produce_paced(order: Order, account: Account) -> Produced:
    """Produce at the rate asked for, each record on its own."""
    assert order.rate is not None
    assert order.start is not None
    records, produced = order.maker(), Produced()
    made = [records.make(index) for index in range(order.count)]
    for each in made:
        produced.count(each)
        account.count(each)
    producer = AIOKafkaProducer(bootstrap_servers=order.bootstrap, acks="all", linger_ms=0)
    await producer.start()
    index = 0
    try:
        await producer.partitions_for(order.topic)
        sent: list[asyncio.Future[object]] = []
        while index < order.count:
            now = time.monotonic()
            due = min(order.count, int((now - order.start) * order.rate) + 1) if now >= order.start else 0
            if index < due:
                produced.late = max(produced.late, now - (order.start + index / order.rate))
            for each in made[index:due]:
                sent.append(await producer.send(order.topic, each.value, key=each.key, partition=each.part))
            index = max(index, due)
            await asyncio.sleep(_TICK)
        await asyncio.gather(*sent)
    finally:
        await producer.stop()
    produced.seconds = time.monotonic() - order.start
    return produced


def _answer(question: dict[str, Any], account: Account) -> object:
    if "balances" in question:
        np.save(question["balances"], account.points, allow_pickle=False)
        return int(account.points.sum())
    order = Order(**question)
    account.reach(order.members)
    return asdict(uvloop.run((produce_backlog if order.rate is None else produce_paced)(order, account)))


def main() -> int:
    """Produce what the orders say until there are no more."""
    account = Account()
    for line in sys.stdin:
        sys.stdout.write(orjson.dumps(_answer(orjson.loads(line), account)).decode() + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
