"""The first run and those after it, with everything real: what `pointstream up` promises to a newcomer."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil
import pytest

from cli.exits import Exit
from deploy.embedded import jars, process
from deploy.embedded.lock import DirectoryLock
from deploy.embedded.receipts import member_of, read_receipts, receipt_count
from deploy.embedded.state import SERVICES

COMMAND = (sys.executable, "-m", "cli.main")
RECEIPTS = 300
PATIENCE = 400.0


class Platform:
    """One data directory, driven from outside as an operator does."""

    def __init__(self, data: Path, environment: dict[str, str]) -> None:
        self.data = data
        self.environment = environment

    def run(self, *arguments: str, expect: Exit = Exit.OK) -> dict[str, Any]:
        """Run a command with `--json`, check its exit code, and return its object."""
        done = subprocess.run(
            [*COMMAND, *arguments, "--json", "--data", str(self.data)],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == expect, done.stderr
        lines = done.stdout.splitlines()
        assert len(lines) == 1, done.stdout
        told: dict[str, Any] = {**json.loads(lines[0]), "news": done.stderr}
        return told

    def up(self, *arguments: str) -> dict[str, Any]:
        """Start in the background."""
        return self.run("up", "--detach", "--receipts", str(RECEIPTS), *arguments)

    def children(self) -> list[psutil.Process]:
        """Every process that a supervisor of this directory has started."""
        return [psutil.Process(orphan.pid) for orphan in process.orphans(self.data)]


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, kafka_jars: Path) -> Iterator[Platform]:
    """A platform in a folder with spaces and accents, a home that can't be written, and no way out to the network."""
    data = tmp_path_factory.mktemp("first run") / "Mé data, č. 1"
    runs = tmp_path_factory.getbasetemp().parent
    process.clean_abandoned(str(runs))  # of a run that was killed
    nowhere = "http://127.0.0.1:9"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("POINTSTREAM_")}
    environment |= {"HOME": "/dev/null/home", "POINTSTREAM_CACHE": str(kafka_jars.parent)}
    environment |= dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), nowhere)
    owner = f"{os.getpid()} {process.birth(os.getpid())}"
    environment |= {process.MARKER: process.marker(runs, "supervisor"), process.OWNER: owner}
    environment |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    platform = Platform(data, environment)
    try:
        platform.up()
        yield platform
    finally:
        platform.run("reset", "--yes")
    assert not data.exists()


@pytest.fixture(scope="module")
def kafka_jars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache of jars, filled."""
    folder = jars.cache_folder(tmp_path_factory.getbasetemp())
    jars.ensure(folder)
    return folder


def told(platform: Platform) -> dict[str, Any]:
    """What `up` answered."""
    answer: dict[str, Any] = json.loads((platform.data / "run" / "ready.json").read_text(encoding="utf-8"))
    return answer


def ask(addresses: dict[str, Any], path: str) -> Any:
    """What the gateway answers to the demo's key."""
    headers = {"Authorization": f"Bearer {addresses['api_key']}"}
    answer = httpx.get(addresses["gateway"] + path, headers=headers, trust_env=False, timeout=60)
    assert answer.status_code == httpx.codes.OK, answer.text
    return answer.json()


def newest_member() -> str:
    """The member of the last receipt of the year, which the first start plays."""
    count = receipt_count()
    (receipt,) = read_receipts(count - 1, count)
    return str(member_of(int(receipt.data["identifiers"][0]["value"])))


def points_in_database(addresses: dict[str, Any]) -> int:
    """All points that lie in lots, as the operator's role sees them."""

    async def query() -> int:
        connection = await asyncpg.connect(addresses["postgres"])
        try:
            return int(await connection.fetchval("SELECT coalesce(sum(amount), 0) FROM ledger.lot"))
        finally:
            await connection.close()

    return asyncio.run(query())


def test_one_command_brings_everything_up(platform: Platform) -> None:
    answer = told(platform)
    assert answer["receipts"] == RECEIPTS
    assert answer["points"] == points_in_database(answer) > 0
    assert set(answer["metrics"]) == set(SERVICES)
    for url in answer["metrics"].values():
        assert "# HELP" in httpx.get(url, trust_env=False, timeout=60).text
    member = ask(answer, f"/v1/members/{newest_member()}")
    assert member["wallets"][0]["available"] > 0
    receipt = ask(answer, f"/v1/receipts{answer['example']['source']}/{answer['example']['id']}")
    assert receipt["outcome"] == "credited"
    status = platform.run("status")
    assert status["phase"] == "ready"
    assert all(part["ready"] for part in status["parts"].values())
    assert len(platform.children()) == len(SERVICES) + 2


