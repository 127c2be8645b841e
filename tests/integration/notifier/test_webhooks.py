"""Webhooks on a real database, with receivers that take, refuse, redirect, ask for patience, and hang."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest
from prometheus_client import CollectorRegistry
from standardwebhooks.webhooks import Webhook

import libs.contracts
from libs.runtime.clock import monotonic
from libs.runtime.postgres import pool
from libs.runtime.seal import Seal
from libs.runtime.settings import PostgresSettings
from libs.webhooks.endpoints import Endpoint, Kept, Wish
from libs.webhooks.payload import message_name, trial_message
from libs.webhooks.postgres import Webhooks
from services.notifier.metrics import NotifierMetrics, WebhookMetrics
from services.notifier.webhooks.attempt import SET_ASIDE, UNSIGNED, Reach, Sender, client
from services.notifier.webhooks.intake import Intake
from services.notifier.webhooks.lanes import LEASE, Lanes, Upkeep
from services.notifier.webhooks.store import Room, WebhookStore
from tests.support.database import ACME, GLOBEX, Database
from tests.support.receivers import Answer, Peer, cut_off, hang, peer, says
from tests.support.stack import SEAL_KEY, until

SEAL = Seal.from_base64(SEAL_KEY)
CREDITED = Path(libs.contracts.__file__).parent / "examples/points.credited.v1.full.json"
REACH = Reach(loopback=True)
BRIEF = Reach(cut=timedelta(seconds=0.4), loopback=True)
"""For who never answers; others may take as long as a busy machine makes them."""


@dataclass
class Wall:
    """The machine's clock, put forward by a test."""

    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def at(self, wall: datetime) -> datetime:
        return wall


@dataclass
class Hooks:
    """All that sends webhooks, over one database."""

    connections: asyncpg.Pool
    owner: asyncpg.Connection
    wall: Wall = field(default_factory=Wall)
    metrics: WebhookMetrics = field(default_factory=lambda: NotifierMetrics(CollectorRegistry()).webhooks)

    @property
    def store(self) -> WebhookStore:
        return WebhookStore(self.connections)

    @property
    def webhooks(self) -> Webhooks:
        return Webhooks(self.owner, ACME.tenant_id, SEAL)

    async def endpoint(self, at: Peer, *types: str) -> tuple[UUID, str]:
        endpoint_id = uuid4()
        wish = Wish(f"{at.url}/hook", types or ("*",), "thin", "")
        secret = await self.webhooks.add(endpoint_id, wish, self.wall.now(), "test", os.urandom)
        assert secret is not None
        return endpoint_id, secret

    async def message(self, endpoint_id: UUID) -> UUID:
        message = trial_message(endpoint_id, uuid4(), self.wall.now())
        assert await self.webhooks.keep(endpoint_id, message, self.wall.now())
        return message.message_id

    async def kept(self, endpoint_id: UUID, message_id: UUID) -> Kept:
        found = await self.webhooks.message(endpoint_id, message_id)
        assert found is not None
        return found

    async def seen(self, endpoint_id: UUID) -> Endpoint:
        found = await self.webhooks.endpoint(endpoint_id)
        assert found is not None
        return found

    async def attempted(self, endpoint_id: UUID, message_id: UUID, times: int = 1) -> Kept:
        """Wait for the result of so many attempts."""

        async def done() -> bool:
            return (await self.kept(endpoint_id, message_id)).attempts >= times

        await until(done, f"{times} attempts")
        return await self.kept(endpoint_id, message_id)

    @asynccontextmanager
    async def sending(self, reach: Reach = REACH) -> AsyncIterator[asyncio.Event]:
        news = asyncio.Event()
        async with client(reach) as session:
            sender = Sender(session, SEAL, self.wall, lambda: 0.0, reach)
            lanes = Lanes(
                self.store, sender, reach, self.wall, self.metrics, news, look_every=timedelta(milliseconds=20)
            )
            task = asyncio.create_task(lanes.run())
            try:
                yield news
            finally:
                lanes.stop()
                await task


@pytest.fixture
async def hooks(database: Database) -> AsyncIterator[Hooks]:
    owner = await asyncpg.connect(database.dsn("operator"))
    async with pool(PostgresSettings(dsn=database.dsn("notifier")), "test") as connections:
        yield Hooks(connections, owner)
    await owner.close()


