"""What an extension of a member's points would do, before anybody asks for it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from libs.judging.groups import in_segments
from libs.judging.profiles import enrolled
from libs.ledger.catch_up import catch_up
from libs.ledger.evolve import apply_all
from libs.ledger.extend import Wish, extend
from libs.promotions.facts import MemberFacts
from libs.segments.reading import load_segments_of
from services.gateway.door.access import PointsReader
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import MemberId, ProgrammeSlug
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.members.lookup import one_member
from services.gateway.views import EXAMPLE_MEMBER, View
from services.gateway.words import reason_words

router = APIRouter(prefix="/v1")
_SHARE: JsonDict = {
    "points": 250,
    "lots": [3, 4],
    "expired_before": "2024-03-31T22:00:00Z",
    "expires_at": "2024-06-30T22:00:00Z",
}


class ExtendedShare(View):
    """Points that would get a later date together."""

    points: int
    lots: tuple[int, ...] = Field(description="The member's numbers of their lots.")
    expired_before: datetime = Field(description="When they lapse as things are.")
    expires_at: datetime = Field(description="When they would lapse.")


class ExtensionRefused(View):
    """Why nothing would be extended."""

    code: str = Field(examples=["nothing-to-extend"])
    words: str


class ExtensionPreview(View):
    """What an extension would do, as things are now; nothing is done."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "member_id": EXAMPLE_MEMBER,
                "wallet": "points",
                "as_of": "2024-03-02T10:00:00Z",
                "points": 250,
                "data": [_SHARE],
                "refused": None,
            }
        }
    )

    member_id: UUID
    wallet: str
    as_of: datetime
    points: int = Field(description="How many would get a later date.")
    data: tuple[ExtendedShare, ...]
    refused: ExtensionRefused | None


@router.get(
    "/members/{member_id}/extension-preview",
    operation_id="previewExtension",
    summary="What an extension of a member's points would do",
    tags=["members"],
    responses=refusals("member-unknown", "programme-needed", "request-invalid"),
)
async def preview_extension(
    caller: PointsReader,
    member_id: MemberId,
    wallet: Annotated[str, Query(max_length=64, description="Name of the wallet.", examples=["points"])],
    boundaries: Annotated[
        int | None, Query(ge=1, le=40, description="By so many boundaries; 1 without days.", examples=[1])
    ] = None,
    days: Annotated[
        int | None, Query(ge=1, le=3_650, description="To the end of the period that lies so many days on.")
    ] = None,
    from_now: Annotated[bool, Query(description="Counted from now; else from each lot's own date.")] = False,
    all_lots: Annotated[bool, Query(description="All lots with a date; else those that lapse first.")] = False,
    programme: ProgrammeSlug = None,
) -> ExtensionPreview:
    """Tell which points would get which date; `POST /v1/members/{id}/extensions` does it."""
    if boundaries is not None and days is not None:
        raise ProblemError("request-invalid", errors=[FieldError(pointer="/query", detail="either boundaries or days")])
    boundaries = 1 if boundaries is None and days is None else boundaries
    known, now = await caller.parts.programmes.of(caller.tenant_id), caller.parts.clock.now()
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
        ledger = await reading.ledger(member)
        segments = await load_segments_of(reading.connection, (caller.tenant_id, member.programme_id), member_id)
    running = known.by_key()[caller.tenant_id, member.programme_id]
    version = running.at(now)
    if version is None or wallet not in version.calendars:
        raise ProblemError("request-invalid", errors=[FieldError(pointer="/query/wallet", detail="no such wallet now")])
    present = apply_all(ledger, catch_up(ledger, now, now))
    wish = Wish(wallet, boundaries, days, pooled=not all_lots, from_now=from_now)
    facts = enrolled(MemberFacts(member.member_id, member.tier), member.enrolled_at, running)
    found = extend(present, wish, version.calendar(wallet, in_segments(facts, segments, running)), now)
    shares = []
    for movement in found.movements:
        lots = tuple([part.lot_seq for part in movement.allocations])
        first, later = present.lot(lots[0]), movement.new_expiry
        assert first is not None, "it was found in this ledger"
        assert later is not None, "every movement of an extension gives a date"
        dates = {"expired_before": first.expires_at, "expires_at": later.expires_at}
        shares.append(ExtendedShare.model_validate({"points": movement.amount, "lots": lots} | dates))
    refused = None
    if found.refused is not None:
        refused = ExtensionRefused(code=found.refused, words=reason_words(found.refused))
    return ExtensionPreview(
        member_id=member.member_id, wallet=wallet, as_of=now, points=found.points, data=tuple(shares), refused=refused
    )
