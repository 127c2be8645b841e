"""What the services measure: on the page, well named, and what the alerts ask for exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.embedded.layout import DEFAULTS
from deploy.prometheus.__main__ import main
from deploy.prometheus.vocabulary import COLLECTORS, PAGE, Family, page, services_by_family

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy/prometheus"
UNITS = {
    "seconds",
    "bytes",
    "records",
    "events",
    "points",
    "partitions",
    "programmes",
    "members",
    "sweeps",
    "reminders",
    "minor",
    "pools",
    "messages",
    "providers",
}
LABELS = {
    "service", "topic", "partition", "outcome", "reason", "cause", "operation", "status_class", "code",
    "tenant", "programme", "wallet", "account", "campaign", "kind", "channel",
}  # fmt: skip
"""Few values each, and none that a member, a receipt or an article could be known by."""
EXPORTED_ALL = services_by_family()
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load(PROMETHEUS.joinpath("alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]


def exported_names() -> dict[str, Family]:
    """Every name that a query may use, with its family."""
    names: dict[str, Family] = {}
    for family in EXPORTED_ALL:
        suffixes = ("_bucket", "_count", "_sum") if family.type == "histogram" else ("",)
        names |= {family.name + suffix: family for suffix in suffixes}
    return names


def test_the_page_is_what_the_collectors_make_of_it() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m deploy.prometheus generate`"
    assert main(["check"]) == 0


@pytest.mark.parametrize("service", COLLECTORS)
def test_the_page_knows_what_the_service_makes(service: str) -> None:
    """The composition root makes these collectors and no others."""
    tree = ast.parse(ROOT.joinpath(f"services/{service}/app.py").read_text(encoding="utf-8"))
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert {name for name in called if name.endswith("Metrics")} == {made.__name__ for made in COLLECTORS[service]}


def test_every_service_is_on_the_page() -> None:
    folders = {folder.parent.name for folder in ROOT.glob("services/*/metrics.py")}
    assert folders == set(COLLECTORS)


def test_collectors_are_made_in_metrics_modules_only() -> None:
    makers = [
        path.relative_to(ROOT).as_posix()
        for folder in ("libs", "services", "cli", "deploy")
        for path in ROOT.joinpath(folder).rglob("*.py")
        if path.name != "metrics.py"
        and re.search(r"from prometheus_client import .*(Counter|Gauge|Histogram|Summary|Enum|Info)", path.read_text())
    ]
    assert makers == []


def flaws(family: Family) -> list[str]:
    """What is wrong with a family's name, labels or help."""
    words = family.name.split("_")
    unit = words[-2] if words[-1] == "total" else words[-1]
    found = []
    if words[0] != "loyalty" or not re.fullmatch(r"[a-z]+(_[a-z]+)+", family.name):
        found.append("name")
    if (words[-1] == "total") != (family.type == "counter"):
        found.append("total")
    if family.type != "counter" and unit not in UNITS:
        found.append("unit")
    if set(words) & {"ms", "milliseconds", "minutes", "hours", "kb", "mb", "percent"}:
        found.append("base unit")
    if set(family.labels) - LABELS:
        found.append("labels")
    if not re.fullmatch(r"[A-Z].+\.", family.help):
        found.append("help")
    return found


@pytest.mark.parametrize("family", EXPORTED_ALL, ids=lambda family: family.name)
def test_names_are_good(family: Family) -> None:
    assert flaws(family) == []


@pytest.mark.parametrize(
    ("family", "flaw"),
    [
        (Family("earning_lag_records", "gauge", (), "Lag."), "name"),
        (Family("loyalty_lag_total", "gauge", (), "Lag."), "total"),
        (Family("loyalty_receipts", "counter", (), "Receipts."), "total"),
        (Family("loyalty_batch", "histogram", (), "Batch."), "unit"),
        (Family("loyalty_batch_milliseconds", "histogram", (), "Batch."), "base unit"),
        (Family("loyalty_points_total", "counter", ("member_id",), "Points."), "labels"),
        (Family("loyalty_points_total", "counter", (), "points"), "help"),
    ],
)
def test_a_bad_name_is_found(family: Family, flaw: str) -> None:
    assert flaw in flaws(family)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_an_alert_asks_for_what_exists(rule: dict[str, Any]) -> None:
    known = exported_names()
    asked = set(re.findall(r"\bloyalty_\w+", rule["expr"]))
    assert asked <= known.keys()
    labels = {label for name in asked for label in known[name].labels} or {"process", "instance", "job"}
    shown = {
        *re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]),
        *(label.strip() for group in re.findall(r"\bby \(([^)]*)\)", rule["expr"]) for label in group.split(",")),
        *(label for group in re.findall(r"\{([^}]*)\}", rule["expr"]) for label in re.findall(r"(\w+)=", group)),
    }
    assert shown <= labels | {"instance"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_an_alert_says_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"critical", "warning"}
    file, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    assert anchor in anchors(ROOT / file)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub names them."""
    headings = re.findall(r"(?m)^#+ (.+)$", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_within_the_runbook_lead_somewhere() -> None:
    runbook = ROOT / "docs/runbook.md"
    assert set(re.findall(r"\]\(#([\w-]+)\)", runbook.read_text(encoding="utf-8"))) <= anchors(runbook)


def test_every_alert_is_named_once_and_scraped() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names)) >= 6
    scraped = yaml.safe_load(PROMETHEUS.joinpath("prometheus.yml").read_text(encoding="utf-8"))
    assert scraped["rule_files"] == ["alerts.yml"]
    [job] = scraped["scrape_configs"]
    assert job["job_name"] == "pointstream"
    targets = {each["labels"]["process"]: each["targets"] for each in job["static_configs"]}
    assert targets == {service: [f"127.0.0.1:{DEFAULTS[service]}"] for service in COLLECTORS}
