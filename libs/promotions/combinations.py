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
    lonely: set[str] = set()
    while True:
        left = [campaign for campaign, _ in matches if campaign.id not in lonely]
        hopeless = _alone(left)
        if hopeless:
            lonely |= {campaign.id for campaign in hopeless}
            continue
        excluded = _excluded(left)
        kept = [campaign for campaign in left if campaign.id not in excluded]
        alone = _alone(kept)
        if not alone:
            break
        lonely.add(min(alone, key=_precedence).id)  # whom it kept out may pay after all: look again
    most = programme.source.stacking.max_campaigns
    reasons = dict.fromkeys(lonely, COMPANY) | excluded | _too_many(kept, most)
    failed += [Failed(one.id, reasons[one.id]) for one, _ in matches if one.id in reasons]
    return [match for match in matches if match[0].id not in reasons]


def _alone(campaigns: Sequence[CompiledCampaign]) -> list[CompiledCampaign]:
    """Those that pay only beside others, none of which is there."""
    wanting = [campaign for campaign in campaigns if campaign.source.only_with]
    names = {name for campaign in campaigns for name in campaign.names} if wanting else set()
    return [campaign for campaign in wanting if names.isdisjoint(campaign.source.only_with)]


def _excluded(campaigns: Sequence[CompiledCampaign]) -> dict[str, str]:
    """Each campaign that a stronger one keeps out, or that itself wants to be without it."""
    reasons: dict[str, str] = {}
    kept: list[CompiledCampaign] = []
    for campaign in sorted(campaigns, key=_precedence):
        stronger = next((other for other in kept if _exclude(campaign, other)), None)
        if stronger is None:
            kept.append(campaign)
        else:
            reasons[campaign.id] = EXCLUDED + stronger.id
    return reasons


def _exclude(one: CompiledCampaign, other: CompiledCampaign) -> bool:
    return not one.names.isdisjoint(other.source.excludes) or not other.names.isdisjoint(one.source.excludes)


def _too_many(campaigns: Sequence[CompiledCampaign], most: int | None) -> dict[str, str]:
    if most is None or len(campaigns) <= most:
        return {}
    return {campaign.id: TOO_MANY for campaign in sorted(campaigns, key=_precedence)[most:]}


def _precedence(campaign: CompiledCampaign) -> tuple[int, str]:
    return campaign.precedence
