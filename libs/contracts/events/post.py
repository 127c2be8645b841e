"""Posts: what a company published on its own pages on a network, and what not. No event says what a post says."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from libs.contracts.primitives import Instant, Name64, Payload, Text32, Text64


class _Post(Payload):
    """One post on one page."""

    post_id: UUID = Field(description="Names the post, on every page.")
    page: Name64 = Field(description="Which page, by its name in the provider's settings.")


class PostPublishedV1(_Post):
    """A page shows a post, or it was captured where no page is set."""

    event_type: ClassVar[str] = "org.pointstream.post.published.v1"

    published_at: Instant = Field(description="When.")
    language: Text32 = Field(description="The language that it was written in.")
    provider_id: Text64 | None = Field(default=None, description="What the network calls it.")


class PostFailedV1(_Post):
    """A post was given up on a page; people may have it tried again."""

    event_type: ClassVar[str] = "org.pointstream.post.failed.v1"

    failed_at: Instant = Field(description="When.")
    reason: Text64 = Field(description="Why.")
