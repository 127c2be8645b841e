"""From an event to what members are told: which message it is, on what occasion, and until when it is of use. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from libs.contracts.events import (
    MemberTierAboutToDropV1,
    MemberTierChangedV1,
    PointsCreditedV1,
    PointsExpiredV1,
    ReminderDueV1,
    RewardGrantedV1,
)
from libs.promotions.messages import MessageName

SOON, LATER = timedelta(days=2), timedelta(days=7)
"""How long what just happened is news: a small thing, and one that members look for."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What there is to tell a member, apart from how. `occasion` names it for ever; `on` is its day, by which rows lie.

    `facts` are what the event says, in JSON's types, and no personal data.
    """

    member_id: UUID
    message: MessageName
    occasion: str
    on: date
    useful_until: datetime
    facts: Mapping[str, Any]


def occasion_of(event: Any) -> Occasion | None:
    """Return what an event gives to tell; None for nothing."""
    read = _READERS.get(event.type)
    return None if read is None else read(event)


def _reminder(event: Any) -> Occasion:
    data: ReminderDueV1 = event.data
    name = f"{data.wallet}@{_text(data.boundary)}/{data.step}"
    facts = {
        "wallet": data.wallet,
        "points": data.points,
        "boundary": _text(data.boundary),
        "last_day": str(data.local_date),
        "zone": data.zone,
        "step": data.step,
    }
    day = date.fromisoformat(str(data.local_date))
    return Occasion(data.member_id, "expiry_reminder", name, day, data.boundary, facts)


def _credited(event: Any) -> Occasion:
    data: PointsCreditedV1 = event.data
    facts = {"wallet": data.wallet, "points": data.points, "lot": data.lot, "active_from": _text(data.active_from)}
    return _news(event, data.member_id, "points_credited", SOON, facts, at=data.earned_at)


def _expired(event: Any) -> Occasion:
    data: PointsExpiredV1 = event.data
    facts = {"wallet": data.wallet, "points": data.points, "boundary": _text(data.boundary)}
    return _news(event, data.member_id, "points_expired", LATER, facts, at=data.effective_at)


def _granted(event: Any) -> Occasion | None:
    data: RewardGrantedV1 = event.data
    if data.kind in ("message", "webhook"):
        return None
    facts = {"kind": data.kind, "reference": data.reference, "quantity": data.quantity, "campaign": data.campaign}
    return _news(event, data.member_id, "reward_granted", LATER, facts)


def _reached(event: Any) -> Occasion | None:
    data: MemberTierChangedV1 = event.data
    if data.direction != "up" or data.to_level is None:
        return None
    facts = {
        "tier_set": data.tier_set,
        "level": data.to_level,
        "until": None if data.until is None else _text(data.until),
    }
    return _news(event, data.member_id, "tier_reached", LATER, facts, at=data.effective_at)


def _dropping(event: Any) -> Occasion:
    data: MemberTierAboutToDropV1 = event.data
    facts = {
        "tier_set": data.tier_set,
        "level": data.level,
        "to_level": data.to_level,
        "until": _text(data.grace_until),
    }
    name = f"{data.tier_set}/{data.level}@{_text(data.until)}"
    on = data.until.date()
    return Occasion(data.member_id, "tier_about_to_drop", name, on, data.grace_until, facts)


def _news(
    event: Any, member_id: UUID, message: MessageName, life: timedelta, facts: Mapping[str, Any], at: Any = None
) -> Occasion:
    """What an event tells by itself: its own id names the occasion."""
    happened: datetime = at or event.time
    return Occasion(member_id, message, event.id, happened.date(), event.time + life, facts)


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


_READERS: Mapping[str, Callable[[Any], Occasion | None]] = {
    ReminderDueV1.event_type: _reminder,
    PointsCreditedV1.event_type: _credited,
    PointsExpiredV1.event_type: _expired,
    RewardGrantedV1.event_type: _granted,
    MemberTierChangedV1.event_type: _reached,
    MemberTierAboutToDropV1.event_type: _dropping,
}
TOLD: frozenset[bytes] = frozenset([name.encode() for name in _READERS])
"""The types of events of which members may be told."""
