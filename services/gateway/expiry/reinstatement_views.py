"""What is sent and answered about lapsed points that are to come back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from libs.sweeps.reinstating import Plan, Seen
from services.gateway.door.parameters import Instant
from services.gateway.rules.bodies import Body
from services.gateway.views import View

State = Literal["awaiting_approval", "approved", "refused", "sent"]
_MEMBER = "0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e11"
_EXAMPLE: JsonDict = {
    "reinstatement_id": "2f9c4a17-6d3e-5b80-9a41-7c5e8d1f0b62",
    "programme": "main",
    "state": "awaiting_approval",
    "members": 2,
    "points": 12400,
    "lapsed_after": "2023-12-31T23:00:00Z",
    "lapsed_until": "2024-03-31T22:00:00Z",
    "expires_at": None,
    "reason": "app-outage",
    "note": "The app was down in the last days of March.",
    "asked_by": "support desk (k_7Q2M)",
    "asked_at": "2024-04-02T09:00:00Z",
    "decided_by": None,
    "decided_at": None,
    "returned_shares": 0,
    "returned_points": 0,
    "refused_shares": 0,
}
Points = Annotated[
    int | None, Field(ge=1, le=10**15, description="How many, in the wallet's minor unit; null for all that lapsed.")
]


class _Asked(Body):
    """What both ways to ask have in common."""

    wallet: str | None = Field(
        default=None,
        max_length=32,
        description="Which wallet; null for each where all points are wanted, else the programme's first.",
    )
    boundary: Instant | None = Field(
        default=None,
        description="What lapsed at this boundary; null for whatever lapsed within the programme's window.",
    )
    expires_at: Instant | None = Field(default=None, description="The new date; null for the next boundary.")
    reason: str = Field(pattern="^[a-z0-9][a-z0-9_-]{0,63}$", description="Why, as a code.")
    note: str | None = Field(default=None, min_length=1, max_length=256, description="Why, in words.")


class MemberReinstatement(_Asked):
    """Points that are to come back to one member."""

    model_config = ConfigDict(json_schema_extra={"example": {"points": 250, "reason": "goodwill"}})

    points: Points = None


class WishedFor(Body):
    """A member of a list."""

    member: str = Field(
        min_length=1, max_length=100, description="A member id, or an identifier such as `card:123456`."
    )
    points: Points = None


class ListReinstatement(_Asked):
    """Points that are to come back to a list of members."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "members": [{"member": "card:123456", "points": 250}, {"member": _MEMBER}],
                "boundary": "2024-03-31T22:00:00Z",
                "reason": "app-outage",
                "note": "The app was down in the last days of March.",
            }
        }
    )

    members: Annotated[
        tuple[WishedFor, ...],
        Field(min_length=1, max_length=10_000, description="To whom points come back."),
    ]


class ShareView(View):
    """Points that come back to a member."""

    member_id: UUID
    wallet: str
    points: int
    goes_to: UUID | None = Field(
        default=None, description="Who gets them, where the member was merged into another one since."
    )


class LeftOut(View):
    """A member who gets nothing."""

    member_id: UUID
    why: Literal["more-than-lapsed", "nothing-lapsed", "over-the-limit"]


class ReinstatementPlan(View):
    """What a request would come to."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "lapsed_after": "2023-12-31T23:00:00Z",
                "lapsed_until": "2024-03-31T22:00:00Z",
                "points": 250,
                "needs_approval": False,
                "shares": [{"member_id": _MEMBER, "wallet": "points", "points": 250, "goes_to": None}],
                "left_out": [{"member_id": "0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e12", "why": "nothing-lapsed"}],
            }
        }
    )

    lapsed_after: datetime = Field(description="What lapsed later than this comes back …")
    lapsed_until: datetime = Field(description="… and no later than this.")
    points: int = Field(description="All points, over members and wallets.")
    needs_approval: bool = Field(description="Whether somebody else has to agree.")
    shares: tuple[ShareView, ...]
    left_out: tuple[LeftOut, ...] = Field(description="Who gets nothing, and why.")


class ReinstatementView(View):
    """A request to give back what lapsed. Each share, of a member and wallet, comes back whole or not at all."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    reinstatement_id: UUID
    programme: str
    state: State = Field(
        description="`awaiting_approval`: somebody else has to agree. `approved`: it is carried out. `sent`: its "
        "shares are on their way, and counted below as they arrive."
    )
    members: int
    points: int = Field(description="All points, over members and wallets.")
    lapsed_after: datetime
    lapsed_until: datetime
    expires_at: datetime | None = Field(description="The new date; null for the next boundary.")
    reason: str
    note: str | None
    asked_by: str
    asked_at: datetime
    decided_by: str | None = Field(description="Who agreed or refused.")
    decided_at: datetime | None
    returned_shares: int | None = Field(description="Shares that came back; null in a list.")
    returned_points: int | None = Field(description="Points that came back; null in a list.")
    refused_shares: int | None = Field(
        description="Shares that did not: the points came back meanwhile, or a limit is reached; null in a list."
    )


class ReinstatementsPage(View):
    """A page of requests."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"data": [_EXAMPLE], "next_cursor": None, "has_more": False}}
    )

    data: tuple[ReinstatementView, ...]
    next_cursor: str | None
    has_more: bool


def plan_view(plan: Plan) -> ReinstatementPlan:
    """Return what is answered about a plan."""
    return ReinstatementPlan(
        lapsed_after=plan.lapsed_after,
        lapsed_until=plan.lapsed_until,
        points=plan.points,
        needs_approval=plan.needs_approval,
        shares=tuple(
            [ShareView(**share._asdict(), goes_to=plan.survivors.get(share.member_id)) for share in plan.shares]
        ),
        left_out=tuple([LeftOut(member_id=member_id, why=why) for member_id, why in plan.left_out]),
    )


def reinstatement_view(seen: Seen) -> ReinstatementView:
    """Return what is answered about a request."""
    return ReinstatementView.model_validate(seen._asdict())
