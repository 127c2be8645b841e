"""The `pointstream` command."""

from __future__ import annotations

from importlib import import_module, metadata
from importlib.util import find_spec
from typing import Annotated

import typer

from cli import demo, doctor, down, exits, status, up

app = typer.Typer(
    name="pointstream",
    help="An open loyalty platform: receipts become points in real time, exactly once.",
    epilog=exits.described(),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_FURTHER = (
    "cli.verify",
    "cli.dlq",
    "cli.sources",
    "cli.ingest",
    "cli.import_members",
    "cli.rates",
    "cli.adjust",
    "cli.extend",
    "cli.transfer",
    "cli.parked",
    "cli.referrals",
    "cli.programme",
    "cli.switches",
    "cli.republish",
    "cli.db",
    "cli.rebuild",
    "cli.backtest",
    "cli.boundaries",
    "cli.clock",
    "cli.history",
    "cli.experiments",
    "cli.scenarios",
    "cli.scenarios_simulated",
    "cli.segments",
    "cli.catalogue",
    "cli.orders",
    "cli.reminders",
    "cli.messages",
    "cli.templates",
    "cli.sweep",
    "cli.exemptions",
    "cli.contacts",
    "cli.expiry",
    "cli.reinstate",
    "cli.webhooks",
    "cli.providers",
    "cli.codes",
    "cli.giftcards",
    "cli.games",
    "cli.features",
)
"""Modules with a `register(app)` that adds their commands."""


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pointstream {metadata.version('pointstream')}")
        raise typer.Exit


@app.callback()
def _pointstream(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """An open loyalty platform: receipts become points in real time, exactly once."""


app.command()(up.up)
app.command()(down.down)
app.command()(down.reset)
app.command()(status.status)
app.command()(doctor.doctor)
app.add_typer(demo.app, name="demo")
for _module in _FURTHER:
    if find_spec(_module) is not None:
        import_module(_module).register(app)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
