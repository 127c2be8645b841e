"""The library of ready incentives: every campaign of the examples that come with the engine. Pure, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Literal, get_args

from libs.promotions.campaigns import Campaign
from libs.promotions.compile import CompiledProgramme, compile_programme
from libs.promotions.describe import Words
from libs.promotions.discounts import Discounting
from libs.promotions.document import parse_programme_yaml
from libs.promotions.payouts import Payout

Shelf = Literal["popular", "points", "discounts", "gifts", "occasions", "activities"]
SHELVES: tuple[Shelf, ...] = get_args(Shelf)
POPULAR = (
    "happy-hour.happy-hour",
    "points-by-steps.steps",
    "buy-2-get-1.pasta",
    "amount-off.ten-off",
    "birthday.birthday",
    "welcome.welcome",
    "category-regular.bakery-regular",
)
"""The most used, which are shown first."""
_BASE = "base"
_ALONE = "tier-rates"
"""The example whose base is what it shows."""


@dataclass(frozen=True, slots=True)
class Example:
    """An incentive that is ready to be filled in: its name, and the campaign as JSON has it, a draft."""

    name: str
    shelf: Shelf
    campaign: Mapping[str, Any]
    source: Campaign
    compiled: CompiledProgramme

    def sentence(self, language: str) -> str:
        """Say its rule."""
        return Words(self.compiled, language).rule(self.source).sentence


@lru_cache(maxsize=1)
def examples() -> Mapping[str, Example]:
    """Return all examples by their names, the most used first."""
    found: dict[str, Example] = {}
    folder = resources.files("libs.promotions") / "examples" / "library"
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        stem = file.name.removesuffix(".yaml")
        if file.name.endswith(".expect.yaml") or not file.name.endswith(".yaml"):
            continue
        programme = parse_programme_yaml(file.read_text(encoding="utf-8"))
        compiled = compile_programme(programme)
        for campaign in programme.campaigns:
            if campaign.id != _BASE or stem == _ALONE or len(programme.campaigns) == 1:
                name = f"{stem}.{campaign.id}"
                found[name] = Example(name, _shelf(name, campaign), _plain(campaign), campaign, compiled)
    return {name: found[name] for name in (*POPULAR, *(each for each in found if each not in POPULAR))}


def _plain(campaign: Campaign) -> dict[str, Any]:
    """The campaign as people would write it: what only says the usual is left out."""
    return campaign.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True) | {
        "state": "draft"
    }


def _shelf(name: str, campaign: Campaign) -> Shelf:
    if name in POPULAR:
        return "popular"
    if campaign.trigger.kind == "activity":
        return "activities"
    if campaign.trigger.kind != "purchase":
        return "occasions"
    if any(isinstance(effect, Payout) for effect in campaign.benefits):
        return "points"
    return "discounts" if any(isinstance(effect, Discounting) for effect in campaign.benefits) else "gifts"
