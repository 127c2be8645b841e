"""Effects compiled to integer arithmetic: every amount is a numerator over the one denominator of its wallet."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from math import lcm

from msgspec import Struct

from libs.promotions.campaigns import Campaign
from libs.promotions.facts import ALL_LINES, amount_over, quantity_over
from libs.promotions.payouts import Fixed, Multiplier, PerAmount, PerQuantity
from libs.promotions.situation import Situation


class Phase(IntEnum):
    """The order in which effects are computed."""

    BASE = 0
    MULTIPLIER = 1
    COMPOUNDING = 2
    ADDITION = 3


class Earned(Struct, frozen=True, gc=False):
    """What a base or multiplier effect earned on a set of lines, before caps."""

    effect: CompiledEffect
    lines: int
    amount: int


@dataclass(frozen=True, slots=True, eq=False)
class CompiledEffect(ABC):
    """One campaign's arithmetic."""

    wallet: str
    phase: Phase

    @abstractmethod
    def earn(self, situation: Situation, lines: int, earned: Sequence[Earned]) -> tuple[int, int]:
        """Return what is counted on these lines and the amount for it; `earned` is what earlier phases earned."""


@dataclass(frozen=True, slots=True, eq=False)
class PerAmountEffect(CompiledEffect):
    """`factor` for each minor unit."""

    factor: int

    def earn(self, situation: Situation, lines: int, earned: Sequence[Earned]) -> tuple[int, int]:
        """Count the minor units of the lines, at least 0."""
        receipt = situation.receipt
        basis = receipt.total_minor if lines == ALL_LINES else amount_over(receipt.lines, lines)
        return (basis, basis * self.factor) if basis > 0 else (0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class PerQuantityEffect(CompiledEffect):
    """`factor` for each full step of `per` pieces."""

    factor: int
    per: int

    def earn(self, situation: Situation, lines: int, earned: Sequence[Earned]) -> tuple[int, int]:
        """Count the full steps on the lines, at least 0."""
        basis = quantity_over(situation.receipt.lines, lines) // self.per
        return (basis, basis * self.factor) if basis > 0 else (0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class FixedEffect(CompiledEffect):
    """`factor` once."""

    factor: int

    def earn(self, situation: Situation, lines: int, earned: Sequence[Earned]) -> tuple[int, int]:
        """Count one receipt."""
        return 1, self.factor


@dataclass(frozen=True, slots=True, eq=False)
class MultiplierEffect(CompiledEffect):
    """`extra / parts` of what the phases before `below` earned on its lines.

    Plain multipliers see the base; compounding ones also every multiplier that was computed before them.
    """

    below: Phase
    extra: int
    parts: int

    def earn(self, situation: Situation, lines: int, earned: Sequence[Earned]) -> tuple[int, int]:
        """Count the numerators that it multiplies. The wallet's denominator makes the division exact."""
        basis = 0
        for at, other in enumerate(earned):
            if other.effect.wallet == self.wallet and other.effect.phase < self.below:
                basis += other.amount if lines == ALL_LINES else _share(situation, other, lines, earned[:at])
        return basis, basis * self.extra // self.parts


def _share(situation: Situation, other: Earned, lines: int, before: Sequence[Earned]) -> int:
    """What an effect earned on some lines: never more than on all of its own (returns may make it look so)."""
    return min(other.amount, other.effect.earn(situation, other.lines & lines, before)[1])


def phase_rank(campaign: Campaign) -> Phase:
    """Tell the place of a campaign's effect in the order of computing."""
    match campaign.effect:
        case Multiplier(compounding=compounding):
            return Phase.COMPOUNDING if compounding else Phase.MULTIPLIER
        case PerAmount(phase="base") | PerQuantity(phase="base"):
            return Phase.BASE
        case _:
            return Phase.ADDITION


def common_denominator(campaigns: Sequence[Campaign]) -> int:
    """Find the denominator over which every amount of one wallet's campaigns, in any combination, is an integer."""
    rates = lcm(*(Fraction(effect.points, effect.per_minor).denominator for effect in _per_amounts(campaigns)))
    plain, compounding = 1, 1
    for campaign in campaigns:
        if isinstance(campaign.effect, Multiplier):
            parts = _extra(campaign.effect).denominator
            if campaign.effect.compounding:
                compounding *= parts
            else:
                plain = lcm(plain, parts)
    return rates * plain * compounding


def _per_amounts(campaigns: Sequence[Campaign]) -> list[PerAmount]:
    return [campaign.effect for campaign in campaigns if isinstance(campaign.effect, PerAmount)]


def _extra(effect: Multiplier) -> Fraction:
    return Fraction(effect.percent - 100, 100)


def compile_effect(campaign: Campaign, wallet: str, denominator: int) -> CompiledEffect:
    """Compile a campaign's effect for a wallet whose amounts are over `denominator`."""
    phase = phase_rank(campaign)
    match campaign.effect:
        case PerAmount(points=points, per_minor=per_minor):
            return PerAmountEffect(wallet, phase, points * denominator // per_minor)
        case PerQuantity(points=points, per=per):
            return PerQuantityEffect(wallet, phase, points * denominator, per)
        case Fixed(points=points):
            return FixedEffect(wallet, phase, points * denominator)
        case Multiplier() as effect:
            extra = _extra(effect)
            below = Phase.ADDITION if effect.compounding else Phase.MULTIPLIER
            return MultiplierEffect(wallet, phase, below, extra.numerator, extra.denominator)
