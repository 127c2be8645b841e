"""Rewards: what members get that is neither points nor money off."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from libs.contracts.primitives import Name64, Name128, Name256, Payload, PositivePoints, Text64

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
