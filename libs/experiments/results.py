"""What became of an experiment: counts of every arm, and each arm beside the control group. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from libs.experiments.uplift import Sample, Uplift, compare
from libs.promotions.campaigns import Campaign
from libs.promotions.experiments import CONTROL, Experiment
from libs.promotions.gifts import Gift
from libs.promotions.wallets import Wallet


@dataclass(frozen=True, slots=True)
class Done:
    """What the members of an arm did between two days, in whole numbers.

    `members` are all that the lot put there, `seen` those who did anything, `buyers` those who bought.
    `spend_minor` is net of what came back, `spend_squares` adds up the squares of each member's spend; `points` are
    what was earned by wallet, in its minor unit, net of what was taken back. `discount_minor` is the money off that
    tills gave, `gifts` how many were granted, by kind and reference, of those that are worth something.
    """

    members: int = 0
    seen: int = 0
    buyers: int = 0
    purchases: int = 0
    spend_minor: int = 0
    spend_squares: int = 0
    points: Mapping[str, int] = field(default_factory=dict)
    discount_minor: int = 0
    gifts: Mapping[str, int] = field(default_factory=dict)

    @property
    def average_basket_minor(self) -> int | None:
        """What a purchase comes to, rounded down; None where there is none."""
        return self.spend_minor // self.purchases if self.purchases else None

    @property
    def spend_a_member_minor(self) -> int | None:
        """What a member spent, whether or not they bought anything, rounded down; None without members."""
        return self.spend_minor // self.members if self.members else None

    @property
    def spending(self) -> Sample:
        """The spend of all members as a sample."""
        return Sample(self.members, self.spend_minor, self.spend_squares)

    def cost_minor(self, wallets: Mapping[str, Wallet], worths: Mapping[str, int]) -> int | None:
        """What was given is worth: points, rounded down a wallet, money off, and gifts by their `worths`.

        None where a wallet does not say what it is worth. A gift of no known worth costs nothing here.
        """
        cost = self.discount_minor + sum([many * worths.get(gift, 0) for gift, many in self.gifts.items()])
        for name, points in self.points.items():
            worth = None if name not in wallets else wallets[name].worth
            if worth is None:
                return None
            cost += points * worth.minor // worth.points
        return cost


@dataclass(frozen=True, slots=True)
class ArmResult:
    """An arm, what its members did, and their spend beside that of the control group (None for that one itself)."""

    name: str
    per_mille: int
    done: Done
    uplift: Uplift | None


@dataclass(frozen=True, slots=True)
class Results:
    """An experiment from its first day to `until`; None before it begins. All may change until it is
    `finished`."""

    experiment: Experiment
    until: date | None
    finished: bool
    arms: tuple[ArmResult, ...]


def counted_until(experiment: Experiment, today: date) -> date | None:
    """The last day that counts as seen from a day: today at the latest; None before the first."""
    if today < experiment.first_day:
        return None
    return today if experiment.last_day is None else min(today, experiment.last_day)


def results(experiment: Experiment, today: date, done: Mapping[str, Done]) -> Results:
    """Put what was counted by arm beside what the control group did."""
    control = done.get(CONTROL, Done())
    others = len(experiment.arms) - 1
    arms = []
    for arm in experiment.arms:
        own = done.get(arm.name, Done())
        least = min(own.buyers, control.buyers)
        uplift = None if arm.name == CONTROL else compare(own.spending, control.spending, least, others)
        arms.append(ArmResult(arm.name, arm.per_mille, own, uplift))
    finished = experiment.last_day is not None and today > experiment.last_day
    return Results(experiment, counted_until(experiment, today), finished, tuple(arms))


def worths_of(campaigns: Iterable[Campaign]) -> dict[str, int]:
    """What gifts are worth, by kind and reference, in minor units; of several words about one the highest."""
    worths: dict[str, int] = {}
    for gift in [one for campaign in campaigns for one in campaign.benefits if isinstance(one, Gift)]:
        if gift.worth_minor is not None:
            name = f"{gift.kind}:{gift.reference}"
            worths[name] = max(gift.worth_minor, worths.get(name, 0))
    return worths
