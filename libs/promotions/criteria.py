"""The document's conditions: what must hold for a campaign to pay."""

from __future__ import annotations

from libs.promotions.parts import NonNegative, Part, Texts

ONLY_OF_PURCHASES = ("skus", "categories", "brands", "payments")
"""Conditions that no activity can meet."""


class Conditions(Part):
    """What must hold: kinds AND-ed, the values of one kind OR-ed.

    `skus`, `categories`, `brands` and `labels` choose lines (a line must meet all the kinds given); the effect,
    `min_quantity` and `min_amount_minor` then see only these. Without them they see the whole receipt.
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
