"""Showing a record without what it says: the structure stays, every value goes, and so does every odd name."""

from __future__ import annotations

import json
import re
from typing import Any

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,31}")
_MOST_ITEMS = 20


def masked(value: bytes) -> Any:
    """Return the structure of a JSON value with each leaf replaced by its kind, or a word on what else it is."""
    if not value:
        return "<empty>"
    try:
        document = json.loads(value)
    except (ValueError, RecursionError):
        return f"<{len(value)} bytes that are no JSON>"
    try:
        return _masked(document)
    except RecursionError:
        return f"<{len(value)} bytes, nested too deep>"


def _masked(value: Any) -> Any:
    match value:
        case dict():
            names = [key if _PLAIN_NAME.fullmatch(key) else f"<name, {len(key)} characters>" for key in value]
            return {name: _masked(item) for name, item in zip(names, value.values(), strict=True)}
        case list():
            shown = [_masked(item) for item in value[:_MOST_ITEMS]]
            return [*shown, f"<{len(value) - _MOST_ITEMS} more>"] if len(value) > _MOST_ITEMS else shown
        case str():
            return f"<text, {len(value)} characters>"
        case bool():
            return "<true or false>"
        case int() | float():
            return "<number>"
        case _:
            return None


def revealed(value: bytes) -> str:
    """Return the bytes as text, whatever is no UTF-8 or would drive a terminal written as escapes."""
    text = value.decode("utf-8", "backslashreplace")
    return "".join(each if each.isprintable() or each in "\n\t" else repr(each)[1:-1] for each in text)
