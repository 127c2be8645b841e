"""Names that strangers may read: letters that are plainly a name, and nothing that somebody might advertise with."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.contacts.plain_names import LONGEST, plain_name

NAMES = (
    "Anna", "Žofie", "Jean-Luc", "María del Carmen", "O'Neill", "D\u2019Arcy", "J. R.", "Łukasz", "Анна", "王小明",
    "श्रीनिवास", "José", "محمد",
)  # fmt: skip
ORNATE = ("\U0001d4d1\U0001d4fe\U0001d502", "\uff45\uff56\uff49\uff4c")
OTHERS = (
    None, "", " ", "evil.com", "Win 100", "www.evil", "http://evil", "Anna\u202egnip", "Anna\u200bB", "Anna\nBcc: x",
    "Anna\tB", "@anna", "Buy cheap pills here", "a" * (LONGEST + 1), "q\u0301\u0302\u0303algo", "-Anna", "Anna  B",
    "Anna!", "<b>", "٣", "🎁", "{{x}}", "..", "Anna/B", "Anna:", "1", "\u0301Anna", *ORNATE,
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_shown(name: str) -> None:
    assert plain_name(f" {name} ") == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize("text", OTHERS)
def test_what_is_not_plainly_a_name_is_not(text: str | None) -> None:
    assert plain_name(text) is None


@settings(max_examples=100)
@given(st.text(max_size=40))
def test_whatever_is_shown_is_letters_and_what_joins_them(text: str) -> None:
    name = plain_name(text)
    if name is not None:
        assert plain_name(name) == name
        assert 0 < len(name) <= LONGEST
        assert all(unicodedata.category(sign)[0] in "LM" or sign in " -'\u2019." for sign in name)
        assert not any(before == "." and after != " " for before, after in pairwise(name))
