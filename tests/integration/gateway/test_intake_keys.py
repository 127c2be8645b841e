"""R-6: the whole matrix of the Idempotency-Key."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from services.gateway.intake.idempotency import KEPT, LAPSES, Purge
from services.gateway.intake.publisher import CannotPublish, Publisher
from services.gateway.intake.store import IntakeStore
from services.gateway.settings import GatewaySettings
from tests.integration.gateway.conftest import MakeKey, SetClock, bearer, running
from tests.integration.gateway.till import at_once, connected, fresh_key, post, receipt, with_broker
from tests.support.database import GLOBEX, Database
from tests.support.stack import Stack, until


async def test_the_first_answer_is_given_again(till: httpx.AsyncClient, stack: Stack) -> None:
    first = await post(till, "/v1/purchases", receipt(), Idempotency_Key="k")
    assert "idempotency-replayed" not in first.headers
    for key in ("k", '"k"'):
        again = await post(till, "/v1/purchases", receipt(), Idempotency_Key=key)
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again.json()["status"] == "accepted", "as it was the first time"
        assert again.headers["idempotency-replayed"] == "true"
        assert again.headers["location"] == first.headers["location"]
    shuffled = dict(reversed(receipt().items()))
    assert (await post(till, "/v1/purchases", shuffled, Idempotency_Key="k")).content == first.content
    assert len(await stack.read("loyalty.purchases")) == 1


async def test_another_body_or_path_under_the_key(till: httpx.AsyncClient) -> None:
    await post(till, "/v1/purchases", receipt(), Idempotency_Key="k")
    other = await post(till, "/v1/purchases", receipt(total=1), Idempotency_Key="k")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    query = await post(till, "/v1/purchases?x=1", receipt(), Idempotency_Key="k")
    assert query.json()["code"] == "idempotency-key-reused"
    elsewhere = await post(till, "/v1/purchases:batch", [receipt()], Idempotency_Key="k")
    assert (elsewhere.status_code, elsewhere.json()["known"]) == (202, 1), "another operation has keys of its own"


async def test_missing_and_bad_keys(till: httpx.AsyncClient) -> None:
    missing = await till.post("/v1/purchases", json=receipt())
    assert (missing.status_code, missing.json()["code"]) == (400, "idempotency-key-missing")
    for bad in ("k" * 256, f'"{"k" * 256}"', "", '""', "\x07", "ä"):
        answer = await till.post("/v1/purchases", json=receipt(), headers={b"Idempotency-Key": bad.encode("latin-1")})
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-invalid"), bad
    twice = await till.post(
        "/v1/purchases", json=receipt(), headers=[("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    )
    assert twice.json()["code"] == "idempotency-key-invalid"
    for good in ("k" * 255, r'"a \"quoted\" \\ key"'):
        assert (await post(till, "/v1/purchases", receipt(), Idempotency_Key=good)).status_code == 202


async def test_keys_of_others_are_others(till: httpx.AsyncClient, make_key: MakeKey, stack: Stack) -> None:
    await post(till, "/v1/purchases", receipt(), Idempotency_Key="k")
    theirs, _ = await make_key(GLOBEX, "events:write")
    foreign = receipt(source="/globex/pos/1", currency="USD")
    answer = await post(till, "/v1/purchases", foreign, Idempotency_Key="k", **bearer(theirs))
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    second, _ = await make_key()
    answer = await post(till, "/v1/purchases", receipt("R-2"), Idempotency_Key="k", **bearer(second))
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted"), "another credential of the tenant"
    assert len(await stack.read("loyalty.purchases")) == 3


class Held:
    """A publisher that waits until it is told to go on, and then fails so many times."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.entered, self.go_on = asyncio.Event(), asyncio.Event()
        self.failures: list[Exception] = []
        publish = Publisher.publish

        async def held(publisher: Publisher, records: Any) -> None:
            self.entered.set()
            await self.go_on.wait()
            if self.failures:
                raise self.failures.pop()
            await publish(publisher, records)

        monkeypatch.setattr(Publisher, "publish", held)


