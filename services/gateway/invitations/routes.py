"""Invitations: members' apps send them, friends answer them by a link without logging in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse

from libs.judging.versions import RunningProgramme
from libs.language.choice import choose
from libs.referral.codes import shown_code
from services.gateway.door.access import Caller, MembersReader, MembersWriter, parts_of
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import MemberId, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.door.visitors import count_visit
from services.gateway.invitations.desk import Answer, Asking, InvitationDesk
from services.gateway.invitations.links import Invited
from services.gateway.invitations.pages import Shown, asking_page, broken_page
from services.gateway.invitations.views import InvitationsView, Inviting
from services.gateway.members.lookup import one_member
from services.gateway.rules.bodies import body_of, read_body
from services.gateway.site.forms import fields_of
from services.gateway.store import Member

router = APIRouter()
_OF_MEMBER = ("member-unknown", "programme-needed", "request-invalid")
_BODY = ("body-not-json", "body-too-slow", "body-too-large", "media-type-unsupported")
_HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex", "Vary": "Accept-Language"}
_MOST, _FIELDS = 1_024, 4
Token = Annotated[str, Path(max_length=128)]
Wanted = Annotated[str | None, Query(alias="lang", max_length=35)]


@router.post(
    "/v1/members/{member_id}/invitations",
    operation_id="inviteFriend",
    summary="Invite a friend by mail",
    tags=["members"],
    status_code=202,
    response_model=InvitationsView,
    responses=refusals(*_OF_MEMBER, *_BODY, "invitations-spent", "invitations-off"),
    openapi_extra=body_of(Inviting),
)
async def invite_friend(
    request: Request, caller: MembersWriter, member_id: MemberId, programme: ProgrammeSlug = None
) -> InvitationsView:
    """Send a friend one notice, with the question whether they want to hear more, and nothing after it.

    An address that was invited before, by anybody, or that a member has, gets none; the answer does not say which. The
    address is kept under seal until the notice is handed over, and by its digest after that.
    """
    body = await read_body(request, Inviting)
    member, running = await _member(caller, member_id, programme)
    version = running.at(caller.parts.clock.now())
    if version is None or version.compiled.source.referral is None:
        raise ProblemError("invitations-off")
    desk = _desk(request)
    found = await desk.invite(caller, running, member, body.address, body.language)
    return InvitationsView(**found._asdict())


@router.get(
    "/v1/members/{member_id}/invitations",
    operation_id="getInvitations",
    summary="How a member's invitations stand",
    tags=["members"],
    responses=refusals(*_OF_MEMBER),
)
async def get_invitations(
    request: Request, caller: MembersReader, member_id: MemberId, programme: ProgrammeSlug = None
) -> InvitationsView:
    """Tell how many friends a member has invited and what they answered; nobody is named."""
    member, _ = await _member(caller, member_id, programme)
    return InvitationsView(**(await _desk(request).stand(caller, member))._asdict())


@router.get("/invited/{token}", include_in_schema=False)
async def show_invitation(request: Request, token: Token, lang: Wanted = None) -> HTMLResponse:
    """Show what is asked; it changes nothing, for machines follow links too."""
    return await _page(request, token, lang, None)


@router.post("/invited/{token}", include_in_schema=False)
async def answer_invitation(request: Request, token: Token, lang: Wanted = None) -> HTMLResponse:
    """Keep what a friend says, and show what follows from it."""
    said = (await fields_of(request, _MOST, _FIELDS)).get("answer")
    return await _page(request, token, lang, said)


async def _page(request: Request, token: str, wanted: str | None, said: str | None) -> HTMLResponse:
    desk, parts = _desk(request), parts_of(request)
    language = choose(wanted, request.headers.get("accept-language"))
    request.state.headers["Content-Language"] = language
    invited = desk.links.read(token)
    asking = None if invited is None else await desk.asking(invited)
    if invited is None or asking is None:
        count_visit(request)
        return HTMLResponse(broken_page(language), status_code=404, headers=_HEADERS)
    answer: Answer | None = "agreed" if said == "agreed" else "refused" if said == "refused" else None
    if answer is not None:
        await desk.answer(invited, answer, parts.clock.now())
        asking = asking._replace(answer=answer)
    running = (await parts.programmes.of(invited.tenant_id)).by_key().get((invited.tenant_id, invited.programme_id))
    name = "" if running is None else running.name or running.programme
    code = await _code(request, desk, invited, asking, running)
    return HTMLResponse(asking_page(Shown(token, name, language), asking.answer, code), headers=_HEADERS)


async def _code(
    request: Request, desk: InvitationDesk, invited: Invited, asking: Asking, running: RunningProgramme | None
) -> str | None:
    """The code of whoever invited, for a friend who agreed."""
    if asking.answer != "agreed" or running is None or asking.member_id is None:
        return None
    parts = parts_of(request)
    async with parts.store.reading(invited.tenant_id) as reading:
        member = await one_member(reading, asking.member_id, running.programme)
    return shown_code((await desk.codes.code_of(invited.tenant_id, member, parts.clock.now())).code)


async def _member(caller: Caller, member_id: MemberId, programme: str | None) -> tuple[Member, RunningProgramme]:
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
    running = (await caller.parts.programmes.of(caller.tenant_id)).by_key().get((caller.tenant_id, member.programme_id))
    if running is None:
        raise ProblemError("invitations-off")
    return member, running


def _desk(request: Request) -> InvitationDesk:
    desk: InvitationDesk = request.app.state.invitations
    return desk
