"""The operations on webhooks: endpoints, what they were told, and what is told again."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from libs.webhooks.endpoints import MessageState
from services.gateway.door.access import WebhooksReader, WebhooksWriter
from services.gateway.door.cursors import Place
from services.gateway.door.openapi import refusals
from services.gateway.door.paging import link_next, read_place
from services.gateway.door.parameters import CursorText, Limit
from services.gateway.door.problems import ProblemError
from services.gateway.rules.bodies import body_of, read_body
from services.gateway.rules.desk import who
from services.gateway.webhooks.bodies import ChangedEndpoint, NewEndpoint, Replaying
from services.gateway.webhooks.desk import desk_of_webhooks
from services.gateway.webhooks.views import (
    ReplayedView,
    SecretView,
    ToldWebhookView,
    WebhookMessagesPage,
    WebhookMessageView,
    WebhooksView,
    WebhookView,
    endpoint_fields,
    message_fields,
    told_view,
)

router = APIRouter(prefix="/v1", tags=["webhooks"])
_BODY = ("body-not-json", "body-too-slow", "body-too-large", "media-type-unsupported", "request-invalid")
EndpointId = Annotated[UUID, Path(description="The endpoint's id.", examples=["0192f0c4-3b00-7a5e-8c11-2f6f1d9c7a11"])]
MessageId = Annotated[UUID, Path(description="The message's id.", examples=["5d3f5b0e-8c1f-5b41-9a55-1c6a4a2f7d10"])]
StateFilter = Annotated[MessageState | None, Query(description="Only those in this state.")]


@router.post(
    "/webhooks",
    operation_id="createWebhook",
    summary="Make an endpoint",
    status_code=201,
    response_model=SecretView,
    responses=refusals(*_BODY, "webhook-refused", "webhooks-full"),
    openapi_extra=body_of(NewEndpoint),
)
async def create_webhook(request: Request, response: Response, caller: WebhooksWriter) -> SecretView:
    """Have events told to a URL of yours, signed by Standard Webhooks. The secret is told here, and never again.

    What is published from then on is told, once an event. Whatever does not answer 2xx within 20 seconds is tried
    again: after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h; 410 ends it.
    """
    wanted = await read_body(request, NewEndpoint)
    endpoint, secret = await desk_of_webhooks(request).add(caller.tenant_id, wanted, who(caller))
    response.headers["Location"] = f"/v1/webhooks/{endpoint.endpoint_id}"
    return SecretView(**endpoint_fields(endpoint), secret=secret)


@router.get("/webhooks", operation_id="listWebhooks", summary="The endpoints", responses=refusals("request-invalid"))
async def list_webhooks(request: Request, caller: WebhooksReader) -> WebhooksView:
    """List the endpoints of your company, newest first, and how many messages wait for each."""
    async with desk_of_webhooks(request).opened(caller.tenant_id) as webhooks:
        found = await webhooks.endpoints()
    return WebhooksView(data=tuple(WebhookView(**endpoint_fields(each)) for each in found))


@router.get(
    "/webhooks/{endpoint_id}",
    operation_id="getWebhook",
    summary="An endpoint",
    responses=refusals("webhook-unknown", "request-invalid"),
)
async def get_webhook(request: Request, caller: WebhooksReader, endpoint_id: EndpointId) -> WebhookView:
    """Tell how an endpoint stands."""
    async with desk_of_webhooks(request).opened(caller.tenant_id) as webhooks:
        found = await webhooks.endpoint(endpoint_id)
    if found is None:
        raise ProblemError("webhook-unknown")
    return WebhookView(**endpoint_fields(found))


@router.patch(
    "/webhooks/{endpoint_id}",
    operation_id="changeWebhook",
    summary="Change an endpoint",
    response_model=WebhookView,
    responses=refusals(*_BODY, "webhook-unknown", "webhook-refused"),
    openapi_extra=body_of(ChangedEndpoint),
)
async def change_webhook(request: Request, caller: WebhooksWriter, endpoint_id: EndpointId) -> WebhookView:
    """Send an endpoint's messages elsewhere, or other events to it. What waits goes to the new place too."""
    wanted = await read_body(request, ChangedEndpoint)
    return WebhookView(**endpoint_fields(await desk_of_webhooks(request).change(caller.tenant_id, endpoint_id, wanted)))


@router.delete(
    "/webhooks/{endpoint_id}",
    operation_id="removeWebhook",
    summary="Remove an endpoint",
    status_code=204,
    responses=refusals("webhook-unknown", "request-invalid"),
)
async def remove_webhook(request: Request, caller: WebhooksWriter, endpoint_id: EndpointId) -> None:
    """Forget an endpoint, with all that it was told and what waits for it."""
    await desk_of_webhooks(request).remove(caller.tenant_id, endpoint_id)


@router.post(
    "/webhooks/{endpoint_id}:enable",
    operation_id="enableWebhook",
    summary="Turn an endpoint on",
    responses=refusals("webhook-unknown", "request-invalid"),
)
async def enable_webhook(request: Request, caller: WebhooksWriter, endpoint_id: EndpointId) -> WebhookView:
    """Tell an endpoint of events again; what waited for it goes out now."""
    return WebhookView(**endpoint_fields(await desk_of_webhooks(request).turn(caller.tenant_id, endpoint_id, "on")))


