"""Limits: what a campaign may still pay, and the counters that remember what it has paid.

A counter counts whole points. A campaign's exact amount is cut to the whole points that are left; what it uses of the
counter is its amount after the cut, rounded up. So a counter never passes its limit, and what members get from a
campaign never exceeds its counter (a use is less than one point above the exact amount).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from libs.promotions.evaluation import Use
from libs.promotions.payouts import Limit
from libs.promotions.situation import Situation

TRANSACTION = "transaction"


@dataclass(frozen=True, slots=True, eq=False)
class CompiledLimit:
    """One limit of one campaign."""

    campaign: str
    scope: str
    period: str
    points: int
    constant_key: str | None

    def key(self, situation: Situation) -> str | None:
        """Name the counter: `campaign|period` or `campaign|period|member`; None when nothing is counted."""
        if self.constant_key is not None:
            return self.constant_key
        if self.period == TRANSACTION:
            return None
        key = f"{self.campaign}|{_bucket(self.period, situation)}"
        if self.scope == "campaign":
            return key
        return None if situation.member is None else f"{key}|{situation.member.member_id}"


def compile_limit(campaign: str, limit: Limit) -> CompiledLimit:
    """Compile a limit of the campaign with this id."""
    constant = f"{campaign}|ever" if limit.period == "ever" and limit.scope == "campaign" else None
    return CompiledLimit(campaign, limit.scope, limit.period, limit.points, constant)


def _bucket(period: str, situation: Situation) -> str:
    if period == "ever":
        return period
    day = situation.local().date().isoformat()
    return day[: {"day": 10, "month": 7, "year": 4}[period]]


Cut = tuple[int, str | None, list[Use]]
"""An amount after all limits, the limit that cut it last (`transaction` or a counter's key), and what counters use."""


def cut(
    limits: tuple[CompiledLimit, ...],
    situation: Situation,
    counters: Mapping[str, int],
    amount: int,
    denominator: int,
) -> Cut:
    """Cut an exact amount (a numerator) by every limit; a counter that is missing has counted nothing."""
    counted: list[tuple[str, int]] = []
    by: str | None = None
    for limit in limits:
        key = limit.key(situation)
        left = limit.points
        if key is not None:
            counted.append((key, left))
            left -= counters.get(key, 0)
        if amount > left * denominator:
            amount, by = max(left, 0) * denominator, key or limit.period
    used = -(-amount // denominator)
    return amount, by, [Use(key, used, points) for key, points in counted] if used else []
