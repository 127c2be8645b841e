"""How many text messages a text is."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import libs.messages
from libs.messages.segments import Segments, count_segments, foreign_characters


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Segments("GSM-7", 0, 0)),
        ("a" * 160, Segments("GSM-7", 160, 1)),
        ("a" * 161, Segments("GSM-7", 161, 2)),
        ("a" * 306, Segments("GSM-7", 306, 2)),
        ("a" * 307, Segments("GSM-7", 307, 3)),
        ("€" * 80, Segments("GSM-7", 160, 1)),
        ("€" * 81, Segments("GSM-7", 162, 2)),
        ("a" * 152 + "€" + "a" * 152, Segments("GSM-7", 306, 3)),  # the escape and its character stay together
        ("Grüße à Ñandú", Segments("UCS-2", 13, 1)),  # ú is not of the alphabet
        ("Größe", Segments("GSM-7", 5, 1)),
        ("ж" * 70, Segments("UCS-2", 70, 1)),
        ("ж" * 71, Segments("UCS-2", 71, 2)),
        ("ж" * 134, Segments("UCS-2", 134, 2)),
        ("😀" * 35, Segments("UCS-2", 70, 1)),
        ("😀" * 36, Segments("UCS-2", 72, 2)),
        ("😀" * 67, Segments("UCS-2", 134, 3)),  # 33 pairs a message: a pair is not cut
    ],
)
def test_counts_as_the_network_does(text: str, expected: Segments) -> None:
    assert count_segments(text) == expected


def test_names_what_makes_it_dear() -> None:
    assert foreign_characters("Añb „x“ ń „y“ {€}") == "„“ń"


@settings(max_examples=60)
@given(st.text(max_size=400), st.characters())
def test_a_longer_text_is_never_less(text: str, more: str) -> None:
    before, after = count_segments(text), count_segments(text + more)
    assert before.count <= after.count
    assert (after.encoding == "UCS-2") == bool(foreign_characters(text + more))


def test_the_examples_of_the_readme_hold() -> None:
    outcome = doctest.testfile(str(Path(libs.messages.__file__).with_name("README.md")), module_relative=False)
    assert outcome.attempted > 0
    assert outcome.failed == 0
