"""The events about posts. They say on which page, and not what. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from libs.contracts.codec import encode
from libs.contracts.events import PostFailedV1, PostPublishedV1
from libs.runtime.batch import Outgoing
from libs.runtime.keys import event_id, kafka_partition_hash
from libs.runtime.leases import shard_of
from services.notifier.announcements import MESSAGES, SOURCE, WRITER, Shards


class Place(NamedTuple):
    """A post on a page: whose it is, and its `publication_id`."""

    tenant: str
    programme: str
    post_id: UUID
    page: str
    publication_id: UUID
    attempt: int


def published(place: Place, language: str, provider_id: str, at: datetime) -> Shards:
    """Tell that a page shows a post."""
    said = {"published_at": at, "language": language, "provider_id": provider_id[:64] or None}
    return _shards(place, PostPublishedV1.event_type, said, at)


def failed(place: Place, reason: str, at: datetime) -> Shards:
    """Tell that a post was given up on a page."""
    return _shards(place, PostFailedV1.event_type, {"failed_at": at, "reason": reason}, at)


def _shards(place: Place, kind: str, said: Mapping[str, Any], at: datetime) -> Shards:
    post = str(place.post_id)
    key = f"{place.tenant}/{place.programme}/{post}"
    value = encode(
        type=kind,
        source=SOURCE,
        id=event_id(place.tenant, str(place.publication_id), f"{kind} {at.isoformat()}", post, place.attempt),
        time=at,
        subject=post,
        tenant=place.tenant,
        programme=place.programme,
        memberseq=None,
        partitionkey=key,
        data={"post_id": post, "page": place.page, **said},
    )
    event = Outgoing(MESSAGES, key.encode(), kafka_partition_hash(key.encode()), value, derived=True)
    return {shard_of(WRITER, place.post_id): [event]}
