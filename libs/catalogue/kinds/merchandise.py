"""Merchandise: things that are picked, packed and brought, or fetched at a store."""

from __future__ import annotations

from typing import Literal

from libs.catalogue.flow import Flow
from libs.catalogue.kinds.base import BROUGHT, PERSONAL, Choices, Code, Delivery, RewardKind, chosen, has_a_place
from libs.promotions.parts import Part


class Merchandise(Part):
    """An article of a supplier, in variants such as sizes."""

    kind: Literal["merchandise"]
    article: Code
    supplier: Code | None = None
    variants: Choices = ()


class MerchandiseAsked(Delivery):
    """Which variant, and where to."""

    variant: str | None = None


def _flow(data: Merchandise) -> Flow:
    return BROUGHT


def _answers(data: Merchandise, asked: MerchandiseAsked) -> str | None:
    return has_a_place(data, asked) or chosen(asked.variant, data.variants)


KIND = RewardKind("merchandise", Merchandise, _flow, MerchandiseAsked, PERSONAL, answers=_answers)
