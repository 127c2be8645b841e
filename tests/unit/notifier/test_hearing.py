"""Topics that endpoints ask for: read from when they do, or on from where the group was; nothing else is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from aiokafka import TopicPartition
from prometheus_client import CollectorRegistry

from services.notifier.metrics import NotifierMetrics
from services.notifier.webhooks.hearing import Hearing

SINCE = datetime(2026, 12, 1, tzinfo=UTC)
MS = int(SINCE.timestamp() * 1000)
FRESH, KNOWN, QUIET = (TopicPartition("x.loyalty.points", number) for number in range(3))


@dataclass
class Log:
    """A consumer over a topic that is given: when each of its records was published, by partition."""

    published: Mapping[TopicPartition, list[int]]
    kept: dict[TopicPartition, int]
    ended: Callable[[], None] = lambda: None
    at: dict[TopicPartition, int] = field(default_factory=dict)
    subscribed: list[str] = field(default_factory=list)
    waits: int = 4

    async def start(self) -> None:
        """Nothing to do."""

    async def stop(self) -> None:
        """Nothing to do."""

    def subscribe(self, topics: list[str]) -> None:
        self.subscribed = topics

    def assignment(self) -> set[TopicPartition]:
        """The group takes its time."""
        self.waits -= 1
        return set(self.published) if self.waits < 0 else set()

    async def end_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {each: len(self.published[each]) for each in places}

    async def offsets_for_times(self, since: Mapping[TopicPartition, int]) -> dict[TopicPartition, Any]:
        firsts = {each: [n for n, at in enumerate(self.published[each]) if at >= since[each]] for each in since}
        return {each: SimpleNamespace(offset=found[0]) if found else None for each, found in firsts.items()}

    async def committed(self, place: TopicPartition) -> int | None:
        return self.kept.get(place)

    def seek(self, place: TopicPartition, offset: int) -> None:
        self.at[place] = offset

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        self.kept |= offsets

    async def getmany(
        self, *places: TopicPartition, timeout_ms: int, max_records: int
    ) -> dict[TopicPartition, list[Any]]:
        """All that is left, and then word that there is no more; whoever names no places waits to be given some."""
        self.waits = 0
        got = {}
        for each in places or self.published:
            published = self.published[each]
            got[each] = [
                SimpleNamespace(value=f"{each.partition}/{n}", timestamp=published[n], offset=n, headers=())
                for n in range(self.at.get(each, 0), len(published))
            ]
            self.at[each] = len(published)
        found = {each: records for each, records in got.items() if records}
        if not found:
            self.ended()
        return found


@dataclass
class Told:
    """What is asked for, and what was heard of it."""

    heard: list[str] = field(default_factory=list)

    async def topics(self) -> Mapping[str, datetime]:
        return {"loyalty.points": SINCE}

    async def hear(self, value: str, published: float, kind: bytes | None) -> None:
        self.heard.append(value)


async def test_it_begins_where_it_was_asked_to_and_goes_on_where_it_was() -> None:
    """What was published before is not read; what the group has read is not read again."""
    published = {FRESH: [MS - 5, MS - 1, MS, MS + 1], KNOWN: [MS, MS + 1, MS + 2], QUIET: [MS - 9]}
    log, told = Log(published, {KNOWN: 2}), Told()
    hearing = Hearing(
        lambda: log,
        told,  # type: ignore[arg-type]
        NotifierMetrics(CollectorRegistry()).webhooks,
        "x.",
    )
    log.ended = hearing.stop
    await hearing.run()
    assert sorted(told.heard) == ["0/2", "0/3", "1/2"]
    assert log.subscribed == ["x.loyalty.points"]
    assert log.kept == {FRESH: 4, KNOWN: 3, QUIET: 1}
