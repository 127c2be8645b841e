"""What is to come of members under one set of rules: occasions, and the instants at which time may bring some. Pure.

Each side has an agenda of its own. Steps of history and the occasions of both sides come in one order of time; what two
sides have alike is one step of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from heapq import heappop, heappush
from itertools import count, groupby
from operator import attrgetter
from typing import Protocol
from uuid import UUID

from libs.backtest.clocked import Clocked, enrolment_of
from libs.backtest.history import Profile
from libs.backtest.merges import NOBODY, Merges
from libs.backtest.steps import Step, occasion_step
from libs.judging.occasions import Occasion, is_awaited
from libs.judging.versions import RunningProgramme
from libs.promotions.occasions import ANNIVERSARY, BIRTHDAY, SCHEDULE

Order = tuple[datetime, bytes, int]
_OF_CLOCK = (BIRTHDAY, ANNIVERSARY, SCHEDULE)


class Agenda:
    """The agenda of one side until an instant, which is no part of it. Nobody hears of what no campaign waits for."""

    def __init__(self, programme: RunningProgramme, until: datetime, merges: Merges = NOBODY) -> None:
        self._programme = programme
        self._merges = merges
        self._until = until
        self._heap: list[tuple[Order, int, Step | None, UUID]] = []
        self._number = count()
        self._wakes: dict[UUID, datetime] = {}
        self._clocks: dict[UUID, Iterator[list[Occasion]]] = {}
        self._pending: dict[UUID, int] = {}

    def enrol(self, profile: Profile, clocked: Clocked) -> None:
        """Note what the clock will bring to a member, and that they enrol."""
        self._clocks[profile.member_id] = (list(some) for _, some in groupby(clocked.of(profile), attrgetter("at")))
        self._wind(profile.member_id)
        if (enrolled := enrolment_of(profile)) is not None:
            self.put(enrolled)

    def put(self, occasion: Occasion) -> bool:
        """Note an occasion; tells whether a campaign waits for it."""
        at = occasion.at
        if at >= self._until or not is_awaited(self._programme, occasion.name, occasion.of, at):
            return False
        if self._merges.is_away(occasion.member_id, at):
            return False
        step = occasion_step(self._programme, occasion)
        heappush(self._heap, (step.order, next(self._number), step, occasion.member_id))
        return True

    def wake(self, member_id: UUID, at: datetime | None) -> None:
        """Note when time may move a member next; this stands in place of what was noted before."""
        if at is None or at >= self._until or self._merges.is_away(member_id, at):
            self._wakes.pop(member_id, None)
        elif self._wakes.get(member_id) != at:
            self._wakes[member_id] = at
            heappush(self._heap, ((at, b"", 0), next(self._number), None, member_id))

    def woken(self, before: Order | None) -> tuple[UUID, datetime] | None:
        """Take who is to be looked at next and when, unless an occasion or a place in the order comes before."""
        while self._heap and (before is None or self._heap[0][0] < before):
            (at, *_), _, step, member_id = self._heap[0]
            if step is not None:
                return None
            heappop(self._heap)
            if self._wakes.get(member_id) == at:
                del self._wakes[member_id]
                return member_id, at
        return None

    def ripe(self, before: Order | None) -> Step | None:
        """The next occasion, if it comes before a place in the order of time; whoever is woken before it, is."""
        found = self._heap[0] if self._heap else None
        return found[2] if found is not None and (before is None or found[0] < before) else None

    def take(self) -> None:
        """Take the next occasion off the agenda."""
        _, _, step, member_id = heappop(self._heap)
        if step is not None and step.kind in _OF_CLOCK:
            self._pending[member_id] -= 1
            if not self._pending[member_id]:
                self._wind(member_id)

    def _wind(self, member_id: UUID) -> None:
        """Note what the clock brings next to a member: all of one moment, so that two sides have it in one order."""
        for some in self._clocks[member_id]:
            self._pending[member_id] = sum([self.put(occasion) for occasion in some])
            if self._pending[member_id]:
                return


class Moving(Protocol):
    """One side of a replay, as time moves it."""

    agenda: Agenda

    def move(self, before: Order | None) -> None:
        """Look at whoever time may have moved before the next occasion, or before a place in the order of time."""


def in_time(steps: Iterable[Step], sides: Sequence[Moving]) -> Iterator[Step]:
    """Steps in their order, with the occasions that either side comes to, each in its place."""
    for step in steps:
        yield from _occasions(sides, step.order)
        yield step
    yield from _occasions(sides, None)


def _occasions(sides: Sequence[Moving], before: Order | None) -> Iterator[Step]:
    while True:
        for side in sides:
            side.move(before)
        heads = [side.agenda.ripe(before) for side in sides]
        present = [head for head in heads if head is not None]
        if not present:
            return
        first = min(present, key=lambda step: step.order)
        a, b = [head is not None and _alike(head, first) for head in heads]
        for side, has in zip(sides, (a, b), strict=True):
            if has:
                side.agenda.take()
        yield first._replace(sides=(a, b))


def _alike(one: Step, other: Step) -> bool:
    """Whether two sides have the same occasion, however often they had one like it before."""
    assert one.occasion is not None
    assert other.occasion is not None
    return one.occasion._replace(once="") == other.occasion._replace(once="")
