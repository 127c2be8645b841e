"""The operations on messages to many: write one, see what it comes to, send it, steer it, look at what became of it."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from libs.mass import postgres as masses
from libs.runtime.keys import event_id
from services.gateway.door.access import RulesPublisher, RulesReader
from services.gateway.door.middleware import operation_of
from services.gateway.door.openapi import refusals
from services.gateway.door.paging import link_next, read_before, write_before
from services.gateway.door.parameters import CursorText, Limit, ProgrammeSlug
from services.gateway.intake.bodies import fingerprint
from services.gateway.intake.description import KEY
from services.gateway.intake.idempotency import key_text
from services.gateway.mass.bodies import NewMass
from services.gateway.mass.desk import Whole, desk_of_mass
from services.gateway.mass.views import MassPage, MassView, mass_line, mass_view
from services.gateway.quotes.api import one_programme
from services.gateway.rules.bodies import body_of, read_body

router = APIRouter(prefix="/v1", tags=["mass messages"])
_BODY = ("body-not-json", "body-too-slow", "body-too-large", "media-type-unsupported", "request-invalid")
_KEYED = (*_BODY, "programme-needed", "idempotency-key-missing", "idempotency-key-invalid", "idempotency-key-reused")
_ONE = ("mass-message-unknown", "request-invalid")
MassId = Annotated[UUID, Path(description="The message's id.", examples=["6f0c1d52-3b7a-5e41-8c2d-9a4b1e7f3c05"])]


@router.post(
    "/mass-messages",
    operation_id="planMassMessage",
    summary="Write to many members: count whom it would reach",
    status_code=202,
    response_model=MassView,
    responses=refusals(*_KEYED),
    openapi_extra=body_of(NewMass, KEY),
)
async def plan_mass_message(
    request: Request, response: Response, caller: RulesPublisher, programme: ProgrammeSlug = None
) -> MassView:
    """Store a message to a segment, a list, named members or everyone, and have it counted. Nothing is sent.

    Each member is decided as at the moment of sending: over which channel it would go, or why not. When it is
    `counted`, `POST /v1/mass-messages/{mass_message_id}:send` sends it.
    """
    body = await read_body(request, NewMass)
    running = one_programme(await caller.parts.programmes.of(caller.tenant_id), programme, "/query/programme")
    cause = f"{caller.key.key_id}\x1f{operation_of(request.scope)}"
    name = UUID(event_id(str(caller.tenant_id), cause, "mass", key_text(request), 0))
    digest = fingerprint(request, body.model_dump(mode="json"))
    whole = await desk_of_mass(request).make(caller, running, (name, digest), body.wanted(), body.members)
    response.headers["Location"] = f"/v1/mass-messages/{name}"
    return _view(whole)


@router.get(
    "/mass-messages",
    operation_id="listMassMessages",
    summary="Messages to many",
    responses=refusals("cursor-invalid", "request-invalid"),
)
async def list_mass_messages(
    request: Request, response: Response, caller: RulesReader, limit: Limit = 50, cursor: CursorText = None
) -> MassPage:
    """List messages to many, the newest first."""
    listing = f"mass {caller.tenant_id}"
    before = read_before(caller.parts.cursors, cursor, listing)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        found = await masses.load(reading.connection, caller.tenant_id, before=before, most=limit + 1)
    more, found = len(found) > limit, found[:limit]
    following = None
    if more:
        following = write_before(caller.parts.cursors, (found[-1].made_at, found[-1].mass_id), listing)
    link_next(request, response, following)
    return MassPage(data=tuple(map(mass_line, found)), next_cursor=following, has_more=more)


@router.get(
    "/mass-messages/{mass_message_id}",
    operation_id="getMassMessage",
    summary="How a message to many stands, what it comes to, and what became of it",
    responses=refusals(*_ONE),
)
async def get_mass_message(request: Request, caller: RulesReader, mass_message_id: MassId) -> MassView:
    """Tell the count, member by member once, how far it is, and what was sent, opened, clicked and held back."""
    return _view(await desk_of_mass(request).one(caller.tenant_id, mass_message_id))


@router.post(
    "/mass-messages/{mass_message_id}:{action}",
    operation_id="steerMassMessage",
    summary="Send a message to many, agree to it, pause, resume or call it off",
    responses=refusals(*_ONE, "mass-message-elsewhere", "programme-needed", "second-person-needed"),
)
async def steer_mass_message(
    request: Request,
    caller: RulesPublisher,
    mass_message_id: MassId,
    action: Annotated[
        Literal["send", "approve", "refuse", "pause", "resume", "cancel", "count"],
        Path(description="What is to happen; `count` counts again.", examples=["send"]),
    ],
) -> MassView:
    """Do something with a message; the same again changes nothing, so that no key is needed.

    To more members than the programme lets one person write to (`messages.approval_above`), it waits until somebody
    else than who sent it agrees. What is paused or called off stops within seconds.
    """
    return _view(await desk_of_mass(request).steer(caller, mass_message_id, action))


def _view(whole: Whole) -> MassView:
    return mass_view(whole.seen, whole.counts, whole.became)
