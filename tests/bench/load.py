"""Receipts for the benchmark, as tills publish them: 3 lines, about 700 bytes of JSON, the same for the same seed.

Runs as a process of its own, so that making receipts is not measured: `python -m tests.bench.load` reads one `Order` a
line as JSON, produces what it says and answers with one line, `Produced`. Paced, it keeps to the intended times
whatever happens: receipt n is due at `start + n / rate`, and late ones are sent at once.
"""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import orjson
import uvloop
from aiokafka import AIOKafkaProducer

from tests.bench.population import PARTITIONS, TENANTS, cards, partition_hashes

_SKUS, _STORES, _TILLS, _SECONDS = 500, 200, 4, 3_600
_BATCH_BYTES = 64 * 1024
_IN_FLIGHT = 200
_TICK = 0.001

_RECEIPT = (
    b'{"specversion":"1.0","id":"%b","source":"%b","type":"org.pointstream.purchase.completed.v1",'
    b'"time":"%b","datacontenttype":"application/json","data":{"receipt_number":"%b",'
    b'"identifiers":[{"kind":"card","value":"%b"}],"store":"%d","till":"%d","channel":"store",'
    b'"payment":"debit_card","currency":"USD","total_minor":%d,"lines":[%b,%b,%b]}}'
)
_LINE = b'{"line":%d,"sku":"%b","category":"%b","brand":"%b","quantity":%d,"amount_minor":%d}'


@dataclass(frozen=True, slots=True)
class Order:
    """What to produce: receipts `first` to before `first + count` of `members` members, the last of them just before
    `until` (RFC 3339). `rate` a second from `start` (of the monotonic clock), or as fast as it goes without them."""

    bootstrap: str
    topic: str
    first: int
    count: int
    members: int
    until: str
    rate: float | None = None
    start: float | None = None


@dataclass(frozen=True, slots=True)
class Produced:
    """What was produced; `points` is what it must be worth under the benchmark's programmes, `late` the longest delay
    of a send after its intended time in seconds."""

    receipts: int
    points: int
    bytes: int
    seconds: float
    late: float = 0.0


def worth(total_minor: int) -> int:
    """Points for a receipt: 1.5 per 1.00, one more per 5.00, and ten, rounded down once."""
    return total_minor * 17 // 1_000 + 10


def receipt_id(number: int) -> bytes:
    """The id of receipt `number`; `number_of` reads it."""
    return b"%d-%d-%010d" % (number % _STORES + 1, number % _TILLS + 1, number)


def number_of(receipt: str) -> int:
    """The number of the receipt with this id."""
    return int(receipt.rpartition("-")[2])


class Receipts:
    """Makes receipts; `points` adds up what those made so far are worth."""

    def __init__(self, order: Order) -> None:
        chance = np.random.default_rng([20_260_711, order.first])
        self._members = chance.integers(0, order.members, order.count).tolist()
        self._choices = chance.integers(0, _SKUS * 3, (order.count, 3)).tolist()
        numbers = [card.encode() for card in cards(order.members)]
        self._cards = numbers
        self._keys = [b"card:" + number for number in numbers]
        self._partitions = (partition_hashes(self._keys) % PARTITIONS).tolist()
        self._lines, self._amounts = _catalogue()
        until = datetime.fromisoformat(order.until).astimezone(UTC)
        self._times = [
            (until - timedelta(seconds=second)).isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()
            for second in range(_SECONDS)
        ]
        self._first = order.first
        self.points = 0
        self.bytes = 0

    def make(self, index: int) -> tuple[int, bytes, bytes]:
        """Make the receipt at `index` of the order: its partition, key and value."""
        number, member = self._first + index, self._members[index]
        one, two, three = self._choices[index]
        total = self._amounts[one] + self._amounts[two] + self._amounts[three]
        store, till = number % _STORES + 1, number % _TILLS + 1
        name = receipt_id(number)
        source = b"%b/%d/%d" % (TENANTS[member % 2].source.encode(), store, till)
        value = _RECEIPT % (
            name, source, self._times[number % _SECONDS], name, self._cards[member], store, till, total,
            self._lines[0][one], self._lines[1][two], self._lines[2][three],
        )  # fmt: skip
        self.points += worth(total)
        self.bytes += len(value)
        return self._partitions[member], self._keys[member], value


