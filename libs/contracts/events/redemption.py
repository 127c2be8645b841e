"""Redemptions: points that are asked to be spent, and what came of it where no points moved."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import Field

from libs.contracts.primitives import (
    NO_NUL,
    CurrencyCode,
    Instant,
    Name32,
    Name64,
    Name128,
    Name256,
    Payload,
    PositivePoints,
    Slug,
    Text256,
)

RequestedOperation = Literal["redeem", "hold", "extend", "commit", "release", "cancel"]
Amount = Annotated[int, Ge(1), Le(10**12)]
RequestKey = Annotated[str, MinLen(1), MaxLen(255), NO_NUL]


class RedemptionRequestedV1(Payload):
    """Points of a member are to be spent or held, or what was begun so is to go on or be undone.

    `redeem` and `hold` begin a redemption and need `points`, or the `bill_minor` that points are to pay. The others
    follow on one, which is named by its id or by the key that it was begun under. A key has one effect, however often
    and by whichever way it comes.
    """

    event_type: ClassVar[str] = "org.pointstream.redemption.requested.v1"

    member_id: UUID = Field(description="Whose points; the key of the record.")
    operation: RequestedOperation = Field(description="What is to be done.")
    key: RequestKey | None = Field(
        default=None, description="Your name of the request, as the Idempotency-Key over HTTP; without, the event's id."
    )
    credential: Name64 | None = Field(
        default=None,
        description="The id of the API key under which the same request may come over HTTP, so that a key is one and "
        "the same by both ways. Without, keys count within the `source`.",
    )
    redemption_id: UUID | None = Field(default=None, description="The redemption that it follows on.")
    begun_under: RequestKey | None = Field(
        default=None,
        description="Instead of the id: the key of the request that began the redemption. Without either, the "
        "request's own key: a hold and what follows on it may share one.",
    )
    points: PositivePoints | None = Field(
        default=None,
        description="How many, in the wallet's minor unit. To commit or cancel: a part of them; without, all.",
    )
    wallet: Name32 | None = Field(
        default=None, description="From this wallet alone; else from all that count in the unit of the first."
    )
    reference: Name64 | None = Field(default=None, description="What you call it: it is kept and shown.")
    bill_minor: Amount | None = Field(
        default=None,
        description="Points pay this bill, in the currency's minor unit, as far as the programme lets them; "
        "`points` is then the most that is taken. To cancel, it may be told again.",
    )
    currency: CurrencyCode | None = Field(
        default=None, description="The currency of the amounts; it is the programme's."
    )
    partial: bool = Field(default=False, description="Of a bill: with too few points, pay what these pay.")
    household: bool = Field(
        default=False,
        description="To redeem or hold: spend out of what the member's household shares, each lot as it lapses.",
    )
    returned_minor: Amount | None = Field(
        default=None,
        description="To cancel: so much of the bill came back; instead of `points`, those come back that paid it, in "
        "proportion.",
    )


class RedemptionExtendedV1(Payload):
    """The end of a hold was put off."""

    event_type: ClassVar[str] = "org.pointstream.redemption.extended.v1"

    member_id: UUID = Field(description="Whose points are held.")
    redemption_id: UUID = Field(description="The redemption.")
    hold_until: Instant = Field(description="When the hold ends by itself now.")
    cause_source: Name256 = Field(description="`source` of the event that asked for it.")
    cause_id: Name128 = Field(description="`id` of the event that asked for it.")


class RedemptionRefusedV1(Payload):
    """What an event asked for was not done, and nothing of it is left behind."""

    event_type: ClassVar[str] = "org.pointstream.redemption.refused.v1"

    member_id: UUID = Field(description="Whose points were asked for.")
    operation: RequestedOperation = Field(description="What was to be done.")
    code: Slug = Field(description="Why not, by the codes that the HTTP API has: `insufficient-points`, `in-debt`, …")
    detail: Text256 = Field(description="Why not, in words.")
    redemption_id: UUID | None = Field(default=None, description="The redemption that it was to follow on, if known.")
    points: PositivePoints | None = Field(default=None, description="How many points were asked for.")
    reference: Name64 | None = Field(default=None, description="What the event called it.")
    cause_source: Name256 = Field(description="`source` of the event that asked for it.")
    cause_id: Name128 = Field(description="`id` of the event that asked for it.")
