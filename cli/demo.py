"""`pointstream demo`: real receipts into a running platform."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli import screen
from cli.failures import explained, running
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from deploy.embedded import play, state
from deploy.embedded.played import PlayBook, read
from deploy.embedded.receipts import read_enrolments
from deploy.embedded.stopping import Stopped, StopRequest
from libs.runtime.clock import parse_clock

_RAW_UNTIL = datetime(2018, 1, 8, tzinfo=UTC)
"""A week after the last receipt: later than that, raw dates lie in closed periods."""

app = typer.Typer(help="Play real receipts into a running platform.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Play real receipts into a running platform."""


@app.command()
def receipts(
    data: DataOption = DEFAULT_DATA,
    count: Annotated[int, typer.Option(min=1, help="How many receipts.")] = 1_000,
    rate: Annotated[float | None, typer.Option(min=0.1, help="How many a second; as fast as it goes without.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Return when every receipt has its decision.")] = False,
    raw_dates: Annotated[
        bool, typer.Option("--raw-dates", help="Keep the dates of 2017, from January on, instead of the latest weeks.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Play the next receipts of a real year of groceries, each only once.

    By default their dates are shifted by whole weeks so that the year has just ended, and the newest come first. When
    the year is used up it begins again, with receipts of other numbers.
    """
    with explained(as_json=as_json), screen.reporting() as report, report.step("Demo") as step:
        addresses = running(data, as_json=as_json)
        book, stop = PlayBook(data), StopRequest()
        with stop.listening(lambda: None):
            try:
                step.progress("reading receipts")
                now = parse_clock(state.load(data).clock).now()
                if raw_dates and now > _RAW_UNTIL:
                    report.warn(
                        f"it is {now:%Y} for the platform, so receipts of 2017 come too late to be paid; "
                        "`up --clock 2017-01-01T00:00:00Z` takes it there"
                    )
                if not book.load().enrolled:
                    stop.run(play.enrol(addresses.kafka, addresses.postgres, read_enrolments(), step))
                    book.note(enrolled=True)
                blocks, shift = book.take(count, now, raw=raw_dates)
                chosen = read(blocks, shift)
                playing = play.play(addresses.kafka, addresses.postgres, chosen, count, step, rate=rate, wait=wait)
                outcome = stop.run(playing)
            except Stopped:
                raise KeyboardInterrupt from None
        points = "" if outcome.points is None else f", {outcome.points:,} points"
        step.done(f"{outcome.receipts:,} receipts{points} in {outcome.seconds:.1f} s")
    if as_json:
        screen.write_json({"receipts": outcome.receipts, "points": outcome.points, "seconds": outcome.seconds})
    else:
        screen.out().print(f"{outcome.receipts:,} receipts{points} in {outcome.seconds:.1f} s", markup=False)


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(app, name="demo")
