"""JSON Pointers (RFC 6901), read once and then followed through many documents."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
_WRONG_ESCAPE = re.compile(r"~(?![01])")


class _Nothing:
    """The kind of `NOTHING`."""

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Final = _Nothing()
"""What a pointer finds where a document has nothing: no value, null, or an empty text."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """A place in a document: its text and the names and numbers that lead there, one a level."""

    text: str
    steps: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Pointer:
        """Read a pointer, such as `/lines/0/price`.

        Raises:
            ValueError: it does not begin with a slash, or holds a `~` that is neither `~0` nor `~1`.
        """
        if not text.startswith("/") or _WRONG_ESCAPE.search(text):
            raise ValueError("no JSON Pointer")
        return cls(text, tuple(step.replace("~1", "/").replace("~0", "~") for step in text[1:].split("/")))

    def find(self, document: Any) -> Any:
        """Return what stands there in a document of dicts and lists, or `NOTHING`."""
        for step in self.steps:
            if type(document) is dict or isinstance(document, Mapping):  # the first is true nearly always, and cheap
                document = document.get(step)
            elif isinstance(document, Sequence) and not isinstance(document, (str, bytes)) and _INDEX.fullmatch(step):
                at = int(step)
                document = document[at] if at < len(document) else None
            else:
                return NOTHING
        return NOTHING if document is None or document == "" else document
