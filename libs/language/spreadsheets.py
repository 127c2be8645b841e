"""Texts as a spreadsheet may have them."""

from __future__ import annotations

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe stands before one that begins like it."""
    return f"'{text}" if text.startswith(_FORMULA) else text
