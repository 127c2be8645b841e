"""Members: who takes part in a programme, without a word about the person."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import FailFast, Field, StringConstraints

from libs.contracts.events.person import ConsentTold, ContactTold, PersonTold
from libs.contracts.events.purchase import Identifier, Identifiers
from libs.contracts.events.referral import Mark
from libs.contracts.primitives import (
    Instant,
    Name32,
    Name64,
    Name128,
    Name256,
    Payload,
    ProgrammeVersion,
    Sequence,
    Text32,
    Text256,
    Whole,
)

MonthDay = Annotated[
    str,
    StringConstraints(
        pattern="^((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|[12][0-9]))$"
    ),
]
Attributes = Annotated[dict[Name64, Text256 | Whole | bool | None], MaxLen(32)]

Marks = Annotated[tuple[Mark, ...], MaxLen(8), FailFast()]
Contacts = Annotated[tuple[ContactTold, ...], MaxLen(16), FailFast()]
Consents = Annotated[tuple[ConsentTold, ...], MaxLen(32), FailFast()]


class MemberEnrolledV1(Payload):
    """Somebody joined the programme; the event's time is the time of joining."""

    event_type: ClassVar[str] = "org.pointstream.member.enrolled.v1"

    member_id: UUID = Field(description="UUIDv7 chosen by whoever enrols.")
    identifiers: Annotated[tuple[Identifier, ...], MinLen(1), MaxLen(8), FailFast()] = Field(
        description="How shops will know the member."
    )
    tier: Text32 | None = Field(default=None, description="Name of the first tier; null for the programme's lowest.")
    birthday: MonthDay | None = Field(default=None, description="Month and day, 02-29 for one; the year is not asked.")
    attributes: Attributes | None = Field(
        default=None, description="What campaigns may ask of the member, by name: texts, whole numbers, true or false."
    )
    marks: Marks = Field(default=(), description="By what the same person or household is known; kept as hashes.")
    referral_code: Text32 | None = Field(default=None, description="The code of whoever brought the member in.")
    referral_consent: bool = Field(default=False, description="Whether the member agreed to be written to about it.")
    person: PersonTold | None = Field(default=None, description="Who the member is; kept sealed.")
    contacts: Contacts = Field(default=(), description="Where the member is reached; kept sealed.")
    consents: Consents = Field(default=(), description="What the member agreed to, or refused.")


class MemberUpdatedV1(Payload):
    """A member is known by other identifiers, stands in another tier, or is told of anew."""

    event_type: ClassVar[str] = "org.pointstream.member.updated.v1"

    member_id: UUID = Field(description="Whose they are.")
    add: Identifiers = Field(default=(), description="By what the member is known from now on.")
    remove: Identifiers = Field(default=(), description="By what no more.")
    move: Identifiers = Field(default=(), description="What to take over from whoever has it.")
    tier: Text32 | None = Field(default=None, description="Name of the tier; null for as it was.")
    birthday: MonthDay | None = Field(default=None, description="Month and day; null for as it was.")
    attributes: Attributes | None = Field(
        default=None, description="Attributes that are new or have changed; null takes one away, others stay."
    )
    marks: Marks = Field(default=(), description="Further marks of the same person or household; kept as hashes.")
    person: PersonTold | None = Field(default=None, description="What is new of who the member is; kept sealed.")
    contacts: Contacts = Field(default=(), description="Where else the member is reached, or no more; kept sealed.")
    consents: Consents = Field(default=(), description="What the member now agrees to, or refuses.")


class TierFigure(Payload):
    """How much there was of something that a level needs, when a tier was decided."""

    what: Name32 = Field(description="What is counted: points, spend_minor, visits, activities or tier_points.")
    done: Annotated[int, Ge(-(10**15)), Le(10**15)] = Field(description="How much of it there was.")
    least: Annotated[int, Ge(1), Le(10**15)] = Field(description="How much of it the level needs.")


class MemberTierAboutToDropV1(Payload):
    """A member's level ends soon, and what there is by now does not keep it. Told once for each end of a level."""

    event_type: ClassVar[str] = "org.pointstream.member.tier_about_to_drop.v1"

    member_id: UUID = Field(description="Who.")
    tier_set: Name64 = Field(description="Name of the tier set in the programme.")
    level: Name32 = Field(description="The level that ends.")
    to_level: Name32 | None = Field(
        default=None, description="Where the member drops if nothing more is done; null: none."
    )
    until: Instant = Field(description="When the level ends.")
    grace_until: Instant = Field(description="Until when it is kept and may still be earned; without grace, its end.")
    drives_tier: bool = Field(description="Whether campaigns see the level as the member's tier.")
    match: Literal["all", "any"] = Field(description="Whether all of the figures are needed, or any of them.")
    figures: Annotated[tuple[TierFigure, ...], MaxLen(8), FailFast()] = Field(
        description="What the level needs to be kept, and how much of it there is for that by now."
    )
    programme_version: ProgrammeVersion = Field(description="The version of the programme that decided.")


class MemberTierPointsChangedV1(Payload):
    """A campaign added tier points to a member's tier set, or a purchase that had brought some came back."""

    event_type: ClassVar[str] = "org.pointstream.member.tier_points_changed.v1"

    member_id: UUID = Field(description="Whose they are.")
    tier_set: Name64 = Field(description="Name of the tier set whose levels they count towards.")
    points: Annotated[int, Ge(-(10**15)), Le(10**15)] = Field(description="How many more; below 0, how many fewer.")
    campaign: Name64 = Field(description="The campaign that adds them.")
    cause_source: Name256 = Field(description="`source` of the event that brought it about.")
    cause_id: Name128 = Field(description="`id` of the event that brought it about.")


class MemberTierChangedV1(Payload):
    """A member came to stand in another level of a tier set: reached it, dropped to it, or was given it."""

    event_type: ClassVar[str] = "org.pointstream.member.tier_changed.v1"

    member_id: UUID = Field(description="Who.")
    tier_set: Name64 = Field(description="Name of the tier set in the programme.")
    number: Sequence = Field(description="The member's changes in this set are numbered without gaps.")
    from_level: Name32 | None = Field(default=None, description="The level before; null for none.")
    to_level: Name32 | None = Field(default=None, description="The level from now on; null for none.")
    direction: Literal["up", "down"] = Field(description="Whether it is the higher one.")
    reason: Literal["earned", "period_ended", "not_kept", "returned", "given"] = Field(
        description="Its needs were met, or met as a period ended, or not met again; a return; a person's word."
    )
    effective_at: Instant = Field(description="Since when the member stands there.")
    until: Instant | None = Field(default=None, description="Until when the level holds; null for no end.")
    drives_tier: bool = Field(description="Whether campaigns see the level as the member's tier.")
    figures: Annotated[tuple[TierFigure, ...], MaxLen(8), FailFast()] = Field(
        default=(),
        description="What there was of what the level needs that was reached, or lost.",
    )
    programme_version: ProgrammeVersion = Field(description="The version of the programme that decided.")
