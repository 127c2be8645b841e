"""The document's proposals: products that messages show to members whom they suit, by what these buy and are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from libs.promotions.parts import Misplaced, Name, NonNegative, Part, Text, Texts, refuse_repeats

if TYPE_CHECKING:
    from libs.promotions.segments import Segment

_LINK = r"^https://[^\s\"<>]{1,480}$"
Tags = Annotated[tuple[Text, ...], Field(max_length=100)]


class ProductProposal(Part):
    """A product to show: what it is, and for whom.

    Members who buy of its `categories` or `products` (SKUs) see it, those who spend most on them first; a proposal
    without either is for everybody, behind these. `segments` and `tiers` narrow that down, as does a `language` (`de`).
    """

    name: Name
    title: Annotated[str, Field(min_length=1, max_length=120)]
    text: Annotated[str, Field(min_length=1, max_length=300)] | None = None
    image: Annotated[str, Field(pattern=_LINK)] | None = None
    link: Annotated[str, Field(pattern=_LINK)] | None = None
    price_minor: NonNegative | None = None
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")] | None = None
    categories: Tags = ()
    products: Tags = ()
    segments: Annotated[tuple[Name, ...], Field(max_length=100)] = ()
    tiers: Texts = ()

    @property
    def bought(self) -> tuple[str, ...]:
        """The parts of members' days by which it is told who buys such things."""
        return (*[f"category:{each}" for each in self.categories], *[f"product:{each}" for each in self.products])


def check_proposals(proposals: Sequence[ProductProposal], segments: Sequence[Segment]) -> None:
    """Refuse a name that stands twice, and a segment that the programme has not.

    Raises:
        Misplaced: at the first of them.
    """
    refuse_repeats("messages.proposals[{}].name", [each.name for each in proposals])
    known = [each.name for each in segments]
    for at, each in enumerate(proposals):
        for place, name in enumerate(each.segments):
            if name not in known:
                allowed = ", ".join(known[:20]) or "none is declared"
                raise Misplaced(f"messages.proposals[{at}].segments[{place}]", f"no segment {name!r}", allowed)
