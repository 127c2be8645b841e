"""The numbers of the pages are executed."""

from __future__ import annotations

import doctest
from pathlib import Path

import libs.ledger
from libs.ledger.invariants import INVARIANTS
from libs.ledger.model import Account, Kind

README = Path(libs.ledger.__file__).with_name("README.md")


def test_the_examples_hold() -> None:
    for page, examples in ((README, 55), (README.with_name("SPENDING.md"), 20), (README.with_name("LOANS.md"), 20)):
        outcome = doctest.testfile(str(page), module_relative=False)
        assert outcome.attempted >= examples
        assert outcome.failed == 0


def test_it_names_every_account_kind_and_invariant_and_stays_short() -> None:
    text = README.read_text(encoding="utf-8")
    words = [*Account, *Kind, *INVARIANTS]
    assert [word for word in words if word.replace("_", " ") not in text] == []
    assert len(text.splitlines()) <= 270
