"""From an event to what members are told, or what scenarios begin with: on what occasion, and until when. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from libs.contracts.events import (
    ActivityEvaluatedV1,
    MemberJoinedV1,
    MemberSegmentEnteredV1,
    MemberTierAboutToDropV1,
    MemberTierChangedV1,
    PointsCreditedV1,
    PointsExpiredV1,
    PurchaseEvaluatedV1,
    ReminderDueV1,
    RewardAdvancedV1,
    RewardCancelledV1,
    RewardExpiredV1,
    RewardFulfilledV1,
    RewardGrantedV1,
    RewardReachedV1,
    RewardRedeemedV1,
)

SOON, LATER = timedelta(days=2), timedelta(days=7)
"""How long what just happened is news: a small thing, and one that members look for."""
MOVES = ("ordered", "shipped", "delivered", "returned", "failed", "cancelled")
"""Steps of an order of which its member is told."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What there is to tell a member, apart from how. `occasion` names it for ever; `on` is its day, by which rows lie.

    `facts` are what the event says, in JSON's types, and no personal data.
    """

    member_id: UUID
    message: str
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


def _joined(event: Any) -> Occasion:
    data: MemberJoinedV1 = event.data
    since = data.enrolled_at
    return Occasion(data.member_id, "welcome", event.id, since.date(), since + SOON, {})


def _moved(event: Any) -> Occasion | None:
    """The steps of an order that its member waits for; what is had at once needs no word of being on its way."""
    data: RewardAdvancedV1 = event.data
    if data.state not in MOVES:
        return None
    facts = {"stage": data.state, "reference": data.reference, "category": data.category, "quantity": data.quantity}
    return _news(event, data.member_id, "order_moved", LATER, facts)


def _in_reach(event: Any) -> Occasion:
    data: RewardReachedV1 = event.data
    facts = {"reference": data.reference, "points": data.points}
    return _news(event, data.member_id, "reward_in_reach", LATER, facts)


def _entered(event: Any) -> Occasion:
    """Nobody is told of it as such: scenarios begin with it."""
    data: MemberSegmentEnteredV1 = event.data
    facts = {"segment": data.segment, "reason": data.reason}
    return _news(event, data.member_id, "segment_entered", LATER, facts, at=data.effective_at)


def _bought(event: Any) -> Occasion | None:
    data: PurchaseEvaluatedV1 = event.data
    if data.member_id is None or data.outcome not in ("credited", "no_points"):
        return None
    facts = {"receipt_number": data.receipt_number, "points": data.points, "campaigns": list(data.campaigns)}
    return _news(event, data.member_id, "purchase", SOON, facts)


def _done(event: Any) -> Occasion | None:
    data: ActivityEvaluatedV1 = event.data
    if data.member_id is None or data.activity is None or data.outcome not in ("credited", "no_points"):
        return None
    return _news(event, data.member_id, "activity", SOON, {"activity": data.activity, "points": data.points})


def _abandoned(event: Any) -> Occasion:
    data: RewardExpiredV1 = event.data
    facts = {"reference": data.reference, "category": data.category, "points": data.points}
    return _news(event, data.member_id, "redemption_abandoned", SOON, facts)


def _news(
    event: Any, member_id: UUID, message: str, life: timedelta, facts: Mapping[str, Any], at: Any = None
) -> Occasion:
    """What an event tells by itself: its own id names the occasion."""
    happened: datetime = at or event.time
    return Occasion(member_id, message, event.id, happened.date(), event.time + life, facts)


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


_TOLD: Mapping[str, Callable[[Any], Occasion | None]] = {
    ReminderDueV1.event_type: _reminder,
    PointsCreditedV1.event_type: _credited,
    PointsExpiredV1.event_type: _expired,
    RewardGrantedV1.event_type: _granted,
    MemberTierChangedV1.event_type: _reached,
    MemberTierAboutToDropV1.event_type: _dropping,
    MemberSegmentEnteredV1.event_type: _entered,
    MemberJoinedV1.event_type: _joined,
    RewardRedeemedV1.event_type: _moved,
    RewardAdvancedV1.event_type: _moved,
    RewardFulfilledV1.event_type: _moved,
    RewardCancelledV1.event_type: _moved,
    RewardReachedV1.event_type: _in_reach,
}
_BEGUN: Mapping[str, tuple[str, Callable[[Any], Occasion | None]]] = {
    PurchaseEvaluatedV1.event_type: ("purchase", _bought),
    ActivityEvaluatedV1.event_type: ("activity", _done),
    RewardExpiredV1.event_type: ("redemption_abandoned", _abandoned),
}
"""What scenarios alone wait for: the kind of trigger, by the type of its event."""
_READERS = {**_TOLD, **{name: read for name, (_, read) in _BEGUN.items()}}
TOLD: frozenset[bytes] = frozenset([name.encode() for name in _TOLD])
"""The types of events of which members may be told whatever scenarios there are."""

BEGINNINGS: frozenset[bytes] = frozenset([name.encode() for name in _BEGUN])
"""Those of which nobody is told, and which are frequent; read only where a scenario waits for them."""


def awaited(kinds: Iterable[str]) -> frozenset[bytes]:
    """Return the types of all events that give something to tell or begin with, by the kinds of triggers there are."""
    asked = set(kinds)
    return TOLD | {name.encode() for name, (kind, _) in _BEGUN.items() if kind in asked}
