"""A post as somebody wants it: in which words, with which picture and link, on which pages, and when. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from libs.messages.library import chain
from libs.promotions.parts import Instant, Name, faults_of, refuse_repeats

LONGEST = 5_000
"""Letters of a text. Networks take more, and nobody reads it."""


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Told(_Written):
    """What the post says in one language."""

    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = Field(
        default="en", description="The language of these words, as a tag: `de`, `en-GB`."
    )
    text: Annotated[str, Field(min_length=1, max_length=LONGEST, description="What readers see, as plain text.")]


class Post(_Written):
    """A post. Each page shows it in the language that the page speaks, else in the first that there is."""

    name: Annotated[str, Field(min_length=1, max_length=64, description="What people call it; readers do not see it.")]
    words: tuple[Told, ...] = Field(min_length=1, max_length=16, description="What it says, by language.")
    link: Annotated[str, Field(pattern=r"^https?://[^\s]+$", max_length=1_000)] | None = Field(
        default=None, description="Where it leads; the network shows a card of it, or the address below a picture."
    )
    picture: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = Field(
        default=None, description="The name of a picture in the media store."
    )
    pages: tuple[Name, ...] = Field(
        default=(), max_length=20, description="The pages, by their names in the provider's settings; without any, all."
    )
    starts_at: Instant | None = Field(default=None, description="Not before; without it, as soon as it is published.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        refuse_repeats("words[{}].language", [each.language.lower() for each in self.words])
        refuse_repeats("pages[{}]", self.pages)
        return self

    def told_in(self, language: str | None) -> Told:
        """The words for readers of a language."""
        known = {each.language.lower(): each for each in self.words}
        spoken = chain(language, self.words[0].language)
        return next((known[tag.lower()] for tag in spoken if tag.lower() in known), self.words[0])


class PostInvalid(ValueError):
    """A post that can't be; `faults` are places and reasons."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{path}: {reason}" if path else reason for path, reason in faults))
        self.faults = tuple(faults)


def post_of(document: Any) -> Post:
    """Read a post.

    Raises:
        PostInvalid: it is none.
    """
    try:
        return Post.model_validate(document)
    except ValidationError as invalid:
        raise PostInvalid(faults_of(invalid)) from None
