"""What of its members' history a programme asks for: nothing, for most. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from libs.history.days import DISCOUNTS, gift_part
from libs.promotions.compile import RUNNING
from libs.promotions.discounts import Discounting
from libs.promotions.gifts import Gift
from libs.promotions.history import Window
from libs.promotions.needs import needs_of as asked_of
from libs.promotions.programme import Programme
from libs.promotions.segments import dimensions_of, windows_of


@dataclass(frozen=True, slots=True)
class Needs:
    """The windows of days that decisions look through, and by what else than wallets days are told apart.

    Without a window nobody looks at days while deciding, but they are counted all the same, for segments, experiments
    and messages. `shares` are `product`, `store` or `channel`; `costs` the names of parts by which it is counted what
    experiments cost.
    """

    windows: tuple[Window, ...]
    by_category: bool = False
    shares: frozenset[str] = frozenset()
    costs: frozenset[str] = frozenset()

    def since(self, earliest: date) -> date:
        """The first day that must be told apart from those before it, where nothing is seen from before `earliest`."""
        reach = max([window.reach for window in self.windows if window.reach is not None], default=0)
        return max(earliest, date.min + timedelta(reach)) - timedelta(reach)


def together(needs: Iterable[Needs | None]) -> Needs | None:
    """What several versions need; None when none of them needs anything."""
    present = [one for one in needs if one is not None]
    if not present:
        return None
    windows = dict.fromkeys(window for one in present for window in one.windows)
    shares = frozenset[str]().union(*[one.shares for one in present])
    costs = frozenset[str]().union(*[one.costs for one in present])
    return Needs(tuple(windows), any(one.by_category for one in present), shares, costs)


def needs_of(programme: Programme) -> Needs | None:
    """What a version needs for its running campaigns, its tiers, segments, experiments and what messages propose."""
    asked = asked_of([campaign for campaign in programme.campaigns if campaign.state in RUNNING])
    windows = [*asked.windows, *[window for tiers in programme.tier_sets for window in tiers.windows]]
    liked = {part.partition(":")[0] for each in programme.messages.proposals for part in each.bought}
    if not windows and not windows_of(programme.segments) and not programme.experiments and not liked:
        return None
    dimensions = dimensions_of(programme.segments) | liked
    by_category = asked.categories or "category" in dimensions
    shares = frozenset(dimensions - {"category"})
    return Needs(tuple(dict.fromkeys(windows)), by_category, shares, _costs(programme))


def _costs(programme: Programme) -> frozenset[str]:
    """What experiments cost beside points: money off, and gifts of which the document says what they are worth."""
    if not programme.experiments:
        return frozenset()
    benefits = [one for campaign in programme.campaigns for one in campaign.benefits]
    money = {DISCOUNTS for one in benefits if isinstance(one, Discounting)}
    gifts = {gift_part(one.kind, one.reference) for one in benefits if isinstance(one, Gift) and one.worth_minor}
    return frozenset(money | gifts)
