"""`pointstream features`: which features the latest test run has proven.

A feature is done when the acceptance tests that carry its id all passed, according to the run's JUnit file. Whether a
test may carry an id is decided when the tests are collected; here only the result counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Annotated
from xml.etree import ElementTree

import typer

from cli import screen
from cli.exits import Exit
from cli.options import JsonOption

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
        screen.err().print(f"no test run has left a report in {REPORT} yet: make test", markup=False)
        return frozenset()
    return proven(report or REPORT)


def _show(done: Sequence[Feature], missing: Sequence[Feature]) -> None:
    for title, features in (("done", done), ("missing", missing)):
        if features:
            rows = [(each.id, f"the same as {each.same_as}" if each.same_as else each.text) for each in features]
            screen.write_table(f"{title}: {len(features)}", rows, ("id", "feature"))
    families = dict.fromkeys(feature.family for feature in all_features().values())
    counts = [
        [family, *(str(sum(each.family == family for each in part)) for part in (done, missing))] for family in families
    ]
    total = ["all", str(len(done)), str(len(missing))]
    screen.write_table("in all", [*counts, total], ("family", "done", "missing"))


def features(
    as_json: JsonOption = False,
    junit: Annotated[
        Path | None, typer.Option(help=f"The report of a test run; without it {REPORT}.", metavar="FILE")
    ] = None,
) -> None:
    """Say which features the latest test run has proven, and which are missing."""
    try:
        ids = _latest(junit)
    except ReportUnreadable as error:
        screen.err().print(str(error), markup=False)
        raise typer.Exit(Exit.USAGE) from None
    done, missing = divide(all_features(), ids)
    if as_json:
        screen.write_json({"done": [each.id for each in done], "missing": [each.id for each in missing]})
    else:
        _show(done, missing)


def register(app: typer.Typer) -> None:
    """Add the command to the `pointstream` command line."""
    app.command()(features)