def test_more_receipts_bring_more_points_and_nothing_breaks(platform: Platform) -> None:
    before = points_in_database(told(platform))
    outcome = platform.run("demo", "receipts", "--count", "200", "--wait")
    assert outcome["receipts"] == 200
    assert outcome["points"] == points_in_database(told(platform)) - before > 0
    assert outcome["seconds"] > 0
    assert platform.run("verify")["violations"] == 0


def test_a_second_supervisor_is_refused_and_told_who_runs(platform: Platform) -> None:
    refused = platform.run("up", "--detach", expect=Exit.ALREADY_RUNNING)
    assert f"process {told(platform)['pid']}" in refused["error"]
    refused = platform.run("up", expect=Exit.ALREADY_RUNNING)
    assert f"process {told(platform)['pid']}" in refused["error"]


def test_a_start_that_fails_in_the_background_says_why(platform: Platform, tmp_path: Path) -> None:
    environment = {**platform.environment, "POSTGRES_BIN": str(tmp_path)}
    failed = Platform(tmp_path / "data", environment).run("up", "--detach", expect=Exit.UNAVAILABLE)
    assert "POSTGRES_BIN names" in failed["error"]
    assert process.orphans(tmp_path / "data") == []


@pytest.mark.slow
def test_a_service_that_died_comes_back(platform: Platform) -> None:
    expiry = next(child for child in platform.children() if "services.expiry" in child.cmdline())
    expiry.kill()
    deadline = time.monotonic() + PATIENCE
    while (part := _part(platform, "expiry"))["restarts"] == 0 or not part["ready"]:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def _part(platform: Platform, name: str) -> dict[str, Any]:
    done = subprocess.run(
        [*COMMAND, "status", "--json", "--data", str(platform.data)],
        env=platform.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    part: dict[str, Any] = json.loads(done.stdout)["parts"][name]
    return part


@pytest.mark.slow
def test_after_a_killed_supervisor_up_cleans_and_has_the_data(platform: Platform) -> None:
    before = told(platform)
    points, balance = points_in_database(before), ask(before, f"/v1/members/{newest_member()}")["wallets"]
    orphans = platform.children()
    os.kill(before["pid"], signal.SIGKILL)
    while DirectoryLock(platform.data).owner() is not None:
        time.sleep(0.02)
    assert platform.run("status", expect=Exit.NOT_RUNNING)["running"] is False

    after = platform.up()
    assert "stopped what a killed supervisor had left behind" in after["news"]
    assert not any(orphan.is_running() and orphan.status() != psutil.STATUS_ZOMBIE for orphan in orphans)
    for same in ("kafka", "postgres", "gateway", "api_key", "metrics"):
        assert after[same] == before[same]
    assert points_in_database(after) == points
    assert ask(after, f"/v1/members/{newest_member()}")["wallets"] == balance
    assert platform.run("verify")["violations"] == 0


def test_ctrl_c_stops_everything_and_up_comes_back(platform: Platform) -> None:
    points = points_in_database(told(platform))
    platform.run("down")
    assert platform.children() == []
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", _gateway_port(platform)))
        taken.listen()
        explicit = platform.run("up", "--port", f"gateway={_gateway_port(platform)}", expect=Exit.UNAVAILABLE)
        assert "is taken" in explicit["error"]
        supervisor = subprocess.Popen(
            [*COMMAND, "up", "--json", "--data", str(platform.data)],
            env=platform.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert supervisor.stdout is not None
            answer = json.loads(supervisor.stdout.readline())
            assert answer["gateway"] != told(platform)["gateway"]
            assert points_in_database(answer) == points
            assert "receipts" not in answer
        finally:
            supervisor.send_signal(signal.SIGINT)
            _, news = supervisor.communicate(timeout=PATIENCE)
    assert supervisor.returncode == Exit.OK
    assert f"port {_gateway_port(platform)} is taken" in news
    assert "everything has stopped" in news
    assert platform.children() == []


def _gateway_port(platform: Platform) -> int:
    return int(told(platform)["gateway"].rpartition(":")[2])
