"""Endpoints of webhooks and what they are told, as people see and change them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from libs.webhooks.payload import Style

State = Literal["on", "off", "gone"]
MessageState = Literal["waiting", "delivered", "failed"]
MOST_ENDPOINTS = 50
"""So many a company has at most: each event is written once for each."""
MOST_REPLAYED = 10_000
"""So many messages are sent again at one word."""


@dataclass(frozen=True, slots=True)
class Wish:
    """An endpoint as somebody asks for it."""

    url: str
    event_types: tuple[str, ...]
    style: Style
    description: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint as it stands; without its secret. `waiting` counts up to 1,000 messages."""

    endpoint_id: UUID
    url: str
    event_types: tuple[str, ...]
    style: Style
    description: str
    state: State
    state_at: datetime
    paused_until: datetime | None
    old_until: datetime | None
    created_at: datetime
    created_by: str
    waiting: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A message for an endpoint; `body` only where it was asked for by its id. `failed` counts this round."""

    message_id: UUID
    event_type: str
    occurred_at: datetime
    queued_at: datetime
    state: MessageState
    due_at: datetime
    failed: int
    attempts: int
    ended_at: datetime | None
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a message: the status that was answered, or None and why there was none."""

    number: int
    at: datetime
    took_ms: int
    outcome: Literal["delivered", "failed", "gone"]
    status: int | None
    why: str
    answer: str


def seal_context(tenant_id: int, endpoint_id: UUID) -> str:
    """What a secret is sealed for: it opens nowhere else."""
    return f"webhook {tenant_id} {endpoint_id}"
