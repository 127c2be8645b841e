"""The operation by which an app tells a member what lapses, why, and how to keep it."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ConfigDict, Field

from libs.promotions.switches import stopped
from libs.segments.reading import load_segments_of
from services.gateway.door.access import MembersReader
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import Language, MemberId, ProgrammeSlug
from services.gateway.expiry.forecast_api import in_force, meant
from services.gateway.lapsing.advice import advice
from services.gateway.members import shown as members
from services.gateway.members.lookup import one_member
from services.gateway.members.tier_store import tiers_of
from services.gateway.members.tier_views import MemberWithTiers, tier_views
from services.gateway.views import EXAMPLE_MEMBER, View

router = APIRouter(prefix="/v1")


class WalletExpiry(View):
    """What lapses of one wallet next, in words."""

    wallet: str
    scale: int
    points: int = Field(description="How many lapse next, in the wallet's minor unit; 0 for none.")
    last_day: date | None = Field(description="The last day on which they are good, in the programme's zone.")
    days_left: int | None = Field(description="Days from today to it.")
    words: tuple[str, ...] = Field(description="What lapses, what is spared and why, in sentences.")
    keep: tuple[str, ...] = Field(description="What the member can do by then, in sentences; the first costs nothing.")


class MemberExpiry(View):
    """What a member is told of points that lapse."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "member_id": EXAMPLE_MEMBER,
                "programme": "main",
                "as_of": "2024-03-02T10:00:00Z",
                "zone": "Europe/Rome",
                "wallets": [
                    {
                        "wallet": "points",
                        "scale": 0,
                        "points": 250,
                        "last_day": "2024-03-31",
                        "days_left": 29,
                        "words": [
                            "250 points lapse at the end of March 31, 2024.",
                            "That is in 29 days.",
                            "It is the same day for everybody.",
                        ],
                        "keep": [
                            "Spend 250 points by then, and nothing is lost: what lapses first is always taken first."
                        ],
                    }
                ],
            }
        }
    )

    member_id: UUID
    programme: str
    as_of: datetime
    zone: str
    wallets: tuple[WalletExpiry, ...] = Field(description="Those whose points lapse, or would.")


@router.get(
    "/members/{member_id}/expiry",
    operation_id="getMemberExpiry",
    summary="What lapses of a member, why, and how to keep it, in plain words",
    tags=["members"],
    response_model=MemberExpiry,
    responses={
        308: {"description": "The member was merged into another, who is at `Location`."},
        **refusals("member-unknown", "request-invalid", "programme-needed"),
    },
)
async def get_member_expiry(
    request: Request, caller: MembersReader, member_id: MemberId, language: Language, programme: ProgrammeSlug = None
) -> MemberExpiry | Response:
    """Tell the member in their language (`lang`): the day, the points, what is spared and why, and what keeps the rest.

    What keeps points is what the programme offers now: spending, being active, campaigns, levels.
    """
    now = caller.parts.clock.now()
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
        if member.merged_into is not None:
            query = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(f"/v1/members/{member.merged_into}/expiry{query}", status_code=308)
        wallets = await reading.wallets(member.programme_id, now)
        ledger = await reading.ledger(member)
        tiers = await tiers_of(reading, member, now)
        segments = await load_segments_of(reading.connection, (caller.tenant_id, member.programme_id), member_id)
    view = members.member_view(member, ledger, wallets, now)
    shown = MemberWithTiers(**dict(view), tiers=tier_views(tiers, member, now), segments=tuple(sorted(segments)))
    running = await meant(caller, member.programme)
    version = in_force(running, now)
    told = advice(version, shown, now, language, stopped(running.switches, version.compiled))
    return MemberExpiry(
        member_id=member.member_id,
        programme=member.programme,
        as_of=now,
        zone=member.zone,
        wallets=tuple([WalletExpiry(**each._asdict()) for each in told]),
    )
