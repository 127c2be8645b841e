"""Games: lotteries, prize wheels and auctions that are played with points and tickets, and badges."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from annotated_types import MaxLen, MinLen
from pydantic import Field, StringConstraints

from libs.contracts.primitives import Instant, Name32, Name64, Payload, Points, PositivePoints, Text64

GameKind = Literal["lottery", "wheel", "auction"]
Hash = Annotated[str, MinLen(64), MaxLen(64), StringConstraints(pattern="^[0-9a-f]*$")]


class _Game(Payload):
    """Names a game."""

    game_id: UUID = Field(description="Names the game.")
    game: Name64 = Field(description="What the programme calls it.")
    game_kind: GameKind = Field(description="What it is.")


class GameOpenedV1(_Game):
    """A game can be played from now on, or from its time on; what it will be drawn by is fixed."""

    event_type: ClassVar[str] = "org.pointstream.game.opened.v1"

    opens_at: Instant = Field(description="From when it is played.")
    closes_at: Instant = Field(description="Until when.")
    commitment: Hash | None = Field(default=None, description="SHA-256 of the seed; null for an auction.")


class GameEndedV1(_Game):
    """A game is over. Whoever has its record can draw again by the seed."""

    event_type: ClassVar[str] = "org.pointstream.game.ended.v1"

    seed: Hash | None = Field(default=None, description="The seed that the commitment stood for; null for an auction.")
    entries_digest: Hash | None = Field(default=None, description="Of a lottery: what stands for its entries.")
    tickets: Points = Field(description="How many tickets there were.")
    spins: Points = Field(description="How often it was spun.")
    winners: Points = Field(description="How many won.")


class TicketIssuedV1(_Game):
    """A member has tickets of a game."""

    event_type: ClassVar[str] = "org.pointstream.ticket.issued.v1"

    member_id: UUID = Field(description="Whose they are.")
    ticket_id: UUID = Field(description="Names them.")
    first: PositivePoints = Field(description="The number of the first; the others follow.")
    count: PositivePoints = Field(description="How many.")
    points: Points = Field(description="What they cost, in the wallet's minor unit.")
    campaign: Name64 | None = Field(default=None, description="The campaign that granted them; else they were bought.")


class PrizeWonV1(_Game):
    """A member won. Rewards, points and badges follow by themselves; anything else is handed over."""

    event_type: ClassVar[str] = "org.pointstream.prize.won.v1"

    member_id: UUID = Field(description="Who won.")
    prize: Name64 = Field(description="What the game calls it.")
    number: PositivePoints = Field(description="The ticket or spin that won; 1 for an auction.")
    quantity: PositivePoints = Field(default=1, description="How many pieces of the reward or badge.")
    reward: Name64 | None = Field(default=None, description="A reward of the catalogue.")
    points: PositivePoints | None = Field(default=None, description="Points, in the wallet's minor unit.")
    wallet: Name32 | None = Field(default=None, description="Their wallet.")
    badge: Text64 | None = Field(default=None, description="A badge.")


class _Bid(_Game):
    """A bid of a member."""

    member_id: UUID = Field(description="Whose it is.")
    bid_id: UUID = Field(description="Names the bid, and what holds its points.")
    points: PositivePoints = Field(description="How much, in the wallet's minor unit.")
    ends_at: Instant = Field(description="When the auction ends, as it stands.")


class BidPlacedV1(_Bid):
    """A member bids most; the points are held."""

    event_type: ClassVar[str] = "org.pointstream.bid.placed.v1"


class BidOutbidV1(_Bid):
    """Somebody bids more; the member has the points back."""

    event_type: ClassVar[str] = "org.pointstream.bid.outbid.v1"

    best: PositivePoints = Field(description="The bid that is best now.")


class BadgeAwardedV1(Payload):
    """A member was given a badge, by a campaign or a game."""

    event_type: ClassVar[str] = "org.pointstream.badge.awarded.v1"

    member_id: UUID = Field(description="Whose it is.")
    badge: Text64 = Field(description="What the programme calls it.")
    times: PositivePoints = Field(description="How often, by this.")
    total: PositivePoints = Field(description="How often in all.")
    level: Name64 | None = Field(default=None, description="The level that this comes to, where there are levels.")
    source: Name64 = Field(description="The campaign or the game.")
