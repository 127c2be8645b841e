"""The operations on members whom a person spares: their points do not lapse at boundaries, for a reason and a time."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field

from libs.exemptions.people import Word, end, load_words, spare
from services.gateway.door.access import Caller, PointsAdjuster, PointsReader
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import Instant, MemberId, ProgrammeSlug
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.expiry.sweep_store import SweepStore
from services.gateway.members.lookup import one_member
from services.gateway.rules.bodies import Body, body_of, read_body
from services.gateway.rules.desk import who
from services.gateway.store import Member
from services.gateway.views import EXAMPLE_MEMBER, View

router = APIRouter(prefix="/v1")


class Sparing(Body):
    """Why a member is spared, and until when."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"reason": "complaint 4711", "until": "2025-01-15T00:00:00+01:00"}}
    )

    reason: Annotated[str, Field(min_length=1, max_length=100, description="Why; told with every waiver.")]
    until: Annotated[Instant, Field(description="From when on boundaries count again.")]


class WordView(View):
    """What a person said of a member."""

    reason: str
    since: datetime
    until: datetime
    given_by: str
    ended_at: datetime | None = Field(description="When it was ended before `until`, or another took its place.")
    ended_by: str | None
    holds: bool = Field(description="Whether it counts now.")


class WordsView(View):
    """What people said of a member, the last first."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "member_id": EXAMPLE_MEMBER,
                "data": [
                    {
                        "reason": "complaint 4711",
                        "since": "2024-03-02T10:00:00Z",
                        "until": "2025-01-14T23:00:00Z",
                        "given_by": "till (ly_live_1)",
                        "ended_at": None,
                        "ended_by": None,
                        "holds": True,
                    }
                ],
            }
        }
    )

    member_id: str
    data: tuple[WordView, ...]


@router.get(
    "/members/{member_id}/exemptions",
    operation_id="listMemberExemptions",
    summary="Whether a person spares a member at boundaries",
    tags=["members"],
    responses=refusals("member-unknown", "programme-needed", "request-invalid"),
)
async def list_member_exemptions(
    caller: PointsReader, member_id: MemberId, programme: ProgrammeSlug = None
) -> WordsView:
    """List why and until when a person spared a member. Tiers and segments spare members beside that."""
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
        words = await load_words(reading.connection, _name(caller, member))
    return _view(caller, member, words)


@router.post(
    "/members/{member_id}/exemptions",
    operation_id="spareMember",
    summary="Let a member's points not lapse, for a time",
    tags=["members"],
    responses=refusals(
        "body-not-json",
        "body-too-large",
        "body-too-slow",
        "media-type-unsupported",
        "member-unknown",
        "programme-needed",
        "request-invalid",
    ),
    openapi_extra=body_of(Sparing),
)
async def spare_member(
    request: Request, caller: PointsAdjuster, member_id: MemberId, programme: ProgrammeSlug = None
) -> WordsView:
    """Spare a member at every boundary from now until an instant: what would lapse lives on to the next one.

    It takes the place of what was said before. Sent again it changes nothing more, so no key is needed.
    """
    body = await read_body(request, Sparing)
    now = caller.parts.clock.now()
    if body.until <= now:
        raise ProblemError("request-invalid", errors=[FieldError(pointer="/body/until", detail="lies in the past")])
    member = await _member(caller, member_id, programme)
    store: SweepStore = request.app.state.sweeps
    async with store.writing(caller.tenant_id) as connection:
        await spare(connection, _name(caller, member), body.reason, body.until, now, who(caller))
        words = await load_words(connection, _name(caller, member))
    return _view(caller, member, words)


@router.post(
    "/members/{member_id}/exemptions/end",
    operation_id="endMemberExemption",
    summary="Let a member's points lapse again",
    tags=["members"],
    responses=refusals("member-unknown", "programme-needed", "request-invalid"),
)
async def end_member_exemption(
    request: Request, caller: PointsAdjuster, member_id: MemberId, programme: ProgrammeSlug = None
) -> WordsView:
    """Spare a member no longer from now on; what was spared keeps its date. Sent again it changes nothing more."""
    member = await _member(caller, member_id, programme)
    store: SweepStore = request.app.state.sweeps
    async with store.writing(caller.tenant_id) as connection:
        await end(connection, _name(caller, member), caller.parts.clock.now(), who(caller))
        words = await load_words(connection, _name(caller, member))
    return _view(caller, member, words)


async def _member(caller: Caller, member_id: MemberId, programme: str | None) -> Member:
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        return await one_member(reading, member_id, programme)


def _name(caller: Caller, member: Member) -> tuple[int, int, MemberId]:
    return caller.tenant_id, member.programme_id, member.member_id


def _view(caller: Caller, member: Member, words: list[Word]) -> WordsView:
    now = caller.parts.clock.now()
    told = [{**word._asdict(), "holds": word.holds(now)} for word in words]
    return WordsView(member_id=str(member.member_id), data=tuple([WordView.model_validate(each) for each in told]))
