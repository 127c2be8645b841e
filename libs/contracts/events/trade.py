"""Trades: points that are to be bought, exchanged, donated or lent, and what came of it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from annotated_types import Ge, Le
from pydantic import Field

from libs.contracts.events.redemption import RequestKey
from libs.contracts.primitives import (
    CurrencyCode,
    Instant,
    Name32,
    Name64,
    Name128,
    Name256,
    Payload,
    Points,
    PositivePoints,
    ProgrammeVersion,
    Sequence,
    Slug,
    Text256,
)

RequestedTrade = Literal["buy", "exchange_in", "exchange_out", "donate", "lend"]
_Amount = Annotated[int, Ge(1), Le(10**12)]


class TradeRequestedV1(Payload):
    """Points are to be bought, exchanged with another programme, donated or lent, as the programme in force has it.

    A key has one effect, however often and by whichever way it comes.
    """

    event_type: ClassVar[str] = "org.pointstream.trade.requested.v1"

    member_id: UUID = Field(description="Whose points; the key of the record.")
    operation: RequestedTrade = Field(description="What is to be done.")
    key: RequestKey | None = Field(
        default=None, description="Your name of the request, as the Idempotency-Key over HTTP; without, the event's id."
    )
    credential: Name64 | None = Field(
        default=None, description="The id of the API key under which the same request may come over HTTP."
    )
    amount: PositivePoints = Field(
        description="How many points; to exchange in, how many units of the other programme, which has taken them."
    )
    wallet: Name32 | None = Field(default=None, description="The wallet that this is traded in; it may be told again.")
    partner: Name64 | None = Field(default=None, description="The other programme.")
    charity: Name64 | None = Field(default=None, description="To donate: whom to.")
    pool: Name64 | None = Field(default=None, description="To donate: to which campaign of a charity.")
    paid_minor: _Amount | None = Field(
        default=None, description="To buy: what was paid, in the currency's minor unit; it has to be the price."
    )
    currency: CurrencyCode | None = Field(default=None, description="Its currency; it is the programme's.")
    payment: Name64 | None = Field(
        default=None, description="How whoever took the money, or the other programme, calls it: it is kept and shown."
    )
    reference: Name64 | None = Field(default=None, description="What you call it: it is kept and shown.")


class TradeRefusedV1(Payload):
    """What an event asked for was not done, and nothing of it is left behind."""

    event_type: ClassVar[str] = "org.pointstream.trade.refused.v1"

    member_id: UUID = Field(description="Whose points were asked for.")
    operation: RequestedTrade = Field(description="What was to be done.")
    code: Slug = Field(description="Why not, by the codes that the HTTP API has: `trade-not-offered`, …")
    detail: Text256 = Field(description="Why not, in words.")
    points: PositivePoints | None = Field(default=None, description="How many points were asked for.")
    reference: Name64 | None = Field(default=None, description="What the event called it.")
    cause_source: Name256 = Field(description="`source` of the event that asked for it.")
    cause_id: Name128 = Field(description="`id` of the event that asked for it.")


class _Traded(Payload):
    """What is told of every trade."""

    member_id: UUID = Field(description="Whose points.")
    redemption_id: UUID = Field(description="The trade, as its movements name it.")
    wallet: Name32 = Field(description="Name of the wallet.")
    points: PositivePoints = Field(description="How many came or went, in the wallet's minor unit.")
    rate_points: PositivePoints = Field(description="By the rate of so many points …")
    programme_version: ProgrammeVersion = Field(description="The version of the programme whose rate it is.")
    traded_at: Instant = Field(description="When.")
    reference: Name64 | None = Field(default=None, description="What the caller calls it.")


class PointsBoughtV1(_Traded):
    """A member bought points; what was paid is told as data, nobody was charged by this."""

    event_type: ClassVar[str] = "org.pointstream.points.bought.v1"

    rate_minor: _Amount = Field(description="… for so much, in the currency's minor unit.")
    paid_minor: _Amount = Field(description="What they cost.")
    currency: CurrencyCode = Field(description="The currency.")
    payment: Name64 | None = Field(default=None, description="How whoever took the money calls it.")
    lot: Sequence = Field(description="The member's number of the lot that was opened.")


class PointsExchangedV1(_Traded):
    """Points came from another programme, or went there."""

    event_type: ClassVar[str] = "org.pointstream.points.exchanged.v1"

    way: Literal["in", "out"] = Field(description="Whether points came in or went out.")
    partner: Name64 = Field(description="The other programme.")
    units: _Amount = Field(description="How many units of it.")
    rate_units: _Amount = Field(description="… for so many units.")
    payment: Name64 | None = Field(default=None, description="How the other programme calls it.")
    lot: Sequence | None = Field(default=None, description="The member's number of the lot that was opened.")


class PointsDonatedV1(_Traded):
    """A member gave points to a charity."""

    event_type: ClassVar[str] = "org.pointstream.points.donated.v1"

    rate_minor: _Amount = Field(description="… for so much, in the currency's minor unit.")
    charity: Name64 = Field(description="Whom to.")
    pool: Name64 | None = Field(default=None, description="To which of its campaigns.")
    worth_minor: Points = Field(description="What the charity gets, in the currency's minor unit.")
    currency: CurrencyCode = Field(description="The currency.")
    receipt: Name64 = Field(description="The number of the receipt.")
