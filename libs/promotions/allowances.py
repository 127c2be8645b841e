"""The document's limits: how much a campaign, or all together, may give in a period, and how campaigns stack."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from libs.promotions.parts import Misplaced, Name, Part, Positive, unless_written

Period = Literal["transaction", "day", "week", "month", "year", "ever"]
Amount = Annotated[int, Field(strict=True, ge=0, le=10**15)]
UNITS = ("points", "times", "discount_minor", "order_minor")


class _Limit(Part):
    """One unit, so much of it: points, times, minor units of discount, or of the orders that were rewarded."""

    period: Period
    points: Amount | None = None
    times: Amount | None = None
    discount_minor: Amount | None = None
    order_minor: Amount | None = None

    @model_validator(mode="after")
    def _one_unit(self) -> Self:
        given = [unit for unit in UNITS if getattr(self, unit) is not None]
        if len(given) != 1:
            raise Misplaced("points", "exactly one amount is needed", ", ".join(UNITS))
        if self.period == "transaction" and given[0] in ("times", "order_minor"):
            raise Misplaced("period", f"{given[0]} of one receipt is no limit", "day, week, month, year, ever")
        return self

    @property
    def unit(self) -> str:
        """The unit that is limited."""
        return next(unit for unit in UNITS if getattr(self, unit) is not None)

    @property
    def most(self) -> int:
        """How much of it at most."""
        most: int = getattr(self, self.unit)
        return most


class Limit(_Limit):
    """At most so much of a campaign in a period of the programme's zone, over all members or for each; or for each
    store or partner."""

    scope: Literal["campaign", "member", "store", "partner"] = "campaign"


class SharedLimit(_Limit):
    """At most so much of all campaigns together; points are those of one wallet, by default the first."""

    scope: Literal["programme", "member", "store", "partner"] = "programme"
    wallet: Name | None = None

    @model_validator(mode="after")
    def _wallet_of_points(self) -> Self:
        if self.wallet is not None and self.points is None:
            raise Misplaced("wallet", "only points lie in a wallet")
        return self


class Stacking(Part):
    """How much may come together on one receipt: campaigns, and percent of its amount as discounts (None: any).

    Of a cart, `points_with_discounts` and `gift_cards_with_discounts` say whether these pay for it beside a discount.
    """

    max_campaigns: Positive | None = None
    max_discount_percent: Annotated[int, Field(strict=True, ge=0, le=100)] | None = None
    points_with_discounts: Annotated[bool, Field(strict=True)] = unless_written(True)
    gift_cards_with_discounts: Annotated[bool, Field(strict=True)] = unless_written(True)
