"""Repeats: the inbox takes each id once, and what comes under a known id is told apart from what is new."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol, TypeVar
from uuid import UUID

from libs.contracts.rejection import Rejection
from libs.runtime.batch import Applied, Outgoing

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
Name = tuple[int, UUID]
"""Tenant and event key."""
Bodies = Callable[[Sequence[Name]], Awaitable[Mapping[Name, int]]]
"""Looks up the digests of the bodies that the inbox has under some ids."""
NO_OUTCOMES: Mapping[str, int] = MappingProxyType({})


class Tally:
    """What becomes of the records of a batch beside the decisions: repeats, conflicts, events by span."""

    def __init__(self, spans: int) -> None:
        self.events: list[list[Outgoing]] = [[] for _ in range(spans)]
        self._rejections: dict[int, Rejection] = {}
        self._repeats = 0
        self._firsts: dict[int, tuple[Name, int]] = {}
        self._later: dict[int, list[tuple[int, int]]] = defaultdict(list)

    def again(self, first: int, name: Name, body: int, index: int, other: int) -> None:
        """Note a record whose id stood before it in the batch, at `first` with `body`; `settle` says what it is."""
        self._firsts[first] = name, body
        self._later[first].append((index, other))

    async def settle(self, stored: Bodies) -> None:
        """Tell repeats inside the batch from other bodies, once all that is known of their firsts was noted.

        A first that was itself another body says nothing of those after it: what it differs from is looked up.
        """
        wrong = [name for first, (name, _) in self._firsts.items() if self._rejections.get(first) is OTHER_BODY]
        bodies = await stored(wrong) if wrong else {}
        for first, later in self._later.items():
            name, body = self._firsts[first]
            for index, other in later:
                self.known(index, repeat=other == bodies.get(name, body))
        self._later.clear()

    def known(self, index: int, *, repeat: bool) -> None:
        """Note a record whose id was known: a plain repeat, or another body under the same id."""
        if repeat:
            self._repeats += 1
        else:
            self._rejections[index] = OTHER_BODY

    def reject(self, index: int, why: Rejection) -> None:
        """Note a record that can't be applied after all."""
        self._rejections[index] = why

    def applied(self, moved: Sequence[bool], outcomes: Mapping[str, int] = NO_OUTCOMES) -> Applied:
        """Return the loop's view of it, after `settle`; `outcomes` counts what was decided."""
        assert not self._later
        outcomes = dict(outcomes)
        if self._repeats:
            outcomes["repeated"] = self._repeats
        return Applied(moved, self.events, self._rejections, outcomes)


def first_of_each(items: Sequence[Item | None], tally: Tally) -> list[tuple[int, Item]]:
    """Keep the first of each id in the batch, and say where it stands; the tally hears of the others."""
    seen: dict[Name, int] = {}
    first: list[tuple[int, Item]] = []
    for index, item in enumerate(items):
        if item is None:
            continue
        name = (item.tenant_id, item.key)
        at = seen.setdefault(name, len(first))
        if at == len(first):
            first.append((index, item))
        else:
            before, known = first[at]
            tally.again(before, name, known.body_hash, index, item.body_hash)
    return first
