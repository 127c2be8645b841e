"""Points: what happened to a member's ledger."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from annotated_types import Ge, Le, MaxLen
from pydantic import FailFast, Field

from libs.contracts.primitives import (
    Instant,
    Name32,
    Name128,
    Name256,
    Payload,
    Points,
    PositivePoints,
    ProgrammeVersion,
    Sequence,
    Text64,
)

AccountName = Literal[
    "pending",
    "active",
    "held",
    "debt",
    "issued",
    "redeemed",
    "expired",
    "reversed",
    "transferred",
    "adjusted",
    "written_off",
]


class PointsCreditedV1(Payload):
    """A purchase or an activity brought points: one lot, with its dates."""

    event_type: ClassVar[str] = "org.pointstream.points.credited.v1"

    member_id: UUID = Field(description="Who got them.")
    wallet: Name32 = Field(description="Name of the wallet.")
    points: PositivePoints = Field(description="How many, in the wallet's minor unit.")
    lot: Sequence = Field(description="The member's number of the credit, which names the lot for ever.")
    receipt_source: Name256 = Field(description="`source` of the event that earned them.")
    receipt_id: Name128 = Field(description="`id` of the event that earned them.")
    earned_at: Instant = Field(description="When they were earned.")
    active_from: Instant = Field(description="From when they may be spent.")
    expires_at: Instant | None = Field(default=None, description="When they lapse; null for never.")
    programme_version: ProgrammeVersion = Field(description="The version of the programme that decided.")


class LotShare(Payload):
    """The part of a movement that falls on one lot."""

    lot: Sequence = Field(description="The member's number of the lot.")
    points: PositivePoints = Field(description="How many of its points.")


class _PointsMoved(Payload):
    """One movement of a member's ledger, whatever it does."""

    member_id: UUID = Field(description="Whose points.")
    wallet: Name32 = Field(description="Name of the wallet.")
    points: PositivePoints = Field(description="How many, in the wallet's minor unit.")
    from_account: AccountName = Field(description="Where they were.")
    to_account: AccountName = Field(description="Where they are now.")
    lots: Annotated[tuple[LotShare, ...], MaxLen(20_000), FailFast()] = Field(
        description="The lots that they lie in; adds up to `points`, or is empty where no lot is touched."
    )
    effective_at: Instant = Field(description="From when it counts.")
    cause_source: Name256 = Field(description="`source` of the event that brought it about.")
    cause_id: Name128 = Field(description="`id` of the event that brought it about.")
    reason: Text64 | None = Field(default=None, description="Why, when the type does not say it all.")


class PointsReversedV1(_PointsMoved):
    """Points were taken back because the purchase, or a part of it, came back; or what was short became debt."""

    event_type: ClassVar[str] = "org.pointstream.points.reversed.v1"

    corrects: Sequence | None = Field(default=None, description="`memberseq` of the credit that it takes back.")


class PointsActivatedV1(_PointsMoved):
    """Pending points may be spent from now on."""

    event_type: ClassVar[str] = "org.pointstream.points.activated.v1"

    active_from: Instant = Field(description="From when they may be spent.")
    expires_at: Instant | None = Field(default=None, description="When they lapse; null for never.")


class PointsExpiredV1(_PointsMoved):
    """Points lapsed at their boundary."""

    event_type: ClassVar[str] = "org.pointstream.points.expired.v1"

    boundary: Instant = Field(description="The boundary at which they lapsed.")


class PointsWaivedV1(_PointsMoved):
    """Points did not lapse at their boundary, for something spared them: they live on to a later one."""

    event_type: ClassVar[str] = "org.pointstream.points.waived.v1"

    boundary: Instant = Field(description="The boundary at which they would have lapsed.")
    expires_at: Instant | None = Field(default=None, description="When they lapse now; null for never.")
    spared_by: Literal["tier", "segment", "member"] | None = Field(
        default=None, description="What spared them: a tier's level, a segment, or a person's word for this member."
    )
    spared_as: Name128 | None = Field(
        default=None, description="The level, the segment, or the reason that the person gave."
    )
    programme_version: ProgrammeVersion | None = Field(
        default=None, description="The version of the programme that says so."
    )


class PointsRedatedV1(_PointsMoved):
    """Points stay and lapse on another day: something kept them alive, another policy holds, or a person said so.

    `reason` is `kept-alive`, the campaign that gave the later day, or that of whoever wanted the other day.
    """

    event_type: ClassVar[str] = "org.pointstream.points.redated.v1"

    expires_at: Instant | None = Field(default=None, description="When these lots lapse now; null for never.")
    expired_before: Instant | None = Field(default=None, description="When they would have lapsed; null for never.")


