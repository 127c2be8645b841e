"""quixstreams with state: RocksDB beside every process, its changes in changelog topics, at least once (its default).

Everything is as it comes but the time that a frozen process is waited for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from quixstreams import Application, State
from quixstreams.models import TopicConfig

from tests.bench.peers.order import PeerOrder, read_order
from tests.bench.peers.rules import Teller

_PARTITIONS = 12


class _Kept:
    """The state as the rules want it."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.get = state.get

    def put(self, key: str, value: Any) -> None:
        self._state.set(key, value)


def run(order: PeerOrder) -> None:
    """Run until a signal ends it."""
    frozen = order.session_seconds * 1000
    app = Application(
        order.bootstrap,
        consumer_group=order.group,
        auto_offset_reset="earliest",
        state_dir=Path(order.folder) / f"state-{order.number}",
        consumer_extra_config={"session.timeout.ms": frozen, "max.poll.interval.ms": frozen},
        broker_availability_timeout=0,
        loglevel="WARNING",
    )
    teller = Teller(order.documents)

    def apply(value: bytes, state: State) -> bytes:
        return orjson.dumps(teller.apply(orjson.loads(value), _Kept(state)))

    config = TopicConfig(num_partitions=_PARTITIONS, replication_factor=1)
    read = app.topic(order.topic, key_deserializer="bytes", value_deserializer="bytes")
    told = app.topic(order.told, key_serializer="bytes", value_serializer="bytes", config=config)
    app.dataframe(read).apply(apply, stateful=True).to_topic(told)
    app.run()


if __name__ == "__main__":
    run(read_order())
