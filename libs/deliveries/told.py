"""Messages as people look at them: where each stands, and every decision about it with its reason. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson


@dataclass(frozen=True, slots=True)
class Entry:
    """One decision or answer: since when the message stood so, why, and until when it waits if it does."""

    at: datetime
    state: str
    reason: str | None
    detail: str | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Told:
    """One message over one channel. `route` are the channels that are tried if this one reaches nobody."""

    programme: str
    member_id: UUID
    message: str
    occasion: str
    occasion_on: date
    channel: str
    delivery_id: UUID
    purpose: str
    place: int
    route: tuple[str, ...]
    facts: Mapping[str, Any]
    state: str
    reason: str | None
    detail: str | None
    language: str | None
    queued_at: datetime
    due_at: datetime
    useful_until: datetime | None
    attempts: int
    handed_at: datetime | None
    delivered_at: datetime | None
    opened_at: datetime | None
    clicked_at: datetime | None
    ended_at: datetime | None
    trail: tuple[Entry, ...]

    @property
    def waits(self) -> bool:
        """Whether it may still go out."""
        return self.state in ("waiting", "postponed", "sending")


@dataclass(frozen=True, slots=True)
class Captured:
    """What would have been handed over, on a platform without a provider for the channel."""

    told: Told
    captured_at: datetime
    address: str
    sender: str
    language: str
    title: str
    text: str
    html: str | None
    link: str | None
    unsubscribe: str | None


def read_trail(stored: str) -> tuple[Entry, ...]:
    """Read what is stored of a delivery's decisions."""
    return tuple([_entry(each) for each in orjson.loads(stored)])


def _entry(stored: Mapping[str, str]) -> Entry:
    until = stored.get("until")
    return Entry(
        datetime.fromisoformat(stored["at"]),
        stored["state"],
        stored.get("reason"),
        stored.get("detail"),
        None if until is None else datetime.fromisoformat(until),
    )
