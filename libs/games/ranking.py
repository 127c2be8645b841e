"""Who comes first: places by score, and what of it can be told to friends. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from libs.language import wording
from libs.language.catalogue import Catalogue
from libs.promotions.parts import Part

Of = Literal["members", "rewards", "products", "categories", "stores"]
By = Literal["points", "visits", "spend"]
Scale = Literal["points", "visits", "spend", "pieces"]
Period = Literal["day", "week", "month", "quarter", "year"]


class Question(Part):
    """What a ranking is asked for: of what, by what, over which period (so many before this one), in which store."""

    of: Of = Field(default="members", description="What is ranked.")
    by: By = Field(default="points", description="By what members are ranked: points earned, visits or money spent.")
    period: Period = Field(default="month", description="Over which natural period of the programme's zone.")
    ago: Annotated[int, Field(strict=True, ge=0, le=60)] = Field(
        default=0, description="So many periods before the one that runs."
    )
    store: Annotated[str, Field(min_length=1, max_length=64)] | None = Field(
        default=None, description="Only what was bought in this store; for members and rewards."
    )

    @property
    def where(self) -> str | None:
        """The store that counts; of products, categories and stores it is everywhere."""
        return self.store if self.of in ("members", "rewards") else None

    @property
    def scored(self) -> Scale:
        """By what it is ranked: rewards by their pieces, and whatever is not members everywhere by what was spent."""
        if self.of == "rewards":
            return "pieces"
        return self.by if self.of == "members" and self.where is None else "spend"


class Scored(NamedTuple):
    """Something that is ranked, and how much of it there is."""

    key: str
    score: int


class Place(NamedTuple):
    """A place in a ranking; who have the same score share it, and the next ones come after all of them."""

    rank: int
    key: str
    score: int


SHARED = Catalogue(
    {
        "en": {
            "members": "I am number {rank} of {of} in {title}!",
            "things": "{name} is number {rank} in {title}!",
            "points": "points collected",
            "visits": "visits",
            "spend": "shopping",
            "pieces": "most wanted",
            "store": "{title} at store {store}",
        },
        "de": {
            "members": "Ich bin Nummer {rank} von {of}: {title}!",
            "things": "{name} ist Nummer {rank}: {title}!",
            "points": "gesammelte Punkte",
            "visits": "Besuche",
            "spend": "Einkäufe",
            "pieces": "am begehrtesten",
            "store": "{title} in Filiale {store}",
        },
    }
)
"""What members may share of a ranking, in every language."""


def placed(scores: Iterable[Scored]) -> list[Place]:
    """Rank by score, the highest first; of two that are equal the key decides who is named first."""
    found: list[Place] = []
    for number, each in enumerate(sorted(scores, key=lambda one: (-one.score, one.key)), 1):
        shares = found and found[-1].score == each.score
        found.append(Place(found[-1].rank if shares else number, each.key, each.score))
    return found


def shared(place: Place, of: int | None, by: str, store: str | None, language: str) -> str:
    """A place in words that somebody may share: of `of` members, or of things where that is None."""
    title = SHARED.say(language, by)
    if store is not None:
        title = SHARED.say(language, "store", title=title, store=store)
    rank = wording.number(place.rank, language)
    if of is None:
        return SHARED.say(language, "things", name=place.key, rank=rank, title=title)
    return SHARED.say(language, "members", rank=rank, of=wording.number(of, language), title=title)
