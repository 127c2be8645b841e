"""What the database does not keep for one endpoint holds up nobody; what passes is waited for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from prometheus_client import CollectorRegistry

from libs.runtime.clock import SystemClock
from services.notifier.metrics import NotifierMetrics
from services.notifier.webhooks.intake import Intake
from services.notifier.webhooks.store import Listener

KIND = "org.pointstream.points.credited.v1"
EVENT = {
    "id": "1", "source": "/pointstream/earning", "type": KIND, "time": "2026-12-01T00:00:00Z", "tenant": "acme",
    "programme": "main", "data": {},
}  # fmt: skip


class Store:
    """Two endpoints; what they are told, after the database has said what it has to say."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.kept: list[int] = []

    async def listeners(self) -> list[Listener]:
        since = datetime(2026, 1, 1, tzinfo=UTC)
        return [Listener(1, "acme", UUID(int=number), ("*",), "thin", 0.0, since) for number in (1, 2)]

    async def keep(self, _tenant: int, endpoint_id: UUID, _message: Any, _now: datetime) -> bool:
        if self.errors:
            raise self.errors.pop(0)
        self.kept.append(endpoint_id.int)
        return True


def intake(store: Any) -> tuple[Intake, NotifierMetrics]:
    metrics = NotifierMetrics(CollectorRegistry())
    return Intake(store, SystemClock(), lambda: 0.0, metrics.webhooks), metrics


async def test_what_the_database_refuses_for_one_is_kept_for_the_next() -> None:
    store = Store(asyncpg.DataError("NUL"))
    mine, metrics = intake(store)
    for _ in range(2):
        await mine.hear(json.dumps(EVENT).encode(), 1.0, KIND.encode())
    assert store.kept == [2, 1, 2]
    assert metrics.webhooks.refused._value.get() == 1


async def test_a_mistake_of_our_own_stops_it() -> None:
    mine, _ = intake(Store(asyncpg.UndefinedTableError("gone")))
    with pytest.raises(asyncpg.UndefinedTableError):
        await mine.hear(json.dumps(EVENT).encode(), 1.0, KIND.encode())
