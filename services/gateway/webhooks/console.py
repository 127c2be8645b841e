"""Webhooks in the console: endpoints, what each was told, every attempt, and buttons to send again."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.gateway.door.parameters import Language
from services.gateway.door.problems import ProblemError
from services.gateway.live.routes import NO_STORE, remember
from services.gateway.site.console_door import Visitor, let_in
from services.gateway.webhooks import pages
from services.gateway.webhooks.desk import desk_of_webhooks
from services.gateway.webhooks.pages import HERE

router = APIRouter(include_in_schema=False)
READ, WRITE = "webhooks:read", "webhooks:write"
_SHOWN = 100


@router.get(HERE)
async def webhook_endpoints(request: Request, language: Language) -> Response:
    """List the endpoints."""
    visitor = await let_in(request, HERE, language, READ)
    if isinstance(visitor, Response):
        return visitor
    desk = desk_of_webhooks(request)
    async with desk.opened(visitor.key.tenant_id) as webhooks:
        found = await webhooks.endpoints()
    shown = pages.endpoints_page(found, desk.wall.now(), language, may_change=visitor.key.allows(WRITE))
    return _shown(request, visitor, shown)


@router.get(HERE + "/{endpoint_id}")
async def endpoint(request: Request, language: Language, endpoint_id: UUID) -> Response:
    """List the newest messages of an endpoint."""
    visitor = await let_in(request, HERE, language, READ)
    if isinstance(visitor, Response):
        return visitor
    desk = desk_of_webhooks(request)
    async with desk.opened(visitor.key.tenant_id) as webhooks:
        found = await webhooks.endpoint(endpoint_id)
        messages = await webhooks.messages(endpoint_id, None, None, _SHOWN)
    if found is None:
        return _told("unknown", language, 404)
    shown = pages.endpoint_page(found, messages, desk.wall.now(), language, may_change=visitor.key.allows(WRITE))
    return _shown(request, visitor, shown)


@router.get(HERE + "/{endpoint_id}/{message_id}")
async def message(request: Request, language: Language, endpoint_id: UUID, message_id: UUID) -> Response:
    """Show a message and its attempts."""
    visitor = await let_in(request, HERE, language, READ)
    if isinstance(visitor, Response):
        return visitor
    async with desk_of_webhooks(request).opened(visitor.key.tenant_id) as webhooks:
        found = await webhooks.endpoint(endpoint_id)
        kept = await webhooks.message(endpoint_id, message_id)
        attempts = await webhooks.attempts(endpoint_id, message_id)
    if found is None or kept is None:
        return _told("unknown", language, 404)
    return _shown(request, visitor, pages.message_page(found, kept, attempts, language))


@router.post(HERE + "/{endpoint_id}/{action}")
async def act_on_endpoint(
    request: Request, language: Language, endpoint_id: UUID, action: Literal["test", "enable", "disable"]
) -> Response:
    """Do to an endpoint what a button says."""
    visitor = await let_in(request, HERE, language, WRITE)
    if isinstance(visitor, Response):
        return visitor
    desk, tenant_id = desk_of_webhooks(request), visitor.key.tenant_id
    try:
        if action == "test":
            await desk.try_out(tenant_id, endpoint_id)
        else:
            await desk.turn(tenant_id, endpoint_id, "on" if action == "enable" else "off")
    except ProblemError as refused:
        return _told("unknown", language, refused.kind.status)
    place = f"{HERE}/{endpoint_id}" if action == "test" else HERE
    return _back(request, visitor, place, language)


@router.post(HERE + "/{endpoint_id}/{message_id}/resend")
async def resend(request: Request, language: Language, endpoint_id: UUID, message_id: UUID) -> Response:
    """Send a message again."""
    visitor = await let_in(request, HERE, language, WRITE)
    if isinstance(visitor, Response):
        return visitor
    try:
        await desk_of_webhooks(request).resend(visitor.key.tenant_id, endpoint_id, message_id)
    except ProblemError as refused:
        return _told("unknown", language, refused.kind.status)
    return _back(request, visitor, f"{HERE}/{endpoint_id}", language)


def _shown(request: Request, visitor: Visitor, page: str) -> Response:
    return remember(request, HTMLResponse(page, headers=NO_STORE), visitor.session)


def _back(request: Request, visitor: Visitor, place: str, language: str) -> Response:
    led = RedirectResponse(f"{place}?lang={language}", status_code=303, headers=NO_STORE)
    return remember(request, led, visitor.session)


def _told(key: str, language: str, status: int) -> Response:
    return HTMLResponse(pages.told_page(key, language), status, NO_STORE)
