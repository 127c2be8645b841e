"""The platform and its peers over the same records, in turns, within the same minutes.

Everybody reads `loyalty.purchases` in a group of their own, with as many processes. While one drains a backlog all
others are frozen; then the next one drains the same backlog. A peer is done when it has told of every record on a topic
of its own. In the end its balances must be what the generator has reckoned.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import orjson
from aiokafka import AIOKafkaConsumer, OffsetAndMetadata, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from numpy.typing import NDArray

from libs.contracts.topics import NewTopic
from libs.promotions.document import canonical_json
from libs.runtime.kafka import create_topics
from libs.runtime.settings import KafkaSettings
from tests.bench.correctness import balances
from tests.bench.drain import PURCHASES, Drained, Meter, Sent, Watch, freeze, pile_up, produce, thaw
from tests.bench.mixes import Mix
from tests.bench.peers.order import PeerOrder
from tests.bench.population import PARTITIONS, TENANTS, member_of
from tests.bench.programmes import bench_rules
from tests.bench.stage import SESSION_SECONDS, Stage
from tests.support.stack import ROOT, Worker

OURS = "pointstream"
PEERS_PYTHON = ROOT / ".cache/peers/bin/python"
_LOOK, _SILENCE, _CALM = 0.02, 3.0, 6.0
_PATIENCE = 150.0


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody else: which interpreter runs which module."""

    name: str
    python: Path
    module: str

    @property
    def told(self) -> str:
        """The topic on which it says what became of each record."""
        return f"peer.{self.name}.told"

    @property
    def group(self) -> str:
        """Its consumer group."""
        return f"peer-{self.name}"


PEERS = (
    Peer("quixstreams", PEERS_PYTHON, "tests.bench.peers.stateful"),
    Peer("faust", Path(sys.executable), "tests.bench.peers.per_event"),
)


