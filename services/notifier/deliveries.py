"""Deliveries: messages on their way, as they are queued, taken in hand and settled. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from libs.messages.content import ChannelName, Purpose
from libs.promotions.messages import Notice
from libs.runtime.keys import event_id, kafka_partition_hash
from libs.scenarios.news import Occasion
from services.notifier.states import Failed, Handed, Kept, Postponed, Suppressed, name_of


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message for one member over one channel. `route` are the channels after it, `place` how many came before."""

    tenant_id: int
    programme_id: int
    member_id: UUID
    message: str
    occasion: str
    channel: ChannelName
    occasion_on: date
    delivery_id: UUID
    purpose: Purpose
    route: tuple[ChannelName, ...]
    place: int
    spread: int
    facts: Mapping[str, Any]
    useful_until: datetime | None

    @property
    def scope(self) -> tuple[int, int]:
        """Tenant and programme."""
        return self.tenant_id, self.programme_id

    @property
    def member(self) -> tuple[int, int, UUID]:
        """Whom it is for."""
        return self.tenant_id, self.programme_id, self.member_id

    @property
    def key(self) -> tuple[Any, ...]:
        """Its name, as rows have it."""
        return (*self.member, self.message, self.occasion, self.channel, self.occasion_on)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this worker holds under `epoch`; so many attempts were made, so many leases ended over it."""

    delivery: Delivery
    epoch: int
    attempts: int
    lapses: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a claimed delivery, at an instant; `tried` whether it was offered to its carrier."""

    claimed: Claimed
    state: Kept
    at: datetime
    tried: bool = False
    language: str | None = None
    digest: bytes | None = None
    follow_at: datetime | None = None

    @property
    def row(self) -> tuple[Any, ...]:
        """As the statement that stores it takes it, behind the name of the delivery."""
        state = self.state
        due_at = state.due_at if isinstance(state, Postponed) else None
        handed_at = state.at if isinstance(state, Handed) else None
        provider_id = state.provider_id[:64] if isinstance(state, Handed) else None
        ended_at = state.at if isinstance(state, Failed | Suppressed) else None
        reason = None if isinstance(state, Handed) else state.reason
        detail = state.detail if isinstance(state, Postponed | Failed) else ""
        entry = {"at": self.at, "state": name_of(self.state), "reason": reason, "detail": detail, "until": due_at}
        told = orjson.dumps({name: said for name, said in entry.items() if said}, option=orjson.OPT_UTC_Z)
        return (
            self.claimed.epoch, name_of(self.state), due_at, self.follow_at, int(self.tried), reason, detail or None,
            self.language, provider_id, self.digest, handed_at, ended_at, told.decode(),
        )  # fmt: skip

    @property
    def unreached(self) -> bool:
        """Whether the next channel of its route is to be tried at once."""
        return bool(self.claimed.delivery.route) and (
            isinstance(self.state, Failed) or (isinstance(self.state, Suppressed) and self.state.reason in TRY_NEXT)
        )


TRY_NEXT = frozenset(("no_consent", "opted_out", "no_address", "address_dead", "not_offered"))
"""Reasons to drop a message over one channel that say nothing about another."""


def first_delivery(tenant: str, scope: tuple[int, int], occasion: Occasion, notice: Notice) -> Delivery:
    """Return the delivery over the first channel of a notice."""
    channel, *others = notice.channels
    name = _name(tenant, scope, occasion.message, occasion.occasion, occasion.member_id, channel)
    spread = kafka_partition_hash(str(occasion.member_id).encode())
    return Delivery(
        *scope,
        occasion.member_id,
        occasion.message,
        occasion.occasion,
        channel,
        occasion.on,
        name,
        notice.purpose,
        tuple(others),
        0,
        spread,
        occasion.facts,
        occasion.useful_until,
    )


def next_delivery(tenant: str, before: Delivery) -> Delivery | None:
    """Return the delivery over the next channel of a route; None at its end."""
    if not before.route:
        return None
    channel, *others = before.route
    name = _name(tenant, before.scope, before.message, before.occasion, before.member_id, channel)
    return replace(before, channel=channel, delivery_id=name, route=tuple(others), place=before.place + 1)


def follow_at(notice: Notice | None, delivery: Delivery, handed_at: datetime) -> datetime | None:
    """When the next channel is tried, though this one took it: where the programme follows up, and there is one."""
    if notice is None or notice.follow_hours is None or not delivery.route:
        return None
    return handed_at + timedelta(hours=notice.follow_hours)


def _name(
    tenant: str, scope: tuple[int, int], message: str, occasion: str, member_id: UUID, channel: ChannelName
) -> UUID:
    return UUID(event_id(tenant, f"{scope[1]}/{occasion}", f"message.{message}.{channel}", str(member_id), 0))
