"""`pointstream status`: what runs, and how it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from cli import screen
from cli.exits import Exit
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from deploy.embedded import ports, state
from deploy.embedded.lock import DirectoryLock
from deploy.embedded.services import answers_ok
from deploy.embedded.state import SERVICES, State
from libs.runtime.clock import parse_clock


def status(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """Say what runs, where, and whether it is ready.

    Ends with 3 when nothing runs, with 1 when something is not ready.
    """
    told = _status(data)
    if as_json:
        screen.write_json(told)
    else:
        _write(told)
    if not told["running"]:
        raise typer.Exit(Exit.NOT_RUNNING)
    if not all(part["ready"] for part in told["parts"].values()):
        raise typer.Exit(Exit.FAILED)


def _status(data: Path) -> dict[str, Any]:
    owner = DirectoryLock(data).owner()
    held = state.load(data)
    running = owner is not None
    return {
        "data": str(data),
        "running": running,
        "pid": owner,
        "phase": held.phase if running else "stopped",
        "clock": parse_clock(held.clock).now().isoformat() if held.clock else None,
        "parts": _parts(held) if running else {},
    }


def _parts(held: State) -> dict[str, dict[str, Any]]:
    parts: dict[str, dict[str, Any]] = {}
    for name in ("postgres", "kafka"):
        if (port := held.ports.get(name)) is not None:
            parts[name] = {"address": f"{ports.LOOPBACK}:{port}", "ready": ports.accepts(port), "restarts": 0}
    for name in SERVICES:
        if (port := held.ports.get(name)) is not None:
            address = f"http://{ports.LOOPBACK}:{port}"
            restarts = held.restarts.get(name, 0)
            parts[name] = {"address": address, "ready": answers_ok(port, "/readyz"), "restarts": restarts}
    return parts


def _write(told: dict[str, Any]) -> None:
    if not told["running"]:
        screen.out().print(f"no platform runs in {told['data']}", markup=False)
        return
    rows = [
        (name, "ready" if part["ready"] else "not ready", part["address"], str(part["restarts"]))
        for name, part in told["parts"].items()
    ]
    title = f"{told['phase']}, process {told['pid']}, {told['data']}"
    screen.write_table(title, rows, ("part", "state", "address", "restarts"))


def register(app: typer.Typer) -> None:
    """Add the command to the `pointstream` command line."""
    app.command()(status)
