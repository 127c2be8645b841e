"""Referral incentives: for members, customers or employees, who brought in enough others."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from libs.catalogue.facts import MemberFacts
from libs.catalogue.flow import Flow
from libs.catalogue.kinds.base import AT_ONCE, Issued, Issuing, RewardKind, ValidDays, Words
from libs.promotions.parts import Part


class Referral(Part):
    """What they get, and how many members they must have brought in, whose referral was converted."""

    kind: Literal["referral"]
    incentive: Words
    referrals: Annotated[int, Field(strict=True, ge=1, le=1_000)]
    valid_days: ValidDays | None = None


def _flow(data: Referral) -> Flow:
    return AT_ONCE


def _bars(data: Referral, facts: MemberFacts) -> str | None:
    return "referrals-needed" if facts.referrals < data.referrals else None


def _issue(data: Referral, issuing: Issuing) -> Issued | None:
    return Issued("code", f"RF-{issuing.letters}", issuing.until(data.valid_days))


KIND = RewardKind("referral", Referral, _flow, issue=_issue, bars=_bars)