def _catalogue() -> tuple[list[list[bytes]], list[int]]:
    """Lines by position and choice, and the amount of each choice: every SKU, bought once to three times."""
    chance = np.random.default_rng(20_260_712)
    prices = chance.integers(49, 2_999, _SKUS).tolist()
    goods = [(b"%013d" % (4_000_000_000_000 + n * 7), b"grocery/aisle-%d" % (n % 40), b"Brand %d" % (n % 90))
             for n in range(_SKUS)]  # fmt: skip
    choices = [(sku, quantity) for sku in range(_SKUS) for quantity in (1, 2, 3)]
    amounts = [prices[sku] * quantity for sku, quantity in choices]
    lines = [
        [_LINE % (at, *goods[sku], quantity, amount)
         for (sku, quantity), amount in zip(choices, amounts, strict=True)]
        for at in (1, 2, 3)
    ]  # fmt: skip
    return lines, amounts


async def produce_backlog(order: Order) -> Produced:
    """Produce as fast as it goes, in batches as large as a busy till server makes them."""
    receipts = Receipts(order)
    began = time.monotonic()
    producer = AIOKafkaProducer(bootstrap_servers=order.bootstrap, max_batch_size=_BATCH_BYTES, acks="all")
    await producer.start()
    try:
        builders = [producer.create_batch() for _ in range(PARTITIONS)]
        sent: list[asyncio.Future[object]] = []
        for index in range(order.count):
            part, key, value = receipts.make(index)
            if builders[part].append(timestamp=None, key=key, value=value) is None:
                sent.append(await producer.send_batch(builders[part], order.topic, partition=part))
                builders[part] = producer.create_batch()
                builders[part].append(timestamp=None, key=key, value=value)
                if len(sent) > _IN_FLIGHT:
                    await asyncio.gather(*sent)
                    sent.clear()
        for part, builder in enumerate(builders):
            if builder.record_count():
                sent.append(await producer.send_batch(builder, order.topic, partition=part))
        await asyncio.gather(*sent)
    finally:
        await producer.stop()
    return Produced(order.count, receipts.points, receipts.bytes, time.monotonic() - began)


async def produce_paced(order: Order) -> Produced:
    """Produce at the rate asked for, each receipt on its own."""
    assert order.rate is not None
    assert order.start is not None
    receipts = Receipts(order)
    made = [receipts.make(index) for index in range(order.count)]
    producer = AIOKafkaProducer(bootstrap_servers=order.bootstrap, acks="all", linger_ms=0)
    await producer.start()
    late, index = 0.0, 0
    try:
        await producer.partitions_for(order.topic)
        sent: list[asyncio.Future[object]] = []
        while index < order.count:
            now = time.monotonic()
            due = min(order.count, int((now - order.start) * order.rate) + 1) if now >= order.start else 0
            if index < due:
                late = max(late, now - (order.start + index / order.rate))
            for part, key, value in made[index:due]:
                sent.append(await producer.send(order.topic, value, key=key, partition=part))
            index = max(index, due)
            await asyncio.sleep(_TICK)
        await asyncio.gather(*sent)
    finally:
        await producer.stop()
    return Produced(order.count, receipts.points, receipts.bytes, time.monotonic() - order.start, late)


def main() -> int:
    """Produce what the orders say until there are no more."""
    for line in sys.stdin:
        order = Order(**orjson.loads(line))
        produced = uvloop.run(produce_backlog(order) if order.rate is None else produce_paced(order))
        sys.stdout.write(orjson.dumps(asdict(produced)).decode() + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
