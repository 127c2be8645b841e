"""A kind of problem, as `problems.py` lists them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: what is the same each time. `help` is what its page tells."""

    code: str
    status: int
    title: str
    help: str
    type: str


def kind_of(code: str, status: int, title: str, text: str, type_url: str | None = None) -> Kind:
    """A kind whose type has a page of ours, unless another is named."""
    return Kind(code, status, title, text, type_url or f"/problems/{code}")
