"""Gift cards and vouchers: prepaid money at certain retailers, as a code at once or as a card in the post."""

from __future__ import annotations

from typing import Literal

from libs.catalogue.flow import Flow
from libs.catalogue.kinds.base import (
    AT_ONCE,
    BROUGHT,
    PERSONAL,
    Currency,
    Delivery,
    Issued,
    Issuing,
    Minor,
    RewardKind,
    ValidDays,
    Words,
    has_a_place,
)
from libs.promotions.parts import Part


class GiftCard(Part):
    """So much money, in minor units of a currency, at a retailer."""

    kind: Literal["gift_card"]
    retailer: Words
    amount_minor: Minor
    currency: Currency
    form: Literal["electronic", "card"] = "electronic"
    valid_days: ValidDays | None = None


def _flow(data: GiftCard) -> Flow:
    return AT_ONCE if data.form == "electronic" else BROUGHT


def _answers(data: GiftCard, asked: Delivery) -> str | None:
    return None if data.form == "electronic" else has_a_place(data, asked)


def _issue(data: GiftCard, issuing: Issuing) -> Issued | None:
    if data.form != "electronic":
        return None
    return Issued("code", f"GC-{issuing.letters}", issuing.until(data.valid_days))


KIND = RewardKind("gift_card", GiftCard, _flow, Delivery, PERSONAL, issue=_issue, answers=_answers)
