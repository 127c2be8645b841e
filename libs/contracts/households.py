"""What is asked of redemption about households over HTTP, and what it answers; never on a topic."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

PATH = "/households"
"""Where redemption answers, on its web port."""
Operation = Literal["found", "invite", "answer", "change_role", "depart", "dissolve"]
Role = Literal["owner", "adult", "child"]
SeatState = Literal["invited", "joined"]


class HouseholdAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One request of a caller who was let in.

    `member_id` is whom it is about: who founds, is invited, answers, gets another role or goes. `by_id` is the member
    whose doing that is; without one it is an operator's.
    """

    operation: Operation
    tenant_id: int
    credential: str
    key: bytes = b""
    fingerprint: bytes = b""
    programme_id: int | None = None
    household_id: UUID | None = None
    member_id: UUID | None = None
    by_id: UUID | None = None
    role: Role | None = None
    accept: bool = False


read_household_ask = msgspec.json.Decoder(HouseholdAsk).decode

HOUSEHOLD = "0190b7aa-1c2d-7e3f-8a4b-5c6d7e8f9a0b"
OWNER = "0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e11"
ADULT = "0190a5b0-8d4f-7e63-8e2f-6b307d1c9f22"
_SEATS: list[JsonDict] = [
    {
        "member_id": OWNER,
        "role": "owner",
        "state": "joined",
        "invited_at": "2024-03-01T10:00:00Z",
        "joined_at": "2024-03-01T10:00:00Z",
        "invitation_until": None,
    },
    {
        "member_id": ADULT,
        "role": "adult",
        "state": "joined",
        "invited_at": "2024-03-01T10:05:00Z",
        "joined_at": "2024-03-01T18:31:00Z",
        "invitation_until": None,
    },
]
HOUSEHOLD_EXAMPLE: JsonDict = {
    "household_id": HOUSEHOLD,
    "programme": "main",
    "founded_at": "2024-03-01T10:00:00Z",
    "dissolved_at": None,
    "mode": "percentage",
    "percent": 50,
    "members": list(_SEATS),
}
_PURSE: JsonDict = {
    "wallet": "points",
    "scale": 0,
    "own": 420,
    "of_others": 150,
    "may_spend_of_others": 100,
    "spendable": 520,
    "shares": [{"member_id": ADULT, "points": 150}],
}
MEMBER_HOUSEHOLD_EXAMPLE: JsonDict = {
    "member_id": OWNER,
    "role": "owner",
    "household": HOUSEHOLD_EXAMPLE,
    "purses": [_PURSE],
    "invitations": [],
    "words": ["Your household shares half of each lot of points.", "You may spend 520 points: 420 of your own."],
}


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class SeatView(_View):
    """A member who belongs to a household, or was asked to."""

    member_id: UUID = Field(description="The member.")
    role: Role = Field(description="`owner`, `adult` or `child`.")
    state: SeatState = Field(description="`invited` until the member's own word, then `joined`.")
    invited_at: datetime = Field(description="When the member was asked.")
    joined_at: datetime | None = Field(description="When the member agreed.")
    invitation_until: datetime | None = Field(description="Until when the invitation can be accepted.")


class HouseholdView(_View):
    """A household: members who let each other spend their points, as far as the programme says."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"example": HOUSEHOLD_EXAMPLE})

    household_id: UUID = Field(description="Names it.")
    programme: str = Field(description="The programme.", examples=["main"])
    founded_at: datetime = Field(description="When it was founded.")
    dissolved_at: datetime | None = Field(description="When it was dissolved.")
    mode: Literal["pooled", "percentage", "own"] | None = Field(
        description="What members share: all, a part of each lot, nothing; null where the programme has none now."
    )
    percent: int | None = Field(description="Of each lot so much, where the mode is `percentage`.")
    members: tuple[SeatView, ...] = Field(description="Who belongs to it, or is asked to.")


class ShareView(_View):
    """What another member shares of a wallet."""

    member_id: UUID = Field(description="Who shares it.")
    points: int = Field(description="How many points, in the wallet's minor unit.", examples=[150])


class PurseView(_View):
    """What a member may spend of a wallet: their own, and of the others'."""

    wallet: str = Field(description="The wallet.", examples=["points"])
    scale: int = Field(description="Decimal places of its unit.", examples=[0])
    own: int = Field(description="The member's own points that can be spent.", examples=[420])
    of_others: int = Field(description="What the others share.", examples=[150])
    may_spend_of_others: int = Field(description="As far as the limits let this member spend it now.", examples=[100])
    spendable: int = Field(description="Both together.", examples=[520])
    shares: tuple[ShareView, ...] = Field(description="Who shares how much.")


class InvitationView(_View):
    """A household that asks a member to belong to it."""

    household_id: UUID = Field(description="The household.")
    role: Role = Field(description="In which role.")
    invited_by: UUID | None = Field(description="Who asks; null for an operator.")
    invited_at: datetime = Field(description="Since when.")
    until: datetime = Field(description="Until when it can be accepted.")


class MemberHouseholdView(_View):
    """The household of a member with what the member may spend, and the invitations that wait for an answer."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"example": MEMBER_HOUSEHOLD_EXAMPLE})

    member_id: UUID = Field(description="The member.")
    role: Role | None = Field(description="What the member is in it; null for whoever is in none.")
    household: HouseholdView | None = Field(description="The household; null for whoever is in none.")
    purses: tuple[PurseView, ...] = Field(description="What the member may spend, by wallet.")
    invitations: tuple[InvitationView, ...] = Field(description="Who asks the member to join.")
    words: tuple[str, ...] = Field(default=(), description="All of it in words.")
