"""When credits arrive at a downstream consumer: a process of its own that reads `loyalty.points` from its end.

`python -m tests.bench.listen` reads a `Listening` as a line of JSON, answers `"ready"` when it stands at the end of the
topic, and then with one list: for each record the reading of the monotonic clock (which all processes of a machine
share) at which its `points.credited` was in the consumer's hands, null for those that did not come in time and for
those that are no purchases.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

import orjson
import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition

from tests.bench.mixes import Mix, is_purchase
from tests.bench.population import PARTITIONS
from tests.bench.receipts import number_of

_CREDITED = b'"org.pointstream.points.credited.v1"'


@dataclass(frozen=True, slots=True)
class Listening:
    """Records `first` to before `first + count` of a mix on `topic`, for `seconds` at most."""

    bootstrap: str
    topic: str
    first: int
    count: int
    seconds: float
    mix: Mix = "plain"


async def listen(listening: Listening) -> list[float | None]:
    """Read until every purchase's credit has come, or the time is over."""
    heard: list[float | None] = [None] * listening.count
    left = sum(is_purchase(listening.mix, index) for index in range(listening.count))
    consumer = AIOKafkaConsumer(
        bootstrap_servers=listening.bootstrap, enable_auto_commit=False, max_partition_fetch_bytes=1024 * 1024
    )
    await consumer.start()
    try:
        partitions = [TopicPartition(listening.topic, part) for part in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.seek_to_end(*partitions)
        for partition in partitions:
            await consumer.position(partition)
        _say("ready")
        deadline = time.monotonic() + listening.seconds
        while left and time.monotonic() < deadline:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    if _CREDITED not in record.value:
                        continue
                    at = number_of(orjson.loads(record.value)["data"]["receipt_id"]) - listening.first
                    if 0 <= at < listening.count and heard[at] is None:
                        heard[at] = time.monotonic()
                        left -= 1
    finally:
        await consumer.stop()
    return heard


def _say(what: object) -> None:
    sys.stdout.write(orjson.dumps(what).decode() + "\n")
    sys.stdout.flush()


def main() -> int:
    """Listen to what each line asks for."""
    for line in sys.stdin:
        _say(uvloop.run(listen(Listening(**orjson.loads(line)))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
