"""What a programme knows of products, for tills that send an SKU and no more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from libs.promotions.facts import LineLike, ReceiptLike, changed
from libs.promotions.parts import Part, Text, Texts


class Product(Part):
    """A product: what a line of its SKU is taken for where the till says nothing else; its labels are added."""

    sku: Text
    category: Text | None = None
    brand: Text | None = None
    labels: Texts = ()


Bought = TypeVar("Bought", bound=ReceiptLike)


def completed(receipt: Bought, products: Mapping[str, Product] | None) -> Bought:
    """Return a receipt whose lines bear what is known of their products; itself when that adds nothing."""
    if products is None:
        return receipt
    lines = [_completed(line, products.get(line.sku)) for line in receipt.lines]
    if all(one is other for one, other in zip(lines, receipt.lines, strict=True)):
        return receipt
    return changed(receipt, lines=tuple(lines))


def _completed(line: LineLike, product: Product | None) -> LineLike:
    if product is None:
        return line
    category, brand = line.category or product.category, line.brand or product.brand
    labels = (*line.labels, *(label for label in product.labels if label not in line.labels))
    if (category, brand, labels) == (line.category, line.brand, line.labels):
        return line
    return changed(line, category=category, brand=brand, labels=labels)