async def test_an_event_is_told_once_to_those_who_want_it(hooks: Hooks) -> None:
    async with peer() as receiver:
        wants, secret = await hooks.endpoint(receiver, "points.*")
        await hooks.endpoint(receiver, "sweep.finished")
        raw = CREDITED.read_bytes()
        event = msgspec.json.decode(raw, type=dict[str, Any])
        raw = msgspec.json.encode(event | {"tenant": ACME.slug})
        intake = Intake(hooks.store, hooks.wall, monotonic, hooks.metrics)
        for record in (raw, raw, b"no event", None, msgspec.json.encode(event | {"tenant": GLOBEX.slug})):
            await intake.hear(record, hooks.wall.now().timestamp())
        await intake.hear(msgspec.json.encode(event | {"tenant": ACME.slug, "id": "old"}), 0.0)
        assert intake.news.is_set()
        (kept,) = await hooks.webhooks.messages(wants, None, None, 10)
        async with hooks.sending():
            told = await hooks.attempted(wants, kept.message_id)
        assert (told.state, len(receiver.heard)) == ("delivered", 1)
        (heard,) = receiver.heard
        said = Webhook(secret).verify(heard.body, heard.headers)
        assert (said["type"], said["data"]["event_id"]) == ("points.credited", event["id"])
        assert heard.headers["webhook-id"] == message_name(kept.message_id)
        (attempt,) = await hooks.webhooks.attempts(wants, kept.message_id)
        assert (attempt.outcome, attempt.status) == ("delivered", 200)
        assert hooks.metrics.unreadable._value.get() == 1


async def test_a_topic_is_read_while_somebody_asks_and_from_when_they_do(hooks: Hooks) -> None:
    """Who asks for more is told from then on; who was there before misses nothing of what was read for them."""

    async def asked() -> dict[str, datetime]:
        return dict(await Intake(hooks.store, hooks.wall, monotonic, hooks.metrics).topics())

    assert await asked() == {}, "nobody asks, nothing is read"
    async with peer() as receiver:
        first, _ = await hooks.endpoint(receiver, "points.*")
        since = (await hooks.seen(first)).created_at
        assert await asked() == {"loyalty.points": since}
        hooks.wall.ahead = timedelta(hours=1)
        second, _ = await hooks.endpoint(receiver, "points.credited")
        assert await asked() == {"loyalty.points": since}
        hooks.wall.ahead = timedelta(hours=2)
        changed = hooks.wall.now()
        assert await hooks.webhooks.change(second, None, ("sweep.*",), None, None, changed)
        assert await hooks.webhooks.turn(first, "off", hooks.wall.now())
        assert await asked() == {"loyalty.sweeps": changed}
        hooks.wall.ahead = timedelta(hours=3)
        again = hooks.wall.now()
        assert await hooks.webhooks.turn(first, "on", again)
        assert await asked() == {"loyalty.points": again, "loyalty.sweeps": changed}
        await hooks.webhooks.remove(first)
        await hooks.webhooks.remove(second)
    assert await asked() == {}


FAILING: list[tuple[Answer, int | None, str]] = [
    (says(301, Location="http://127.0.0.1:9/"), 301, "a redirect, which is not followed"),
    (says(500, "x" * 5000), 500, "status 500"),
    (hang, None, "no answer within 0.4 s"),
    (cut_off, None, "the connection broke: ServerDisconnectedError"),
]


async def test_what_fails_waits_for_the_next_attempt(hooks: Hooks) -> None:
    pause = timedelta(seconds=5)
    for answer, status, why in FAILING:
        hooks.wall.ahead = timedelta(0)
        async with peer(answer, says(200)) as receiver:
            endpoint, secret = await hooks.endpoint(receiver)
            message = await hooks.message(endpoint)
            async with hooks.sending(BRIEF if answer is hang else REACH):
                told = await hooks.attempted(endpoint, message)
            assert (told.state, told.failed) == ("waiting", 1)
            (attempt,) = await hooks.webhooks.attempts(endpoint, message)
            assert (attempt.outcome, attempt.status, attempt.why) == ("failed", status, why)
            assert len(attempt.answer) <= 1024
            assert attempt.at + pause <= told.due_at <= hooks.wall.now() + pause
            hooks.wall.ahead = pause + timedelta(seconds=1)
            async with hooks.sending():
                assert (await hooks.attempted(endpoint, message, 2)).state == "delivered"
            first, second = receiver.heard
            assert first.headers["webhook-id"] == second.headers["webhook-id"]
            assert first.body == second.body
            assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) >= 5
            Webhook(secret).verify(second.body, second.headers)


