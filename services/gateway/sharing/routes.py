"""The operations by which members share something, and the page that friends see behind the link."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import asyncpg
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse

from libs.language.choice import choose
from services.gateway.catalogue.pages import PICTURES
from services.gateway.designs.looks import dress_of
from services.gateway.door.access import PointsReader, PointsSpender, RewardsReader, parts_of, site_of
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import Language, MemberId, ProgrammeSlug
from services.gateway.door.visitors import count_visit
from services.gateway.members.lookup import one_member
from services.gateway.rules.bodies import body_of, read_body
from services.gateway.rules.desk import desk_of
from services.gateway.sharing import store
from services.gateway.sharing.desk import SharingDesk
from services.gateway.sharing.links import PLACE
from services.gateway.sharing.making import Wish, desk_of_shares, path_of, share
from services.gateway.sharing.medal import medal
from services.gateway.sharing.pages import MEDAL, gone_page, shared_page
from services.gateway.sharing.views import ShareBody, ShareCountsView, SharesView, ShareView, counts_view, share_view

router = APIRouter()
_BODY = ("body-not-json", "body-too-large", "body-too-slow", "media-type-unsupported", "request-invalid")
_OF_MEMBER = ("member-unknown", "programme-needed")
_MOST = 100
_NO_STORE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex", "Vary": "Accept-Language"}
_PREVIEWS = ("bot", "crawl", "spider", "preview", "facebookexternalhit", "whatsapp", "slack", "discord", "embedly")
"""What messengers call themselves that fetch a page to show what it is about: nobody has looked at it then."""


def made_desk(pool: asyncpg.Pool, seal_key: bytes, lives: timedelta) -> SharingDesk:
    """What the ways here are served with; a link lives so long."""
    return SharingDesk.from_seal_key(pool, seal_key, lives)


@router.post(
    "/v1/members/{member_id}/shares",
    operation_id="shareSomething",
    summary="Show something to friends",
    tags=["members"],
    status_code=201,
    responses=refusals(*_BODY, *_OF_MEMBER, "reward-unknown", "nothing-to-share", "publishing-away"),
    openapi_extra=body_of(ShareBody),
)
async def share_something(
    request: Request, caller: PointsSpender, language: Language, member_id: MemberId, programme: ProgrammeSlug = None
) -> ShareView:
    """Make a link to a reward, a badge or a place in a ranking, with a title, a text and a picture for messengers.

    The same again is the same link, which lives anew. A reward is one that anybody may see. The activity `shared` is
    told once for it, so that campaigns may thank for it.
    """
    body = await read_body(request, ShareBody)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
    made = await share(
        request, member, caller.tenant_id, Wish(body.what, body.reference, body.ranking, body.key)
    )  # fmt: skip
    path = path_of(request, caller.tenant_id, member.programme_id, made.share_id)
    return share_view(made, path, language, desk_of_shares(request).lives)


@router.get(
    "/v1/members/{member_id}/shares",
    operation_id="listMemberShares",
    summary="What a member shows to friends",
    tags=["members"],
    responses=refusals(*_OF_MEMBER, "request-invalid"),
)
async def list_member_shares(
    request: Request, caller: PointsReader, language: Language, member_id: MemberId, programme: ProgrammeSlug = None
) -> SharesView:
    """List what a member shared, the newest first, and how many people came by each link."""
    lives = desk_of_shares(request).lives
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
        name = (caller.tenant_id, member.programme_id, member_id)
        found = await store.load_of_member(reading.connection, name)
    return SharesView(
        data=tuple(share_view(each, path_of(request, *name[:2], each.share_id), language, lives) for each in found)
    )


@router.get(
    "/v1/shares",
    operation_id="listShares",
    summary="What is shared most often",
    tags=["members"],
    responses=refusals("programme-unknown", "programme-needed", "request-invalid"),
)
async def list_shares(request: Request, caller: RewardsReader, programme: ProgrammeSlug = None) -> ShareCountsView:
    """Tell what members share most often, and how many people came by their links."""
    async with desk_of(request).store.opened(caller.tenant_id, programme) as opened:
        return counts_view(await store.load_counts(opened.connection, opened.where.key, _MOST))


@router.get(MEDAL, include_in_schema=False)
async def medal_picture() -> Response:
    """Give the picture of what has none of its own."""
    return Response(medal(), media_type="image/png", headers={"Cache-Control": "public, max-age=86400"})


@router.get(f"{PLACE}/{{token}}", include_in_schema=False)
async def show_shared(
    request: Request,
    token: Annotated[str, Path(max_length=128)],
    lang: Annotated[str | None, Query(max_length=35)] = None,
) -> HTMLResponse:
    """Show what somebody shared, and count who came by it."""
    parts = parts_of(request)
    count_visit(request)
    language = choose(lang, request.headers.get("accept-language"))
    request.state.headers["Content-Language"] = language
    desk = desk_of_shares(request)
    to, agent = desk.links.read(token), request.headers.get("user-agent", "").lower()
    counts = not any(name in agent for name in _PREVIEWS)
    found = None if to is None else await desk.visit(to, parts.clock.now(), counts=counts)
    if to is None or found is None:
        return HTMLResponse(gone_page(language), 404, _NO_STORE)
    running = (await parts.programmes.of(to.tenant_id)).by_key()[to.tenant_id, to.programme_id]
    version = running.at(parts.clock.now())
    public = version is not None and version.compiled.source.public
    base = site_of(request)
    request.state.headers["Content-Security-Policy"] = PICTURES
    worn = await dress_of(request, running.key, language)
    body = shared_page(found, running, f"{base}{PLACE}/{token}", base, language, worn, public=public)
    return HTMLResponse(body, headers=_NO_STORE)
