"""What is told of trades: what a programme offers, and the receipt of a donation."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class RateView(_View):
    """So many points stand for so much else."""

    points: int = Field(description="So many points …", examples=[100])
    other: int = Field(
        description="… for so much: money in minor units, or units of the other programme.", examples=[120]
    )


class SaleOffer(_View):
    """Points for money."""

    wallet: str = Field(description="The wallet that they come into.", examples=["points"])
    currency: str = Field(description="The currency.", examples=["EUR"])
    rate: RateView = Field(description="What they cost; a part of a minor unit counts whole.")
    min_points: int = Field(description="So many at least.", examples=[500])
    step: int = Field(description="In multiples of so many.", examples=[100])


class ExchangeOffer(_View):
    """Points to and from another programme."""

    partner: str = Field(description="The other programme.", examples=["skymiles"])
    title: str | None = Field(description="How people call it.", examples=["Sky Miles"])
    wallet: str = Field(description="The wallet that it is exchanged in.", examples=["points"])
    gives: RateView | None = Field(description="By which rate points leave; null: they don't.")
    takes: RateView | None = Field(description="By which rate they come in; null: they don't.")
    min_points: int = Field(description="So many points at least.", examples=[500])
    step: int = Field(description="Points leave in multiples of so many.", examples=[100])


class GivenView(_View):
    """What members gave together."""

    donations: int = Field(description="How often.", examples=[41])
    points: int = Field(description="How many points.", examples=[20500])
    worth_minor: int = Field(description="What they are worth, in minor units.", examples=[10250])


class CharityOffer(_View):
    """Whom donations help."""

    charity: str = Field(description="Its name in requests.", examples=["reef"])
    title: str = Field(description="How people call it.", examples=["The Reef Fund"])
    wallet: str = Field(description="The wallet that points leave.", examples=["points"])
    currency: str = Field(description="The currency of what it gets.", examples=["EUR"])
    rate: RateView = Field(description="What points are worth to it.")
    min_points: int = Field(description="So many at least.", examples=[100])
    step: int = Field(description="In multiples of so many.", examples=[100])
    given: GivenView = Field(description="What all members gave, to its campaigns too.")


class PoolOffer(_View):
    """A campaign of a charity that members give to together."""

    pool: str = Field(description="Its name in requests.", examples=["reef-2024"])
    charity: str = Field(description="The charity.", examples=["reef"])
    title: str = Field(description="How people call it.", examples=["Corals for 2024"])
    open: bool = Field(description="Whether it takes points now.")
    until: datetime | None = Field(description="When it ends.")
    goal_points: int = Field(description="The goal.", examples=[100000])
    given: GivenView = Field(description="What all members gave to it.")
    reached_percent: int = Field(description="How much of the goal that is, at most 100.", examples=[20])


class LoanOffer(_View):
    """Points that are lent."""

    wallet: str = Field(description="The wallet that they come into.", examples=["points"])
    most: int = Field(description="How much may be lent to a member at a time, fees included.", examples=[2000])
    fee_percent: int = Field(description="The fee in points, of what is lent; a part counts whole.", examples=[5])
    repays_percent: int = Field(description="So much of each later credit repays it.", examples=[50])
    days: int = Field(description="What is left so many days later is owed.", examples=[90])
    min_points: int = Field(description="So many at least.", examples=[100])
    step: int = Field(description="In multiples of so many.", examples=[100])


OFFERS_EXAMPLE: JsonDict = {
    "programme": "main",
    "programme_version": 4,
    "sale": {
        "wallet": "points",
        "currency": "EUR",
        "rate": {"points": 100, "other": 120},
        "min_points": 500,
        "step": 100,
    },
    "exchanges": [],
    "charities": [],
    "pools": [],
    "loan": {
        "wallet": "points",
        "most": 2000,
        "fee_percent": 5,
        "repays_percent": 50,
        "days": 90,
        "min_points": 100,
        "step": 100,
    },
}


class TradeOffers(_View):
    """What points may be traded for now."""

    model_config = ConfigDict(json_schema_extra={"example": OFFERS_EXAMPLE})

    programme: str = Field(description="The programme.", examples=["main"])
    programme_version: int = Field(description="Its version in force, whose rates these are.", examples=[4])
    sale: SaleOffer | None = Field(description="Points for money; null: none are sold.")
    exchanges: tuple[ExchangeOffer, ...] = Field(description="Other programmes.")
    charities: tuple[CharityOffer, ...] = Field(description="Whom points may be donated to.")
    pools: tuple[PoolOffer, ...] = Field(description="Their campaigns.")
    loan: LoanOffer | None = Field(description="Points that are lent; null: none are.")


class DonationReceipt(_View):
    """The receipt of a donation; it names the member by id alone."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "number": "2024-0C1F5F0A6F0E",
                "redemption_id": "0c1f5f0a-6f0e-5b7d-8a63-2f1e9d4c7b50",
                "programme": "main",
                "member_id": "0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e11",
                "donated_at": "2024-03-02T10:00:00Z",
                "points": 500,
                "charity": "reef",
                "charity_title": "The Reef Fund",
                "pool": None,
                "worth_minor": 250,
                "currency": "EUR",
                "words": "Receipt 2024-0C1F5F0A6F0E: on 2 March 2024, 500 points of the member "
                "0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e11 were donated to The Reef Fund, to which they are worth €2.50.",
            }
        }
    )

    number: str = Field(description="The receipt's number.", examples=["2024-0C1F5F0A6F0E"])
    redemption_id: UUID = Field(description="The donation.")
    programme: str = Field(description="The programme.", examples=["main"])
    member_id: UUID = Field(description="Who gave.")
    donated_at: datetime = Field(description="When.")
    points: int = Field(description="How many points, in the wallet's minor unit.", examples=[500])
    charity: str = Field(description="Whom to.", examples=["reef"])
    charity_title: str = Field(description="How people called it then.", examples=["The Reef Fund"])
    pool: str | None = Field(description="To which of its campaigns.")
    worth_minor: int = Field(description="What the charity gets, in minor units.", examples=[250])
    currency: str = Field(description="The currency.", examples=["EUR"])
    words: str = Field(description="All of it in words, to be printed.")
