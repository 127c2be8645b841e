"""What notifier tells the world: what became of messages. No event says what a message says, or where it went. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from libs.contracts.codec import encode
from libs.contracts.events import (
    MessageBouncedV1,
    MessageClickedV1,
    MessageDeliveredV1,
    MessageFailedV1,
    MessageOpenedV1,
    MessageQueuedV1,
    MessageSentV1,
    MessageSuppressedV1,
)
from libs.runtime.batch import Outgoing
from libs.runtime.keys import event_id
from libs.runtime.leases import shard_of
from services.notifier.deliveries import Delivery, Settled
from services.notifier.states import Bounced, Clicked, Delivered, Failed, Handed, Opened, Suppressed

WRITER = "notifier"
MESSAGES = "loyalty.messages"
SOURCE = "/pointstream/notifier"

Shards = dict[str, list[Outgoing]]
"""Events by the shard of the outbox that they go into."""


def queued(tenant: str, programme: str, delivery: Delivery, due_at: datetime, now: datetime) -> Outgoing:
    """Tell that a message is to be sent."""
    return _event(tenant, programme, delivery, MessageQueuedV1.event_type, 0, {"due_at": due_at}, now)


def settled(tenant: str, programme: str, one: Settled) -> Outgoing | None:
    """Tell what became of a delivery; nothing of one that is only postponed."""
    delivery, number = one.claimed.delivery, one.claimed.epoch
    said: dict[str, Any]
    match one.state:
        case Handed(at, provider_id):
            kind, attempt = MessageSentV1.event_type, one.claimed.attempts + 1
            said = {
                "sent_at": at,
                "language": one.language,
                "attempt": attempt,
                "provider_id": provider_id[:64] or None,
            }
        case Failed(at, reason):
            kind, said = MessageFailedV1.event_type, {"failed_at": at, "reason": reason}
        case Suppressed(at, reason):
            kind, said = MessageSuppressedV1.event_type, {"suppressed_at": at, "reason": reason}
        case _:
            return None
    return _event(tenant, programme, delivery, kind, number, said, one.at)


def heard(
    tenant: str, programme: str, delivery: Delivery, state: Delivered | Opened | Clicked | Bounced, now: datetime
) -> Outgoing:
    """Tell what was heard of a message after it was handed over."""
    said: dict[str, Any]
    match state:
        case Delivered(at):
            kind, said = MessageDeliveredV1.event_type, {"delivered_at": at}
        case Opened(at):
            kind, said = MessageOpenedV1.event_type, {"opened_at": at}
        case Clicked(at):
            kind, said = MessageClickedV1.event_type, {"clicked_at": at}
        case Bounced(at, reason):
            kind, said = MessageBouncedV1.event_type, {"bounced_at": at, "reason": reason}
    return _event(tenant, programme, delivery, kind, 0, said, now)


def by_shard(events: Iterable[tuple[Delivery, Outgoing]]) -> Shards:
    """Put events into the shards of their members."""
    shards: Shards = {}
    for delivery, event in events:
        shards.setdefault(shard_of(WRITER, delivery.member_id), []).append(event)
    return shards


def _event(
    tenant: str,
    programme: str,
    delivery: Delivery,
    kind: str,
    ordinal: int,
    said: Mapping[str, Any],
    now: datetime,
) -> Outgoing:
    member = str(delivery.member_id)
    about = {
        "member_id": member,
        "message_id": str(delivery.delivery_id),
        "message": delivery.message,
        "occasion": delivery.occasion,
        "channel": delivery.channel,
        "purpose": delivery.purpose,
    }
    value = encode(
        type=kind,
        source=SOURCE,
        id=event_id(tenant, str(delivery.delivery_id), kind, member, ordinal),
        time=now,
        subject=member,
        tenant=tenant,
        programme=programme,
        memberseq=None,
        data={**about, **said},
    )
    return Outgoing(MESSAGES, member.encode(), delivery.spread, value, derived=True)
