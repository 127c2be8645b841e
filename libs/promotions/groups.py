"""Stacking groups: which of the campaigns that match may pay.

`exclusive`: the strongest matching campaign of all exclusive groups pays alone. `first`: the strongest of the group.
`best` and `worst`: the one that would pay most, or least but something, alone over the base and after its limits; of
discounts, the one that would take most, or least, off the basket. One whose times are used up would pay nothing.
Stronger means higher priority, then smaller id; it also breaks ties.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from libs.promotions.award import worth_of_discounts
from libs.promotions.compile import CompiledCampaign
from libs.promotions.effects import Earned, Phase
from libs.promotions.evaluation import OUTRANKED, Failed
from libs.promotions.limits import cut, full
from libs.promotions.situation import Situation

Match = tuple[CompiledCampaign, int]
"""A campaign whose conditions hold, with the set of lines it chose."""


def settle(
    matches: list[Match], situation: Situation, counters: Mapping[str, int], failed: list[Failed]
) -> list[Match]:
    """Return the matches that may pay, in order, and append the losers to `failed`, each with who outranked it."""
    exclusive = [match for match in matches if match[0].source.mode == "exclusive"]
    if exclusive:
        return _keep(matches, {None: min(exclusive, key=_precedence)}, lambda _: None, failed)
    matches = _settle_mode(matches, "first", _precedence, failed)
    base = [match for match in matches if match[0].phase is Phase.BASE]
    rest = [match for match in matches if match[0].phase is not Phase.BASE]
    base = _settle_by_worth(base, (), situation, counters, failed)
    earned = [
        Earned(leg.effect, lines, leg.effect.earn(situation, lines, ())[1])
        for one, lines in base
        for leg in one.legs
        if leg.phase is Phase.BASE
    ]
    return base + _settle_by_worth(rest, earned, situation, counters, failed)


def _settle_by_worth(
    matches: list[Match],
    earned: Sequence[Earned],
    situation: Situation,
    counters: Mapping[str, int],
    failed: list[Failed],
) -> list[Match]:
    def worth(match: Match) -> int:
        campaign, lines = match
        if campaign.gates and full(campaign.gates, situation, counters) is not None:
            return 0
        if campaign.discounts:
            return worth_of_discounts(campaign, lines, situation, counters)
        amount = campaign.effect.earn(situation, lines, earned)[1]
        return cut(campaign.limits, situation, counters, amount, campaign.denominator)[0]

    def most(match: Match) -> tuple[object, ...]:
        return -worth(match), match[0].precedence

    def least(match: Match) -> tuple[object, ...]:
        amount = worth(match)
        return amount == 0, amount, match[0].precedence

    return _settle_mode(_settle_mode(matches, "best", most, failed), "worst", least, failed)


def _settle_mode(
    matches: list[Match], mode: str, rank: Callable[[Match], tuple[object, ...]], failed: list[Failed]
) -> list[Match]:
    groups: defaultdict[str | None, list[Match]] = defaultdict(list)
    for match in matches:
        if match[0].source.mode == mode:
            groups[match[0].source.group].append(match)
    if not groups:
        return matches
    winners = {group: min(members, key=rank) for group, members in groups.items()}
    return _keep(matches, winners, lambda match: match[0].source.group if match[0].source.mode == mode else "", failed)


def _keep(
    matches: list[Match],
    winners: Mapping[str | None, Match],
    group_of: Callable[[Match], str | None],
    failed: list[Failed],
) -> list[Match]:
    kept: list[Match] = []
    for match in matches:
        winner = winners.get(group_of(match))
        if winner is None or winner is match:
            kept.append(match)
        else:
            failed.append(Failed(match[0].id, OUTRANKED + winner[0].id))
    return kept


def _precedence(match: Match) -> tuple[object, ...]:
    return match[0].precedence
