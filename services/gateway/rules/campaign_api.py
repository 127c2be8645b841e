"""The operations on single campaigns: each change is a new version of the whole programme."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response

from libs.programmes.budgets import budgets, shared_limits
from libs.programmes.versions import StoredVersion
from libs.promotions.campaigns import Campaign
from libs.promotions.switches import stops
from libs.promotions.turns import runs
from services.gateway.door.access import Caller, RulesPublisher, RulesReader
from services.gateway.door.cursors import Place
from services.gateway.door.openapi import refusals
from services.gateway.door.paging import link_next, read_place
from services.gateway.door.parameters import CursorText, Limit, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.rules.bodies import ChangedCampaign, NewCampaign, Timed, Turning, body_of, merged, read_body
from services.gateway.rules.budgets import BudgetView, budget_views
from services.gateway.rules.changing import (
    SOON,
    Campaigns,
    adding,
    drafting,
    etag_of,
    known_campaign,
    says,
    written,
)
from services.gateway.rules.desk import IF_MATCH, PUBLISHING, MakeDraft, desk_of, seen_by
from services.gateway.rules.views import CampaignsPage, CampaignView, PublishedView

router = APIRouter(prefix="/v1")
CampaignId = Annotated[
    str,
    Path(description="The campaign's id in its programme.", pattern="^[a-z0-9][a-z0-9_-]{0,63}$", examples=["spring"]),
]
_OF_ONE = ("programme-unknown", "campaign-unknown", "programme-needed", "request-invalid")


@router.get(
    "/campaigns",
    operation_id="listCampaigns",
    summary="Campaigns, by id",
    tags=["rules"],
    responses=refusals("cursor-invalid", "programme-unknown", "programme-needed", "request-invalid"),
)
async def list_campaigns(
    request: Request,
    response: Response,
    caller: RulesReader,
    limit: Limit = 50,
    cursor: CursorText = None,
    programme: ProgrammeSlug = None,
) -> CampaignsPage:
    """List the campaigns of the version in force, or of one that was published a moment ago; whether they run, too."""
    listing = f"campaigns {caller.tenant_id} {programme or ''}"
    place = read_place(caller.parts.cursors, cursor, listing)
    found = [
        each
        for each in sorted(await _campaigns(request, caller, programme), key=lambda each: str(each.campaign["id"]))
        if place is None or each.campaign["id"] > str(place.text)
    ]
    more, found = len(found) > limit, found[:limit]
    following = caller.parts.cursors.write(Place(0, text=found[-1].campaign["id"]), listing) if more else None
    link_next(request, response, following)
    return CampaignsPage(data=tuple(found), next_cursor=following, has_more=more)


@router.get(
    "/campaigns/{campaign}",
    operation_id="getCampaign",
    summary="One campaign",
    tags=["rules"],
    responses=refusals(*_OF_ONE),
)
async def get_campaign(
    request: Request, response: Response, caller: RulesReader, campaign: CampaignId, programme: ProgrammeSlug = None
) -> CampaignView:
    """Tell a campaign, with its `ETag`, and whether it runs."""
    for found in await _campaigns(request, caller, programme):
        if found.campaign["id"] == campaign:
            response.headers["ETag"] = etag_of(found.campaign)
            return found
    raise ProblemError("campaign-unknown")


@router.post(
    "/campaigns",
    operation_id="createCampaign",
    summary="Add a campaign",
    tags=["rules"],
    status_code=201,
    response_model=PublishedView,
    responses=refusals(*PUBLISHING, "campaign-exists", "version-unknown"),
    openapi_extra=body_of(NewCampaign),
)
async def create_campaign(
    request: Request, response: Response, caller: RulesPublisher, programme: ProgrammeSlug = None
) -> PublishedView:
    """Publish a version with one campaign more. The same campaign again changes nothing, so a repeat is safe."""
    body = await read_body(request, NewCampaign)
    make = drafting(body, adding(body.campaign))
    told = await _publish(request, caller, programme, body, make, place="campaign")
    response.headers["Location"] = f"/v1/campaigns/{body.campaign['id']}"
    return told


@router.patch(
    "/campaigns/{campaign}",
    operation_id="changeCampaign",
    summary="Change a campaign's rules",
    tags=["rules"],
    response_model=PublishedView,
    responses=refusals(
        *PUBLISHING, "campaign-unknown", "version-unknown", "precondition-failed", "precondition-missing"
    ),
    openapi_extra=body_of(ChangedCampaign, IF_MATCH),
)
async def change_campaign(
    request: Request, caller: RulesPublisher, campaign: CampaignId, programme: ProgrammeSlug = None
) -> PublishedView:
    """Publish a version in which a campaign has other rules: conditions, audience, time, effect, limits, state."""
    seen = seen_by(request)
    body = await read_body(request, ChangedCampaign)

    def changed(campaigns: Campaigns) -> None:
        known = known_campaign(campaigns, campaign)
        after = merged(known, body.changes)
        if after.get("id") != campaign:
            raise ProblemError("request-invalid", "A campaign keeps its id.")
        if seen not in ("*", etag_of(known)) and not says(known, after):
            raise ProblemError("precondition-failed", f"The campaign's ETag is {etag_of(known)}.")
        campaigns[campaign] = after

    return await _publish(request, caller, programme, body, drafting(body, changed), place="changes")


@router.post(
    "/campaigns/{campaign}:start",
    operation_id="startCampaign",
    summary="Let a campaign run",
    tags=["rules"],
    response_model=PublishedView,
    responses=refusals(*PUBLISHING, "campaign-unknown", "version-unknown"),
    openapi_extra=body_of(Turning, required=False),
)
async def start_campaign(
    request: Request, caller: RulesPublisher, campaign: CampaignId, programme: ProgrammeSlug = None
) -> PublishedView:
    """Publish a version in which the campaign is live: it pays from then on, within its frame."""
    return await _turn(request, caller, campaign, programme, "live")


@router.post(
    "/campaigns/{campaign}:pause",
    operation_id="pauseCampaign",
    summary="Let a campaign rest",
    tags=["rules"],
    response_model=PublishedView,
    responses=refusals(*PUBLISHING, "campaign-unknown", "version-unknown"),
    openapi_extra=body_of(Turning, required=False),
)
async def pause_campaign(
    request: Request, caller: RulesPublisher, campaign: CampaignId, programme: ProgrammeSlug = None
) -> PublishedView:
    """Publish a version in which the campaign is paused. To stop it within seconds, turn its kill switch off."""
    return await _turn(request, caller, campaign, programme, "paused")


@router.post(
    "/campaigns/{campaign}:end",
    operation_id="endCampaign",
    summary="End a campaign",
    tags=["rules"],
    response_model=PublishedView,
    responses=refusals(*PUBLISHING, "campaign-unknown", "version-unknown"),
    openapi_extra=body_of(Turning, required=False),
)
async def end_campaign(
    request: Request, caller: RulesPublisher, campaign: CampaignId, programme: ProgrammeSlug = None
) -> PublishedView:
    """Publish a version in which the campaign has ended. It stays in the document, and is explained by it."""
    return await _turn(request, caller, campaign, programme, "ended")


async def _turn(
    request: Request,
    caller: Caller,
    campaign: str,
    programme: str | None,
    state: Literal["live", "paused", "ended"],
) -> PublishedView:
    body = await read_body(request, Turning, optional=True)

    def turned(campaigns: Campaigns) -> None:
        campaigns[campaign] = {**known_campaign(campaigns, campaign), "state": state}

    return await _publish(request, caller, programme, body, drafting(body, turned), place="")


async def _publish(
    request: Request, caller: Caller, programme: str | None, body: Timed, make: MakeDraft, *, place: str
) -> PublishedView:
    return await desk_of(request).publish(caller, programme, body, make, None, place=place)


async def _campaigns(request: Request, caller: Caller, programme: str | None) -> list[CampaignView]:
    desk = desk_of(request)
    now = desk.clock.now()
    async with desk.store.opened(caller.tenant_id, programme) as opened:
        versions = await opened.versions(now)
        off = [switch.name for switch in await opened.switches()]
        slug = opened.slug
        version = versions.in_force(now + SOON)
        document = versions.programme(version)
        if version is None or document is None:
            return []
        limits = [list(shared_limits(document, campaign, now)) for campaign in document.campaigns]
        used = await opened.used([key for each in limits for key, _ in each])
    documents = written(document)["campaigns"]
    triples = zip(document.campaigns, documents, limits, strict=True)
    return [
        _view(slug, version, campaign, each, now, off, budget_views(budgets(own, used)))
        for campaign, each, own in triples
    ]


def _view(
    slug: str,
    version: StoredVersion,
    campaign: Campaign,
    written: dict[str, Any],
    now: datetime,
    off: list[str],
    budgets: tuple[BudgetView, ...],
) -> CampaignView:
    return CampaignView(
        programme=slug,
        version=version.number,
        active_from=version.active_from,
        runs=runs(campaign, max(now, version.active_from)),
        switched_off=any(stops(switch, campaign) for switch in off),
        budgets=budgets,
        campaign=written,
    )
