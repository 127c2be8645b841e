"""`pointstream up`: the whole platform, in the foreground or in the background."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import screen
from cli.exits import Exit
from cli.failures import explained, fail
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from deploy.embedded import layout, state
from deploy.embedded.backing import Brought
from deploy.embedded.lock import DirectoryInUse, DirectoryLock
from deploy.embedded.services import PROGRAMS
from deploy.embedded.state import Addresses
from deploy.embedded.supervisor import FIRST_RECEIPTS, Ready, Supervisor, Wishes
from libs.runtime.clock import parse_clock

_LOOK_SECONDS = 0.05


def up(
    data: DataOption = DEFAULT_DATA,
    detach: Annotated[bool, typer.Option("--detach", help="Run in the background; return when all is ready.")] = False,
    demo: Annotated[bool, typer.Option("--demo/--no-demo", help="Play receipts at the first start.")] = True,
    receipts: Annotated[int, typer.Option(min=0, help="How many receipts the first start plays.")] = FIRST_RECEIPTS,
    clock: Annotated[
        str | None,
        typer.Option(
            metavar="INSTANT[@SPEED]",
            help="Drive the platform's clock, e.g. 2017-02-01T00:00:00Z@60; it goes on at the next start. "
            "`real` returns to the machine's clock.",
        ),
    ] = None,
    kafka: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", envvar="POINTSTREAM_KAFKA", help="Use this Kafka instead of our own."),
    ] = None,
    postgres: Annotated[
        str | None,
        typer.Option(
            metavar="DSN",
            envvar="POINTSTREAM_POSTGRES",
            help="Use this PostgreSQL instead of our own; the role must be allowed to make roles and databases.",
        ),
    ] = None,
    port: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=NUMBER", help=f"Fix a port: {', '.join(layout.NAMES)}. May be repeated."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Start PostgreSQL, Kafka and the five services, and play real receipts into them.

    The first start fetches Apache Kafka (45 MB), makes the database, the topics and a demo tenant. Later starts come
    back with the data, on the same ports and with the same credentials. Ctrl-C stops everything.
    """
    _check_clock(clock, brought_along=bool(kafka or postgres), as_json=as_json)
    wishes = Wishes(data, demo, receipts, clock, Brought(kafka, postgres), _ports(port or [], as_json))
    with explained(as_json=as_json):
        if detach:
            _detached(wishes, as_json)
        else:
            _attached(wishes, as_json)


def _check_clock(clock: str | None, *, brought_along: bool, as_json: bool) -> None:
    if clock is None or clock == "real":
        return
    if brought_along:
        fail(
            Exit.USAGE, "--clock drives the embedded platform only, not a Kafka or PostgreSQL of yours", as_json=as_json
        )
    try:
        parse_clock(clock)
    except ValueError as error:
        fail(Exit.USAGE, f"--clock {clock}: {error}", as_json=as_json)


def _ports(texts: list[str], as_json: bool) -> dict[str, int]:
    ports = {}
    for text in texts:
        name, _, number = text.partition("=")
        if name not in layout.NAMES or not number.isdigit() or not 0 < int(number) < 65536:
            fail(Exit.USAGE, f"--port {text}: write NAME=NUMBER with one of {', '.join(layout.NAMES)}", as_json=as_json)
        ports[name] = int(number)
    return ports


def _attached(wishes: Wishes, as_json: bool) -> None:
    with screen.reporting() as report:

        def on_ready(ready: Ready) -> None:
            if as_json:
                screen.write_json(_object(wishes.data, ready.addresses, ready))
            else:
                _write_ready(ready)

        Supervisor(wishes, report).run(on_ready)


