"""`pointstream features`: which features the latest test run has proven.

A feature is done when the acceptance tests that carry its id all passed, according to the run's JUnit file. Whether a
test may carry an id is decided when the tests are collected; here only the result counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Annotated
from xml.etree import ElementTree

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

PROPERTY = "feature"
"""Name of the JUnit property that carries an id."""
REPORT = Path("build/junit.xml")
"""Where `make test` leaves its report."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One line of the list; `same_as` names the feature that it repeats."""

    id: str
    text: str
    same_as: str | None = None

    @property
    def family(self) -> str:
        """The part of the id before the number."""
        return self.id.partition("-")[0]


class ReportUnreadable(Exception):
    """A report was asked for that is not there or is no JUnit file."""


@cache
def all_features() -> Mapping[str, Feature]:
    """Return every feature by its id, in the order of the list."""
    features: dict[str, Feature] = {}
    for line in resources.files("cli").joinpath("features.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            identifier, _, text = line.partition(" ")
            same_as = text.removeprefix("= ") if text.startswith("= ") else None
            features[identifier] = Feature(identifier, text, same_as)
    return MappingProxyType(features)


def proven(report: Path) -> frozenset[str]:
    """Return the ids whose tests all passed in a JUnit file; skipped and expected failures count against an id.

    Raises:
        ReportUnreadable: there is no such file, or it is no JUnit file.
    """
    try:
        cases = list(ElementTree.parse(report).iter("testcase"))  # noqa: S314  our own report
    except (OSError, ElementTree.ParseError) as error:
        raise ReportUnreadable(f"{report} is no JUnit report: {error}") from None
    passed: set[str] = set()
    others: set[str] = set()
    for case in cases:
        ids = {found.get("value", "") for found in case.iter("property") if found.get("name") == PROPERTY}
        good = all(case.find(verdict) is None for verdict in ("failure", "error", "skipped"))
        (passed if good else others).update(ids)
    return frozenset(passed - others)


def divide(features: Mapping[str, Feature], ids: frozenset[str]) -> tuple[list[Feature], list[Feature]]:
    """Return the features that these ids make done, and those that are missing."""
    done = [feature for feature in features.values() if (feature.same_as or feature.id) in ids]
    return done, [feature for feature in features.values() if feature not in done]


def _latest(report: Path | None) -> frozenset[str]:
    """Read the report that was named, or the usual one; without any run nothing is proven."""
    if report is None and not REPORT.exists():
        typer.echo(f"no test run has left a report in {REPORT} yet: make test", err=True)
        return frozenset()
    return proven(report or REPORT)


def _families(features: Sequence[Feature]) -> Iterator[str]:
    yield from dict.fromkeys(feature.family for feature in features)


def _show(done: Sequence[Feature], missing: Sequence[Feature]) -> None:
    console = Console()
    for title, features in (("done", done), ("missing", missing)):
        table = Table("id", "feature", title=f"{title}: {len(features)}", title_justify="left", box=None)
        for feature in features:
            text = f"the same as {feature.same_as}" if feature.same_as else feature.text
            table.add_row(feature.id, escape(text))
        console.print(table)
    summary = Table("family", "done", "missing", title="in all", title_justify="left", box=None)
    for family in _families([*done, *missing]):
        counts = [sum(feature.family == family for feature in part) for part in (done, missing)]
        summary.add_row(family, *map(str, counts))
    summary.add_row("all", str(len(done)), str(len(missing)))
    console.print(summary)


def features(
    as_json: Annotated[bool, typer.Option("--json", help="Print one object with `done` and `missing`.")] = False,
    junit: Annotated[
        Path | None, typer.Option(help=f"The report of a test run.  [default: {REPORT}]", metavar="FILE")
    ] = None,
) -> None:
    """Say which features the latest test run has proven, and which are missing.

    Exit codes: 0 the list was printed, however long; 2 the report that was named can't be read.
    """
    try:
        ids = _latest(junit)
    except ReportUnreadable as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    done, missing = divide(all_features(), ids)
    if as_json:
        typer.echo(json.dumps({"done": [each.id for each in done], "missing": [each.id for each in missing]}))
    else:
        _show(done, missing)


def register(app: typer.Typer) -> None:
    """Add the command to the `pointstream` command line."""
    app.command()(features)