async def test_who_has_too_much_to_do_is_left_in_peace(hooks: Hooks) -> None:
    async with peer(says(429, Retry_After="100"), says(200)) as receiver, peer() as other:
        endpoint, _ = await hooks.endpoint(receiver)
        elsewhere, _ = await hooks.endpoint(other)
        first, wanted = await hooks.message(endpoint), timedelta(seconds=100)
        began = hooks.wall.now()
        async with hooks.sending():
            assert (await hooks.attempted(endpoint, first)).state == "waiting"
            second, third = await hooks.message(endpoint), await hooks.message(elsewhere)
            assert (await hooks.attempted(elsewhere, third)).state == "delivered"
            assert (await hooks.kept(endpoint, second)).attempts == 0
            paused = (await hooks.seen(endpoint)).paused_until
            assert paused is not None
            assert began + wanted <= paused <= hooks.wall.now() + wanted
            hooks.wall.ahead = timedelta(seconds=102)
            for message in (first, second):
                await hooks.attempted(endpoint, message)

            async def both() -> bool:
                return {(await hooks.kept(endpoint, each)).state for each in (first, second)} == {"delivered"}

            await until(both, "both are delivered")


async def test_who_is_gone_is_told_nothing_more(hooks: Hooks) -> None:
    async with peer(says(410)) as receiver:
        endpoint, _ = await hooks.endpoint(receiver)
        first = await hooks.message(endpoint)
        async with hooks.sending():
            assert (await hooks.attempted(endpoint, first)).state == "failed"
        assert (await hooks.seen(endpoint)).state == "gone"
        assert hooks.metrics.disabled._value.get() == 1
        assert [each for each in await hooks.store.listeners() if each.endpoint_id == endpoint] == []
        second = await hooks.message(endpoint)
        now = hooks.wall.now()
        assert await hooks.store.claim(now, now + LEASE, Room(10, 10), None) == []
        assert (await hooks.kept(endpoint, second)).state == "waiting"


async def test_the_table_is_walked_to_its_end_and_a_person_begins_it_again(hooks: Hooks) -> None:
    async with peer(says(500)) as receiver:
        endpoint, _ = await hooks.endpoint(receiver)
        message = await hooks.message(endpoint)
        async with hooks.sending():
            for number in range(1, 11):
                told = await hooks.attempted(endpoint, message, number)
                hooks.wall.ahead += timedelta(hours=25)
            assert (told.state, told.failed, told.attempts) == ("failed", 10, 10)
            assert await hooks.webhooks.resend(endpoint, message, hooks.wall.now())
            told = await hooks.attempted(endpoint, message, 11)
        assert (told.state, told.failed) == ("waiting", 1)


async def test_two_workers_share_the_work_and_a_dead_one_loses_none(hooks: Hooks) -> None:
    async with peer() as receiver:
        endpoint, _ = await hooks.endpoint(receiver)
        messages = [await hooks.message(endpoint) for _ in range(12)]
        now = hooks.wall.now()
        lost = await hooks.store.claim(now, now + LEASE, Room(5, 5), None)
        assert len(lost) == 5
        async with hooks.sending(), hooks.sending():
            for message in {*messages} - {each.message_id for each in lost}:
                await hooks.attempted(endpoint, message)
            assert len(receiver.heard) == 7
            hooks.wall.ahead = LEASE
            for message in messages:
                assert (await hooks.attempted(endpoint, message)).attempts == 1
        names = [heard.headers["webhook-id"] for heard in receiver.heard]
        assert sorted(names) == sorted(map(message_name, messages))


async def test_one_that_hangs_keeps_nobody_waiting(hooks: Hooks) -> None:
    slow = Reach(cut=timedelta(seconds=30), loopback=True, most=4, most_a_endpoint=2)
    released = asyncio.Event()

    async def waits(request: Any, body: bytes) -> Any:
        await released.wait()
        return await says(200)(request, body)

    async with peer(waits) as hanging, peer() as other:
        endpoint, _ = await hooks.endpoint(hanging)
        elsewhere, _ = await hooks.endpoint(other)
        stuck = [await hooks.message(endpoint) for _ in range(6)]
        async with hooks.sending(slow):
            for _ in range(3):
                assert (await hooks.attempted(elsewhere, await hooks.message(elsewhere))).state == "delivered"
            assert hanging.most_at_once == 2
            released.set()
            for message in stuck:
                await hooks.attempted(endpoint, message)


