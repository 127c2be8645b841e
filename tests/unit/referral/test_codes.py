"""Codes: in letters that nobody mixes up, with a check character that finds every slip."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.referral.codes import ALPHABET, CHANCE, make_code, read_code, shown_code

CHANCES = st.integers(0, len(ALPHABET) ** CHANCE - 1)


@given(CHANCES)
def test_a_code_is_read_however_it_is_written(chance: int) -> None:
    code = make_code(chance)
    assert len(code) == CHANCE + 1
    assert set(code) <= set(ALPHABET)
    assert not set(code) & set("01ILO")
    assert code == read_code(code) == read_code(shown_code(code).lower()) == read_code(" ".join(code))


@given(CHANCES, st.integers(0, CHANCE), st.sampled_from(ALPHABET))
def test_a_wrong_letter_is_found(chance: int, place: int, letter: str) -> None:
    code = make_code(chance)
    other = code[:place] + letter + code[place + 1 :]
    assert read_code(other) == (code if other == code else None)


@given(CHANCES, st.integers(0, CHANCE - 1))
def test_two_letters_that_changed_places_are_found(chance: int, place: int) -> None:
    code = make_code(chance)
    other = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert read_code(other) == (code if other == code else None)


@pytest.mark.parametrize("written", ["", "K", "K7M2-XW4P-9RT", "K7M2-XW4P-9RTO", "K7M2-XW4P-9RT1", "é" * 12])
def test_what_is_no_code_is_none(written: str) -> None:
    assert read_code(written) is None


def test_every_number_makes_a_code_of_its_own() -> None:
    codes = {make_code(number) for number in range(5_000)}
    assert len(codes) == 5_000
    with pytest.raises(ValueError, match="range"):
        make_code(len(ALPHABET) ** CHANCE)
