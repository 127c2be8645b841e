"""Pages say what is there: the paths they name exist, and the lists they keep are complete."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from libs.promotions.document import parse_programme
from libs.promotions.strict_yaml import read_yaml
from libs.questionnaires.form import Questionnaire

ROOT = Path(__file__).parents[2]
FOLDERS = ("cli", "deploy", "docs", "libs", "services", "tests")
PAGES = sorted([*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in ROOT.joinpath(folder).rglob("*.md"))])
DECISIONS = sorted(ROOT.glob("docs/adr/0*.md"))

LEAST = {
    "version": 1,
    "zone": "UTC",
    "currency": "EUR",
    "wallets": [{"name": "points", "expiry": {"kind": "never"}}],
    "campaigns": [],
}
LEVELS = [{"name": "status", "levels": [{"name": "gold", "needs": {"points": 1000}}]}]
"""A programme that has as little as may be, and the level that pieces of one speak of."""

_QUOTED = re.compile(rf"`((?:{'|'.join(FOLDERS)}|\.ci)/[\w./-]+)")
_LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def broken(page: Path, text: str) -> list[str]:
    """Paths from the root that stand in backquotes, and links from the page, which lead nowhere."""
    paths = [(path, ROOT / path) for path in _QUOTED.findall(text)]
    links = [(link, page.parent / link) for link in _LINK.findall(text)]
    return [shown for shown, target in [*paths, *links] if not target.exists()]


def yaml_of(page: Path) -> list[str]:
    """What the page shows as YAML."""
    return re.findall(r"^```yaml[^\n]*\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_paths_exist(page: Path) -> None:
    assert broken(page, page.read_text(encoding="utf-8")) == []


def test_a_broken_path_is_found() -> None:
    text = (
        "see `libs/nowhere.py`, `libs/ledger`, `libs/ledger/model.py: Lot` and [this](nowhere.md), [that](README.md#x)"
    )
    assert broken(ROOT / "README.md", text) == ["libs/nowhere.py", "nowhere.md"]


@pytest.mark.parametrize("page", DECISIONS, ids=name)
def test_decision_has_its_shape(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    title = re.match(r"# (\d{4})\. (.+)\n", text)
    assert title is not None
    assert page.name.startswith(title[1] + "-")
    parts = re.findall(r"^\*\*(Context|Decision|Consequences|Enforced by)\.\*\*", text, re.MULTILINE)
    assert parts == ["Context", "Decision", "Consequences", "Enforced by"]
    assert f"| [{title[1]}]({page.name}) | {title[2]} |" in page.with_name("README.md").read_text(encoding="utf-8")


def test_decisions_are_numbered_without_gaps() -> None:
    assert [page.name[:4] for page in DECISIONS] == [f"{number:04}" for number in range(1, len(DECISIONS) + 1)]


def test_every_dependency_has_a_reason() -> None:
    project = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {re.split(r"[=<>;\[ ]", each)[0] for each in project["dependencies"]}
    page = ROOT.joinpath("docs/adr/0006-dependencies.md").read_text(encoding="utf-8")
    given = {found for row in re.findall(r"^\| (`.+?) \|", page, re.MULTILINE) for found in re.findall(r"`(.+?)`", row)}
    assert given == wanted | {"hatchling"}


def test_changelog_knows_this_version() -> None:
    project = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"\n## [{project['version']}] - " in ROOT.joinpath("CHANGELOG.md").read_text(encoding="utf-8")


def test_help_lists_every_target() -> None:
    text = ROOT.joinpath("Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    shown = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert re.findall(r"^  (\S+) +\S", shown.stdout, re.MULTILINE) == targets
    assert set(re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE)) == set(targets)


@pytest.mark.parametrize("page", [page for page in PAGES if "```yaml" in page.read_text(encoding="utf-8")], ids=name)
def test_yaml_can_be_read(page: Path) -> None:
    for text in yaml_of(page):
        assert isinstance(read_yaml(text), dict | list)


def test_the_questionnaire_that_is_shown_is_a_good_one() -> None:
    shown = yaml_of(ROOT / "docs/questionnaires.md")[0]
    assert len(Questionnaire.model_validate(read_yaml(shown)).questions) == 4


def test_what_is_shown_of_a_programme_fits_into_one() -> None:
    shown = [*yaml_of(ROOT / "docs/programme.md"), *yaml_of(ROOT / "docs/households.md")]
    for text in [*shown, *yaml_of(ROOT / "docs/trades.md")]:
        assert parse_programme({**LEAST, "tier_sets": LEVELS, **read_yaml(text)})
    assert len(shown) == 8
