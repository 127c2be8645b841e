"""An evaluation in words and numbers: what the member page, the API and support show.

Nothing is decided here: the amounts come from the evaluation, the wording and the rates from the programme that paid.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from libs.promotions.catalogue import completed
from libs.promotions.compile import RUNNING, CompiledCampaign, CompiledProgramme
from libs.promotions.criteria import LINE_KINDS
from libs.promotions.days import why_not_at
from libs.promotions.evaluation import OUTRANKED, RULE_ERROR, Capped, Evaluation, Failed, Paid
from libs.promotions.facts import ActivityLike, MemberFacts, ReceiptLike, as_receipt
from libs.promotions.lines import chooses_lines, line_condition
from libs.promotions.payouts import Fixed, Multiplier, PerAmount, PerQuantity
from libs.promotions.reasons import WORDS, key_of, numbers
from libs.promotions.situation import Situation

TIMES = "\u00d7"

_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "cel": "its expression is false for this receipt",
        "nothing-earned": "it matched, but there was nothing to earn points on",
        "killed": "it is switched off",
        "weekdays": "not on this weekday",
        "hours": "not at this hour",
        "frame": "it did not run at this time",
        "state": "it is not live",
        "trigger": "it is for something else",
        "skus": "none of its products was bought",
        "categories": "nothing of its categories was bought",
        "brands": "nothing of its brands was bought",
        "labels": "nothing with its labels was bought",
        "stores": "not in this store",
        "channels": "not in this channel",
        "partners": "not at this partner",
        "tiers": "not for the member's tier",
        "payments": "not with this means of payment",
        "min_total_minor": "the receipt's total is too low",
        "min_quantity": "too few pieces",
        "min_amount_minor": "too little spent on the products that count",
        **WORDS,
    }
)
_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "currency": "The receipt is in another currency than the programme.",
        "points-out-of-range": "The points would be beyond any sensible number, so none were given.",
    }
)


def explain(
    evaluation: Evaluation,
    receipt: ReceiptLike,
    programme: CompiledProgramme,
    member: MemberFacts | None = None,
    at: datetime | None = None,
) -> dict[str, Any]:
    """Explain an evaluation as a JSON-able object; `programme` must be the version that was in force.

    Exact amounts are texts: decimals where they end, else fractions, in the wallet's minor units.
    """
    campaigns = {campaign.id: campaign for campaign in programme.campaigns}
    local = None if at is None else at.astimezone(programme.zone)
    judged = completed(receipt, programme.products)
    return {
        "summary": _summary(evaluation),
        "programme_version": evaluation.version,
        "reason": evaluation.reason,
        "inputs": _inputs(receipt, member, at, programme),
        "points": [{"wallet": grant.wallet, "points": grant.points} for grant in evaluation.grants],
        "campaigns": [_paid(paid, campaigns, programme) for paid in evaluation.paid],
        "not_paid": [_failed(failed, campaigns, judged, local) for failed in evaluation.failed],
        "caps": [_capped(capped, campaigns, programme) for capped in evaluation.capped],
        "rounding": _rounding(evaluation, programme),
    }


def explain_activity(
    evaluation: Evaluation,
    activity: ActivityLike,
    programme: CompiledProgramme,
    member: MemberFacts | None = None,
    at: datetime | None = None,
) -> dict[str, Any]:
    """Explain what `evaluate_activity` made of an activity, in the form of `explain`."""
    rules = programme.activities.get(activity.activity, programme)
    told = explain(evaluation, as_receipt(activity, programme.currency), rules, member, at)
    told["inputs"] |= {"activity": activity.activity, "quantity": activity.quantity, "lines": 0}
    return told


def why_not(
    campaign_id: str, programme: CompiledProgramme, receipt: ReceiptLike, member: MemberFacts | None, at: datetime
) -> str | None:
    """Name the first condition of a campaign that does not hold; None when all hold.

    Answers for any campaign of the document, also for those that were no candidates and so are in no evaluation.
    Groups, limits and kill switches are not looked at. For an activity, pass `as_receipt` of it and the programme of
    its `activities`.
    """
    rank = next((rank for rank, one in enumerate(programme.campaigns) if one.id == campaign_id), None)
    if rank is None:
        running = {one.id for one in programme.source.campaigns if one.state in RUNNING}
        return "trigger" if campaign_id in running else "state"
    campaign = programme.campaigns[rank]
    outside = why_not_at(campaign.source.frame, at, programme.zone)
    if outside is not None:
        return outside
    receipt = completed(receipt, programme.products)
    situation = Situation(receipt, member, at, programme.zone)
    lines = programme.timeline.at(at).candidates(receipt, member).get(rank)
    if lines is None:
        return _index_condition(campaign)
    if campaign.narrow is not None:
        lines = campaign.narrow(receipt, lines)
        if not lines:
            return line_condition(campaign.source.when)
    return next((failed for check in campaign.checks if (failed := check(situation, lines)) is not None), None)


def describe(condition: str) -> str:
    """Put a condition of `Failed` or `why_not` into words."""
    if condition.startswith(OUTRANKED):
        return f"campaign {condition.removeprefix(OUTRANKED)!r} outranks it in its group"
    if condition.startswith(RULE_ERROR):
        return f"its expression could not be evaluated: {condition.removeprefix(RULE_ERROR)}"
    return _WORDS.get(key_of(condition), condition)


def _index_condition(campaign: CompiledCampaign) -> str:
    when = campaign.source.when
    if chooses_lines(when):
        return line_condition(when)
    if campaign.indexed_by in LINE_KINDS:
        return f"lines[{next(at for at, one in enumerate(when.lines) if getattr(one, campaign.indexed_by))}]"
    return str(campaign.indexed_by)


def _summary(evaluation: Evaluation) -> str:
    if evaluation.reason is not None:
        return _REASONS[evaluation.reason]
    if not evaluation.grants:
        return "No points."
    points = ", ".join(f"{grant.points} {grant.wallet}" for grant in evaluation.grants)
    return f"{points} by {', '.join(evaluation.campaigns)}."


def _inputs(
    receipt: ReceiptLike, member: MemberFacts | None, at: datetime | None, programme: CompiledProgramme
) -> dict[str, Any]:
    return {
        "total_minor": receipt.total_minor,
        "currency": receipt.currency,
        "store": receipt.store,
        "channel": receipt.channel,
        "partner": receipt.partner,
        "payment": receipt.payment,
        "tier": None if member is None else member.tier,
        "lines": len(receipt.lines),
        "at": None if at is None else at.isoformat(),
        "local_time": None if at is None else at.astimezone(programme.zone).isoformat(),
    }


def _paid(paid: Paid, campaigns: Mapping[str, CompiledCampaign], programme: CompiledProgramme) -> dict[str, Any]:
    denominator = programme.denominators[paid.wallet]
    return {
        "campaign": paid.campaign,
        "name": campaigns[paid.campaign].source.name,
        "wallet": paid.wallet,
        "arithmetic": _arithmetic(campaigns[paid.campaign], paid.basis, paid.before),
        "before_caps": exact(paid.before, denominator),
        "points": exact(paid.amount, denominator),
    }


def _failed(
    failed: Failed, campaigns: Mapping[str, CompiledCampaign], receipt: ReceiptLike, local: datetime | None
) -> dict[str, Any]:
    told = numbers(failed.condition, campaigns[failed.campaign].source, receipt, local)
    return {
        "campaign": failed.campaign,
        "name": campaigns[failed.campaign].source.name,
        "condition": failed.condition,
        "words": describe(failed.condition) + (f": {told}" if told else ""),
    }


def _capped(capped: Capped, campaigns: Mapping[str, CompiledCampaign], programme: CompiledProgramme) -> dict[str, Any]:
    denominator = programme.denominators[capped.wallet]
    return {
        "campaign": capped.campaign,
        "name": campaigns[capped.campaign].source.name,
        "wallet": capped.wallet,
        "limit": capped.limit,
        "arithmetic": _arithmetic(campaigns[capped.campaign], capped.basis, capped.before),
        "before": exact(capped.before, denominator),
        "after": exact(capped.amount, denominator),
    }


def _rounding(evaluation: Evaluation, programme: CompiledProgramme) -> list[dict[str, Any]]:
    points = {grant.wallet: grant.points for grant in evaluation.grants}
    return [
        {
            "wallet": rest.wallet,
            "mode": programme.rounding,
            "exact": exact(points.get(rest.wallet, 0) * rest.denominator + rest.numerator, rest.denominator),
            "points": points.get(rest.wallet, 0),
            "remainder": exact(rest.numerator, rest.denominator),
        }
        for rest in evaluation.remainders
    ]


def _arithmetic(campaign: CompiledCampaign, basis: int, before: int) -> str:
    amount = exact(before, campaign.denominator)
    match campaign.source.effect:
        case PerAmount(points=points, per_minor=per_minor):
            return f"{basis} minor units {TIMES} {points} / {per_minor} = {amount}"
        case PerQuantity(points=points, per=per):
            return f"{basis} {TIMES} {points} for each {per} = {amount}"
        case Fixed(points=points):
            return f"{points} once = {amount}"
        case Multiplier(percent=percent):
            return f"{exact(basis, campaign.denominator)} base points {TIMES} {percent - 100}% = {amount}"


def exact(numerator: int, denominator: int) -> str:
    """Write an exact amount: `12.34` when the decimals end, else `37/3`."""
    value = Fraction(numerator, denominator)
    for digits in range(13):
        scaled = value * 10**digits
        if scaled.denominator == 1:
            return _decimal(scaled.numerator, digits)
    return f"{value.numerator}/{value.denominator}"


def _decimal(scaled: int, digits: int) -> str:
    if not digits:
        return str(scaled)
    whole, part = divmod(abs(scaled), 10**digits)
    return f"{'-' if scaled < 0 else ''}{whole}.{part:0{digits}d}"
