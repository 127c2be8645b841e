"""Households: members who let each other spend their points."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from libs.contracts.primitives import Instant, Payload, PositivePoints

HouseholdRole = Literal["owner", "adult", "child"]


class _Household(Payload):
    """Names a household and a member."""

    household_id: UUID = Field(description="The household.")
    member_id: UUID = Field(description="The member; the key of the record.")


class HouseholdFoundedV1(_Household):
    """A member has founded a household, and is its owner."""

    event_type: ClassVar[str] = "org.pointstream.household.founded.v1"


class HouseholdInvitedV1(_Household):
    """A member is asked to belong to a household; nobody does without their own word."""

    event_type: ClassVar[str] = "org.pointstream.household.invited.v1"

    role: HouseholdRole = Field(description="In which role.")
    by_member_id: UUID | None = Field(default=None, description="Who asks; null for an operator.")
    until: Instant = Field(description="Until when it can be accepted.")


class HouseholdJoinedV1(_Household):
    """A member has agreed to belong to a household: its members may spend what this one shares."""

    event_type: ClassVar[str] = "org.pointstream.household.joined.v1"

    role: HouseholdRole = Field(description="In which role.")
    members: PositivePoints = Field(description="How many belong to it now.")


class HouseholdRoleChangedV1(_Household):
    """A member has another role in a household."""

    event_type: ClassVar[str] = "org.pointstream.household.role_changed.v1"

    role: HouseholdRole = Field(description="Which one.")
    former_role: HouseholdRole = Field(description="Which it was.")
    by_member_id: UUID | None = Field(
        default=None, description="Whose doing it is; null for an operator, or where an owner has left."
    )


class HouseholdLeftV1(_Household):
    """A member does not belong to a household any more, or will not; their own lots go with them."""

    event_type: ClassVar[str] = "org.pointstream.household.left.v1"

    reason: Literal["left", "removed", "declined", "withdrawn", "dissolved"] = Field(
        description="`left` by their own word, `removed` by another; an invitation was `declined` or `withdrawn`; or "
        "the household was `dissolved`."
    )
    by_member_id: UUID | None = Field(default=None, description="Whose doing it is; null for an operator.")


class HouseholdDissolvedV1(_Household):
    """A household is no more. The member is the one who was its owner."""

    event_type: ClassVar[str] = "org.pointstream.household.dissolved.v1"
