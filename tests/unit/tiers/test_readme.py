"""The examples in the pages of tiers and history are executed, and the example programme is one."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from libs.history.needs import needs_of
from libs.promotions.document import parse_programme_yaml

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("page", ["libs/history/README.md", "libs/tiers/README.md"])
def test_the_examples_hold(page: str) -> None:
    outcome = doctest.testfile(str(ROOT / page), module_relative=False)
    assert outcome.attempted >= 8
    assert outcome.failed == 0


def test_the_example_programme_asks_for_what_its_campaigns_and_tiers_look_at() -> None:
    text = (ROOT / "libs/promotions/examples/tiers.yaml").read_text(encoding="utf-8")
    needs = needs_of(parse_programme_yaml(text))
    assert needs is not None
    assert not needs.by_category
    assert max(window.reach or 0 for window in needs.windows) > 700
