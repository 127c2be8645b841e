"""Masked records keep their structure and lose everything that somebody wrote."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cli.masking import masked, revealed

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


def test_structure_stays_and_values_go() -> None:
    raw = b'{"card": "4711", "lines": [{"sku": "x", "amount": 12}], "ok": true, "tier": null, "jo@example.org": 1}'
    assert masked(raw) == {
        "card": "<text, 4 characters>",
        "lines": [{"sku": "<text, 1 characters>", "amount": "<number>"}],
        "ok": "<true or false>",
        "tier": None,
        "<name, 14 characters>": "<number>",
    }


def test_long_lists_are_cut() -> None:
    assert masked(json.dumps([1] * 5_000).encode())[-1] == "<4980 more>"


def test_what_is_no_json() -> None:
    assert masked(b"") == "<empty>"
    assert masked(b"\xff\x00") == "<2 bytes that are no JSON>"
    assert str(masked(b"[" * 100_000)).startswith("<100000 bytes")


@given(JSON)
def test_no_value_is_ever_shown(document: Any) -> None:
    def leaves(value: Any) -> list[str]:
        match value:
            case dict():
                return [leaf for each in value.values() for leaf in leaves(each)]
            case list():
                return [leaf for each in value for leaf in leaves(each)]
            case str():
                return [value]
            case _:
                return []

    shown = leaves(masked(json.dumps(document).encode()))
    assert all(leaf.startswith("<") and leaf.endswith(">") for leaf in shown)


def test_revealed_text_can_not_drive_a_terminal() -> None:
    assert revealed(b"caf\xc3\xa9\n\x1b[31m\xff") == "café\n\\x1b[31m\\xff"
