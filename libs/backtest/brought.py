"""What a receipt has brought so far, and what a step of it brings: the difference from before. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeVar
from uuid import UUID

import msgspec

from libs.backtest.purse import Gains, Passing, passed
from libs.history.days import Counted
from libs.promotions.evaluation import Evaluation
from libs.promotions.facts import MemberFacts

_K = TypeVar("_K", str, tuple[str, str, int])

PaidBy = tuple[str, str, int]
"""Campaign, wallet and denominator: what an exact amount belongs to."""


class Judged(NamedTuple):
    """What a step brings, each as the difference from before: points by wallet, exact amounts, uses by counter."""

    points: Mapping[str, int]
    paid: Mapping[PaidBy, int]
    uses: Mapping[str, int]
    limits: Mapping[str, int]


NOTHING = Judged({}, {}, {}, {})


@dataclass(slots=True)
class Brought:
    """What a receipt has brought so far, and what it is judged by from then on."""

    rate: tuple[int, int] | None
    points: dict[str, int] = field(default_factory=dict)
    paid: dict[PaidBy, int] = field(default_factory=dict)
    uses: tuple[tuple[str, int, int], ...] = ()
    version: int | None = None
    owner: MemberFacts | None = None
    counted: Counted | None = None
    returned: bool = False
    gained: Mapping[str, Gains] = field(default_factory=dict)
    of: UUID | None = None


def paid_by(evaluation: Evaluation) -> dict[PaidBy, int]:
    """The exact amounts that a decision pays."""
    denominators = {each.wallet: each.denominator for each in evaluation.remainders}
    paid: dict[PaidBy, int] = {}
    for each in evaluation.paid:
        key = each.campaign, each.wallet, denominators[each.wallet]
        paid[key] = paid.get(key, 0) + each.amount
    return paid


def difference(before: Brought, after: Brought) -> Judged:
    """What a step of a receipt brings."""
    used, uses = {key: points for key, points, _ in before.uses}, {key: points for key, points, _ in after.uses}
    limits = {key: limit for key, _, limit in (*before.uses, *after.uses)}
    return Judged(_less(after.points, before.points), _less(after.paid, before.paid), _less(uses, used), limits)


def _less(after: dict[_K, int], before: dict[_K, int]) -> dict[_K, int]:
    if not before:
        return after
    changed = {key: after.get(key, 0) - before.get(key, 0) for key in sorted(after.keys() | before.keys())}
    return {key: value for key, value in changed.items() if value}


def handed_over(brought: Brought, source: UUID, target: UUID, ways: Passing) -> Brought:
    """The same once its member is another one; `ways` says where the lots went."""
    uses = tuple([(name.replace(str(source), str(target)), points, most) for name, points, most in brought.uses])
    owner = None if brought.owner is None else msgspec.structs.replace(brought.owner, member_id=target)
    return replace(brought, uses=uses, gained=passed(brought.gained, ways), owner=owner)
