"""The states of a post and of its pages, and what may be done in each. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

State = Literal[
    "draft",
    "awaiting_approval",
    "refused",
    "scheduled",  # its hour has not come, or pages are being published
    "published",
    "failed",  # on a page at least
    "cancelled",
]
PageState = Literal["waiting", "sending", "published", "failed", "cancelled"]
Action = Literal["publish", "approve", "refuse", "cancel", "retry"]
ALLOWED: Mapping[Action, frozenset[State]] = {
    "publish": frozenset(("draft",)),
    "approve": frozenset(("awaiting_approval",)),
    "refuse": frozenset(("awaiting_approval",)),
    "cancel": frozenset(("draft", "awaiting_approval", "scheduled")),
    "retry": frozenset(("failed",)),
}
DONE: Mapping[Action, frozenset[State]] = {
    "publish": frozenset(("awaiting_approval", "scheduled", "published")),
    "approve": frozenset(),
    "refuse": frozenset(("refused",)),
    "cancel": frozenset(("cancelled",)),
    "retry": frozenset(("scheduled", "published")),
}
"""Where asking again changes nothing, and is told how it stands."""
ENDED: frozenset[State] = frozenset(("refused", "published", "failed", "cancelled"))


def over(pages: Collection[PageState]) -> State | None:
    """How a post stands by its pages; None while one of them is still to be published."""
    if any(each in ("waiting", "sending") for each in pages):
        return None
    return "failed" if "failed" in pages else "published"
