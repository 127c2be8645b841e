"""What a store offers that others do not: the campaigns that run now and are for it by name or by place. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from libs.promotions.campaigns import Campaign
from libs.promotions.compile import CompiledProgramme
from libs.promotions.describe import Words, running
from libs.promotions.places import Atlas


def offers_by_store(
    programme: CompiledProgramme, stores: Iterable[str], at: datetime, killed: frozenset[str], language: str
) -> dict[str, list[tuple[str, str, str]]]:
    """Return by store the campaigns that are for some stores, it among them: each with its name and a sentence."""
    atlas, words = Atlas(programme.source.stores), Words(programme, language)
    asked = list(stores)
    found: dict[str, list[tuple[str, str, str]]] = {store: [] for store in asked}
    for campaign in running(programme, at):
        meant = _meant(campaign, atlas)
        if meant is None or campaign.id in killed:
            continue
        here = [store for store in asked if store in meant]
        if here:
            rule = words.rule(campaign)
            for store in here:
                found[store].append((campaign.id, rule.name, rule.sentence))
    return found


def _meant(campaign: Campaign, atlas: Atlas) -> frozenset[str] | None:
    """The stores that a campaign is for; None where it is for all, or for all but some."""
    placed = atlas.find(campaign.when)
    named = frozenset(campaign.when.stores)
    if placed is None:
        return named or None
    return frozenset(placed) & named if named else frozenset(placed)
