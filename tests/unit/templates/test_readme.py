"""The README's examples are executed."""

from __future__ import annotations

import doctest
from pathlib import Path

import libs.templates

README = Path(libs.templates.__file__).with_name("README.md")


def test_the_examples_hold() -> None:
    outcome = doctest.testfile(str(README), module_relative=False)
    assert outcome.attempted >= 3
    assert outcome.failed == 0
