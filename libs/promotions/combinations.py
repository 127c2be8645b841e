"""Which of the campaigns that are left after their groups may pay beside each other.

Who excludes whom, who pays only in company, and how many may pay on one receipt. The stronger goes first: by priority,
then id.
"""

from __future__ import annotations

from collections.abc import Sequence

from libs.promotions.compile import CompiledCampaign, CompiledProgramme
from libs.promotions.evaluation import COMPANY, EXCLUDED, TOO_MANY, Failed
from libs.promotions.groups import Match


def combine(programme: CompiledProgramme, matches: list[Match], failed: list[Failed]) -> list[Match]:
    """Return the matches that may pay together, in order, and append the others to `failed`, each with the reason."""
    lonely: dict[str, str] = {}
    while True:
        excluded = _excluded([match[0] for match in matches if match[0].id not in lonely])
        kept = [match for match in matches if match[0].id not in lonely and match[0].id not in excluded]
        names = {name for campaign, _ in kept for name in campaign.names}
        more = {one.id: COMPANY for one, _ in kept if one.source.only_with and names.isdisjoint(one.source.only_with)}
        if not more:
            break
        lonely |= more  # whom such a one excluded may pay after all: look again
    reasons = lonely | excluded | _too_many(kept, programme.source.stacking.max_campaigns)
    failed += [Failed(one.id, reasons[one.id]) for one, _ in matches if one.id in reasons]
    return [match for match in kept if match[0].id not in reasons]


def _excluded(campaigns: Sequence[CompiledCampaign]) -> dict[str, str]:
    """Each campaign that a stronger one keeps out, or that itself wants to be without it."""
    reasons: dict[str, str] = {}
    kept: list[CompiledCampaign] = []
    for campaign in sorted(campaigns, key=lambda one: one.precedence):
        stronger = next((other for other in kept if _exclude(campaign, other)), None)
        if stronger is None:
            kept.append(campaign)
        else:
            reasons[campaign.id] = EXCLUDED + stronger.id
    return reasons


def _exclude(one: CompiledCampaign, other: CompiledCampaign) -> bool:
    return not one.names.isdisjoint(other.source.excludes) or not other.names.isdisjoint(one.source.excludes)


def _too_many(matches: Sequence[Match], most: int | None) -> dict[str, str]:
    if most is None or len(matches) <= most:
        return {}
    weaker = sorted([campaign.precedence for campaign, _ in matches])[most:]
    return {name: TOO_MANY for _, name in weaker}
