"""`pointstream expiry`: the commands about when points lapse."""

from __future__ import annotations

import typer

from cli.expiry_migrate import migrate

app = typer.Typer(help="When points lapse, and by which policy.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """When points lapse, and by which policy."""


app.command()(migrate)


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(app, name="expiry")
