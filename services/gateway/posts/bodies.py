"""What callers send about posts."""

from __future__ import annotations

from pydantic import ConfigDict

from libs.posts.wanted import Post
from services.gateway.rules.bodies import Body

_EXAMPLE = {
    "name": "Spring, the fan page",
    "words": [
        {"language": "en", "text": "Spring is here: double points on all plants until Sunday."},
        {"language": "de", "text": "Der Frühling ist da: doppelte Punkte auf alle Pflanzen bis Sonntag."},
    ],
    "link": "https://shop.example/spring",
    "pages": ["club"],
    "starts_at": "2024-04-02T09:00:00+02:00",
}


class NewPost(Post, Body):
    """A post on pages of the company."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})  # type: ignore[dict-item]  # it is JSON

    def wanted(self) -> Post:
        """The post that it is."""
        return Post.model_validate(self.model_dump())
