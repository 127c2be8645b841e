"""What is answered about webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import orjson
from pydantic import ConfigDict, Field, JsonValue

from libs.webhooks.endpoints import Attempt, Endpoint, Kept, MessageState, State
from libs.webhooks.payload import Style, message_name
from services.gateway.views import Page, View

_ID = "0192f0c4-3b00-7a5e-8c11-2f6f1d9c7a11"
_MESSAGE = "5d3f5b0e-8c1f-5b41-9a55-1c6a4a2f7d10"
_ENDPOINT: dict[str, JsonValue] = {
    "id": _ID,
    "url": "https://shop.example.com/hooks/points",
    "event_types": ["points.credited"],
    "style": "thin",
    "description": "The shop's account page",
    "state": "on",
    "state_at": "2024-03-02T10:00:00Z",
    "paused_until": None,
    "old_secret_until": None,
    "created_at": "2024-03-02T10:00:00Z",
    "created_by": "shop (0123456789abcdef)",
    "waiting": 0,
}
_SHOWN_ONCE = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
_KEPT: dict[str, JsonValue] = {
    "id": _MESSAGE,
    "webhook_id": "msg_5d3f5b0e8c1f5b419a551c6a4a2f7d10",
    "event_type": "points.credited",
    "occurred_at": "2024-03-02T10:00:00Z",
    "queued_at": "2024-03-02T10:00:01Z",
    "state": "delivered",
    "next_attempt_at": None,
    "attempts": 1,
    "ended_at": "2024-03-02T10:00:01Z",
}
_ATTEMPT: dict[str, JsonValue] = {
    "number": 1,
    "at": "2024-03-02T10:00:01Z",
    "took_ms": 41,
    "outcome": "delivered",
    "status": 200,
    "why": "",
    "answer": "ok",
}


class WebhookView(View):
    """An endpoint as it stands. Its secret is told once, when it is made."""

    model_config = ConfigDict(json_schema_extra={"example": dict(_ENDPOINT)})

    id: UUID
    url: str = Field(description="Where to.")
    event_types: tuple[str, ...] = Field(description="What it wants to hear of.")
    style: Style = Field(description="How much it is told.")
    description: str
    state: State = Field(description="`on`; `off`: told nothing; `gone`: it answered 410, and is told nothing.")
    state_at: datetime = Field(description="Since when.")
    paused_until: datetime | None = Field(description="It has too much to do, and is left in peace until then.")
    old_secret_until: datetime | None = Field(description="Until when the secret of before signs too.")
    created_at: datetime
    created_by: str = Field(description="The API key that made it, or who did on the command line.")
    waiting: int = Field(description="Messages that wait for it; no more than 1,000 are counted.")


class SecretView(WebhookView):
    """An endpoint with its secret, which nobody is told again."""

    model_config = ConfigDict(json_schema_extra={"example": {**_ENDPOINT, "secret": _SHOWN_ONCE}})

    secret: str = Field(description="What your side verifies signatures with.")


class WebhooksView(View):
    """The endpoints of a company, newest first."""

    model_config = ConfigDict(json_schema_extra={"example": {"data": [dict(_ENDPOINT)]}})

    data: tuple[WebhookView, ...]


class WebhookMessageView(View):
    """A message for an endpoint."""

    model_config = ConfigDict(json_schema_extra={"example": dict(_KEPT)})

    id: UUID
    webhook_id: str = Field(description="What the receiver sees in `webhook-id`, the same at every attempt.")
    event_type: str
    occurred_at: datetime = Field(description="When what it tells of happened.")
    queued_at: datetime = Field(description="When it was first due.")
    state: MessageState = Field(description="`failed`: all attempts of the table were made; it can be sent again.")
    next_attempt_at: datetime | None = Field(description="When it is tried next, while it waits.")
    attempts: int = Field(description="How many were made.")
    ended_at: datetime | None


class WebhookMessagesPage(Page[WebhookMessageView]):
    """Messages for an endpoint, newest first."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"data": [dict(_KEPT)], "next_cursor": None, "has_more": False}}
    )


class WebhookAttemptView(View):
    """One attempt at a message."""

    model_config = ConfigDict(json_schema_extra={"example": dict(_ATTEMPT)})

    number: int
    at: datetime
    took_ms: int = Field(description="Milliseconds from its beginning to its end.")
    outcome: Literal["delivered", "failed", "gone"]
    status: int | None = Field(description="The status that was answered; null: there was none.")
    why: str = Field(description="Why it failed.")
    answer: str = Field(description="The beginning of what was answered, a kilobyte at most, as text.")


class ToldWebhookView(WebhookMessageView):
    """A message with what it says, and its attempts, newest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **_KEPT,
                "body": {"type": "points.credited", "timestamp": "2024-03-02T10:00:00Z", "data": {}},
                "log": [dict(_ATTEMPT)],
            }
        }
    )

    body: dict[str, Any] = Field(description="What is sent.")
    log: tuple[WebhookAttemptView, ...] = Field(description="The attempts, newest first, up to 200.")


class ReplayedView(View):
    """How many messages are sent again."""

    model_config = ConfigDict(json_schema_extra={"example": {"messages": 42, "more": False}})

    messages: int
    more: bool = Field(description="Whether there may be more: up to 10,000 are sent at one word; ask again.")


def endpoint_fields(endpoint: Endpoint) -> dict[str, Any]:
    """The fields of an endpoint's view."""
    return {
        "id": endpoint.endpoint_id,
        "url": endpoint.url,
        "event_types": endpoint.event_types,
        "style": endpoint.style,
        "description": endpoint.description,
        "state": endpoint.state,
        "state_at": endpoint.state_at,
        "paused_until": endpoint.paused_until,
        "old_secret_until": endpoint.old_until,
        "created_at": endpoint.created_at,
        "created_by": endpoint.created_by,
        "waiting": endpoint.waiting,
    }


def message_fields(kept: Kept) -> dict[str, Any]:
    """The fields of a message's view."""
    return {
        "id": kept.message_id,
        "webhook_id": message_name(kept.message_id),
        "event_type": kept.event_type,
        "occurred_at": kept.occurred_at,
        "queued_at": kept.queued_at,
        "state": kept.state,
        "next_attempt_at": kept.due_at if kept.state == "waiting" else None,
        "attempts": kept.attempts,
        "ended_at": kept.ended_at,
    }


def told_view(kept: Kept, attempts: list[Attempt]) -> ToldWebhookView:
    """A message with its attempts."""
    log = tuple(
        WebhookAttemptView(
            number=each.number,
            at=each.at,
            took_ms=each.took_ms,
            outcome=each.outcome,
            status=each.status,
            why=each.why,
            answer=each.answer,
        )
        for each in attempts
    )
    return ToldWebhookView(**message_fields(kept), body=orjson.loads(kept.body or b"{}"), log=log)
