"""Discounts and coupons: a percentage or an amount off a later purchase, as a code."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from libs.catalogue.flow import Flow
from libs.catalogue.kinds.base import AT_ONCE, Currency, Issued, Issuing, Minor, RewardKind, ValidDays
from libs.promotions.parts import Misplaced, Part


class Discount(Part):
    """One of the two: `percent` off, or `amount_minor` of a currency; from a purchase of `minimum_minor` on."""

    kind: Literal["discount"]
    percent: Annotated[int, Field(strict=True, ge=1, le=100)] | None = None
    amount_minor: Minor | None = None
    currency: Currency | None = None
    minimum_minor: Minor | None = None
    valid_days: ValidDays | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.percent is None) == (self.amount_minor is None):
            raise Misplaced("percent", "either a percentage or an amount")
        if (self.amount_minor or self.minimum_minor) and self.currency is None:
            raise Misplaced("currency", "amounts need their currency")
        return self


def _flow(data: Discount) -> Flow:
    return AT_ONCE


def _issue(data: Discount, issuing: Issuing) -> Issued | None:
    return Issued("code", f"CP-{issuing.letters}", issuing.until(data.valid_days))


KIND = RewardKind("discount", Discount, _flow, issue=_issue)