async def test_a_key_is_busy_while_its_request_runs_and_lapses(
    till: httpx.AsyncClient,
    clock: SetClock,
    monkeypatch: pytest.MonkeyPatch,
    stack: Stack,
    superuser: asyncpg.Connection,
) -> None:
    held = Held(monkeypatch)
    first = asyncio.create_task(post(till, "/v1/purchases", receipt(), Idempotency_Key="k"))
    await held.entered.wait()
    for _ in range(2):
        during = await post(till, "/v1/purchases", receipt(), Idempotency_Key="k")
        assert (during.status_code, during.json()["code"]) == (409, "idempotency-key-running")
        assert during.headers["retry-after"] == "1"
        clock.forward(LAPSES / 2 - timedelta(milliseconds=1))
    other = await post(till, "/v1/purchases", receipt(total=1), Idempotency_Key="k")
    assert other.json()["code"] == "idempotency-key-reused"
    clock.forward(timedelta(milliseconds=2))
    later = asyncio.create_task(post(till, "/v1/purchases", receipt(), Idempotency_Key="k"))

    async def taken_over() -> bool:
        return bool(await superuser.fetchval("SELECT attempt FROM gateway.idempotency") == 2)

    await until(taken_over, "the later run has the key")
    other = await post(till, "/v1/purchases", receipt(total=1), Idempotency_Key="k")
    assert other.json()["code"] == "idempotency-key-reused", "lapsed, and still of the same request"
    held.go_on.set()
    answers = await asyncio.gather(first, later)
    assert sorted(answer.json()["status"] for answer in answers) == ["accepted", "known"]
    assert len(await stack.read("loyalty.purchases")) == 1
    again = await post(till, "/v1/purchases", receipt(), Idempotency_Key="k")
    assert again.content == answers[1].content, "the answer of who took the key over"


async def test_one_of_fifty_with_the_same_key_runs(till: httpx.AsyncClient, stack: Stack) -> None:
    answers = await at_once(50, lambda _: post(till, "/v1/purchases", receipt(), Idempotency_Key="k"))
    assert {answer.status_code for answer in answers} <= {202, 409}
    served = {answer.content for answer in answers if answer.status_code == 202}
    assert len(served) == 1
    assert len(await stack.read("loyalty.purchases")) == 1


async def test_after_a_5xx_it_runs_again(
    till: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, stack: Stack, superuser: asyncpg.Connection
) -> None:
    held = Held(monkeypatch)
    held.go_on.set()
    held.failures = [CannotPublish("late"), RuntimeError("broken")]
    broken = await post(till, "/v1/purchases", receipt(), Idempotency_Key="k")
    assert (broken.status_code, broken.json()["code"]) == (500, "internal-error")
    away = await post(till, "/v1/purchases", receipt(), Idempotency_Key="k")
    assert (away.status_code, away.json()["code"]) == (503, "publishing-away")
    assert int(away.headers["retry-after"]) > 0
    assert await superuser.fetchval("SELECT count(*) FROM gateway.idempotency") == 0
    assert (await post(till, "/v1/purchases", receipt(), Idempotency_Key="k")).status_code == 202
    assert len(await stack.read("loyalty.purchases")) == 1


async def test_after_a_restart_and_for_seven_days(
    till: httpx.AsyncClient, settings: GatewaySettings, stack: Stack, clock: SetClock
) -> None:
    first = await post(till, "/v1/purchases", receipt(), Idempotency_Key="k")
    async with running(with_broker(settings, stack), clock) as other:
        other.headers.update({"Authorization": till.headers["authorization"]})
        clock.forward(KEPT - timedelta(seconds=1))
        again = await post(other, "/v1/purchases", receipt(), Idempotency_Key="k")
        assert again.content == first.content
        clock.forward(timedelta(seconds=1))
        await connected(other)
        fresh = await post(other, "/v1/purchases", receipt("R-2"), Idempotency_Key="k")
        assert (fresh.status_code, fresh.json()["id"]) == (202, "R-2"), "the key is free again"


async def test_what_is_old_is_purged_and_nothing_else(
    till: httpx.AsyncClient, make_key: MakeKey, database: Database, clock: SetClock, superuser: asyncpg.Connection
) -> None:
    theirs, _ = await make_key(GLOBEX, "events:write")
    foreign = receipt(source="/globex/pos/1", currency="USD")
    await post(till, "/v1/purchases", receipt("A"))
    await post(till, "/v1/purchases", foreign, **bearer(theirs))
    clock.forward(KEPT)
    await post(till, "/v1/purchases", receipt("B"))
    pool = await asyncpg.create_pool(database.dsn("gateway"), min_size=1, max_size=2)
    purge = Purge(IntakeStore(pool), clock)
    assert await purge.once() == 2
    assert await purge.once() == 0
    await pool.close()
    assert await superuser.fetchval("SELECT count(*) FROM gateway.idempotency") == 1


async def test_no_key_and_no_body_is_kept_in_clear(till: httpx.AsyncClient, superuser: asyncpg.Connection) -> None:
    phone = [{"kind": "phone", "value": "+39061234567"}]
    headers = fresh_key() | {"Idempotency-Key": "order-of-jane"}
    await post(till, "/v1/purchases", receipt(identifiers=phone), **headers)
    kept = str(await superuser.fetch("SELECT * FROM gateway.idempotency"))
    assert "R-1" in kept
    assert "jane" not in kept
    assert "39061234567" not in kept
