"""Effects compiled to integer arithmetic: every amount is a numerator over the one denominator of its wallet."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from math import lcm

from msgspec import Struct

from libs.promotions.criteria import Conditions
from libs.promotions.evaluation import RULE_ERROR
from libs.promotions.expressions import ExpressionFailed, Number
from libs.promotions.facts import ALL_LINES, LineLike, ReceiptLike, amount_over, quantity_over
from libs.promotions.language import Language
from libs.promotions.lines import LineTest, compile_line_test
from libs.promotions.payouts import (
    Fixed,
    Formula,
    Multiplier,
    Payout,
    PerAmount,
    PerQuantity,
    PerTier,
    Thresholds,
    Together,
    effect_phase,
)
from libs.promotions.selections import Selection
from libs.promotions.situation import Situation


class Phase(IntEnum):
    """The order in which effects are computed."""

    BASE = 0
    MULTIPLIER = 1
    COMPOUNDING = 2
    ADDITION = 3
    AFTERWARDS = 4
    """Discounts and gifts, on which no points are reckoned."""


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

    def why_nothing(self, situation: Situation) -> str:
        """Name the condition that did not hold when it earned nothing."""
        return "nothing-earned"


@dataclass(frozen=True, slots=True, eq=False)
class NoEffect(CompiledEffect):
    """That of a campaign that pays no points."""

    def earn(self, situation: Situation, lines: int, earned: Sequence[Earned]) -> tuple[int, int]:
        """Earn nothing."""
        return 0, 0


NOTHING = NoEffect("", Phase.AFTERWARDS)


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
class PerAmountAboveEffect(CompiledEffect):
    """`factor` for each minor unit above an amount."""

    factor: int
    above: int

    def earn(self, situation: Situation, lines: int, earned: Sequence[Earned]) -> tuple[int, int]:
        """Count the minor units of the lines that are above it."""
        basis = amount_of(situation.receipt, lines) - self.above
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
class PerTierEffect(CompiledEffect):
    """The factor of the member's tier, for each minor unit or once."""

    factors: Mapping[str | None, int]
    otherwise: int
    once: bool

    def earn(self, situation: Situation, lines: int, earned: Sequence[Earned]) -> tuple[int, int]:
        """Count the minor units of the lines, at least 0, or one receipt."""
        factor = self.factors.get(situation.tier, self.otherwise)
        basis = 1 if self.once else amount_of(situation.receipt, lines)
        return (basis, basis * factor) if basis > 0 else (0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class ThresholdsEffect(CompiledEffect):
    """The factor of the highest step that is reached; `steps` are its amounts, rising."""

    steps: Sequence[int]
    factors: Sequence[int]

    def earn(self, situation: Situation, lines: int, earned: Sequence[Earned]) -> tuple[int, int]:
        """Count the minor units from which the step is reached; 0 below the first."""
        reached = bisect_right(self.steps, amount_of(situation.receipt, lines))
        return (self.steps[reached - 1], self.factors[reached - 1]) if reached else (0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class TogetherEffect(CompiledEffect):
    """`factor` for each pair of a piece of the lines and one of those that `partner` finds."""

    factor: int
    most: int
    partner: LineTest

    def earn(self, situation: Situation, lines: int, earned: Sequence[Earned]) -> tuple[int, int]:
        """Count the pairs; a line that the campaign chose is no partner."""
        bought = situation.receipt.lines
        others = lines_where(bought, self.partner) & ~lines
        pairs = min(quantity_over(bought, lines), quantity_over(bought, others), self.most)
        return (pairs, pairs * self.factor) if pairs > 0 else (0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class FormulaEffect(CompiledEffect):
    """`factor` times the whole number of an expression, `most` at most; `readers` say how its variables are read."""

    factor: int
    most: int
    number: Number
    readers: Mapping[str, Callable[[Situation], object]]

    def earn(self, situation: Situation, lines: int, earned: Sequence[Earned]) -> tuple[int, int]:
        """Count what the expression gives for the whole receipt; nothing when it fails."""
        found = self._value(situation)
        if isinstance(found, ExpressionFailed) or found <= 0:
            return 0, 0
        found = min(found, self.most)
        return found, found * self.factor

    def why_nothing(self, situation: Situation) -> str:
        """Tell a failure from a number that is not above 0."""
        found = self._value(situation)
        return RULE_ERROR + found.reason if isinstance(found, ExpressionFailed) else "nothing-earned"

    def _value(self, situation: Situation) -> int | ExpressionFailed:
        return self.number.value({name: self.readers[name](situation) for name in self.number.names})


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


def amount_of(receipt: ReceiptLike, lines: int) -> int:
    """Add up what the chosen lines cost, in minor units; all of them come to the receipt's total."""
    return receipt.total_minor if lines == ALL_LINES else amount_over(receipt.lines, lines)


def lines_where(lines: Sequence[LineLike], test: LineTest) -> int:
    """Return the set of the lines that meet a test."""
    return sum([1 << place for place, line in enumerate(lines) if test(line)])


def compile_selection(selection: Selection) -> LineTest:
    """Compile a selection to a test of a line."""
    chosen = {kind: getattr(selection, kind) for kind in ("skus", "categories", "brands", "labels")}
    test = compile_line_test(Conditions(**chosen), without=None)
    assert test is not None, "a selection asks for something"
    return test


def phase_rank(effect: Payout) -> Phase:
    """Tell the place of an effect in the order of computing."""
    match effect:
        case Multiplier(compounding=compounding):
            return Phase.COMPOUNDING if compounding else Phase.MULTIPLIER
        case _:
            return Phase.BASE if effect_phase(effect) == "base" else Phase.ADDITION


def common_denominator(effects: Sequence[Payout]) -> int:
    """Find the denominator over which every amount of one wallet's effects, in any combination, is an integer."""
    rates = lcm(*(rate.denominator for effect in effects for rate in _rates(effect)))
    plain, compounding = 1, 1
    for effect in effects:
        if isinstance(effect, Multiplier):
            parts = _extra(effect).denominator
            if effect.compounding:
                compounding *= parts
            else:
                plain = lcm(plain, parts)
    return rates * plain * compounding


def _rates(effect: Payout) -> list[Fraction]:
    """What an effect pays for one minor unit, where that is no whole number of points."""
    match effect:
        case PerAmount(points=points, per_minor=per_minor):
            return [Fraction(points, per_minor)]
        case PerTier(tiers=tiers, otherwise=otherwise, per_minor=int() as per_minor):
            return [Fraction(points, per_minor) for points in (*[tier.points for tier in tiers], otherwise)]
    return []


def _extra(effect: Multiplier) -> Fraction:
    return Fraction(effect.percent - 100, 100)


def compile_effect(effect: Payout, wallet: str, denominator: int, language: Language) -> CompiledEffect:
    """Compile an effect for a wallet whose amounts are over `denominator`; a formula speaks the campaign's language."""
    phase = phase_rank(effect)
    compiled: CompiledEffect
    match effect:
        case PerAmount(points=points, per_minor=per_minor, above_minor=0):
            compiled = PerAmountEffect(wallet, phase, points * denominator // per_minor)
        case PerAmount(points=points, per_minor=per_minor, above_minor=above):
            compiled = PerAmountAboveEffect(wallet, phase, points * denominator // per_minor, above)
        case PerQuantity(points=points, per=per):
            compiled = PerQuantityEffect(wallet, phase, points * denominator, per)
        case Fixed(points=points):
            compiled = FixedEffect(wallet, phase, points * denominator)
        case PerTier(per_minor=per_minor):
            factors: dict[str | None, int] = {
                one.tier: one.points * denominator // (per_minor or 1) for one in effect.tiers
            }
            otherwise = effect.otherwise * denominator // (per_minor or 1)
            compiled = PerTierEffect(wallet, phase, factors, otherwise, once=per_minor is None)
        case Thresholds(steps=steps):
            amounts, points_of = [step.from_minor for step in steps], [step.points * denominator for step in steps]
            compiled = ThresholdsEffect(wallet, phase, amounts, points_of)
        case Together(points=points, most=most, with_=selection):
            compiled = TogetherEffect(wallet, phase, points * denominator, most, compile_selection(selection))
        case Formula(cel=source, most=most):
            number = language.expressions.compile_number(source)
            compiled = FormulaEffect(wallet, phase, denominator, most, number, language.readers)
        case Multiplier():
            extra = _extra(effect)
            below = Phase.ADDITION if effect.compounding else Phase.MULTIPLIER
            compiled = MultiplierEffect(wallet, phase, below, extra.numerator, extra.denominator)
    return compiled