async def test_a_secret_is_replaced_and_a_range_told_again(hooks: Hooks) -> None:
    async with peer() as receiver:
        endpoint, old = await hooks.endpoint(receiver)
        before = hooks.wall.now()
        first = await hooks.message(endpoint)
        async with hooks.sending():
            await hooks.attempted(endpoint, first)
            new = await hooks.webhooks.rotate(endpoint, hooks.wall.now(), os.urandom)
            assert new is not None
            span = (before, hooks.wall.now())
            assert await hooks.webhooks.replay(endpoint, span, True, hooks.wall.now()) == 0
            assert await hooks.webhooks.replay(endpoint, span, False, hooks.wall.now()) == 1
            await hooks.attempted(endpoint, first, 2)
        again = receiver.heard[-1]
        for secret in (old, new):
            Webhook(secret).verify(again.body, again.headers)
        row = await hooks.owner.fetchrow("SELECT secret, old_secret FROM notifier.webhook_endpoint")
        assert old.encode() not in row["old_secret"]
        assert new.encode() not in row["secret"]
        hooks.wall.ahead = timedelta(hours=25)
        (claimed, *_) = await claim_again(hooks, endpoint, first)
        assert claimed.old_secret is None
        await Upkeep(hooks.store, hooks.wall, hooks.metrics, timedelta(0)).look()


async def test_a_secret_of_another_key_stops_its_own_endpoint_alone(hooks: Hooks) -> None:
    async with peer() as receiver, peer() as other:
        broken, _ = await hooks.endpoint(receiver)
        whole, _ = await hooks.endpoint(other)
        lost = Seal.from_base64(base64.b64encode(bytes(32)).decode()).close(b"whsec_x", "elsewhere")
        await hooks.owner.execute(
            "UPDATE notifier.webhook_endpoint SET secret = $1 WHERE endpoint_id = $2", lost, broken
        )
        waits = await hooks.message(broken)
        async with hooks.sending():
            told = await hooks.attempted(broken, waits)
            assert (told.state, told.failed) == ("waiting", 1)
            (attempt,) = await hooks.webhooks.attempts(broken, waits)
            assert (attempt.outcome, attempt.status, attempt.why) == ("failed", None, UNSIGNED)
            assert (await hooks.seen(broken)).paused_until is not None, "its other messages aren't tried in vain"
            assert hooks.metrics.unsigned._value.get() == 1
            for _ in range(2):
                assert (await hooks.attempted(whole, await hooks.message(whole))).state == "delivered"
            assert receiver.heard == []
            new = await hooks.webhooks.rotate(broken, hooks.wall.now(), os.urandom)
            hooks.wall.ahead = SET_ASIDE + timedelta(seconds=1)
            assert (await hooks.attempted(broken, waits, 2)).state == "delivered", "what was before is not asked for"
        assert new is not None
        (heard,) = receiver.heard
        assert len(heard.headers["webhook-signature"].split()) == 1


async def claim_again(hooks: Hooks, endpoint: UUID, message: UUID) -> list[Any]:
    assert await hooks.webhooks.resend(endpoint, message, hooks.wall.now())
    now = hooks.wall.now()
    return await hooks.store.claim(now, now + LEASE, Room(10, 10), None)


async def test_what_ended_long_ago_is_forgotten(hooks: Hooks) -> None:
    async with peer() as receiver:
        endpoint, _ = await hooks.endpoint(receiver)
        done = await hooks.message(endpoint)
        async with hooks.sending():
            await hooks.attempted(endpoint, done)
        waits = await hooks.message(endpoint)
        hooks.wall.ahead = timedelta(days=31)
        await Upkeep(hooks.store, hooks.wall, hooks.metrics, timedelta(days=30)).look()
        assert [each.message_id for each in await hooks.webhooks.messages(endpoint, None, None, 10)] == [waits]
        assert await hooks.webhooks.attempts(endpoint, done) == []
        assert hooks.metrics.waiting._value.get() == 1
        assert await hooks.webhooks.remove(endpoint)
