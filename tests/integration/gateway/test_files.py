"""Files over HTTP: stored, brought in by one gateway at a time from where another stopped, told row by row."""

from __future__ import annotations

import asyncio
import csv
import gzip
import hashlib
import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from libs.runtime.clock import SystemClock
from services.gateway.files.purge import FilePurge
from services.gateway.files.shelf import Shelf
from services.gateway.files.store import FileStore
from services.gateway.settings import FilesPart, GatewaySettings
from tests.integration.cli.test_ingest import HEADER, MAPPING
from tests.integration.cli.test_ingest import receipt as rows
from tests.integration.gateway.conftest import MakeKey, SetClock, bearer, running
from tests.integration.gateway.scribe import QUERIES
from tests.integration.gateway.till import cloud_event, connected, receipt, told, with_broker
from tests.support.database import ACME, GLOBEX, Database
from tests.support.receipts import PURCHASES
from tests.support.stack import Stack, until


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def storing(settings: GatewaySettings, shelf: Path) -> GatewaySettings:
    """The settings of a gateway that takes files, and has no broker."""
    return settings.model_copy(update={"files": FilesPart(directory=shelf, most_bytes=100_000, most_open=3)})


@pytest.fixture
async def desk(storing: GatewaySettings, clock: SetClock, make_key: MakeKey) -> AsyncIterator[httpx.AsyncClient]:
    """A client at such a gateway: files wait there."""
    text, _ = await make_key()
    async with running(storing, clock) as client:
        client.headers.update(bearer(text))
        yield client


@pytest.fixture
async def feeding(
    storing: GatewaySettings, stack: Stack, clock: SetClock, make_key: MakeKey
) -> AsyncIterator[httpx.AsyncClient]:
    """A client at a gateway that brings files in."""
    text, _ = await make_key()
    async with running(with_broker(storing, stack), clock) as client:
        client.headers.update(bearer(text))
        await connected(client)
        yield client


def lines(*events: Any) -> bytes:
    return b"\n".join(json.dumps(each).encode() for each in events)


def purchases(count: int, source: str = "/acme/pos/1") -> bytes:
    return lines(*(cloud_event(receipt(f"F-{number}", source=source)) for number in range(count)))


async def send(client: httpx.AsyncClient, content: Any, name: str = "day.jsonl", **query: Any) -> httpx.Response:
    headers = query.pop("headers", {})
    wanted = {"source": "/acme/pos", "name": name} | query
    return await client.post("/v1/files", params=wanted, content=content, headers=headers)


def lying(shelf: Path) -> int:
    """How many files lie in the gateway's directory."""
    return len(list(shelf.iterdir()))


