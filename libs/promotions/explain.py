"""An evaluation in words and numbers: what the member page, the API and support show.

Nothing is decided here: the amounts come from the evaluation, the wording and the rates from the programme that paid.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from functools import partial
from types import MappingProxyType
from typing import Any, Protocol

from libs.language.catalogue import DEFAULT, Catalogue
from libs.promotions.catalogue import completed
from libs.promotions.compile import RUNNING, CompiledCampaign, CompiledProgramme
from libs.promotions.criteria import LINE_KINDS
from libs.promotions.days import why_not_at
from libs.promotions.evaluation import (
    EXCLUDED,
    LIMITED,
    OUTRANKED,
    RESERVED,
    RULE_ERROR,
    Capped,
    Discount,
    Evaluation,
    Failed,
    Granted,
    Paid,
)
from libs.promotions.experiments import CONTROL, EXPERIMENT
from libs.promotions.extensions import EXTENSION
from libs.promotions.facts import ActivityLike, MemberFacts, ReceiptLike, as_receipt
from libs.promotions.gifts import TIER_POINTS
from libs.promotions.lines import chooses_lines, line_condition
from libs.promotions.occasions import judged_as
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
)
from libs.promotions.reasons import WORDS, key_of, numbers
from libs.promotions.situation import Situation
from libs.promotions.wording import EXPLANATIONS, codes, german

TIMES = "\u00d7"

_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "cel": "its expression is false for this receipt",
        "nothing-earned": "it matched, but there was nothing to give anything for",
        "only-with": "none of the campaigns that it needs beside it pays",
        "too-many-campaigns": "stronger campaigns are already as many as may pay on one receipt",
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
_PREFIXES: Mapping[str, str] = MappingProxyType(
    {OUTRANKED: "outranked", EXCLUDED: "excluded", LIMITED: "limited", RULE_ERROR: "rule-error", RESERVED: "reserved"}
)
_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "currency": "The receipt is in another currency than the programme.",
        "points-out-of-range": "The points would be beyond any sensible number, so none were given.",
    }
)

CONDITIONS = Catalogue({"en": {**_WORDS, **codes.ENGLISH}, "de": {**german.CONDITIONS, **codes.GERMAN}})
REASONS = Catalogue({"en": _REASONS, "de": german.REASONS})


def explain(
    evaluation: Evaluation,
    receipt: ReceiptLike,
    programme: CompiledProgramme,
    member: MemberFacts | None = None,
    at: datetime | None = None,
    *,
    language: str = DEFAULT,
) -> dict[str, Any]:
    """Explain an evaluation as a JSON-able object; `programme` must be the version that was in force.

    Exact amounts are texts: decimals where they end, else fractions, in the wallet's minor units.
    """
    campaigns = {campaign.id: campaign for campaign in programme.campaigns}
    local = None if at is None else at.astimezone(programme.zone)
    judged = completed(receipt, programme.products)
    return {
        "summary": _summary(evaluation, language),
        "programme_version": evaluation.version,
        "reason": evaluation.reason,
        "inputs": _inputs(receipt, member, at, programme),
        "points": [{"wallet": grant.wallet, "points": grant.points} for grant in evaluation.grants],
        "campaigns": [_paid(paid, campaigns, programme, language) for paid in evaluation.paid],
        "not_paid": [_failed(failed, campaigns, judged, local, language) for failed in evaluation.failed],
        "caps": [_capped(capped, campaigns, programme, language) for capped in evaluation.capped],
        "rounding": _rounding(evaluation, programme),
        "discounts": [_named(discount, campaigns) for discount in evaluation.discounts],
        "granted": [_named(granted, campaigns) for granted in evaluation.granted],
        "experiments": _experiments(evaluation, campaigns, programme, member, language),
    }


def explain_activity(
    evaluation: Evaluation,
    activity: ActivityLike,
    programme: CompiledProgramme,
    member: MemberFacts | None = None,
    at: datetime | None = None,
    *,
    language: str = DEFAULT,
) -> dict[str, Any]:
    """Explain what `evaluate_activity` made of an activity, in the form of `explain`."""
    rules = programme.activities.get(judged_as(activity), programme)
    told = explain(evaluation, as_receipt(activity, programme.currency), rules, member, at, language=language)
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


def describe(condition: str, language: str = DEFAULT) -> str:
    """Put a condition of `Failed` or `why_not` into words."""
    if condition.startswith(EXPERIMENT):
        name, _, arm = condition.removeprefix(EXPERIMENT).partition(":")
        return EXPLANATIONS.say(language, f"tried.{_arm_key(arm)}", experiment=name, arm=arm)
    for prefix, key in _PREFIXES.items():
        if condition.startswith(prefix):
            return EXPLANATIONS.say(language, key, what=condition.removeprefix(prefix))
    return CONDITIONS.get(language, key_of(condition), condition)


def _index_condition(campaign: CompiledCampaign) -> str:
    when = campaign.source.when
    if chooses_lines(when):
        return line_condition(when)
    if campaign.indexed_by in LINE_KINDS:
        return f"lines[{next(at for at, one in enumerate(when.lines) if getattr(one, campaign.indexed_by))}]"
    return str(campaign.indexed_by)


def _summary(evaluation: Evaluation, language: str) -> str:
    if evaluation.reason is not None:
        return REASONS.say(language, evaluation.reason)
    say = EXPLANATIONS.say
    given = [f"{grant.points} {grant.wallet}" for grant in evaluation.grants]
    if minor := sum(one.amount_minor for one in evaluation.discounts):
        given.append(say(language, "off", minor=minor))
    given += [granted_words(one, language) for one in evaluation.granted]
    if not given:
        return say(language, "free-shipping" if evaluation.discounts else "nothing")
    return say(language, "granted", points=", ".join(given), campaigns=", ".join(evaluation.campaigns))


class GrantedLike(Protocol):
    """A `Granted`, however it is kept."""

    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def reference(self) -> str: ...  # noqa: D102
    @property
    def quantity(self) -> int: ...  # noqa: D102


def granted_words(one: GrantedLike, language: str) -> str:
    """Name what was granted, and how many of it."""
    if one.kind == EXTENSION:
        return EXPLANATIONS.say(language, "extension", wallet=one.reference)
    if one.kind == TIER_POINTS:
        return EXPLANATIONS.say(language, "tier-points", n=one.quantity, tier_set=one.reference)
    return f"{one.quantity} {TIMES} {one.kind} {one.reference}"


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


def _paid(
    paid: Paid, campaigns: Mapping[str, CompiledCampaign], programme: CompiledProgramme, language: str
) -> dict[str, Any]:
    denominator = programme.denominators[paid.wallet]
    return {
        "campaign": paid.campaign,
        "name": campaigns[paid.campaign].source.name,
        "wallet": paid.wallet,
        "arithmetic": _arithmetic(campaigns[paid.campaign], paid, denominator, language),
        "before_caps": exact(paid.before, denominator),
        "points": exact(paid.amount, denominator),
    }


def _failed(
    failed: Failed,
    campaigns: Mapping[str, CompiledCampaign],
    receipt: ReceiptLike,
    local: datetime | None,
    language: str,
) -> dict[str, Any]:
    told = numbers(failed.condition, campaigns[failed.campaign].source, receipt, local, language)
    return {
        "campaign": failed.campaign,
        "name": campaigns[failed.campaign].source.name,
        "condition": failed.condition,
        "words": describe(failed.condition, language) + (f": {told}" if told else ""),
    }


def _capped(
    capped: Capped, campaigns: Mapping[str, CompiledCampaign], programme: CompiledProgramme, language: str
) -> dict[str, Any]:
    denominator = programme.denominators.get(capped.wallet, 1)  # a discount is in minor units
    return {
        "campaign": capped.campaign,
        "name": campaigns[capped.campaign].source.name,
        "wallet": capped.wallet,
        "limit": capped.limit,
        "arithmetic": _arithmetic(campaigns[capped.campaign], capped, denominator, language),
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


def _experiments(
    evaluation: Evaluation,
    campaigns: Mapping[str, CompiledCampaign],
    programme: CompiledProgramme,
    member: MemberFacts | None,
    language: str,
) -> list[dict[str, Any]]:
    """The arms that the member is in, of the experiments that had a say in this decision."""
    if member is None:
        return []
    told = {*evaluation.campaigns, *[one.campaign for one in evaluation.failed]}
    told |= {one.campaign for one in evaluation.capped}
    tried = {trial.name for name in told if (trial := campaigns[name].source.experiment) is not None}
    arms = {one.name: one.arm_of(member.member_id) for one in programme.source.experiments if one.name in tried}
    return [
        {
            "experiment": name,
            "arm": arm,
            "words": EXPLANATIONS.say(language, f"arm.{_arm_key(arm)}", experiment=name, arm=arm),
        }
        for name, arm in arms.items()
    ]


def _arm_key(arm: str) -> str:
    return {"": "nobody", CONTROL: CONTROL}.get(arm, "other")


def _named(given: Discount | Granted, campaigns: Mapping[str, CompiledCampaign]) -> dict[str, Any]:
    told = {name: getattr(given, name) for name in given.__struct_fields__}
    return {"campaign": given.campaign, "name": campaigns[given.campaign].source.name} | told


def _arithmetic(campaign: CompiledCampaign, paid: Paid | Capped, denominator: int, language: str) -> str:
    effect, amount = campaign.source.benefits[paid.effect], exact(paid.before, denominator)
    if not isinstance(effect, Payout):
        return EXPLANATIONS.say(language, "discount", kind=effect.kind, amount=amount)
    return f"{_reckoned(effect, paid, denominator, language)} = {amount}"


def _reckoned(effect: Payout, paid: Paid | Capped, denominator: int, language: str) -> str:
    """What an effect counted, and what it pays for it."""
    basis, times, words = paid.basis, TIMES, ""
    say = partial(EXPLANATIONS.say, language)
    match effect:
        case PerAmount(points=points, per_minor=per, above_minor=0):
            words = say("per_amount", basis=basis, times=times, points=points, per=per)
        case PerAmount(points=points, per_minor=per, above_minor=above):
            words = say("per_amount.above", basis=basis, above=above, times=times, points=points, per=per)
        case PerQuantity(points=points, per=per):
            words = say("per_quantity", basis=basis, times=times, points=points, per=per)
        case Fixed(points=points):
            words = say("fixed", points=points)
        case PerTier(per_minor=None):
            words = say("tier", points=exact(paid.before, denominator))
        case PerTier(per_minor=int() as per):
            rate = exact(paid.before * per, denominator * basis)
            words = say("tier.per_amount", basis=basis, times=times, points=rate, per=per)
        case Thresholds():
            words = say("threshold", points=exact(paid.before, denominator), basis=basis)
        case Together(points=points):
            words = say("together", basis=basis, times=times, points=points)
        case Formula(most=most):
            words = say("formula", basis=basis, most=most)
        case Multiplier(percent=percent):
            words = say("multiplier", basis=exact(basis, denominator), times=times, percent=percent - 100)
    return words


def exact(numerator: int, denominator: int) -> str:
    """Write an exact amount: `12.34` when the decimals end, else `37/3`."""
    scaled = numerator
    for digits in range(13):
        whole, rest = divmod(scaled, denominator)
        if not rest:
            return _decimal(whole, digits)
        scaled *= 10
    value = Fraction(numerator, denominator)
    return f"{value.numerator}/{value.denominator}"


def _decimal(scaled: int, digits: int) -> str:
    if not digits:
        return str(scaled)
    whole, part = divmod(abs(scaled), 10**digits)
    return f"{'-' if scaled < 0 else ''}{whole}.{part:0{digits}d}"
