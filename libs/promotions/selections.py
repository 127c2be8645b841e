"""The document's selections: lines of a receipt that an effect looks at beside those its campaign chose."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from libs.promotions.parts import Misplaced, Part, Texts


class Selection(Part):
    """Lines by article: kinds AND-ed, the values of one kind OR-ed, and at least one of them."""

    skus: Texts = ()
    categories: Texts = ()
    brands: Texts = ()
    labels: Texts = ()

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not (self.skus or self.categories or self.brands or self.labels):
            raise Misplaced("skus", "one of skus, categories, brands and labels is needed")
        return self
