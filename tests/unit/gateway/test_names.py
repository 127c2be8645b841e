"""Paths of receipts, and identifiers as they are shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.members.shown import receipt_path
from services.gateway.receipts.explained import receipt_name
from services.gateway.views import masked

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=40)


@given(TEXT, TEXT)
def test_the_path_of_a_receipt_leads_back_to_it(source: str, event_id: str) -> None:
    assert receipt_name(receipt_path(f"/{source}", event_id).encode()) == (f"/{source}", event_id)


@given(st.binary(max_size=40))
def test_any_path_is_a_name_or_none(path: bytes) -> None:
    name = receipt_name(b"/v1/receipts/" + path)
    assert name is None or all(name)


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("card:98123456", "••••3456"),
        ("card:12345", "••••45"),
        ("card:1", "••••"),
        ("account:a:b:c:d", "••••c:d"),
        ("phone:0123456789abcdef", "••••"),
        ("email:0123456789abcdef", "••••"),
    ],
)
def test_an_identifier_is_shown_by_its_end(stored: str, shown: str) -> None:
    assert masked(stored).masked == shown
