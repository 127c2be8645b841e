"""The document's conditions: what must hold for a campaign to pay."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from libs.promotions.audience import FactCondition, MemberConditions
from libs.promotions.parts import Misplaced, NonNegative, Part, Positive, Texts, unless_written
from libs.promotions.places import Circle, Point

LINE_KINDS = ("skus", "labels", "categories", "brands")
"""Conditions on lines by which they can be found, the most selective first."""

LINE_EXCLUSIONS = ("not_skus", "not_labels", "not_categories", "not_brands")
LINE_PRICES = ("min_price_minor", "max_price_minor")

ONLY_OF_PURCHASES = (
    *("skus", "categories", "brands", "payments", "not_skus", "not_categories", "not_brands", "not_payments"),
    *("codes", "not_codes"),
    *("min_price_minor", "max_price_minor", "min_lines", "max_lines", "only_line", "lines"),
)
"""Conditions that no activity can meet, or that say nothing about one."""


class LinesCondition(Part):
    """What `any`, `every` or `none` of the receipt's lines must meet; it chooses no lines for the effect.

    A line meets it when it meets all the kinds given: those of `Conditions`, and its pieces. With `any`, the lines that
    meet it must together be so many lines and pieces and cost so much. `every` needs at least one line.
    """

    match: Literal["any", "every", "none"] = "any"
    skus: Texts = ()
    categories: Texts = ()
    brands: Texts = ()
    labels: Texts = ()
    not_skus: Texts = ()
    not_categories: Texts = ()
    not_brands: Texts = ()
    not_labels: Texts = ()
    min_price_minor: NonNegative | None = None
    max_price_minor: NonNegative | None = None
    min_pieces: NonNegative | None = None
    max_pieces: NonNegative | None = None
    min_lines: Positive | None = None
    min_quantity: NonNegative | None = None
    min_amount_minor: NonNegative | None = None

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        kinds = (*LINE_KINDS, *LINE_EXCLUSIONS, *LINE_PRICES, "min_pieces", "max_pieces")
        if all(getattr(self, kind) in ((), None) for kind in kinds):
            raise Misplaced("match", "no condition on the lines is given", ", ".join(kinds))
        for total in ("min_lines", "min_quantity", "min_amount_minor"):
            if self.match != "any" and getattr(self, total) is not None:
                raise Misplaced(total, f"goes with `any`, not with {self.match!r}")
        _refuse_empty_ranges(self, ("price_minor", "pieces"))
        return self


class Conditions(Part):
    """What must hold: kinds AND-ed, the values of one kind OR-ed.

    `skus`, `categories`, `brands` and `labels` choose lines (a line must meet all the kinds given); the effect and the
    bounds on lines, quantity and amount then see only these. Without them they see the whole receipt. `not_skus` and
    its like leave lines out, prices those whose price for a piece lies elsewhere, and `only_line` all but the cheapest
    or dearest of the lines that are left. `codes` names pools of which a code has to count for the receipt.
    """

    skus: Texts = ()
    categories: Texts = ()
    brands: Texts = ()
    labels: Texts = ()
    stores: Texts = ()
    channels: Texts = ()
    partners: Texts = ()
    tiers: Texts = ()
    payments: Texts = ()
    min_total_minor: NonNegative | None = None
    min_quantity: NonNegative | None = None
    min_amount_minor: NonNegative | None = None
    max_total_minor: NonNegative | None = unless_written(None)
    max_quantity: NonNegative | None = unless_written(None)
    max_amount_minor: NonNegative | None = unless_written(None)
    min_lines: NonNegative | None = unless_written(None)
    max_lines: NonNegative | None = unless_written(None)
    not_skus: Texts = unless_written(())
    not_categories: Texts = unless_written(())
    not_brands: Texts = unless_written(())
    not_labels: Texts = unless_written(())
    min_price_minor: NonNegative | None = unless_written(None)
    max_price_minor: NonNegative | None = unless_written(None)
    only_line: Literal["cheapest", "dearest"] | None = unless_written(None)
    lines: Annotated[tuple[LinesCondition, ...], Field(max_length=16)] = unless_written(())
    not_stores: Texts = unless_written(())
    not_channels: Texts = unless_written(())
    not_partners: Texts = unless_written(())
    not_tiers: Texts = unless_written(())
    not_payments: Texts = unless_written(())
    codes: Texts = unless_written(())
    not_codes: Texts = unless_written(())
    near: Circle | None = unless_written(None)
    inside: Annotated[tuple[Point, ...], Field(max_length=1_000)] = unless_written(())
    countries: Texts = unless_written(())
    regions: Texts = unless_written(())
    cities: Texts = unless_written(())
    store_labels: Texts = unless_written(())
    segments: Texts = unless_written(())
    not_segments: Texts = unless_written(())
    lists: Texts = unless_written(())
    not_lists: Texts = unless_written(())
    member: MemberConditions | None = unless_written(None)
    data: Annotated[tuple[FactCondition, ...], Field(max_length=16)] = unless_written(())

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        _refuse_empty_ranges(self, ("total_minor", "quantity", "amount_minor", "lines", "price_minor"))
        if 0 < len(self.inside) < 3:
            raise Misplaced("inside", "an area has at least three corners")
        return self


def _refuse_empty_ranges(part: Part, names: tuple[str, ...]) -> None:
    for name in names:
        least, most = getattr(part, f"min_{name}", None), getattr(part, f"max_{name}", None)
        if least is not None and most is not None and least > most:
            raise Misplaced(f"max_{name}", f"must not be below `min_{name}`")
