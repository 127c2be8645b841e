"""Repeats: the inbox takes each id once, and what comes under a known id is told apart from what is new."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar
from uuid import UUID

from libs.contracts.rejection import Rejection
from libs.runtime.batch import Applied, Outgoing
from services.earning.outcome import BatchDecision

OTHER_BODY = Rejection("other-body", "/id", "the same body as before under this id")


class Identified(Protocol):
    """What the inbox knows an event by: its tenant, its key, and a digest of its body."""

    @property
    def tenant_id(self) -> int: ...  # noqa: D102
    @property
    def key(self) -> UUID: ...  # noqa: D102
    @property
    def body_hash(self) -> int: ...  # noqa: D102


Item = TypeVar("Item", bound=Identified)


class Tally:
    """What becomes of the records of a batch beside the decisions: repeats, conflicts, events by span."""

    def __init__(self, spans: int) -> None:
        self.events: list[list[Outgoing]] = [[] for _ in range(spans)]
        self._rejections: dict[int, Rejection] = {}
        self._repeats = 0

    def known(self, index: int, *, repeat: bool) -> None:
        """Note a record whose id was known: a plain repeat, or another body under the same id."""
        if repeat:
            self._repeats += 1
        else:
            self._rejections[index] = OTHER_BODY

    def reject(self, index: int, why: Rejection) -> None:
        """Note a record that can't be applied after all."""
        self._rejections[index] = why

    def applied(self, moved: Sequence[bool], decided: BatchDecision | None = None) -> Applied:
        """Return the loop's view of it."""
        outcomes = dict(decided.outcomes) if decided is not None else {}
        if self._repeats:
            outcomes["repeated"] = self._repeats
        return Applied(moved, self.events, self._rejections, outcomes)


def first_of_each(items: Sequence[Item | None], tally: Tally) -> list[tuple[int, Item]]:
    """Drop repeats inside the batch, and say of each item that stays where it stands."""
    seen: dict[tuple[int, UUID], int] = {}
    first: list[tuple[int, Item]] = []
    for index, item in enumerate(items):
        if item is None:
            continue
        known = seen.setdefault((item.tenant_id, item.key), item.body_hash)
        if len(seen) == len(first):
            tally.known(index, repeat=known == item.body_hash)
        else:
            first.append((index, item))
    return first
