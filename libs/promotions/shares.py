"""Which line of a receipt brought how many of the points that were granted for all of it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from libs.promotions.apportion import apportion
from libs.promotions.catalogue import completed
from libs.promotions.compile import CompiledProgramme, Leg
from libs.promotions.effects import Earned
from libs.promotions.evaluation import Evaluation, Grant
from libs.promotions.facts import ALL_LINES, MemberFacts, ReceiptLike
from libs.promotions.payouts import Multiplier, PerAmount, PerQuantity, PerTier
from libs.promotions.situation import Situation


class Shares(NamedTuple):
    """Whole points of one wallet: by line, in the order of the receipt, and those that no line brought by itself."""

    wallet: str
    lines: tuple[int, ...]
    rest: int


_BY_LINE = (PerAmount, PerQuantity, PerTier, Multiplier)
"""Effects that lines bring; any other amount is the whole receipt's."""


def share_out(
    programme: CompiledProgramme,
    receipt: ReceiptLike,
    member: MemberFacts | None,
    at: datetime,
    evaluation: Evaluation,
) -> tuple[Shares, ...]:
    """Share the points of every wallet out over the lines; the shares and the rest add up to what was granted.

    What a campaign paid falls on the lines that it counted, in proportion to what each would have brought; a fixed
    amount, and what came from a receipt without lines, belongs to none. Lines that lower the amount get nothing.
    """
    receipt = completed(receipt, programme.products)
    situation = Situation(receipt, member, at, programme.zone)
    chosen = programme.timeline.at(at).candidates(receipt, member)
    campaigns = {one.id: (one, chosen[rank]) for rank, one in enumerate(programme.campaigns) if rank in chosen}
    exact = {grant.wallet: [0] * (len(receipt.lines) + 1) for grant in evaluation.grants}
    earned: list[Earned] = []
    for paid in evaluation.paid:
        campaign, lines = campaigns[paid.campaign]
        if campaign.narrow is not None:
            lines = campaign.narrow(receipt, lines)
        leg = next(each for each in campaign.legs if each.number == paid.effect)
        if paid.wallet in exact:
            by_line = isinstance(campaign.source.benefits[leg.number], _BY_LINE)
            for place, amount in enumerate(_of_leg(leg, situation, lines if by_line else 0, earned, paid.amount)):
                exact[paid.wallet][place] += amount
        if leg.feeds_multipliers:
            earned.append(Earned(leg.effect, lines, paid.before))
    return tuple(
        [_whole(grant, exact[grant.wallet], programme.denominators[grant.wallet]) for grant in evaluation.grants]
    )


def _of_leg(leg: Leg, situation: Situation, lines: int, earned: list[Earned], amount: int) -> list[int]:
    """What each of the lines brought of an exact amount; last, what none did."""
    count = len(situation.receipt.lines)
    weights = [0] * count
    for place in range(count):
        if lines == ALL_LINES or lines >> place & 1:
            weights[place] = max(0, leg.effect.earn(situation, 1 << place, earned)[1])
    total = sum(weights)
    if not total:
        return [*weights, amount]
    return [*apportion(weights, amount, total, amount), 0]


def _whole(grant: Grant, exact: list[int], denominator: int) -> Shares:
    """Round what lines brought so that it adds up to the granted points, which are the rounded sum."""
    whole = apportion(exact, 1, denominator, grant.points)
    return Shares(grant.wallet, tuple(whole[:-1]), whole[-1])
