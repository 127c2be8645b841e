"""Referrals: one member brings in another. Members are named by their ids alone."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from libs.contracts.primitives import Instant, Name32, Name64, Name128, Payload, ProgrammeVersion, Sequence, Text256


class Mark(Payload):
    """Something by which two members may turn out to be one person or household. It is kept as a keyed hash alone."""

    kind: Literal["device", "address", "household"] = Field(description="What it is.")
    value: Name128 = Field(description="The value, written always in the same way.")


class ReferralClaimedV1(Payload):
    """A member named the code of whoever brought them in; the event's time is when they did."""

    event_type: ClassVar[str] = "org.pointstream.referral.claimed.v1"

    member_id: UUID = Field(description="The friend: whoever was brought in.")
    code: Name32 = Field(description="The code, as it was written.")
    consented: bool = Field(default=False, description="Whether the friend agreed to be written to.")


class ReferralDueV1(Payload):
    """Something happened that a member's referrals may turn on: look at them anew."""

    event_type: ClassVar[str] = "org.pointstream.referral.due.v1"

    member_id: UUID = Field(description="Whose.")


class ReferralResolvedV1(Payload):
    """An operator decided on a referral."""

    event_type: ClassVar[str] = "org.pointstream.referral.resolved.v1"

    member_id: UUID = Field(description="The friend of the referral.")
    decision: Literal["release", "refuse"] = Field(description="It counts after all, or it does not.")
    reason: Text256 = Field(description="Why, in words.")
    decided_by: Name64 = Field(description="Who decided.")


class _Referral(Payload):
    """What all that is told of a referral says."""

    referrer_id: UUID = Field(description="Who brought the other in.")
    friend_id: UUID = Field(description="Who was brought in.")
    number: Sequence = Field(description="What is told of one referral is numbered without gaps.")
    claimed_at: Instant = Field(description="When the friend named the code.")
    consented: bool = Field(description="Whether the friend agreed to be written to.")
    programme_version: ProgrammeVersion = Field(description="The version of the programme whose rules hold for it.")


class ReferralStartedV1(_Referral):
    """A friend named a member's code, and the referral waits for what it takes; or waits for it again."""

    event_type: ClassVar[str] = "org.pointstream.referral.started.v1"


class ReferralConvertedV1(_Referral):
    """A referral came to what it takes: both sides get what the programme promises."""

    event_type: ClassVar[str] = "org.pointstream.referral.converted.v1"

    converted_at: Instant = Field(description="When: the time of the purchase, or of the enrolment.")


class ReferralHeldV1(_Referral):
    """A referral looks like abuse, or lacks the friend's consent: it waits for a person."""

    event_type: ClassVar[str] = "org.pointstream.referral.held.v1"

    reason: Name64 = Field(description="Why, as a code; the first where there are several.")


class ReferralRefusedV1(_Referral):
    """A referral does not count."""

    event_type: ClassVar[str] = "org.pointstream.referral.refused.v1"

    reason: Name64 = Field(description="Why, as a code.")
