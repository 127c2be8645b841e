"""The world is told of versions and campaigns: once each, in order, and again under the same ids after trouble."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest
from aiokafka.errors import KafkaTimeoutError
from prometheus_client import CollectorRegistry

from libs.contracts.strict import strict_event
from libs.intake.events import Prepared
from libs.judging import postgres as programme_store
from libs.judging.programmes import Programmes, by_prefix
from libs.programmes import postgres
from libs.programmes.draft import draft_of
from libs.programmes.plan import Wish
from libs.programmes.postgres import Publication, Where
from services.earning.charge import Charge
from services.earning.herald import Herald
from services.earning.metrics import EarningMetrics
from services.earning.sender import Sender
from tests.support.database import ACME, Database, programme_document
from tests.support.receipts import WHEN

MINUTE = timedelta(minutes=1)


class Kept(Sender):
    """Keeps what is sent; every send may be lost once on its way back."""

    def __init__(self) -> None:
        self.sent: list[Prepared] = []
        self.lose = False

    async def send(self, events: Sequence[Prepared]) -> None:
        self.sent += events
        if self.lose:
            self.lose = False
            raise KafkaTimeoutError

    def told(self) -> list[dict[str, Any]]:
        """What was sent since this was asked last, each held to its contract."""
        found, self.sent = [json.loads(event.value) for event in self.sent], []
        for each in found:
            strict_event(each["type"]).model_validate_json(json.dumps(each))
        return found


class SetClock:
    def __init__(self, instant: datetime) -> None:
        self.instant = instant

    def now(self) -> datetime:
        return self.instant

    def at(self, wall: datetime) -> datetime:
        return wall


class Stage:
    """Acme's programme, whoever publishes, and a worker in charge."""

    def __init__(self, pool: asyncpg.Pool, operator: asyncpg.Connection) -> None:
        self.pool, self.operator = pool, operator
        self.clock, self.sender = SetClock(WHEN), Kept()
        self.programmes: Programmes = by_prefix((), {})
        self.compiler = programme_store.Compiler()
        metrics = EarningMetrics(CollectorRegistry())
        self.herald = Herald(Charge(pool, lambda: self.programmes, self.sender, self.clock, metrics, lambda: True))

    async def load(self) -> None:
        async with self.pool.acquire() as connection:
            self.programmes = self.compiler.compile(await programme_store.load_programmes(connection))

    async def publish(self, *campaigns: dict[str, Any], at: datetime | None = None) -> None:
        document = programme_document(ACME) | {"campaigns": list(campaigns)}
        del document["version"]
        where = Where((1, 1), ACME.zone, ACME.currency)
        async with self.operator.transaction():
            publication = Publication("tests", self.clock.now())
            await postgres.publish(self.operator, where, draft_of(document), Wish(at), publication)

    async def look(self) -> list[tuple[str, str, str]]:
        """Let the worker look; what acme is told of, without the platform's own words."""
        await self.herald.look()
        return [
            (each["type"].removeprefix("org.pointstream."), each["subject"], each["data"].get("cause", ""))
            for each in self.sender.told()
            if each["tenant"] == "acme"
        ]


@pytest.fixture
async def stage(database: Database) -> Any:
    pool = await asyncpg.create_pool(database.dsn("earning"), min_size=1, max_size=2)
    operator = await asyncpg.connect(database.dsn("operator"))
    yield Stage(pool, operator)
    await operator.close()
    await pool.close()


def offer(name: str, **rest: Any) -> dict[str, Any]:
    effect = {"kind": "fixed", "points": 5}
    return {"id": name, "name": name.capitalize(), "state": "live", "effect": effect, **rest}


async def test_each_is_told_once_when_it_comes(stage: Stage) -> None:
    assert await stage.look() == [], "nothing is loaded yet"
    await stage.load()
    names = ["big-basket", "base", "coffee", "produce"]
    first = await stage.look()
    assert sorted(first[:4]) == sorted(("campaign.created.v1", name, "") for name in names)
    assert first[4] == ("programme.published.v1", "main", "")
    assert sorted(first[5:]) == sorted(("campaign.started.v1", name, "published") for name in names)
    assert await stage.look() == []

    base = programme_document(ACME)["campaigns"][0]  # type: ignore[index]
    frame = {"starts_at": WHEN + 10 * MINUTE, "ends_at": WHEN + 20 * MINUTE}
    await stage.publish(base, offer("spring", frame=frame), offer("coffee"))
    assert await stage.look() == [], "it is not loaded yet"
    await stage.load()
    assert await stage.look() == [
        ("campaign.created.v1", "spring", ""),
        ("campaign.changed.v1", "coffee", ""),
        ("campaign.removed.v1", "produce", ""),
        ("campaign.removed.v1", "big-basket", ""),
        ("programme.published.v1", "main", ""),
    ]
    stage.clock.instant += MINUTE
    assert await stage.look() == [
        ("campaign.stopped.v1", "big-basket", "published"),
        ("campaign.stopped.v1", "produce", "published"),
    ]
    stage.clock.instant = WHEN + 10 * MINUTE
    assert await stage.look() == [], "a switch may still be on its way"
    stage.clock.instant += timedelta(seconds=5)
    assert await stage.look() == [("campaign.started.v1", "spring", "frame")]
    async with stage.operator.transaction():
        await postgres.turn_off(stage.operator, (1, 1), "campaign", "spring", WHEN + 12 * MINUTE, "tests", None)
    stage.clock.instant = WHEN + 13 * MINUTE
    assert await stage.look() == [("campaign.stopped.v1", "spring", "switch")]
    async with stage.operator.transaction():
        await postgres.turn_on(stage.operator, (1, 1), "campaign", "spring", WHEN + 14 * MINUTE, "tests", None)
    stage.clock.instant = WHEN + 30 * MINUTE
    assert await stage.look() == [
        ("campaign.started.v1", "spring", "switch"),
        ("campaign.stopped.v1", "spring", "frame"),
    ]


async def test_after_trouble_it_is_told_again_under_the_same_ids(stage: Stage) -> None:
    await stage.load()
    stage.sender.lose = True
    await stage.herald.look()
    lost = stage.sender.told()
    await stage.herald.look()
    again = stage.sender.told()
    assert lost == again[: len(lost)]
    assert len({each["id"] for each in again}) == len(again)
    keys = {each["data"].get("campaign"): each["partitionkey"] for each in again if each["tenant"] == "acme"}
    assert (keys["base"], keys[None]) == ("acme/main/base", "acme/main")
