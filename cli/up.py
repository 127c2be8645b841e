"""`pointstream up`: the whole platform, in the foreground or in the background."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from cli import screen
from cli.exits import Exit
from cli.failures import explained, fail
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from deploy.embedded import layout
from deploy.embedded.backing import Brought
from deploy.embedded.lock import DirectoryLock, in_use
from deploy.embedded.services import PROGRAMS
from deploy.embedded.supervisor import FIRST_RECEIPTS, Ready, Supervisor, Wishes
from libs.runtime.clock import DrivenClock, parse_clock

_LOOK_SECONDS = 0.05
_SELF = (sys.executable, "-m", "cli.main")


def up(
    data: DataOption = DEFAULT_DATA,
    detach: Annotated[bool, typer.Option("--detach", help="Run in the background; return when all is ready.")] = False,
    demo: Annotated[bool, typer.Option("--demo/--no-demo", help="Play receipts at the first start.")] = True,
    receipts: Annotated[int, typer.Option(min=0, help="How many receipts the first start plays.")] = FIRST_RECEIPTS,
    clock: Annotated[
        str | None,
        typer.Option(
            metavar="INSTANT[@SPEED]",
            help="Drive the platform's clock, e.g. 2017-02-01T00:00:00Z@60; it goes on at the next start, and "
            "`pointstream clock` sets it. `real` returns to the machine's clock.",
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
        if not isinstance(parse_clock(clock), DrivenClock):
            raise ValueError("INSTANT or INSTANT@SPEED")
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
            told = _object(ready)
            if as_json:
                screen.write_json(told)
            else:
                _write_ready(told, "Ctrl-C stops everything; the next `up` comes back with the data.")

        Supervisor(wishes, report).run(on_ready)


def _detached(wishes: Wishes, as_json: bool) -> None:
    """Start ourselves in the background; pass on what it says until it is ready or has ended."""
    if (owner := DirectoryLock(wishes.data).owner()) is not None:
        raise in_use(wishes.data, str(owner))
    log, answer = wishes.data / "logs" / "supervisor.log", wishes.data / "run" / "ready.json"
    wishes.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in (log, answer):
        path.parent.mkdir(exist_ok=True)
    answer.unlink(missing_ok=True)
    answer.touch(mode=0o600)
    with log.open("wb") as said, answer.open("wb") as answered:
        supervisor = subprocess.Popen(
            [*_SELF, "up", "--json", "--data", str(wishes.data), *_arguments(wishes)],
            stdin=subprocess.DEVNULL,
            stdout=answered,
            stderr=said,
            start_new_session=True,
            cwd=PROGRAMS,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    try:
        text = _follow(supervisor, log, answer)
    except KeyboardInterrupt:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait()
        raise
    told = json.loads(text) if text else {"error": f"the supervisor ended without a word; see {log}"}
    if "error" in told:
        status = supervisor.wait()
        fail(Exit(status) if status in set(Exit) - {Exit.OK} else Exit.FAILED, told["error"], as_json=as_json)
    if as_json:
        screen.write_json(told)
    else:
        _write_ready(told, f"It runs in the background; stop it with: {_again('down', wishes.data)}")


def _follow(supervisor: subprocess.Popen[bytes], log: Path, answer: Path) -> str:
    """Show the lines of its log as they come; return its answer, or "" when it ended without one."""
    console = screen.err()
    with log.open("r", encoding="utf-8", errors="replace") as lines:
        while True:
            ended = supervisor.poll() is not None
            text = answer.read_text(encoding="utf-8")
            for line in lines:
                if line.strip() and not line.startswith("error: "):
                    console.print(line.rstrip(), markup=False)
            if ended or text.endswith("\n"):
                return text
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


def _object(ready: Ready) -> dict[str, Any]:
    told: dict[str, Any] = {**ready.addresses.model_dump(), "data": str(ready.data), "pid": os.getpid()}
    told["seconds"] = round(ready.seconds, 1)
    if ready.played is not None:
        told |= {"receipts": ready.played.receipts, "points": ready.played.points}
    told["example"] = asdict(ready.example) if ready.example else None
    return told


def _write_ready(told: dict[str, Any], farewell: str) -> None:
    console = screen.out()
    console.print("\nPointstream is ready", style="bold green")
    rows = [
        ("Gateway", told["gateway"]),
        ("API key", told["api_key"]),
        ("Kafka", told["kafka"]),
        ("PostgreSQL", told["postgres"]),
        *((f"Metrics of {name}", url) for name, url in told["metrics"].items()),
        ("Data and logs", told["data"]),
    ]
    screen.write_table("Addresses and credentials", rows)
    console.print("\nThree things to try:")
    for command in _suggestions(told):
        console.print(f"  {command}", markup=False, soft_wrap=True)
    console.print(f"\nReady after {told['seconds']:.1f} s. {farewell}", markup=False)


def _suggestions(told: dict[str, Any]) -> list[str]:
    curl = f"curl -H 'Authorization: Bearer {told['api_key']}' {told['gateway']}"
    data = Path(told["data"])
    verify = _again("verify", data)
    if (example := told["example"]) is None:
        return [_again("demo receipts --count 1000 --wait", data), f"{curl}/openapi.json", verify]
    receipt = quote(f"{example['source']}/{example['id']}")
    return [f"{curl}/v1/members/{example['member_id']}", f"{curl}/v1/receipts{receipt}", verify]


def _again(command: str, data: Path) -> str:
    """How to call another command for the same data, from where we are."""
    installed = os.path.relpath(Path(sys.executable).parent / "pointstream")
    program = "pointstream" if shutil.which("pointstream") else installed
    where = "" if data == DEFAULT_DATA.resolve() else f" --data {shlex.quote(str(data))}"
    return f"{program} {command}{where}"


def register(app: typer.Typer) -> None:
    """Add the command to the `pointstream` command line."""
    app.command()(up)
