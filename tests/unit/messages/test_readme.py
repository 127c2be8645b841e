"""The README's examples are executed."""

from __future__ import annotations

import doctest
from pathlib import Path

import libs.messages

README = Path(libs.messages.__file__).with_name("README.md")


def test_the_examples_hold() -> None:
    outcome = doctest.testfile(str(README), module_relative=False)
    assert outcome.attempted >= 8
    assert outcome.failed == 0
