"""What callers say and are told of what members share."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from libs.games.ranking import Question
from services.gateway.rules.bodies import Body
from services.gateway.sharing.store import Count, Share, What
from services.gateway.views import View

_SHARE: JsonDict = {
    "share_id": "5d1c7e5a-9b3f-5a60-8d11-7e6f5a4b3c2d",
    "what": "reward",
    "reference": "mug",
    "path": "/s/AQAAAAIAAAABXRx-WpszWmCNEX5vWks8LQ",
    "title": "A mug",
    "text": "Look what I found at The market: Of stoneware.",
    "picture": "https://shop.example/mug.jpg",
    "shared_at": "2024-03-01T18:31:09Z",
    "expires_at": "2024-05-30T18:31:09Z",
    "opened": 3,
}


class ShareBody(Body):
    """What a member shows: a reward, a badge of the own, or a place in a ranking."""

    model_config = ConfigDict(json_schema_extra={"example": {"what": "reward", "reference": "mug"}})

    what: What = Field(description="What is shown.")
    reference: Annotated[str | None, Field(min_length=1, max_length=64, description="The reward, or the badge.")] = None
    ranking: Question | None = Field(default=None, description="The ranking, as it is asked of `GET /v1/rankings`.")
    key: Annotated[
        str | None,
        Field(
            min_length=1, max_length=128, description="Whose place: the article, reward or store; else the member's."
        ),
    ] = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.what == "place":
            if self.ranking is None or (self.ranking.of != "members") != (self.key is not None):
                raise ValueError("a place needs its `ranking`, and one of things its `key`")
        elif self.reference is None:
            raise ValueError("a reward or a badge needs its `reference`")
        return self


class ShareView(View):
    """Something that a member shows to friends."""

    model_config = ConfigDict(json_schema_extra={"example": _SHARE})

    share_id: UUID = Field(description="Names it; the activity `shared` goes by the same id.")
    what: What = Field(description="What it is.")
    reference: str = Field(description="The reward, the badge, or the ranking and the place in it.")
    path: str = Field(description="The path below this address; it names nobody, and anybody may open it.")
    title: str = Field(description="What a messenger shows in bold.")
    text: str = Field(description="What it shows below.")
    picture: str | None = Field(description="Its picture; null: a medal.")
    shared_at: datetime = Field(description="When, the last time.")
    expires_at: datetime = Field(description="Until when the link shows it.")
    opened: int = Field(description="How many people came by it; what messengers fetch for a preview is not counted.")


class SharesView(View):
    """What a member shows to friends."""

    model_config = ConfigDict(json_schema_extra={"example": {"data": [_SHARE]}})

    data: tuple[ShareView, ...]


class ShareCountView(View):
    """How often something is shared."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"what": "reward", "reference": "mug", "shared": 12, "opened": 40}}
    )

    what: What = Field(description="What it is.")
    reference: str = Field(description="The reward, the badge, or the ranking and the place in it.")
    shared: int = Field(description="By how many members.")
    opened: int = Field(description="How many people came by their links.")


class ShareCountsView(View):
    """What is shared most often."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"data": [{"what": "reward", "reference": "mug", "shared": 12, "opened": 40}]}}
    )

    data: tuple[ShareCountView, ...]


def share_view(share: Share, path: str, language: str, lives: timedelta) -> ShareView:
    """Show something that is shared in the words of a language."""
    words = share.words(language)
    return ShareView(
        share_id=share.share_id, what=share.what, reference=share.reference, path=path, title=words.title,
        text=words.text, picture=share.picture, shared_at=share.shared_at, expires_at=share.shared_at + lives,
        opened=share.opened,
    )  # fmt: skip


def counts_view(found: list[Count]) -> ShareCountsView:
    """Show what is shared most often."""
    return ShareCountsView(data=tuple(ShareCountView(**each._asdict()) for each in found))
