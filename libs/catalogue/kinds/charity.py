"""Charity: money goes to somebody else in the member's name, at once, with words of thanks."""

from __future__ import annotations

from typing import Literal

from libs.catalogue.flow import Cancelling, Flow, flow
from libs.catalogue.kinds.base import Currency, Issued, Issuing, Minor, RewardKind, Words
from libs.promotions.parts import Part


class Charity(Part):
    """Whom it helps, and how much each piece gives, in minor units of a currency."""

    kind: Literal["charity"]
    charity: Words
    amount_minor: Minor
    currency: Currency


_DONATED = flow("donated", back={}, cancelling=Cancelling(frozenset()), restocks=False)


def _flow(data: Charity) -> Flow:
    return _DONATED


def _issue(data: Charity, issuing: Issuing) -> Issued | None:
    return Issued("thanks", data.charity)


KIND = RewardKind("charity", Charity, _flow, issue=_issue)