class PointsAdjustedV1(_PointsMoved):
    """A person gave points or took some."""

    event_type: ClassVar[str] = "org.pointstream.points.adjusted.v1"

    opens: Sequence | None = Field(
        default=None, description="The member's number of the lot that it opened; null when it took points."
    )
    expires_at: Instant | None = Field(default=None, description="When the opened lot lapses; null for never.")


class PointsIssuedV1(_PointsMoved):
    """Points came in otherwise than by earning: the reason says whether they were bought, exchanged or lent."""

    event_type: ClassVar[str] = "org.pointstream.points.issued.v1"

    opens: Sequence = Field(description="The member's number of the lot that it opened.")
    expires_at: Instant | None = Field(default=None, description="When the lot lapses; null for never.")


class PointsRepaidV1(_PointsMoved):
    """Points went into what the member owes, before anything else was done with them."""

    event_type: ClassVar[str] = "org.pointstream.points.repaid.v1"

    debt_left: Points = Field(description="What is still owed in this wallet.")
    lent_left: PositivePoints | None = Field(
        default=None, description="What is still lent in this wallet; absent where nothing is."
    )


class PointsLentV1(_PointsMoved):
    """Points were lent, or a fee for that is to be repaid: by later credits, and what is left one day is owed."""

    event_type: ClassVar[str] = "org.pointstream.points.lent.v1"

    redemption_id: UUID = Field(description="The loan, as its other movements name it.")
    repays_percent: Annotated[int, Ge(1), Le(100)] = Field(description="So much of each later credit repays it.")
    due_at: Instant = Field(description="When what is left of it is owed.")
    lent_left: PositivePoints = Field(description="What is lent in this wallet with it, fees included.")


class PointsDueV1(_PointsMoved):
    """What was lent is owed from now on: it is repaid by all that there is, and bars spending until then."""

    event_type: ClassVar[str] = "org.pointstream.points.due.v1"

    debt_left: PositivePoints = Field(description="What is owed in this wallet with it.")


class _PointsOfRedemption(_PointsMoved):
    """One movement that a redemption brought about."""

    redemption_id: UUID = Field(description="The redemption that they are for.")


class PointsHeldV1(_PointsOfRedemption):
    """Points were reserved for a redemption that is under way."""

    event_type: ClassVar[str] = "org.pointstream.points.held.v1"


class PointsReleasedV1(_PointsOfRedemption):
    """Reserved points are free again, because the reservation ended or less was needed."""

    event_type: ClassVar[str] = "org.pointstream.points.released.v1"

    corrects: Sequence = Field(description="`memberseq` of the reservation that it ends, or a part of it.")


class PointsRedeemedV1(_PointsOfRedemption):
    """Points were given for a reward: at once, or out of a reservation."""

    event_type: ClassVar[str] = "org.pointstream.points.redeemed.v1"


class PointsRestoredV1(_PointsOfRedemption):
    """Redeemed points came back into the lots that they were taken from."""

    event_type: ClassVar[str] = "org.pointstream.points.restored.v1"

    corrects: Sequence = Field(description="`memberseq` of the redemption that it takes back, or a part of it.")
    expires_at: Instant | None = Field(
        default=None, description="The later date of these lots, where they had passed theirs; null: they keep it."
    )


class PointsReinstatedV1(_PointsMoved):
    """Lapsed points came back into the lots that they lay in, because a person wanted it; with a new date."""

    event_type: ClassVar[str] = "org.pointstream.points.reinstated.v1"

    corrects: Sequence = Field(description="`memberseq` of the movement by which they lapsed.")
    expires_at: Instant | None = Field(default=None, description="When they lapse now; null for never.")


class PointsTransferredV1(_PointsMoved):
    """Points, or what is owed, left for another member's ledger or came from one; each side is told."""

    event_type: ClassVar[str] = "org.pointstream.points.transferred.v1"

    counterpart_id: UUID = Field(description="The other member.")
    opens: Sequence | None = Field(
        default=None, description="The member's number of the lot that came; null for what left, and for what is owed."
    )
    contributor_id: UUID | None = Field(default=None, description="Who earned them, where it was somebody else.")
    earned_at: Instant | None = Field(default=None, description="When the lot that came was earned.")
    expires_at: Instant | None = Field(default=None, description="When the lot that came lapses; null for never.")
