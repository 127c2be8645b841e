"""The bodies of requests to trade points."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from libs.contracts.primitives import CurrencyCode, Name32, Name64
from services.gateway.codes.bodies import Amount, MemberBody

_MOST_POINTS = 10**15


class _TradeBody(MemberBody):
    wallet: Name32 | None = Field(default=None, description="The wallet that it is traded in; it may be told again.")
    reference: Name64 | None = Field(default=None, description="What you call it: it is kept and shown.")


class BuyBody(_TradeBody):
    """How many points were bought, and what was paid."""

    points: int = Field(strict=True, ge=1, le=_MOST_POINTS, description="How many, in the wallet's minor unit.")
    paid_minor: Amount = Field(description="What was paid, in the currency's minor unit; it has to be the price.")
    currency: CurrencyCode | None = Field(default=None, description="Its currency; it is the programme's.")
    payment: Name64 | None = Field(default=None, description="How whoever took the money calls it.")


class ExchangeBody(_TradeBody):
    """Points that leave for another programme, or units of it that come in as points."""

    partner: Name64 = Field(description="The other programme.")
    points: int | None = Field(
        default=None, strict=True, ge=1, le=_MOST_POINTS, description="How many points leave for it."
    )
    units: Amount | None = Field(default=None, description="Or how many of its units come in, which it has taken.")
    payment: Name64 | None = Field(default=None, description="How the other programme calls it.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.points is None) == (self.units is None):
            raise PydanticCustomError("way", "either points leave, or units of the other programme come in")
        return self


class LoanBody(_TradeBody):
    """How many points are lent."""

    points: int = Field(strict=True, ge=1, le=_MOST_POINTS, description="How many, in the wallet's minor unit.")


class DonateBody(_TradeBody):
    """How many points are donated, and whom to."""

    points: int = Field(strict=True, ge=1, le=_MOST_POINTS, description="How many, in the wallet's minor unit.")
    charity: Name64 | None = Field(default=None, description="Whom to.")
    pool: Name64 | None = Field(default=None, description="To which of its campaigns.")

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if self.charity is None and self.pool is None:
            raise PydanticCustomError("charity", "either charity or pool says whom to")
        return self
