"""Rewards: what members get that is neither points nor money off."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from libs.contracts.primitives import (
    CurrencyCode,
    Name32,
    Name64,
    Name128,
    Name256,
    Payload,
    Points,
    PositivePoints,
    Slug,
    Text64,
    Text256,
)

RewardKind = Literal["coupon", "gift_card", "reward", "badge", "lottery_ticket", "sample", "message", "webhook"]


class _Reward(Payload):
    """So many of one thing."""

    member_id: UUID = Field(description="Whose it is.")
    kind: RewardKind = Field(description="What kind of thing; who owns it hands it out.")
    reference: Text64 = Field(description="What its owner calls it; a sample goes by its article number.")
    quantity: PositivePoints = Field(description="How many.")
    campaign: Name64 = Field(description="The campaign that grants it.")
    cause_source: Name256 = Field(description="`source` of the event that brought it about.")
    cause_id: Name128 = Field(description="`id` of the event that brought it about.")


class RewardGrantedV1(_Reward):
    """A campaign granted a member something beside points."""

    event_type: ClassVar[str] = "org.pointstream.reward.granted.v1"


class RewardRevokedV1(_Reward):
    """The purchase came back, or a part of it, or was somebody else's: what it had granted is to be taken back."""

    event_type: ClassVar[str] = "org.pointstream.reward.revoked.v1"


class _Order(Payload):
    """An order of a reward of the catalogue, as it stands. What the member can use lies in no event."""

    member_id: UUID = Field(description="Whose it is.")
    order_id: UUID = Field(description="The order; the redemption of its points goes by the same id.")
    reference: Text64 = Field(description="The reward, as the catalogue calls it.")
    reward_kind: Name32 = Field(description="One of the sixteen kinds, such as `merchandise`.")
    category: Name64 = Field(description="Its category in the catalogue.")
    state: Name32 = Field(description="The order's state now.")
    quantity: PositivePoints = Field(description="How many pieces were asked for.")
    cancelled: Points = Field(default=0, description="How many of them were given up.")
    points: Points = Field(description="The price of all pieces, in the wallet's minor unit.")
    points_back: Points = Field(default=0, description="How much of that came back.")
    money_minor: Points = Field(default=0, description="What is paid in money beside, in minor units.")
    money_back: Points = Field(default=0, description="How much of that is to be paid back.")
    currency: CurrencyCode | None = Field(default=None, description="The money's currency.")
    store: Text64 | None = Field(default=None, description="Where it was asked for.")
    channel: Text64 | None = Field(default=None, description="Through which channel.")
    campaign: Name64 | None = Field(default=None, description="The campaign that granted it; else the member paid.")


class RewardHeldV1(_Order):
    """A reward was set aside for a member, with its points, until that is committed or over."""

    event_type: ClassVar[str] = "org.pointstream.reward.held.v1"


class RewardRedeemedV1(_Order):
    """A reward was ordered and paid for."""

    event_type: ClassVar[str] = "org.pointstream.reward.redeemed.v1"


class RewardIssuedV1(_Order):
    """Something that can be used at once was given to the member: a code, a link, a status."""

    event_type: ClassVar[str] = "org.pointstream.reward.issued.v1"


class RewardFulfilledV1(_Order):
    """The member has what was ordered."""

    event_type: ClassVar[str] = "org.pointstream.reward.fulfilled.v1"


class RewardAdvancedV1(_Order):
    """An order went on by a step, such as to be shipped."""

    event_type: ClassVar[str] = "org.pointstream.reward.advanced.v1"


class RewardCancelledV1(_Order):
    """An order was given up, or pieces of it, came back or failed; or what was set aside was let go."""

    event_type: ClassVar[str] = "org.pointstream.reward.cancelled.v1"


class RewardExpiredV1(_Order):
    """What was set aside for a member is free again, because nobody committed it in time."""

    event_type: ClassVar[str] = "org.pointstream.reward.expired.v1"


class RewardWithheldV1(Payload):
    """A standing order could not be done, though the points are there; it is tried again, and told once a reason."""

    event_type: ClassVar[str] = "org.pointstream.reward.withheld.v1"

    member_id: UUID = Field(description="Whose standing order it is.")
    reference: Text64 = Field(description="The reward, as the catalogue calls it.")
    code: Slug = Field(description="Why not, by the codes that the HTTP API has: `reward-sold-out`, …")
    detail: Text256 = Field(description="Why not, in words.")


class RewardReachedV1(Payload):
    """A member can afford now what is on the wish list."""

    event_type: ClassVar[str] = "org.pointstream.reward.reached.v1"

    member_id: UUID = Field(description="Whose wish it is.")
    reference: Text64 = Field(description="The reward, as the catalogue calls it.")
    points: Points = Field(description="What it costs this member, in the wallet's minor unit.")
    spendable: Points = Field(description="How many points there are for it.")
