"""The way of an order: its states, which may follow on which, and when it may be given up. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from itertools import pairwise
from types import MappingProxyType
from typing import Literal, NamedTuple, get_args
from zoneinfo import ZoneInfo

State = Literal[
    "held",
    "released",
    "expired",
    "ordered",
    "approved",
    "shipped",
    "delivered",
    "issued",
    "used",
    "booked",
    "attended",
    "paid",
    "donated",
    "returned",
    "failed",
    "cancelled",
]
"""All states of orders of all kinds. `held` waits to be committed; from `ordered` on each kind goes its own way."""
STATES: tuple[State, ...] = get_args(State)
UNMADE: frozenset[State] = frozenset({"held", "released", "expired"})
"""States in which nothing was ordered yet, or ever."""
FULFILLED: frozenset[State] = frozenset({"delivered", "issued", "used", "attended", "paid", "donated"})
"""States in which the member has what was ordered."""
GIVEN_BACK: frozenset[State] = frozenset({"returned", "failed", "cancelled"})
"""States in which the price is given back, by the rules of the kind."""

Doer = Literal["member", "operator", "partner"]


class Late(NamedTuple):
    """Who cancels less than so many days before it begins gets so many percent of the price back."""

    days: int
    percent: int


class Cancelling(NamedTuple):
    """When an order may be given up, and what of its price comes back then.

    A member may in these `states`, so many days after the order (None: without end), and not once it has begun.
    `late` is in ascending order of days; the first that matches counts, and without one all comes back. An operator
    or partner may in any state from which something is still to come, and gives all of it back.
    """

    states: frozenset[State]
    within_days: int | None = None
    late: tuple[Late, ...] = ()


class Flow(NamedTuple):
    """The way of one kind of order: its first state, what may follow on each, and when it may be given up.

    `restocks` says whether a thing that was cancelled or returned can be given to somebody else.
    """

    first: State
    steps: Mapping[State, tuple[State, ...]]
    cancelling: Cancelling
    restocks: bool = True

    @property
    def electronic(self) -> bool:
        """Whether it is usable at once, without anybody's approval."""
        return self.first in FULFILLED

    @property
    def states(self) -> frozenset[State]:
        """All states that it can come to once it is ordered, apart from `cancelled`."""
        return frozenset({self.first, *self.steps, *(state for after in self.steps.values() for state in after)})

    def may(self, before: State, after: State) -> bool:
        """Whether a state may follow on another; to be cancelled is decided by `may_cancel`."""
        return after in self.steps.get(before, ())


def flow(*way: State, back: Mapping[State, tuple[State, ...]], cancelling: Cancelling, restocks: bool = True) -> Flow:
    """Make a flow that goes one way, with what else may follow on its states (`back`)."""
    ahead = dict(pairwise(way))
    steps = {
        state: ((ahead[state],) if state in ahead else ()) + tuple(back.get(state, ()))
        for state in way
        if state in ahead or state in back
    }
    return Flow(way[0], MappingProxyType(steps), cancelling, restocks)


class Verdict(NamedTuple):
    """Whether an order may be given up now: the percent of its price that comes back, or the code of why not."""

    percent: int = 100
    refused: str | None = None


def may_cancel(
    flow: Flow, state: State, by: Doer, ordered_at: datetime, starts_on: date | None, now: datetime, zone: ZoneInfo
) -> Verdict:
    """Decide whether an order may be given up; `starts_on` is the day on which what was ordered takes place."""
    if state in UNMADE or state in GIVEN_BACK:
        return Verdict(0, "order-ended")
    if by != "member":
        return Verdict()
    rule = flow.cancelling
    over = rule.within_days is not None and now >= ordered_at + timedelta(days=rule.within_days)
    left = None if starts_on is None else (starts_on - now.astimezone(zone).date()).days
    if over or state not in rule.states or (left is not None and left <= 0):
        return Verdict(0, "cancel-too-late")
    late = (each.percent for each in rule.late if left is not None and left < each.days)
    return Verdict(next(late, 100))
