"""What is known of the rewards of a programme over some days, and of the members that they are for. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.gateway.feedback.figures import Liking

NOBODY = Liking()


class Asked(NamedTuple):
    """How much was ordered: orders, pieces, points that were spent, members."""

    orders: int = 0
    pieces: int = 0
    points: int = 0
    members: int = 0


@dataclass(frozen=True, slots=True)
class RewardFigures:
    """A reward with what became of it. `price` is the cheapest for anybody; `own` names levels that it is for alone.

    `reach` says how many members have the points for it, `cost_minor` what the points that were spent are worth.
    """

    reference: str
    title: str
    category: str
    kind: str
    price: int
    own: tuple[str, ...]
    sold_out: bool
    asked: Asked
    by_level: Mapping[str, Asked]
    wished: int
    reach: int
    cost_minor: int | None
    liking: Liking = NOBODY


@dataclass(frozen=True, slots=True)
class Mix:
    """A programme's rewards and its people. `middle` is what half of the members with points have at least."""

    rewards: tuple[RewardFigures, ...]
    levels: Mapping[str, int]
    ordering: int
    middle: int
    kinds: Mapping[str, int] = field(default_factory=dict)

    @property
    def members(self) -> int:
        """How many members there are."""
        return sum(self.levels.values())

    @property
    def pieces(self) -> int:
        """How many pieces were ordered."""
        return sum(each.asked.pieces for each in self.rewards)

    @property
    def reached(self) -> int:
        """How many members can have anything at all."""
        return max((each.reach for each in self.rewards if not each.own), default=0)


def reaches(prices: Sequence[int], buckets: Mapping[int, int], members: int) -> Mapping[int, int]:
    """How many members can pay each of some rising prices; `buckets` counts those with points, by prices below theirs.

    What costs nothing is within everybody's reach.
    """
    found = {}
    for price in prices:
        place = bisect_right(prices, price)
        found[price] = members if price <= 0 else sum(many for above, many in buckets.items() if above >= place)
    return found


def by_kind(rewards: Sequence[RewardFigures]) -> dict[str, int]:
    """How many pieces were ordered of each kind that there is, the most first."""
    found: dict[str, int] = {}
    for each in rewards:
        found[each.kind] = found.get(each.kind, 0) + each.asked.pieces
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))
