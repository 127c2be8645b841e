"""Backtests over HTTP: asked for, carried out one at a time by a process of their own, gone on with, told."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from services.gateway.backtests.store import BacktestStore
from services.gateway.settings import BacktestsPart, GatewaySettings
from tests.integration.gateway.conftest import MakeKey, SetClock, bearer, running
from tests.integration.gateway.scribe import Scribe, decision, receipt
from tests.support.database import ACME, GLOBEX, Database, programme_document
from tests.support.stack import until

FRIDAY = datetime(2024, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
RANGE = {"from": "2024-03-01T00:00:00Z", "to": "2024-03-02T00:00:00Z"}


@pytest.fixture
def judging(settings: GatewaySettings, tmp_path: Path) -> GatewaySettings:
    """The settings of a gateway that carries backtests out."""
    part = BacktestsPart(directory=tmp_path / "work", most_open=2, look_every=timedelta(milliseconds=50))
    return settings.model_copy(update={"backtests": part})


@pytest.fixture
def idle(judging: GatewaySettings) -> GatewaySettings:
    """The settings of one that takes them, and leaves them to others."""
    part = judging.backtests.model_copy(update={"carries_out": False})
    return judging.model_copy(update={"backtests": part})


@pytest.fixture
async def store(database: Database) -> AsyncIterator[BacktestStore]:
    async with asyncpg.create_pool(database.dsn("gateway"), min_size=0, max_size=2) as pool:
        yield BacktestStore(pool)


def doubled() -> dict[str, Any]:
    """The document B: twice the points."""
    document: dict[str, Any] = programme_document(ACME)
    base = next(each for each in document["campaigns"] if each["id"] == "base")
    return document | {"version": 2, "campaigns": [base | {"effect": base["effect"] | {"points": 2}}]}


def asked(**changes: Any) -> dict[str, Any]:
    return {"document": doubled(), **RANGE} | changes


async def bought(scribe: Scribe, total: int = 1_000) -> UUID:
    """A member who bought something on Friday; what another company has is there too."""
    member, other = await scribe.member(), await scribe.member(GLOBEX)
    for each, tenant in ((member, ACME), (other, GLOBEX)):
        made = decision(
            tenant.source, "R-1", receipt(total, currency=tenant.currency), FRIDAY + HOUR, member_id=each.member_id,
            lot=1, tenant=tenant,
        )  # fmt: skip
        await scribe.page([made], tenant)
        await scribe.receipt(made, tenant)
    return member.member_id


async def ended(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    """What is told of a backtest once it has ended."""
    found: dict[str, Any] = {}

    async def over() -> bool:
        found.update((await client.get(path)).json())
        return found["state"] not in ("waiting", "running")

    await until(over, f"{path} has ended", seconds=120)
    return found


async def test_what_was_asked_is_carried_out_and_told(
    judging: GatewaySettings, clock: SetClock, make_key: MakeKey, scribe: Scribe, tmp_path: Path
) -> None:
    member = await bought(scribe)
    text, _ = await make_key()
    async with running(judging, clock) as client:
        client.headers.update(bearer(text))
        answer = await client.post("/v1/backtests", json=asked(point_values={"points": "0.01"}))
        assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
        path = answer.headers["location"]
        done = await ended(client, path)
        assert (done["state"], done["failure"], done["progress"]) == ("done", None, 1.0)
        assert (done["summary"]["receipts"], done["summary"]["unlike_recorded"]) == (1, 0)
        assert done["summary"]["wallets"]["points"]["difference"] == 10
        assert done["summary"]["cost"] == {"currency": "EUR", "a_minor": 10, "b_minor": 20}

        table = await client.get(done["members"])
        (row,) = csv.DictReader(io.StringIO(table.text, newline=""))
        assert (row["member_id"], row["points_a"], row["points_b"]) == (str(member), "10", "20")
        report = await client.get(done["report"])
        assert "<svg" in report.text
        assert "style-src 'sha256-" in report.headers["content-security-policy"]
        assert "style=" not in report.text, "the policy allows the one style sheet alone"
        assert (await client.delete(path)).json()["code"] == "backtest-ended"
        assert not list((tmp_path / "work").iterdir()), "the copy is thrown away"

        await client.post("/sign-in", data={"key": text})
        listing = await client.get("/backtests")
        assert "1 / 0" in listing.text
        assert (await client.get(f"/backtests/{done['id']}")).text == report.text


async def test_what_makes_no_sense_is_refused_at_once(
    idle: GatewaySettings, clock: SetClock, make_key: MakeKey, client: httpx.AsyncClient
) -> None:
    assert (await client.post("/v1/backtests", json=asked())).json()["code"] == "backtests-unavailable"
    text, _ = await make_key()
    async with running(idle, clock) as asking:
        asking.headers.update(bearer(text))
        for changes, code, place in (
            ({"to": RANGE["from"]}, "request-invalid", "/body/to"),
            ({"version": 1}, "request-invalid", "/body"),
            ({"document": doubled() | {"currency": "USD"}}, "request-invalid", "/body/document/currency"),
            ({"document": doubled() | {"zone": "Nowhere"}}, "document-invalid", "/body/document/zone"),
            ({"point_values": {"gems": "1"}}, "request-invalid", "/body/point_values/gems"),
            ({"against": 7}, "version-unknown", None),
        ):
            refused = (await asking.post("/v1/backtests", json=asked(**changes))).json()
            assert refused["code"] == code, changes
            assert place is None or refused["errors"][0]["pointer"] == place
        first = (await asking.post("/v1/backtests", json=asked())).json()
        again = (await asking.post("/v1/backtests", json=asked())).json()
        assert (first["status"], again["status"], first["id"]) == ("accepted", "known", again["id"])
        await asking.post("/v1/backtests", json=asked(against=1))
        full = await asking.post("/v1/backtests", json={"version": 1, **RANGE})
        assert (full.status_code, full.json()["code"]) == (503, "backtests-waiting")
        early = await asking.get(f"/v1/backtests/{first['id']}/report")
        assert (early.status_code, early.json()["code"]) == (409, "backtest-not-done")


async def test_one_of_a_company_runs_at_a_time_and_a_cancelled_one_is_nobodys(
    idle: GatewaySettings, clock: SetClock, make_key: MakeKey, store: BacktestStore
) -> None:
    text, _ = await make_key()
    async with running(idle, clock) as client:
        client.headers.update(bearer(text))
        paths = []
        for against in (None, 1):
            clock.instant += timedelta(seconds=1)  # who asked first has the first turn
            paths.append((await client.post("/v1/backtests", json=asked(against=against))).headers["location"])
        now = datetime.now(UTC)
        async with store.session(ACME.tenant_id) as session:
            first = await session.take(now, now + HOUR)
            assert first is not None
            assert await session.take(now, now + HOUR) is None, "the other waits, though nobody has it"
        cancelled = (await client.delete(paths[0])).json()
        assert cancelled["state"] == (await client.delete(paths[0])).json()["state"] == "cancelled"
        async with store.session(ACME.tenant_id) as session:
            assert not await session.hold_on(first, now + HOUR)
            second = await session.take(now, now + HOUR)
        assert second is not None
        assert paths[1].endswith(str(second.backtest_id))
        async with store.session(GLOBEX.tenant_id) as session:
            assert await session.backtests(None, 10) == []


async def test_what_a_gateway_left_behind_is_gone_on_with(
    idle: GatewaySettings, judging: GatewaySettings, clock: SetClock, make_key: MakeKey, store: BacktestStore,
    scribe: Scribe,
) -> None:  # fmt: skip
    await bought(scribe)
    text, _ = await make_key()
    async with running(idle, clock) as client:
        client.headers.update(bearer(text))
        path = (await client.post("/v1/backtests", json=asked())).headers["location"]
        long_ago = datetime.now(UTC) - HOUR
        async with store.session(ACME.tenant_id) as session:
            lost = await session.take(long_ago, long_ago + HOUR / 2)
            assert lost is not None, "taken by a gateway that was killed"
    async with running(judging, clock) as client:
        client.headers.update(bearer(text))
        assert (await ended(client, path))["state"] == "done"
    async with store.session(ACME.tenant_id) as session:
        assert not await session.hold_on(lost, long_ago), "whoever was given up writes nothing any more"
