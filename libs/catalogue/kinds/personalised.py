"""Personalised rewards: for members whose own rewards of the past, or whose segments, say that they will like it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from libs.catalogue.facts import MemberFacts
from libs.catalogue.flow import Flow
from libs.catalogue.kinds.base import AT_ONCE, Issued, Issuing, RewardKind, ValidDays, Words
from libs.promotions.parts import Name, Part


class Personalised(Part):
    """What they get, and whom it is made for: who had something of these categories, or is in one of these segments."""

    kind: Literal["personalised"]
    offer: Words
    categories: Annotated[tuple[Name, ...], Field(max_length=50)] = ()
    segments: Annotated[tuple[Name, ...], Field(max_length=50)] = ()
    valid_days: ValidDays | None = None


def _flow(data: Personalised) -> Flow:
    return AT_ONCE


def _bars(data: Personalised, facts: MemberFacts) -> str | None:
    liked = any(facts.bought.get(category, 0) for category in data.categories)
    return None if liked or facts.segments.intersection(data.segments) else "not-for-you"


def _issue(data: Personalised, issuing: Issuing) -> Issued | None:
    return Issued("code", f"PE-{issuing.letters}", issuing.until(data.valid_days))


KIND = RewardKind("personalised", Personalised, _flow, issue=_issue, bars=_bars)
