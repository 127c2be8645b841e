"""How programmes are shown: faults, differences, consequences and versions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import typer
from rich.markup import escape

from cli import screen
from cli.exits import Exit
from libs.programmes.consequences import instant_text
from libs.programmes.plan import Plan
from libs.programmes.versions import StoredVersion
from libs.promotions.diff import Change
from libs.promotions.document import ProgrammeInvalid

_SIGNS = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}
_LONGEST = 100


def refuse_document(where: Path | str, invalid: ProgrammeInvalid, *, as_json: bool) -> NoReturn:
    """Name every fault of a document, and end the command."""
    faults = [
        {
            name: value
            for name, value in (
                ("path", error.path),
                ("line", error.line),
                ("reason", error.reason),
                ("allowed", error.allowed),
            )
            if value is not None
        }
        for error in invalid.errors
    ]
    if as_json:
        screen.write_json({"error": f"{where}: it is no programme", "code": "violations", "errors": faults})
    lines = "\n".join(f"  {error}" for error in invalid.errors)
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    screen.err().print(f"error: {where}: {count}, and nothing was done\n{lines}", markup=False, style="red")
    raise typer.Exit(Exit.VIOLATIONS)


def show_plan(plan: Plan) -> None:
    """Show what publishing would do: field by field, and in words."""
    console = screen.out()
    if plan.unchanged:
        console.print(f"nothing to do: version {plan.programme.version} says the same", markup=False)
        return
    against = "the first version" if plan.base is None else f"against version {plan.base.number}"
    console.print(
        f"version {plan.programme.version}, in force from {instant_text(plan.active_from)}, {against}", markup=False
    )
    for change in plan.changes:
        sign, colour = _SIGNS[change.what]
        console.print(f"  [{colour}]{sign}[/{colour}] {escape(_in_words(change))}")
    if plan.words:
        console.print("\nwhat that means", style="bold")
        for word in plan.words:
            console.print(f"  {word}", markup=False)


def _in_words(change: Change) -> str:
    if change.what == "changed":
        return f"{change.path}: {_short(change.old)} → {_short(change.new)}"
    return f"{change.path}: {_short(change.new if change.what == 'added' else change.old)}"


def _short(value: Any) -> str:
    """Write a value in a line: of a campaign its name, of what is long its beginning."""
    if isinstance(value, dict) and "name" in value:
        rest = {key: each for key, each in value.items() if key not in ("id", "name") and each not in ([], {})}
        return f"{value['name']}  {_cut(json.dumps(rest, ensure_ascii=False))}"
    return _cut(json.dumps(value, ensure_ascii=False))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def show_versions(title: str, versions: Sequence[StoredVersion], in_force: int | None) -> None:
    """Show versions, newest first."""
    screen.write_table(
        title,
        [
            (
                str(version.number) + (" *" if version.number == in_force else ""),
                instant_text(version.active_from),
                version.hash[:12],
                instant_text(version.recorded_at),
                version.published_by or "",
                _what(version),
                version.note or "",
            )
            for version in versions
        ],
        ("version", "in force from", "hash", "published", "by", "what", "why"),
    )


def _what(version: StoredVersion) -> str:
    if version.restores is not None:
        return f"as version {version.restores}: {version.summary or ''}"
    return version.summary or ""