async def ended(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    """What is told of a file once it has ended."""
    found: dict[str, Any] = {}

    async def over() -> bool:
        found.update((await client.get(path)).json())
        return found["state"] not in ("waiting", "running")

    await until(over, f"{path} has ended")
    return found


async def test_a_file_is_brought_in_and_its_rejected_rows_are_told(
    feeding: httpx.AsyncClient, stack: Stack, superuser: asyncpg.Connection
) -> None:
    await superuser.execute(QUERIES["mapping"], "/acme/pos", json.dumps(MAPPING))
    text = HEADER + rows("R1", "2,50", "1,20") + "S1;broken\n" + rows("R2", "9,99", total="9,98") + rows("R3", "5,0x")
    packed = gzip.compress(text.encode())

    answer = await send(feeding, packed, "day.csv.gz")

    assert answer.status_code == 202
    sent = answer.json()
    assert (sent["status"], sent["sha256"], sent["bytes"]) == (
        "accepted",
        hashlib.sha256(packed).hexdigest(),
        len(packed),
    )
    path = answer.headers["location"]
    done = await ended(feeding, path)
    assert (done["state"], done["read"], done["published"], done["rejected"]) == ("done", 4, 1, 3)
    assert (done["lines"], done["progress"], done["seconds_left"]) == (6, 1.0, 0.0)
    (event,) = await stack.events(PURCHASES)
    assert (event["id"], event["source"]) == ("R1", "/acme/pos/S1")

    told_rows = [
        (4, "", "columns"),
        (5, "/total", "total-mismatch"),
        (6, "/rows/0/amount", "field"),
    ]
    first = (await feeding.get(done["rejects"], params={"limit": 2})).json()
    second = (await feeding.get(done["rejects"], params={"limit": 2, "cursor": first["next_cursor"]})).json()
    pages = [(row["line"], row["field"], row["reason"]) for page in (first, second) for row in page["data"]]
    assert (pages, second["next_cursor"]) == (told_rows, None)
    table = await feeding.get(done["rejects"] + ".csv")
    assert table.headers["content-type"].startswith("text/csv")
    assert "attachment" in table.headers["content-disposition"]
    head, *body = csv.reader(table.text.splitlines())
    assert head == ["line", "field", "reason", "detail"]
    assert [(int(line), field, reason) for line, field, reason, _ in body] == told_rows

    known = await send(feeding, packed, "again.csv.gz")
    assert (known.status_code, known.json()["status"], known.headers["location"]) == (202, "known", path)
    assert len(await stack.read(PURCHASES)) == 1


async def test_what_only_others_may_say_is_rejected(
    feeding: httpx.AsyncClient, stack: Stack, make_key: MakeKey
) -> None:
    member = told(
        {"member_id": "0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e11", "identifiers": [{"kind": "card", "value": "1"}]},
        "M",
        "/acme/pos/1",
    )
    adjustment = told({"wallet": "points", "points": 5, "reason": "goodwill"}, "A", "/pointstream/acme/main")
    content = lines(
        cloud_event(receipt("F-1", source="/acme/pos/1")) | {"tenant": "globex", "memberseq": 7},
        cloud_event(receipt("F-2", source="/globex/pos/1")),
        cloud_event(member, "member.enrolled.v1"),
        cloud_event(adjustment, "adjustment.requested.v1"),
    )
    events_only, _ = await make_key(ACME, "events:write")
    limited = await ended(feeding, (await send(feeding, content, headers=bearer(events_only))).headers["location"])
    assert (limited["published"], limited["rejected"]) == (1, 3)
    found = (await feeding.get(limited["rejects"])).json()["data"]
    assert [row["reason"] for row in found][:2] == ["unknown-source", "scope-missing"]
    (event,) = await stack.events(PURCHASES)
    assert (event["id"], event.get("tenant"), event.get("memberseq")) == ("F-1", None, None)
    assert await stack.read("loyalty.profiles") == await stack.read("loyalty.activities") == []

    trusted = await ended(feeding, (await send(feeding, content)).headers["location"])
    assert (trusted["published"], trusted["rejected"]) == (2, 2), "another key may do more, so it is another file"
    assert len(await stack.read("loyalty.profiles")) == 1


async def test_what_is_no_file_is_refused_and_leaves_nothing(
    desk: httpx.AsyncClient, shelf: Path, make_key: MakeKey
) -> None:
    async def code(content: Any = b"{}", name: str = "day.jsonl", **query: Any) -> tuple[int, str]:
        answer = await send(desk, content, name, **query)
        return answer.status_code, answer.json()["code"]

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 10_000

    assert await code(source="/globex/pos") == (422, "source-unknown")
    assert await code(source="/pointstream/acme/main") == (422, "source-unknown")
    assert await code(name="day.pdf") == (422, "file-unreadable")
    assert await code(name="day.csv") == (422, "file-unreadable"), "without a mapping"
    assert await code(encoding="none-such") == (422, "file-unreadable")
    assert await code(name="../day.jsonl") == (422, "request-invalid")
    assert await code(b"x" * 100_001) == (413, "body-too-large")
    assert await code(endless()) == (413, "body-too-large")
    assert await code(headers={"Content-Type": "multipart/form-data; boundary=x"}) == (415, "media-type-unsupported")
    reader, _ = await make_key(ACME, "receipts:read")
    assert await code(headers=bearer(reader)) == (403, "scope-missing")
    for number in range(1, 4):
        assert (await send(desk, purchases(number))).status_code == 202
    assert await code(purchases(4)) == (429, "files-waiting")
    assert lying(shelf) == 3


async def test_without_a_directory_none_are_taken(client: httpx.AsyncClient) -> None:
    answer = await send(client, b"{}")
    assert (answer.status_code, answer.json()["code"]) == (503, "file-not-stored")


async def test_files_are_listed_and_cancelled_by_their_owner_alone(
    desk: httpx.AsyncClient, shelf: Path, make_key: MakeKey
) -> None:
    paths = [(await send(desk, purchases(number))).headers["location"] for number in (1, 2, 3)]
    first = (await desk.get("/v1/files", params={"limit": 2})).json()
    rest = (await desk.get("/v1/files", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    listed = [f"/v1/files/{file['id']}" for page in (first, rest) for file in page["data"]]
    assert listed == list(reversed(paths))

    other, _ = await make_key(GLOBEX)
    assert (await desk.delete(paths[0], headers=bearer(other))).json()["code"] == "file-unknown"
    reader, _ = await make_key(ACME, "receipts:read")
    assert (await desk.delete(paths[0], headers=bearer(reader))).json()["code"] == "scope-missing"
    for _ in range(2):
        answer = await desk.delete(paths[0])
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert lying(shelf) == 2
    cancelled = (await desk.get("/v1/files", params={"state": "cancelled"})).json()["data"]
    assert [f"/v1/files/{file['id']}" for file in cancelled] == paths[:1]
    again = await send(desk, purchases(1))
    assert (again.json()["status"], again.headers["location"] != paths[0]) == ("accepted", True)


async def test_a_file_is_sent_at_once_by_many_and_known_once(desk: httpx.AsyncClient, shelf: Path) -> None:
    answers = await asyncio.gather(*(send(desk, purchases(5)) for _ in range(3)))
    assert Counter(answer.json()["status"] for answer in answers) == {"accepted": 1, "known": 2}
    assert len({answer.headers["location"] for answer in answers}) == lying(shelf) == 1


async def test_too_many_rejected_rows_end_a_file(
    storing: GatewaySettings, stack: Stack, clock: SetClock, make_key: MakeKey
) -> None:
    files = storing.files.model_copy(update={"most_rejects": 10})
    text, _ = await make_key()
    async with running(with_broker(storing.model_copy(update={"files": files}), stack), clock) as client:
        client.headers.update(bearer(text))
        await connected(client)
        path = (await send(client, b"{}\n" * 11)).headers["location"]
        failed = await ended(client, path)
        assert (failed["state"], failed["rejected"]) == ("failed", 0)
        assert "10 rows" in failed["failure"]
        assert (await client.delete(path)).json()["code"] == "file-ended"
        damaged = await ended(
            client, (await send(client, gzip.compress(b"x" * 999)[:-9], "a.jsonl.gz")).headers["location"]
        )
        assert (damaged["state"], damaged["failure"]) == ("failed", "the packed file is damaged, or not complete")


async def test_a_gateway_that_is_killed_leaves_off_where_the_next_one_goes_on(
    stack: Stack, shelf: Path, make_key: MakeKey, superuser: asyncpg.Connection
) -> None:
    count = 1_000
    text, _ = await make_key()
    directory = {"POINTSTREAM_GATEWAY__FILES__DIRECTORY": str(shelf)}
    first = await stack.start_ready("gateway", **directory, POINTSTREAM_FAIL_POINT="after-send:3")
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{first.port}", headers=bearer(text), timeout=60) as client:
        await connected(client)
        path = (await send(client, purchases(count))).headers["location"]
    assert await asyncio.to_thread(first.process.wait, 30) == -9

    second = await stack.start_ready("gateway", "two", **directory, POINTSTREAM_GATEWAY__FILES__LOOK_EVERY="PT0.1S")
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{second.port}", headers=bearer(text), timeout=60
    ) as client:
        left = (await client.get(path)).json()
        assert (left["state"], left["published"]) == ("running", 400), "two portions were noted, the third was not"
        await superuser.execute(QUERIES["lease_over"])
        done = await ended(client, path)
    assert (done["state"], done["read"], done["published"], done["rejected"]) == ("done", count, count, 0)
    seen = Counter(str(event["id"]) for event in await stack.events(PURCHASES))
    assert len(seen) == count
    assert sum(seen.values()) == count + 200, "the portion in between was published twice, under the same ids"


async def test_a_broker_that_is_away_is_waited_for_and_cancelling_needs_none(
    storing: GatewaySettings, clock: SetClock, make_key: MakeKey, desk: httpx.AsyncClient
) -> None:
    path = (await send(desk, purchases(3))).headers["location"]

    async def runs() -> bool:
        return bool((await desk.get(path)).json()["state"] == "running")

    await until(runs, "the gateway has taken the file")
    assert (await desk.delete(path)).json()["state"] == "cancelled"


async def test_what_is_old_is_forgotten_with_its_bytes_and_rows(
    feeding: httpx.AsyncClient, database: Database, shelf: Path
) -> None:
    path = (await send(feeding, b"{}\n{}")).headers["location"]
    assert (await ended(feeding, path))["rejected"] == 2
    pool = await asyncpg.create_pool(database.dsn("gateway"), min_size=1)
    try:
        real = _Later(timedelta(0))
        purge = FilePurge(FileStore(pool), Shelf(shelf), timedelta(days=7), real)
        await purge.once()
        assert lying(shelf) == 1
        (shelf / "0192f0c4-3b00-7a5e-8c11-2f6f1d9c7a10").write_bytes(b"left over")
        real.step = timedelta(days=8)
        await purge.once()
    finally:
        await pool.close()
    assert (await feeding.get(path)).json()["code"] == "file-unknown"
    assert lying(shelf) == 0


class _Later:
    """The machine's clock, moved."""

    def __init__(self, step: timedelta) -> None:
        self.step = step

    def now(self) -> datetime:
        return self.at(SystemClock().now())

    def at(self, wall: datetime) -> datetime:
        return wall + self.step
