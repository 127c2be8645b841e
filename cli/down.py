"""`pointstream down` and `pointstream reset`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from cli import screen
from cli.exits import Exit
from cli.failures import explained, fail
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from deploy.embedded.supervisor import stop_running

_KNOWN = {
    "cache",
    "kafka",
    "lock",
    "logs",
    "played.json",
    "played.lock",
    "postgres",
    "run",
    "secrets.json",
    "state.json",
}
"""What a data directory holds; `reset` throws away nothing else."""


def down(
    data: DataOption = DEFAULT_DATA,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait for the end.")] = 60.0,
    as_json: JsonOption = False,
) -> None:
    """Stop the platform of a data directory; the data stays."""
    with explained(as_json=as_json):
        stopped = _stop(data, timeout)
    if as_json:
        screen.write_json({"data": str(data), "stopped": stopped})
    else:
        screen.out().print(f"stopped: {', '.join(stopped)}" if stopped else f"nothing runs in {data}", markup=False)


def reset(
    data: DataOption = DEFAULT_DATA,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait for the end of what runs.")] = 60.0,
    as_json: JsonOption = False,
) -> None:
    """Stop the platform and throw its data away: points, topics, credentials, logs."""
    if not data.exists():
        _tell_reset(data, [], as_json)
        return
    if strangers := sorted(path.name for path in data.iterdir() if path.name not in _KNOWN):
        fail(
            Exit.FAILED,
            f"{data} holds files that are not the platform's ({', '.join(strangers[:5])}); nothing was removed",
            as_json=as_json,
        )
    if not yes:
        typer.confirm(f"Throw away everything in {data}?", abort=True, err=True)
    with explained(as_json=as_json):
        stopped = _stop(data, timeout)
    shutil.rmtree(data)
    _tell_reset(data, stopped, as_json)


def _stop(data: Path, timeout: float) -> list[str]:
    if not data.exists():
        return []
    orphans = stop_running(data, timeout)
    return ["supervisor"] if orphans is None else orphans


def _tell_reset(data: Path, stopped: list[str], as_json: bool) -> None:
    if as_json:
        screen.write_json({"data": str(data), "stopped": stopped, "removed": not data.exists()})
    else:
        screen.out().print(f"{data} is gone", markup=False)


def register(app: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    app.command()(down)
    app.command()(reset)
