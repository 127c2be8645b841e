"""Cursors."""

from __future__ import annotations

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.door.cursors import CursorInvalid, Cursors, Place

CURSORS = Cursors(b"k" * 32)
PLACES = st.builds(
    Place,
    st.integers(0, 2**63 - 1),
    st.none() | st.datetimes(timezones=st.just(UTC)),
    st.none() | st.uuids(),
    st.none() | st.text(max_size=64),
)


@given(PLACES, st.text())
def test_a_cursor_comes_back_as_it_was(place: Place, listing: str) -> None:
    text = CURSORS.write(place, listing)
    assert CURSORS.read(text, listing) == place
    assert text.isascii()
    assert not set(text) & set("+/=&?#")


@given(PLACES, st.integers(0, 10_000), st.sampled_from("AZaz09-_"))
def test_a_changed_one_is_refused(place: Place, at: int, character: str) -> None:
    text = CURSORS.write(place, "a list")
    index = at % len(text)
    changed = text[:index] + character + text[index + 1 :]
    if changed != text:
        with pytest.raises(CursorInvalid):
            CURSORS.read(changed, "a list")


@given(st.text() | st.from_regex(r"[A-Za-z0-9_-]{0,80}", fullmatch=True))
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(CursorInvalid):
        CURSORS.read(text, "a list")


@given(PLACES)
def test_it_belongs_to_one_list_and_one_key(place: Place) -> None:
    text = CURSORS.write(place, "a list")
    with pytest.raises(CursorInvalid):
        CURSORS.read(text, "another list")
    with pytest.raises(CursorInvalid):
        Cursors(b"other").read(text, "a list")
