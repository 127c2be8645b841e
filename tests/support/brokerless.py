"""Earning's handlers over a `Memory`: records go in by the batch, and nothing else runs."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeVar

from prometheus_client import CollectorRegistry

from libs.codes.proof import CartProofs
from libs.contacts.vault import Vault
from libs.contracts.identifiers import IdentifierNames
from libs.contracts.rejection import Rejection
from libs.judging.programmes import Programmes
from libs.runtime.batch import Applied, Outgoing, Span, Work
from libs.runtime.limits import Health
from services.earning.events import EventHandler
from services.earning.metrics import EarningMetrics
from services.earning.profiles import ProfileHandler
from tests.support.memory import Memory
from tests.support.receipts import PROFILES, PURCHASES, Record

ACTIVITIES = "loyalty.activities"
_NAMES = IdentifierNames(bytes(32))
PROOFS = CartProofs(bytes(32))
_T = TypeVar("_T")


class Sent(NamedTuple):
    """A record that reached the broker, and when."""

    record: Record
    at: datetime


class _Clock:
    """Driven by the test: it stands until it is set."""

    def __init__(self) -> None:
        self.instant: datetime | None = None

    def now(self) -> datetime:
        assert self.instant is not None
        return self.instant

    def at(self, wall: datetime) -> datetime:
        return wall


class Earning:
    """The handlers of earning over a memory; a batch is a transaction, which commits unless it is dropped."""

    def __init__(self, programmes: Programmes, metrics: EarningMetrics | None = None) -> None:
        self.memory = Memory()
        self.told: list[Outgoing] = []
        self.refused: list[tuple[Record, Rejection]] = []
        self._clock = _Clock()
        wired = (lambda: programmes, _NAMES, self._clock, metrics or EarningMetrics(CollectorRegistry()))
        self._handlers: dict[str, Any] = {
            PURCHASES: EventHandler(PURCHASES, *wired, PROOFS),
            ACTIVITIES: EventHandler(ACTIVITIES, *wired, PROOFS),
            PROFILES: ProfileHandler(*wired, Vault.from_seal_key(bytes(32))),
        }

    def batch(self, sent: Sequence[Sent], now: datetime, *, drop: bool = False) -> Applied:
        """Apply records of one topic in one transaction; `drop` loses it at the very end."""
        self._clock.instant = now
        handler = self._handlers[sent[0].record.topic]
        records: list[Any] = [
            SimpleNamespace(value=each.record.value, headers=(), timestamp=int(each.at.timestamp() * 1000))
            for each in sent
        ]
        made = handler.decode(records)
        rejections = {at: item for at, item in enumerate(made) if isinstance(item, Rejection)}
        items = [None if isinstance(item, Rejection) else item for item in made]
        spans = [Span(sent[0].record.topic, 0, 0, len(sent), 1, Health())]
        before = self.memory.copy()
        work: Work[Any] = Work(records, items, rejections, spans, [0] * len(sent))
        applied = _finish(self._apply(handler, work, now))
        if drop:
            self.memory = before
            return applied
        self.refused += [(sent[at].record, why) for at, why in (rejections | applied.rejections).items()]
        self.told += [event for events in applied.events for event in events]
        return applied

    async def _apply(self, handler: Any, work: Work[Any], now: datetime) -> Applied:
        applied: Applied = await handler.apply(self.memory, work, now, careful=False)
        if applied.last is not None:
            await applied.last(())
        return applied


def _finish(work: Coroutine[Any, Any, _T]) -> _T:
    """Run what never waits for anything to its end, without an event loop."""
    try:
        while True:
            work.send(None)
    except StopIteration as end:
        result: _T = end.value
        return result
