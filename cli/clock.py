"""`pointstream clock`: what time it is for the platform, and what time it shall be."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from cli import screen
from cli.exits import Exit
from cli.failures import fail, running
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from deploy.embedded import state
from libs.runtime.clock import FollowedClock, parse_clock, parse_instant


def clock(
    instant: Annotated[
        str | None,
        typer.Argument(metavar="[INSTANT[@SPEED]]", help="What time it shall be, such as 2017-03-31T22:00:05Z."),
    ] = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Show the business time of a running platform, or set it: what lies between happens at once.

    Only a platform that was started with `up --clock INSTANT` has a time of its own. It never goes back.
    """
    running(data, as_json=as_json)
    held = parse_clock(state.load(data).clock)
    if instant is not None:
        if not isinstance(held, FollowedClock):
            message = "this platform goes by the machine's clock; start it with `up --clock INSTANT`"
            fail(Exit.USAGE, message, as_json=as_json)
        try:
            held.set(*_read(instant))
        except ValueError as error:
            fail(Exit.USAGE, f"{instant}: {error}", as_json=as_json)
    now = held.now()
    if as_json:
        screen.write_json({"now": now.isoformat(), "driven": isinstance(held, FollowedClock)})
    else:
        screen.out().print(f"{now:%Y-%m-%d %H:%M:%S} UTC", markup=False)


def _read(text: str) -> tuple[datetime, float]:
    instant, _, speed = text.partition("@")
    return parse_instant(instant), float(speed or 1)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(clock)
