"""The decision: one receipt, one member, one instant in; points, their explanation and counter uses out.

Order: candidates → conditions → groups → combinations → base → multipliers → additions → caps → one rounding a wallet →
discounts → gifts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from libs.promotions.award import Award
from libs.promotions.catalogue import completed
from libs.promotions.combinations import combine
from libs.promotions.compile import CompiledProgramme
from libs.promotions.effects import Earned
from libs.promotions.evaluation import Capped, Evaluation, Failed, Grant, Paid, Remainder, Use
from libs.promotions.facts import ActivityLike, MemberFacts, ReceiptLike, as_receipt
from libs.promotions.given import by_campaign
from libs.promotions.groups import Match, settle
from libs.promotions.limits import cut
from libs.promotions.lines import line_condition
from libs.promotions.occasions import judged_as
from libs.promotions.situation import Situation

MAX_POINTS = 10**15
"""More than this in one wallet for one receipt is a mistake in the receipt or the programme, and pays nothing."""

OUT_OF_RANGE = "points-out-of-range"

NO_KILLS: frozenset[str] = frozenset()


def evaluate(
    programme: CompiledProgramme,
    receipt: ReceiptLike,
    member: MemberFacts | None,
    at: datetime,
    counters: Mapping[str, int],
    *,
    killed: frozenset[str] = NO_KILLS,
) -> Evaluation:
    """Judge a receipt by a programme; pure, and the same for any order of campaigns in the document.

    `at` is the aware instant to judge by, best in UTC; `counters` what limits have used (a missing key counts 0);
    `killed` the ids of campaigns that are switched off. Without a member, limits per member are not applied.
    """
    if receipt.currency != programme.currency:
        return Evaluation(programme.version, "currency")
    if programme.products is not None:
        receipt = completed(receipt, programme.products)
    situation = Situation(receipt, member, at, programme.zone)
    failed: list[Failed] = []
    matches = _match(programme, situation, killed, failed)
    if programme.grouped and len(matches) > 1:
        matches = settle(matches, situation, counters, failed)
    if programme.plain:
        return _pay(programme, situation, matches, counters, failed)
    if programme.combined:
        matches = combine(programme, matches, failed)
    return _award(programme, situation, matches, counters, failed)


def evaluate_activity(
    programme: CompiledProgramme,
    activity: ActivityLike,
    member: MemberFacts | None,
    at: datetime,
    counters: Mapping[str, int],
    *,
    killed: frozenset[str] = NO_KILLS,
) -> Evaluation:
    """Judge an activity by the campaigns that it triggers, as `evaluate` judges a receipt by those for purchases."""
    rules = programme.activities.get(judged_as(activity))
    if rules is None:
        return Evaluation(programme.version)
    return evaluate(rules, as_receipt(activity, programme.currency), member, at, counters, killed=killed)


def counter_keys(
    programme: CompiledProgramme, receipt: ReceiptLike, member: MemberFacts | None, at: datetime
) -> Iterable[str]:
    """Name the counters that `evaluate` may ask for, once the receipt is in the programme's currency.

    More are named than it will ask for, since conditions are not checked. The member's tier and segments are not looked
    at either: what is decided first may change them, and what is judged again is judged by those of then.
    """
    if programme.counted is None and not programme.shared:
        return ()
    if programme.products is not None:
        receipt = completed(receipt, programme.products)
    situation = Situation(receipt, member, at, programme.zone)
    limits = list(programme.shared)
    if programme.counted is not None:
        for rank in programme.counted.at(at).for_anybody(receipt):
            limits += programme.campaigns[rank].counted
    if receipt.discounts:
        given = by_campaign(receipt.discounts)
        limits += [
            one for name in given if name in programme.discounting for one in programme.discounting[name].counted
        ]
        limits = list(dict.fromkeys(limits))
    keys = [limit.key(situation) for limit in limits]
    return [key for key in keys if key is not None]


def activity_counter_keys(
    programme: CompiledProgramme, activity: ActivityLike, member: MemberFacts | None, at: datetime
) -> Iterable[str]:
    """Name the counters that `evaluate_activity` may ask for, those that members share among them."""
    rules = programme.activities.get(judged_as(activity))
    return () if rules is None else counter_keys(rules, as_receipt(activity, programme.currency), member, at)


def shared_counter_keys(programme: CompiledProgramme, receipt: ReceiptLike, at: datetime) -> list[str]:
    """Name every counter that members share over purchases, for the periods that hold `at`, whatever was bought.

    Those of a store or a partner are those of the receipt's.
    """
    situation = Situation(receipt, None, at, programme.zone)
    limits = [*programme.shared, *[limit for campaign in programme.campaigns for limit in campaign.counted]]
    keys = [limit.key(situation) for limit in limits]
    return [key for key in keys if key is not None]


def _match(
    programme: CompiledProgramme, situation: Situation, killed: frozenset[str], failed: list[Failed]
) -> list[Match]:
    """Find the campaigns whose conditions all hold, in the order of computing."""
    found = programme.timeline.at(situation.at).candidates(situation.receipt, situation.member)
    campaigns, narrows = programme.campaigns, programme.narrows
    matches: list[Match] = []
    for rank in sorted(found):
        campaign, lines = campaigns[rank], found[rank]
        if killed and campaign.id in killed:
            failed.append(Failed(campaign.id, "killed"))
            continue
        if narrows and campaign.narrow is not None:
            lines = campaign.narrow(situation.receipt, lines)
            if not lines:
                failed.append(Failed(campaign.id, line_condition(campaign.source.when)))
                continue
        for check in campaign.checks:
            condition = check(situation, lines)
            if condition is not None:
                failed.append(Failed(campaign.id, condition))
                break
        else:
            matches.append((campaign, lines))
    return matches


def _pay(
    programme: CompiledProgramme,
    situation: Situation,
    matches: list[Match],
    counters: Mapping[str, int],
    failed: list[Failed],
) -> Evaluation:
    earned: list[Earned] = []
    paid: list[Paid] = []
    capped: list[Capped] = []
    uses: list[Use] = []
    totals: dict[str, int] = {}
    for campaign, lines in matches:
        basis, before = campaign.effect.earn(situation, lines, earned)
        if before == 0:
            failed.append(Failed(campaign.id, campaign.effect.why_nothing(situation)))
            continue
        if campaign.feeds_multipliers:
            earned.append(Earned(campaign.effect, lines, before))
        amount, wallet = before, campaign.wallet
        if campaign.limits:
            amount, limit, used = cut(campaign.limits, situation, counters, before, campaign.denominator)
            uses += used
            if limit is not None:
                capped.append(Capped(campaign.id, wallet, limit, basis, before, amount))
                if amount == 0:
                    continue
        paid.append(Paid(campaign.id, wallet, basis, before, amount))
        totals[wallet] = totals.get(wallet, 0) + amount
    grants, remainders = _round(programme, totals)
    if grants is None:
        return Evaluation(programme.version, OUT_OF_RANGE, failed=tuple(failed))
    if not grants:
        uses.clear()  # less than a point: what gives nothing uses nothing
    return Evaluation(
        programme.version, None, grants, tuple(paid), tuple(failed), tuple(capped), remainders, tuple(uses)
    )


def _award(
    programme: CompiledProgramme,
    situation: Situation,
    matches: list[Match],
    counters: Mapping[str, int],
    failed: list[Failed],
) -> Evaluation:
    """As `_pay`, for programmes that use more than points and limits on them."""
    award = Award(programme, situation, matches, counters)
    award.give(failed)
    grants, remainders = _round(programme, award.totals)
    if grants is None:
        return Evaluation(programme.version, OUT_OF_RANGE, failed=tuple(failed))
    return Evaluation(
        programme.version,
        None,
        grants,
        tuple(award.paid),
        tuple(failed),
        tuple(award.capped),
        remainders,
        award.uses() if grants or award.gives else (),
        tuple(award.discounts),
        tuple(award.granted),
    )


def _round(
    programme: CompiledProgramme, totals: dict[str, int]
) -> tuple[tuple[Grant, ...] | None, tuple[Remainder, ...]]:
    """Turn exact totals into whole points, the one rounding of the decision; None when one is out of range."""
    grants: list[Grant] = []
    remainders: list[Remainder] = []
    for wallet, total in totals.items():
        denominator = programme.denominators[wallet]
        points = round_points(total, denominator, programme.rounding)
        if points > MAX_POINTS:
            return None, ()
        if points:
            grants.append(Grant(wallet, points))
        remainders.append(Remainder(wallet, total - points * denominator, denominator))
    return tuple(grants), tuple(remainders)


def round_points(numerator: int, denominator: int, mode: str) -> int:
    """Round a non-negative exact amount to whole points: `floor`, `half_up` (a half goes up) or `ceil`."""
    if mode == "floor":
        return numerator // denominator
    if mode == "ceil":
        return -(-numerator // denominator)
    return (2 * numerator + denominator) // (2 * denominator)
