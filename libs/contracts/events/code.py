"""Codes: coupons and vouchers that were redeemed, given back or made void. A code is told by its id alone."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from libs.contracts.primitives import CurrencyCode, MoneyDue, Name64, Payload, Text64


class _Code(Payload):
    """Names a code; its text is money and stands in no event."""

    code_id: UUID = Field(description="Names the code.")
    pool: Name64 = Field(description="Name of its pool.")
    kind: Literal["coupon", "voucher"] = Field(description="What it is.")


class _CodeUse(_Code):
    """A redemption of a code."""

    use_id: UUID = Field(description="Names the redemption.")
    member_id: UUID | None = Field(default=None, description="Who showed it, where that is known.")
    reference: Text64 | None = Field(default=None, description="What the caller calls the order.")
    store: Text64 | None = Field(default=None, description="The store.")
    currency: CurrencyCode | None = Field(default=None, description="ISO 4217.")
    total_minor: MoneyDue | None = Field(default=None, description="What the order came to, in minor units.")
    discount_minor: MoneyDue | None = Field(default=None, description="What the code took off, in minor units.")


class CodeRedeemedV1(_CodeUse):
    """A code was redeemed."""

    event_type: ClassVar[str] = "org.pointstream.code.redeemed.v1"


class CodeReturnedV1(_CodeUse):
    """A redemption of a code was undone, so that the code counts once more."""

    event_type: ClassVar[str] = "org.pointstream.code.returned.v1"


class CodeVoidedV1(_Code):
    """A code was made void and counts no more."""

    event_type: ClassVar[str] = "org.pointstream.code.voided.v1"
