"""Activities: what else members do, people decide and time brings that changes points, and what became of it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from annotated_types import MaxLen
from pydantic import Field

from libs.contracts.events.purchase import CampaignNames, Identifiers, Labels
from libs.contracts.primitives import (
    CurrencyCode,
    Instant,
    Money,
    Name32,
    Name64,
    Name128,
    Name256,
    Payload,
    Points,
    PointsChange,
    PositivePoints,
    ProgrammeVersion,
    Quantity,
    Slug,
    Text32,
    Text64,
    Text256,
    Whole,
)

ActivityData = Annotated[dict[Name64, Text256 | Whole | bool], MaxLen(32)]


class ActivityRecordedV1(Payload):
    """A member did something other than buy, or something came to pass with a purchase, such as its delivery."""

    event_type: ClassVar[str] = "org.pointstream.activity.recorded.v1"

    activity: Slug = Field(description="What was done: newsletter-subscribed, product-reviewed, delivered or your own.")
    identifiers: Identifiers = Field(
        default=(), description="Who did it, in the order in which they are trusted; empty when `member_id` says it."
    )
    member_id: UUID | None = Field(default=None, description="Who did it, where the sender knows.")
    receipt_number: Name64 | None = Field(default=None, description="The receipt that it is about.")
    store: Text64 | None = Field(default=None, description="The store of that receipt.")
    quantity: Quantity = Field(default=1, description="How much of it.")
    amount_minor: Money = Field(default=0, description="What it is worth, in minor units of the currency.")
    currency: CurrencyCode | None = Field(default=None, description="ISO 4217; null for the programme's.")
    channel: Text32 = Field(default="web", description="Where it was done: store, web, app or a name of your own.")
    partner: Text64 | None = Field(default=None, description="The partner of a coalition where it was done.")
    labels: Labels = Field(default=(), description="Further marks.")
    data: ActivityData | None = Field(
        default=None,
        description="Facts of your own about it, by name, nothing personal: texts, whole numbers, true or false.",
    )


class AdjustmentRequestedV1(Payload):
    """A person gives a member points or takes some, and says why; or brings an opening balance."""

    event_type: ClassVar[str] = "org.pointstream.adjustment.requested.v1"

    member_id: UUID = Field(description="Whose points.")
    wallet: Name32 = Field(description="Name of the wallet.")
    points: PointsChange = Field(description="How many, in the wallet's minor unit: plus gives, minus takes, never 0.")
    reason: Slug = Field(description="Why, as a code.")
    note: Text256 | None = Field(default=None, description="Why, in words.")
    requested_by: Name64 = Field(description="Who wants it.")
    earned_at: Instant | None = Field(default=None, description="When they count as earned; null for the event's time.")
    expires_at: Instant | None = Field(default=None, description="When they lapse; null for as the wallet says.")
    never_expires: bool = Field(default=False, description="They do not lapse, whatever the wallet says.")
    opening: bool = Field(default=False, description="A balance that the member brings from another system.")


class RedatingRequestedV1(Payload):
    """A member's points of one version of the programme are to lapse by the policy of another: a person wants it."""

    event_type: ClassVar[str] = "org.pointstream.redating.requested.v1"

    member_id: UUID = Field(description="Whose points.")
    from_version: ProgrammeVersion = Field(description="The version by whose policy they lapse so far.")
    to_version: ProgrammeVersion = Field(description="The version by whose policy they are to lapse.")
    wallet: Name32 | None = Field(default=None, description="Name of the wallet; null for all of them.")
    notice_until: Instant | None = Field(
        default=None,
        description="No date becomes earlier than the boundary behind this; null: no notice is given.",
    )
    reason: Slug = Field(description="Why, as a code.")
    note: Text256 | None = Field(default=None, description="Why, in words.")
    requested_by: Name64 = Field(description="Who wants it.")


class ReinstatementRequestedV1(Payload):
    """Points that lapsed are to come back to a member: a person asked for it, another one agreed where it takes two."""

    event_type: ClassVar[str] = "org.pointstream.reinstatement.requested.v1"

    member_id: UUID = Field(description="Whose points.")
    wallet: Name32 = Field(description="Name of the wallet.")
    points: PositivePoints = Field(description="How many, in the wallet's minor unit: all of them or none.")
    lapsed_after: Instant = Field(description="They lapsed later than this.")
    lapsed_until: Instant = Field(description="They lapsed then or before.")
    expires_at: Instant | None = Field(default=None, description="Their new date; null for the wallet's next boundary.")
    reason: Slug = Field(description="Why, as a code.")
    note: Text256 | None = Field(default=None, description="Why, in words.")
    requested_by: Name64 = Field(description="Who wanted it.")
    requested_at: Instant = Field(description="When: what may still come back is judged by this.")
    approved_by: Name64 | None = Field(default=None, description="Who agreed, where it took a second person.")


class MemberDueV1(Payload):
    """The clock says that something falls due for a member: points become active, or lapse."""

    event_type: ClassVar[str] = "org.pointstream.member.due.v1"

    member_id: UUID = Field(description="For whom.")
    due_at: Instant = Field(description="Up to when to record what time has done.")


class ActivityEvaluatedV1(Payload):
    """An activity or an adjustment was decided: what it did to points, or why it did nothing."""

    event_type: ClassVar[str] = "org.pointstream.activity.evaluated.v1"

    activity_source: Name256 = Field(description="`source` of the activity's event.")
    activity_id: Name128 = Field(description="`id` of the activity's event.")
    activity: Slug | None = Field(default=None, description="What was done; null for an adjustment.")
    member_id: UUID | None = Field(default=None, description="Whose points; null when nobody is known.")
    outcome: Literal[
        "credited",
        "no_points",
        "no_member",
        "unclaimed",
        "activated",
        "awaiting_purchase",
        "adjusted",
        "refused",
        "unchanged",
    ] = Field(description="What became of it.")
    reason: Text64 | None = Field(default=None, description="Why, when the outcome does not say it all.")
    points: Points = Field(description="Sum of the points that it moved over all wallets, each in its minor unit.")
    campaigns: CampaignNames = Field(description="The campaigns that paid.")
    programme_version: ProgrammeVersion | None = Field(
        default=None, description="The version of the programme that decided; null when none was asked."
    )
