"""Short ways to write a programme, a receipt and a judgement in a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from libs.promotions.compile import compile_programme
from libs.promotions.decide import evaluate
from libs.promotions.document import parse_programme
from libs.promotions.evaluation import Discount, Evaluation
from libs.promotions.facts import Line, MemberFacts, Receipt, ReceiptLike, changed
from libs.promotions.given import GivenDiscount

R = TypeVar("R", bound=ReceiptLike)
THURSDAY = datetime(2017, 1, 5, 12, tzinfo=UTC)
MEMBER = MemberFacts(UUID(int=7), "gold")
BASE = {"kind": "per_amount", "points": 1, "per_minor": 100}


def campaign(name: str, effect: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"id": name, "name": name.capitalize(), "state": "live", "effect": effect, **rest}


def fixed(points: int) -> dict[str, Any]:
    return {"kind": "fixed", "points": points}


def multiplier(percent: int, **rest: Any) -> dict[str, Any]:
    return {"kind": "multiplier", "percent": percent, **rest}


def document(*campaigns: dict[str, Any], **rest: Any) -> dict[str, Any]:
    wallet = {"name": "points", "expiry": {"kind": "natural", "period": "quarter", "extra_periods": 4}}
    return {"version": 1, "zone": "UTC", "currency": "USD", "wallets": [wallet], "campaigns": list(campaigns), **rest}


def receipt(*lines: Line, **rest: Any) -> Receipt:
    return Receipt(currency="USD", total_minor=sum(line.amount_minor for line in lines), lines=lines, **rest)


def total(minor: int, **rest: Any) -> Receipt:
    return Receipt(currency="USD", total_minor=minor, **rest)


def judge(
    text: dict[str, Any],
    bought: Receipt,
    at: datetime = THURSDAY,
    counters: Mapping[str, int] | None = None,
    killed: frozenset[str] = frozenset(),
    member: MemberFacts | None = MEMBER,
) -> Evaluation:
    compiled = compile_programme(parse_programme(text))
    return evaluate(compiled, bought, member, at, counters or {}, killed=killed)


def points(evaluation: Evaluation) -> int:
    return sum(grant.points for grant in evaluation.grants)


def failures(evaluation: Evaluation) -> dict[str, str]:
    return {failed.campaign: failed.condition for failed in evaluation.failed}


def discounted(receipt: R, discounts: Sequence[Discount]) -> R:
    """Return the receipt as it is when the till has taken these discounts off and says so: it is what earns points."""
    off: dict[int | None, int] = {}
    for one in discounts:
        off[one.line] = off.get(one.line, 0) + one.amount_minor
    lines = [
        changed(line, amount_minor=line.amount_minor - off.get(getattr(line, "line", place), 0))
        for place, line in enumerate(receipt.lines, start=1)
    ]
    given = tuple([GivenDiscount(one.campaign, one.amount_minor, one.line) for one in discounts])
    left = receipt.total_minor - sum(off.values())
    return changed(receipt, lines=tuple(lines), total_minor=left, discounts=given)
