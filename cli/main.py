"""The `pointstream` command. A command's module is imported when it is asked for: all of them together take seconds."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module, metadata
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cli import exits

MODULES = (
    "cli.up",
    "cli.down",
    "cli.status",
    "cli.doctor",
    "cli.demo",
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
    "cli.designs",
    "cli.letters_by_post",
    "cli.results",
    "cli.sweep",
    "cli.exemptions",
    "cli.contacts",
    "cli.expiry",
    "cli.reinstate",
    "cli.blocking",
    "cli.webhooks",
    "cli.providers",
    "cli.codes",
    "cli.giftcards",
    "cli.standing_orders",
    "cli.trades",
    "cli.households",
    "cli.games",
    "cli.questionnaires",
    "cli.posts",
    "cli.features",
)
"""Modules with a `register(app)` that adds their commands, in the order of the help."""
_ELSEWHERE = {
    "reset": ("cli.down",),
    "import": ("cli.import_members",),
    "scenarios": ("cli.scenarios", "cli.scenarios_simulated"),
    "standing-orders": ("cli.standing_orders",),
    "switch": ("cli.switches",),
    "letters": ("cli.letters_by_post",),
    "liability": ("cli.expiry",),
    "draws": ("cli.games",),
    "members": ("cli.reinstate", "cli.blocking"),
    "reinstatements": ("cli.reinstate",),
    "db": ("cli.db", "cli.rebuild"),
}
"""The modules of commands that are not in one of their own name alone."""


class _Commands(TyperGroup):
    """The commands of the modules, which are imported as far as they are wanted."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command; looking for one that there is not takes all modules."""
        for modules in (modules_of(cmd_name), MODULES):
            if cmd_name not in self.commands:
                self._add(modules)
        return self.commands.get(cmd_name)

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all."""
        self._add(MODULES)
        return list(self.commands)

    def _add(self, modules: Iterable[str]) -> None:
        part = typer.Typer()
        for module in modules:
            import_module(module).register(part)
        self.commands = {**self.commands, **typer.main.get_group(part).commands}


app = typer.Typer(
    name="pointstream",
    cls=_Commands,
    help="An open loyalty platform: receipts become points in real time, exactly once.",
    epilog=exits.described(),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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


def modules_of(command: str) -> tuple[str, ...]:
    """The modules that bring a command and what is below it, as far as its name tells; none when it does not."""
    own = f"cli.{command}"
    return _ELSEWHERE.get(command) or tuple(each for each in MODULES if each == own or each.startswith(f"{own}_"))


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