@dataclass(slots=True)
class Contest:
    """What came of it: the backlogs that each has drained, by name, and what was wrong with a peer's points."""

    drained: dict[str, list[Drained]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Running:
    """A peer that runs: its processes, and how many records it should have told of by now."""

    peer: Peer
    processes: list[Worker]
    expected: int = 0


async def contest(stage: Stage, sent: Sent, workers: list[Worker], rounds: int, count: int, mix: Mix) -> Contest:
    """Run so many rounds of `count` records; the order of the second is that of the first reversed, and so on."""
    before = await balances(stage, sent.members)
    found = Contest({name: [] for name in (OURS, *(peer.name for peer in PEERS))})
    await create_topics(
        KafkaSettings(bootstrap=stage.kafka.bootstrap), [NewTopic(peer.told, PARTITIONS, {}) for peer in PEERS]
    )
    running = [await _start(stage, peer, len(workers)) for peer in PEERS]
    everybody = [*workers, *(process for each in running for process in each.processes)]
    async with Watch.over(stage, sent) as watch, _Told(stage) as told:
        await _warm_up(stage, sent, running, max(count // 10, 1_000), mix, watch, told)
        for turn in range(rounds):
            await pile_up(stage, sent, everybody, count, mix)
            order: list[_Running | None] = [None, *running]
            for each in order if turn % 2 == 0 else reversed(order):
                if each is None:
                    name, drained = OURS, await thaw(stage, watch, workers)
                    await freeze(workers)
                else:
                    each.expected += count
                    name, drained = each.peer.name, await _turn(stage, each, count, told)
                found.drained[name].append(drained)
                stage.tell(f"{name}: {drained.per_second:,.0f} records a second")
        for process in everybody:
            process.thaw()
        expected = await balances(stage, sent.members) - before
        for each in running:
            for process in each.processes:
                process.kill()
                stage.workers.remove(process)
            if differing := int((await told.balances(each.peer, sent.members) != expected).sum()):
                found.wrong.append(f"{each.peer.name}: {differing} members have other points than expected")
    return found


async def _start(stage: Stage, peer: Peer, processes: int) -> _Running:
    """Start a peer at the end of the records."""
    consumer = AIOKafkaConsumer(bootstrap_servers=stage.kafka.bootstrap, group_id=peer.group, enable_auto_commit=False)
    await consumer.start()
    try:
        parts = [TopicPartition(PURCHASES, part) for part in range(PARTITIONS)]
        consumer.assign(parts)
        ends = await consumer.end_offsets(parts)
        await consumer.commit({part: OffsetAndMetadata(end, "") for part, end in ends.items()})
    finally:
        await consumer.stop()
    documents = {tenant.slug: json.loads(canonical_json(bench_rules(stage.rules, tenant.slug))) for tenant in TENANTS}
    running = _Running(peer, [])
    for number in range(processes):
        order = PeerOrder(
            stage.kafka.bootstrap, PURCHASES, peer.told, peer.group, str(stage.folder), number, SESSION_SECONDS,
            documents,
        )  # fmt: skip
        command = [str(peer.python), "-m", peer.module, orjson.dumps(asdict(order)).decode()]
        running.processes.append(stage.launch(f"{peer.name}-{number}", command, {"PYTHONPATH": str(ROOT)}))
    return running


async def _warm_up(
    stage: Stage, sent: Sent, running: Sequence[_Running], count: int, mix: Mix, watch: Watch, told: _Told
) -> None:
    for each in running:
        await _joined(stage, each)
    stage.tell(f"warming up {', '.join(each.peer.name for each in running)} on {count:,} records")
    await produce(stage, sent, count, mix=mix)
    await watch.finished()
    for each in running:
        each.expected += count
        await told.all_of(each)
        each.expected = await told.settled(each)


async def _joined(stage: Stage, running: _Running) -> None:
    """Wait until all processes of a peer are in its group and stay there: records that come while Faust shares out
    partitions may be told of twice, or not at all."""
    client = AIOKafkaAdminClient(bootstrap_servers=stage.kafka.bootstrap)
    await client.start()
    calm_since = time.monotonic()
    deadline = calm_since + _PATIENCE
    try:
        while time.monotonic() - calm_since < _CALM:
            [answer] = await client.describe_consumer_groups([running.peer.group])
            _, _, state, _, _, members, *_ = answer.groups[0]
            now = time.monotonic()
            if state != "Stable" or len(members) != len(running.processes):
                calm_since = now
            if now > deadline:
                raise RuntimeError(f"{running.peer.name} is {state}:\n{running.processes[0].tail()}")
            await asyncio.sleep(_LOOK * 10)
    finally:
        await client.close()


async def _turn(stage: Stage, running: _Running, count: int, told: _Told) -> Drained:
    """Let a peer drain the backlog that it has not seen yet."""
    meter = Meter.start([process.process.pid for process in running.processes], stage)
    for process in running.processes:
        process.thaw()
    await told.all_of(running)
    result = meter.stop(count)
    await freeze(running.processes)
    return result


class _Told:
    """Reads what peers have told."""

    def __init__(self, stage: Stage) -> None:
        self._reader = AIOKafkaConsumer(bootstrap_servers=stage.kafka.bootstrap, max_partition_fetch_bytes=2**21)

    async def __aenter__(self) -> _Told:
        await self._reader.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._reader.stop()

    async def settled(self, running: _Running) -> int:
        """Wait until a peer tells no more, and return how often it has told something.

        While its processes share the partitions out, it may tell of records twice: that is how at-least-once goes.
        """
        before, told = -1, await self._count(running)
        while told != before:
            await asyncio.sleep(_SILENCE)
            before, told = told, await self._count(running)
        return told

    async def _count(self, running: _Running) -> int:
        parts = [TopicPartition(running.peer.told, part) for part in range(PARTITIONS)]
        return sum((await self._reader.end_offsets(parts)).values())

    async def all_of(self, running: _Running) -> None:
        """Wait until a peer has told of every record.

        Raises:
            RuntimeError: it ended, or it takes too long.
        """
        deadline = time.monotonic() + _PATIENCE
        while (told := await self._count(running)) < running.expected:
            for process in running.processes:
                if process.process.poll() is not None:
                    raise RuntimeError(f"{process.name} ended:\n{process.tail()}")
            if time.monotonic() > deadline:
                raise RuntimeError(
                    f"{running.peer.name} told of {told} of {running.expected} records in {_PATIENCE} s:\n"
                    + running.processes[0].tail()
                )
            await asyncio.sleep(_LOOK)

    async def balances(self, peer: Peer, members: int) -> NDArray[np.int64]:
        """The points of every member as the peer told them last."""
        parts = [TopicPartition(peer.told, part) for part in range(PARTITIONS)]
        left = {part: end for part, end in (await self._reader.end_offsets(parts)).items() if end}
        self._reader.assign(parts)
        await self._reader.seek_to_beginning(*parts)
        points: NDArray[np.int64] = np.zeros(members, np.int64)
        tenants = {tenant.slug: tenant for tenant in TENANTS}
        while left:
            for part, records in (await self._reader.getmany(timeout_ms=200)).items():
                for record in records:
                    said = orjson.loads(record.value)
                    card = record.key.rpartition(b":")[2].decode()
                    points[member_of(tenants[said["tenant"]], card)] = said["balance"]
                if await self._reader.position(part) >= left.get(part, 0):
                    left.pop(part, None)
        return points
