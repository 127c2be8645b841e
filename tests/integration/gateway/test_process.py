"""The gateway as a process, served by uvicorn on a real socket."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx

from libs.runtime.clock import elapsed_since, monotonic
from services.gateway.door.http_protocol import MOST_HEAD
from tests.integration.gateway.conftest import NOW, SEAL_KEY, MakeKey, bearer
from tests.integration.gateway.scribe import Scribe, decision, receipt
from tests.support.database import ACME, Database
from tests.support.stack import PATIENCE

ROOT = Path(__file__).parents[3]


def environment(database: Database, **more: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("POINTSTREAM_")}
    return clean | {
        "POINTSTREAM_GATEWAY__POSTGRES__DSN": database.dsn("gateway"),
        "POINTSTREAM_GATEWAY__KAFKA__BOOTSTRAP": "127.0.0.1:9",  # given to every service; this one has no use for it
        "POINTSTREAM_SEAL_KEY": base64.b64encode(SEAL_KEY).decode(),
        **more,
    }


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "services.gateway", *arguments]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)


@contextmanager
def served(environment: dict[str, str], log: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.gateway"],
            env={**environment, "POINTSTREAM_GATEWAY__WEB__PORT": str(port)},
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_alive(url, process)
        yield url, process
    finally:
        process.kill()
        process.wait()


def wait_until_alive(url: str, process: subprocess.Popen[bytes]) -> None:
    started = monotonic()
    while elapsed_since(started) < timedelta(seconds=PATIENCE):
        assert process.poll() is None, "the gateway ended"
        try:
            if httpx.get(f"{url}/livez", timeout=1).status_code == 200:
                return
        except httpx.TransportError:
            continue
    raise AssertionError("the gateway never answered")


def endless_head(url: str) -> bytes:
    """What is answered to a request whose headers do not end."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: door\r\nX-Long: " + b"x" * (MOST_HEAD // 2))
        connection.sendall(b"x" * (MOST_HEAD // 2))  # and no more: what nobody reads would reset the connection
        return connection.recv(1_000)


async def test_it_serves_and_stops_cleanly(
    database: Database, scribe: Scribe, make_key: MakeKey, tmp_path: Path
) -> None:
    member = await scribe.member()
    bought = decision("/acme/pos/12/3", "a/b", receipt(4510), NOW, member_id=member.member_id, lot=1)
    await member.credit(45, NOW, cause=bought.key)
    await scribe.page([bought])
    text, _ = await make_key(ACME, "members:read", "points:read", "receipts:read")
    log = tmp_path / "gateway.log"
    with served(environment(database), log) as (url, process):
        async with httpx.AsyncClient(base_url=url, headers=bearer(text), timeout=60) as client:
            assert (await client.get("/readyz")).status_code == 200
            assert (await client.get(f"/v1/members/{member.member_id}")).status_code == 200
            entry = (await client.get(f"/v1/members/{member.member_id}/history")).json()["data"][0]
            assert entry["receipt"]["href"] == "/v1/receipts/acme/pos/12/3/a%2Fb"
            assert (await client.get(entry["receipt"]["href"])).json()["id"] == "a/b"
            answer = await client.get("/v1/receipts/acme/pos/12/3/none")
            assert (answer.status_code, answer.json()["code"]) == (404, "receipt-unknown")
            assert "server" not in answer.headers
        assert endless_head(url).startswith(b"HTTP/1.1 400 ")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    served_operations = [line["operation"] for line in lines if line["event"] == "request.served"]
    assert served_operations == ["getMember", "listMemberHistory", "getReceipt", "getReceipt"]
    assert text[-64:] not in log.read_text(encoding="utf-8")


def test_check_tells_what_is_wrong_without_telling_secrets(database: Database) -> None:
    good = environment(database)
    assert run(good, "check").returncode == 0
    short = run(good | {"POINTSTREAM_SEAL_KEY": "c2VjcmV0"}, "check")
    assert short.returncode == 78
    assert "SEAL_KEY" in short.stderr
    assert "c2VjcmV0" not in short.stderr
    missing = run({name: value for name, value in good.items() if "DSN" not in name}, "check")
    assert missing.returncode == 78
    assert "postgres" in missing.stderr
    driven = run(good | {"POINTSTREAM_CLOCK": "2017-02-01T00:00:00Z"}, "check")
    assert driven.returncode == 78
    assert "embedded" in driven.stderr
    assert run(good, "dance").returncode == 2
