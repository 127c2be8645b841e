"""Points that go from member to member, and members who turn out to be one person."""

from __future__ import annotations

from typing import Annotated, ClassVar
from uuid import UUID

from annotated_types import Ge, Le, MaxLen
from pydantic import FailFast, Field

from libs.contracts.primitives import (
    Instant,
    Name32,
    Name64,
    Name128,
    Name256,
    Payload,
    Points,
    PositivePoints,
    Sequence,
    Slug,
    Text64,
    Text256,
)


class TransferRequestedV1(Payload):
    """A member's points are to go to another member."""

    event_type: ClassVar[str] = "org.pointstream.transfer.requested.v1"

    member_id: UUID = Field(description="Who gives them.")
    to_member_id: UUID = Field(description="Who gets them; somebody else.")
    wallet: Name32 = Field(description="Name of the wallet.")
    points: PositivePoints = Field(description="How many, in the wallet's minor unit: all of them or none.")
    reason: Slug = Field(description="Why, as a code.")
    note: Text256 | None = Field(default=None, description="Why, in words.")
    requested_by: Name64 = Field(description="Who wants it.")


class ExtensionRequestedV1(Payload):
    """A member's points are to lapse later: at a boundary further on, or at the end of the period so many days on."""

    event_type: ClassVar[str] = "org.pointstream.extension.requested.v1"

    member_id: UUID = Field(description="Whose points.")
    wallet: Name32 = Field(description="Name of the wallet.")
    boundaries: Annotated[int, Ge(1), Le(40)] | None = Field(
        default=None, description="By how many boundaries of the wallet; one where neither these nor days are given."
    )
    days: Annotated[int, Ge(1), Le(3_650)] | None = Field(
        default=None, description="To the end of the period that lies so many days on."
    )
    from_now: bool = Field(default=False, description="Counted from now; else from the date that each lot has.")
    all_lots: bool = Field(default=False, description="All lots with a date; else those that lapse first.")
    reason: Slug = Field(description="Why, as a code.")
    note: Text256 | None = Field(default=None, description="Why, in words.")
    requested_by: Name64 = Field(description="Who wants it.")


class MergeRequestedV1(Payload):
    """Two members are one person: all that one has and is known by goes to the other."""

    event_type: ClassVar[str] = "org.pointstream.merge.requested.v1"

    member_id: UUID = Field(description="Who is merged, and leads to the other from then on.")
    to_member_id: UUID = Field(description="Who goes on; somebody else.")
    reason: Slug = Field(description="Why, as a code.")
    note: Text256 | None = Field(default=None, description="Why, in words.")
    requested_by: Name64 = Field(description="Who wants it.")


class UnmergeRequestedV1(Payload):
    """A merge was a mistake: each side gets back what was its own, as far as it is still there."""

    event_type: ClassVar[str] = "org.pointstream.unmerge.requested.v1"

    member_id: UUID = Field(description="Who was merged.")
    reason: Slug = Field(description="Why, as a code.")
    note: Text256 | None = Field(default=None, description="Why, in words.")
    requested_by: Name64 = Field(description="Who wants it.")


class WalletMoved(Payload):
    """What of one wallet went from one ledger to the other."""

    wallet: Name32 = Field(description="Name of the wallet.")
    points: Points = Field(description="How many, pending ones included, in the wallet's minor unit.")
    debt: Points = Field(description="What is owed and went along.")


class _Merge(Payload):
    """What is told of a merge, and of its end."""

    member_id: UUID = Field(description="Who was merged.")
    survivor_id: UUID = Field(description="Who goes on.")
    number: Sequence = Field(description="The merges of a member are numbered without gaps.")
    wallets: Annotated[tuple[WalletMoved, ...], MaxLen(64), FailFast()] = Field(description="What moved, by wallet.")
    reason: Text64 = Field(description="Why, as a code.")
    cause_source: Name256 = Field(description="`source` of the event that asked for it.")
    cause_id: Name128 = Field(description="`id` of the event that asked for it.")


class MemberMergedV1(_Merge):
    """A member was merged into another: identifiers and points are that one's now, and the id leads there for ever."""

    event_type: ClassVar[str] = "org.pointstream.member.merged.v1"

    undo_until: Instant = Field(description="Until when the merge can be undone.")


class MemberUnmergedV1(_Merge):
    """A merge was undone: the member stands alone again, with what was left of their own."""

    event_type: ClassVar[str] = "org.pointstream.member.unmerged.v1"
