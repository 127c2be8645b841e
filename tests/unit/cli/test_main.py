"""The command line imports what is asked for, and has everything."""

from __future__ import annotations

import subprocess
import sys

import typer
from typer.testing import CliRunner

from cli.main import MODULES, app, modules_of

ALL = typer.main.get_group(app)
_IMPORTED = (
    "import sys; sys.argv = ['pointstream', 'status', '--help']\n"
    + """
from cli.main import main
try:
    main()
except SystemExit:
    print(*(name for name in sys.modules if name.startswith("cli.")))
"""
)


def test_every_command_is_found_by_its_name_alone() -> None:
    context = typer.Context(ALL)
    names = ALL.list_commands(context)
    assert names[:5] == ["up", "down", "reset", "status", "doctor"]
    assert {"db", "import", "switch", "members", "reinstatements", "liability", "features"} <= set(names)
    assert {module for name in names for module in modules_of(name)} == set(MODULES), "nothing is found by --help alone"
    for name in names:
        alone = typer.main.get_group(app)
        assert alone.get_command(context, name) is not None
        assert len(alone.commands) <= 2, f"{name} brings {list(alone.commands)}"


def test_rebuild_is_a_command_of_db() -> None:
    assert "rebuild" in CliRunner().invoke(app, ["db", "--help"]).output


def test_what_is_mistyped_is_told_what_is_like_it() -> None:
    told = CliRunner().invoke(app, ["verfy"])
    assert told.exit_code == 2
    assert "Did you mean 'verify'" in told.output


def test_a_command_imports_no_other() -> None:
    done = subprocess.run([sys.executable, "-c", _IMPORTED], capture_output=True, text=True, check=True)
    imported = done.stdout.splitlines()[-1].split()
    assert "cli.status" in imported
    assert not {"cli.up", "cli.verify", "cli.sweep"} & set(imported)
