"""What is answered about posts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from libs.posts.postgres import OnPage, Seen
from libs.posts.states import PageState, State
from services.gateway.views import View

_PAGE: JsonDict = {
    "page": "club",
    "language": "en",
    "state": "published",
    "attempts": 1,
    "due_at": "2024-04-02T07:00:00Z",
    "provider_id": "20531316728_10158652341",
    "reason": None,
    "detail": None,
    "ended_at": "2024-04-02T07:00:01Z",
}
_EXAMPLE: JsonDict = {
    "post_id": "6f0c1d52-3b7a-5e41-8c2d-9a4b1e7f3c05",
    "programme": "main",
    "name": "Spring, the fan page",
    "state": "published",
    "wanted": {
        "name": "Spring, the fan page",
        "words": [{"language": "en", "text": "Spring is here: double points on all plants until Sunday."}],
        "link": "https://shop.example/spring",
        "pages": ["club"],
    },
    "picture": None,
    "made_by": "marketing (k_7Q2M)",
    "made_at": "2024-04-01T14:00:00Z",
    "starts_at": "2024-04-02T07:00:00Z",
    "sent_by": "marketing (k_7Q2M)",
    "sent_at": "2024-04-01T14:02:00Z",
    "two_people": False,
    "decided_by": None,
    "decided_at": None,
    "begins_at": "2024-04-02T07:00:00Z",
    "pages": [_PAGE],
    "ended_at": "2024-04-02T07:00:01Z",
}
_PLAIN = (
    "post_id", "programme", "name", "state", "made_by", "made_at", "starts_at", "sent_by", "sent_at", "two_people",
    "decided_by", "decided_at", "begins_at", "ended_at",
)  # fmt: skip


class PostOnPageView(View):
    """How a post stands on one page."""

    page: str
    language: str = Field(description="The language of the words that it shows.")
    state: PageState
    attempts: int
    due_at: datetime = Field(description="Not before; of one that waits again, the next attempt.")
    provider_id: str | None = Field(description="What the network calls it; `captured` where no page is set.")
    reason: str | None = Field(description="Why not, such as `credentials-refused` or `content-refused`.")
    detail: str | None = Field(description="The network's own code.")
    ended_at: datetime | None


class PostView(View):
    """A post as it stands."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    post_id: UUID
    programme: str
    name: str
    state: State
    wanted: dict[str, Any] = Field(description="What was asked for, without what is usual anyway.")
    picture: str | None = Field(description="Where its picture is shown.")
    made_by: str
    made_at: datetime
    starts_at: datetime | None
    sent_by: str | None = Field(description="Who had it published.")
    sent_at: datetime | None
    two_people: bool = Field(description="Whether it takes a second person, by the programme's word then.")
    decided_by: str | None
    decided_at: datetime | None
    begins_at: datetime | None
    pages: tuple[PostOnPageView, ...] = Field(description="How it stands on each page; none before it begins.")
    ended_at: datetime | None


class PostLine(View):
    """A post in a list."""

    post_id: UUID
    programme: str
    name: str
    state: State
    made_by: str
    made_at: datetime
    starts_at: datetime | None
    ended_at: datetime | None


class PostPage(View):
    """A page of posts, the newest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "data": [{name: _EXAMPLE[name] for name in PostLine.model_fields}],
                "next_cursor": None,
                "has_more": False,
            }
        }
    )

    data: tuple[PostLine, ...]
    next_cursor: str | None
    has_more: bool


def post_view(seen: Seen, pages: Sequence[OnPage], site: str) -> PostView:
    """Return what is answered about one; its picture is shown by `site`."""
    return PostView(
        **{name: getattr(seen, name) for name in _PLAIN},
        wanted=seen.wanted.model_dump(mode="json", exclude_defaults=True),
        picture=None if seen.wanted.picture is None else f"{site}/media/{seen.wanted.picture}",
        pages=tuple([PostOnPageView(**each._asdict()) for each in pages]),
    )


def post_line(seen: Seen) -> PostLine:
    """Return what a list says of one."""
    return PostLine(**{name: getattr(seen, name) for name in PostLine.model_fields})
