"""`python -m libs.contracts generate | check`: keep schemas and docs equal to the code, and the promise to readers."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from libs.contracts.asyncapi import ASYNCAPI_FILE, asyncapi_yaml
from libs.contracts.compat import breaks_between
from libs.contracts.docs import EVENTS_PAGE, events_page
from libs.contracts.schema import SCHEMAS, all_schemas, committed_schemas, rendered, schema_file

_ROOT = Path(__file__).parents[2]


def generated_files() -> Mapping[Path, str]:
    """Return what every generated file has to hold."""
    files = {schema_file(name): rendered(schema) for name, schema in all_schemas().items()}
    return {**files, EVENTS_PAGE: events_page(), ASYNCAPI_FILE: asyncapi_yaml()}


def stale_files() -> list[Path]:
    """Return the generated files that differ from the code, are missing, or belong to nothing any more."""
    files = generated_files()
    differing = [path for path, text in files.items() if not path.exists() or path.read_text("utf-8") != text]
    return differing + sorted(path for path in SCHEMAS.glob("*.json") if path not in files)


def generate(unreleased: bool) -> int:
    """Write the generated files, unless that would hide a change that hurts readers; return the exit code."""
    breaks = breaks_between(committed_schemas(), all_schemas())
    if breaks and not unreleased:
        _complain(map(str, breaks))
        _complain(["nothing was written: make a new version, or say --unreleased when nobody has the old one yet"])
        return 1
    for path in set(SCHEMAS.glob("*.json")) - set(generated_files()):
        path.unlink()
    for path, text in generated_files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return 0


def check(against: str | None) -> int:
    """Compare the code with the tree, and its promises with a git revision if one is told; return the exit code."""
    base = committed_schemas() if against is None else _schemas_at(against)
    breaks = [str(found) for found in breaks_between(base, all_schemas())]
    stale = [f"{path.relative_to(_ROOT)}: differs from the code, run `generate`" for path in stale_files()]
    _complain(breaks + stale)
    return 1 if breaks or stale else 0


def _schemas_at(revision: str) -> dict[str, dict[str, Any]]:
    folder = SCHEMAS.relative_to(_ROOT).as_posix()
    paths = _git("ls-tree", "--name-only", revision, "--", f"{folder}/").splitlines()
    return {
        Path(path).name.removesuffix(".schema.json"): json.loads(_git("show", f"{revision}:{path}"))
        for path in paths
        if path.endswith(".schema.json")
    }


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=_ROOT, check=True, capture_output=True, text=True).stdout


def _complain(lines: Any) -> None:
    for line in lines:
        print(line, file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the two commands; the exit code is 1 when something is not as it should be."""
    parser = argparse.ArgumentParser(prog="python -m libs.contracts", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    generating = commands.add_parser("generate", help="write schemas, docs/events.md and docs/asyncapi.yaml")
    generating.add_argument("--unreleased", action="store_true", help="break a version that nobody has yet")
    checking = commands.add_parser("check", help="fail when files are stale or a schema was broken")
    checking.add_argument("--against", metavar="REVISION", help="a git revision to compare with, instead of the tree")
    options = parser.parse_args(arguments)
    if options.command == "generate":
        return generate(options.unreleased)
    return check(options.against)


if __name__ == "__main__":
    sys.exit(main())
