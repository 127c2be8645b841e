"""The README's examples are executed, and it knows every module."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

import libs.promotions

FOLDER = Path(libs.promotions.__file__).parent
README = FOLDER / "README.md"


def test_the_examples_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER.parents[1])
    outcome = doctest.testfile(str(README), module_relative=False)
    assert outcome.attempted >= 25
    assert outcome.failed == 0


def test_it_names_every_module_and_stays_short() -> None:
    text = README.read_text(encoding="utf-8")
    modules = [module.stem for module in FOLDER.glob("*.py") if module.stem not in ("__init__", "situation")]
    assert [module for module in modules if f"`{module}`" not in text] == []
    assert len(text.splitlines()) <= 200