def _detached(wishes: Wishes, as_json: bool) -> None:
    """Start ourselves in the background; pass on what it says until it is ready or has ended."""
    lock = DirectoryLock(wishes.data)
    if (owner := lock.owner()) is not None:
        raise DirectoryInUse(
            f"{wishes.data} is already run by process {owner}. Stop it with `pointstream down`, "
            "or use another directory with --data."
        )
    log = wishes.data / "logs" / "supervisor.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as written:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "up", "--data", str(wishes.data), *_arguments(wishes)],
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=PROGRAMS,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    try:
        _follow(supervisor, wishes.data, log)
    except KeyboardInterrupt:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait()
        raise
    if supervisor.poll() is not None:
        said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        code = Exit(supervisor.returncode) if supervisor.returncode in set(Exit) else Exit.FAILED
        fail(code, "the platform did not start:\n" + "\n".join(said[-25:]), as_json=as_json)
    addresses = state.load(wishes.data).addresses
    assert addresses is not None
    if as_json:
        screen.write_json({**_object(wishes.data, addresses), "pid": supervisor.pid})
    else:
        screen.out().print(log.read_text(encoding="utf-8").rpartition(_READY_MARK)[2].strip("\n"), markup=False)


def _follow(supervisor: subprocess.Popen[bytes], data: Path, log: Path) -> None:
    """Show the lines of its log as they come, until the table of the end begins or it has ended."""
    console = screen.err()
    with log.open("r", encoding="utf-8", errors="replace") as lines:
        shown = True
        while supervisor.poll() is None:
            now = state.load(data)
            ready = now.phase == "ready" and now.pid == supervisor.pid
            for line in lines:
                shown = shown and line.rstrip("\n") != _READY_MARK
                if shown and line.strip():
                    console.print(line.rstrip(), markup=False)
            if ready and not shown:
                return
            time.sleep(_LOOK_SECONDS)


def _arguments(wishes: Wishes) -> list[str]:
    arguments = ["--demo" if wishes.demo else "--no-demo", "--receipts", str(wishes.receipts)]
    for option, value in (
        ("--clock", wishes.clock),
        ("--kafka", wishes.brought.kafka),
        ("--postgres", wishes.brought.postgres),
    ):
        arguments += [option, value] if value else []
    for name, number in wishes.ports.items():
        arguments += ["--port", f"{name}={number}"]
    return arguments


def _object(data: Path, addresses: Addresses, ready: Ready | None = None) -> dict[str, Any]:
    told: dict[str, Any] = {**addresses.model_dump(), "data": str(data), "pid": os.getpid()}
    if ready is not None and ready.played is not None:
        told |= {"receipts": ready.played.receipts, "points": ready.played.points}
    return told


_READY_MARK = "Pointstream is ready"


def _write_ready(ready: Ready) -> None:
    addresses = ready.addresses
    console = screen.out()
    console.print(f"\n{_READY_MARK}", style="bold green")
    rows = [
        ("Gateway", addresses.gateway),
        ("API key", addresses.api_key),
        ("Kafka", addresses.kafka),
        ("PostgreSQL", addresses.postgres),
        *((f"Metrics of {name}", url) for name, url in addresses.metrics.items()),
        ("Data and logs", str(ready.data)),
    ]
    screen.write_table("Addresses and credentials", rows)
    console.print("\nThree things to try:")
    for command in _suggestions(ready):
        console.print(f"  {command}", markup=False, soft_wrap=True)
    console.print(
        f"\nReady after {ready.seconds:.1f} s. Ctrl-C stops everything; the next `up` comes back with the data."
    )


def _suggestions(ready: Ready) -> list[str]:
    curl = f"curl -H 'Authorization: Bearer {ready.addresses.api_key}' {ready.addresses.gateway}"
    where = f" --data '{ready.data}'"
    if ready.example is None:
        return [
            f"pointstream demo receipts --count 1000 --wait{where}",
            f"{curl}/openapi.json",
            f"pointstream verify{where}",
        ]
    source = ready.example.source.replace("/", "%2F")
    return [
        f"{curl}/v1/members/{ready.example.member_id}",
        f"{curl}/v1/receipts/{source}/{ready.example.id}",
        f"pointstream verify{where}",
    ]
