"""Promotions of which members are told when they begin: which campaign, whom, in which words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import Field, model_validator

from libs.messages.content import ChannelName, Purpose
from libs.promotions.campaigns import Campaign
from libs.promotions.parts import Misplaced, Name, Part, refuse_repeats
from libs.promotions.segments import Segment

DEFAULT_CHANNELS: tuple[ChannelName, ...] = ("push", "email", "sms")


class PromotionWords(Part):
    """What is said of a promotion in one language."""

    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = "en"
    title: Annotated[str, Field(min_length=1, max_length=200)]
    text: Annotated[str, Field(min_length=1, max_length=2_000)]


class Promotion(Part):
    """Whenever the `campaign` begins, members are told: those of any of the `segments`, by default everyone.

    It is a message to many: it keeps to consents, hours and caps, and above `approval_above` a person has to agree.
    """

    campaign: Name
    words: Annotated[tuple[PromotionWords, ...], Field(min_length=1, max_length=16)]
    channels: Annotated[tuple[ChannelName, ...], Field(min_length=1, max_length=9)] = DEFAULT_CHANNELS
    purpose: Purpose = "marketing"
    segments: Annotated[tuple[Name, ...], Field(max_length=100)] = ()
    useful_hours: Annotated[int, Field(strict=True, ge=1, le=24 * 92)] = 72

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        refuse_repeats("channels[{}]", self.channels)
        refuse_repeats("segments[{}]", self.segments)
        refuse_repeats("words[{}].language", [each.language for each in self.words])
        return self


def check_promotions(
    promotions: Sequence[Promotion], campaigns: Sequence[Campaign], segments: Sequence[Segment]
) -> None:
    """Refuse a campaign or a segment that the programme has not, and one promotion told twice.

    Raises:
        Misplaced: at the first of them.
    """
    refuse_repeats("messages.promotions[{}].campaign", [each.campaign for each in promotions])
    known, groups = {each.id for each in campaigns}, [each.name for each in segments]
    for at, each in enumerate(promotions):
        path = f"messages.promotions[{at}]"
        if each.campaign not in known:
            raise Misplaced(f"{path}.campaign", f"no campaign {each.campaign!r}")
        for place, name in enumerate(each.segments):
            if name not in groups:
                allowed = ", ".join(groups[:20]) or "none is declared"
                raise Misplaced(f"{path}.segments[{place}]", f"no segment {name!r}", allowed)
