"""In which order rewards are shown to a member, and why: simple sums, told in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from libs.catalogue.facts import MemberFacts
from libs.catalogue.offering import Offer
from libs.catalogue.reward import Reward
from libs.language.catalogue import Catalogue

_SOON = timedelta(days=14)
_WEIGHTS = {"wished": 400, "liked": 300, "in-reach": 200, "ends-soon": 100, "nearly": 50}


class Proposal(NamedTuple):
    """How high a reward stands for a member, and by which reasons."""

    score: int
    because: tuple[str, ...]


def proposed(reward: Reward, found: Offer, facts: MemberFacts, now: datetime, *, wished: bool = False) -> Proposal:
    """Weigh a reward: what was wished, what is like what was had before, what can be had now, and what ends soon.

    The catalogue's own `rank` is added, so that whoever keeps it has a word.
    """
    ends = [reward.available.window.to, *(plan.window.to for plan in reward.prices)]
    because = [
        name
        for name, holds in (
            ("wished", wished),
            ("liked", facts.bought.get(reward.category, 0) > 0),
            ("in-reach", found.in_reach),
            ("ends-soon", any(end is not None and now < end <= now + _SOON for end in ends)),
            ("nearly", _nearly(found)),
        )
        if holds
    ]
    return Proposal(reward.rank + sum(_WEIGHTS[name] for name in because), tuple(because))


def _nearly(found: Offer) -> bool:
    only_points = [reason.code for reason in found.reasons] == ["insufficient-points"]
    return only_points and found.price is not None and found.missing * 5 <= found.price.points


def in_order(names: Sequence[tuple[str, Proposal]]) -> list[str]:
    """The references, the highest first; ties by name, so that lists stay as they are."""
    return [name for name, proposal in sorted(names, key=lambda each: (-each[1].score, each[0]))]


BECAUSE = Catalogue(
    {
        "en": {
            "wished": "It is on your wish list.",
            "liked": "You had something like it before.",
            "in-reach": "You can have it now.",
            "ends-soon": "It is offered for a few days only.",
            "nearly": "You have nearly enough points.",
        },
        "de": {
            "wished": "Sie steht auf Ihrer Wunschliste.",
            "liked": "Sie hatten schon etwas Ähnliches.",
            "in-reach": "Sie können sie jetzt haben.",
            "ends-soon": "Sie wird nur noch einige Tage angeboten.",
            "nearly": "Ihre Punkte reichen beinahe.",
        },
    }
)