@router.post(
    "/webhooks/{endpoint_id}:disable",
    operation_id="disableWebhook",
    summary="Turn an endpoint off",
    responses=refusals("webhook-unknown", "request-invalid"),
)
async def disable_webhook(request: Request, caller: WebhooksWriter, endpoint_id: EndpointId) -> WebhookView:
    """Tell an endpoint nothing; what waits for it waits on, and what happens meanwhile it does not hear of."""
    return WebhookView(**endpoint_fields(await desk_of_webhooks(request).turn(caller.tenant_id, endpoint_id, "off")))


@router.post(
    "/webhooks/{endpoint_id}:rotate",
    operation_id="rotateWebhookSecret",
    summary="Give an endpoint another secret",
    responses=refusals("webhook-unknown", "request-invalid"),
)
async def rotate_webhook_secret(request: Request, caller: WebhooksWriter, endpoint_id: EndpointId) -> SecretView:
    """Make a new secret. For 24 hours what is sent is signed with the old one too, so that you can change over."""
    endpoint, secret = await desk_of_webhooks(request).rotate(caller.tenant_id, endpoint_id)
    return SecretView(**endpoint_fields(endpoint), secret=secret)


@router.post(
    "/webhooks/{endpoint_id}:test",
    operation_id="testWebhook",
    summary="Send a trial message",
    status_code=202,
    responses=refusals("webhook-unknown", "request-invalid"),
)
async def test_webhook(request: Request, caller: WebhooksWriter, endpoint_id: EndpointId) -> WebhookMessageView:
    """Send a message of the type `webhook.test`, whatever the endpoint wants to hear of."""
    kept = await desk_of_webhooks(request).try_out(caller.tenant_id, endpoint_id)
    return WebhookMessageView(**message_fields(kept))


@router.post(
    "/webhooks/{endpoint_id}:replay",
    operation_id="replayWebhook",
    summary="Send a span of messages again",
    status_code=202,
    response_model=ReplayedView,
    responses=refusals(*_BODY, "webhook-unknown"),
    openapi_extra=body_of(Replaying),
)
async def replay_webhook(request: Request, caller: WebhooksWriter, endpoint_id: EndpointId) -> ReplayedView:
    """Send again, under the same ids, what happened in a span of time and was told, or failed."""
    wanted = await read_body(request, Replaying)
    count, more = await desk_of_webhooks(request).replay(caller.tenant_id, endpoint_id, wanted)
    return ReplayedView(messages=count, more=more)


@router.get(
    "/webhooks/{endpoint_id}/messages",
    operation_id="listWebhookMessages",
    summary="What an endpoint was told",
    responses=refusals("webhook-unknown", "cursor-invalid", "request-invalid"),
)
async def list_webhook_messages(
    request: Request,
    response: Response,
    caller: WebhooksReader,
    endpoint_id: EndpointId,
    state: StateFilter = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> WebhookMessagesPage:
    """List the messages for an endpoint, newest first. What came to an end is kept for 30 days."""
    listing = f"webhook {caller.tenant_id} {endpoint_id} {state or ''}"
    place = read_place(caller.parts.cursors, cursor, listing)
    after = (place.recorded_at, place.receipt) if place and place.recorded_at and place.receipt else None
    async with desk_of_webhooks(request).opened(caller.tenant_id) as webhooks:
        if await webhooks.endpoint(endpoint_id) is None:
            raise ProblemError("webhook-unknown")
        found = await webhooks.messages(endpoint_id, state, after, limit + 1)
    more, found = len(found) > limit, found[:limit]
    last = Place(0, found[-1].queued_at, found[-1].message_id) if more else None
    following = None if last is None else caller.parts.cursors.write(last, listing)
    link_next(request, response, following)
    data = tuple(WebhookMessageView(**message_fields(each)) for each in found)
    return WebhookMessagesPage(data=data, next_cursor=following, has_more=more)


@router.get(
    "/webhooks/{endpoint_id}/messages/{message_id}",
    operation_id="getWebhookMessage",
    summary="A message and its attempts",
    responses=refusals("webhook-unknown", "request-invalid"),
)
async def get_webhook_message(
    request: Request, caller: WebhooksReader, endpoint_id: EndpointId, message_id: MessageId
) -> ToldWebhookView:
    """Tell what a message says, and what became of each attempt, with the beginning of the answer."""
    return told_view(*await desk_of_webhooks(request).told(caller.tenant_id, endpoint_id, message_id))


@router.post(
    "/webhooks/{endpoint_id}/messages/{message_id}:resend",
    operation_id="resendWebhookMessage",
    summary="Send a message again",
    status_code=202,
    responses=refusals("webhook-unknown", "request-invalid"),
)
async def resend_webhook_message(
    request: Request, caller: WebhooksWriter, endpoint_id: EndpointId, message_id: MessageId
) -> WebhookMessageView:
    """Send a message at once, under the same id, and by the table from its beginning if that fails."""
    kept = await desk_of_webhooks(request).resend(caller.tenant_id, endpoint_id, message_id)
    return WebhookMessageView(**message_fields(kept))
