"""Discounts that a till says it gave: what of them stands when a part of the purchase came back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar


class GivenLike(Protocol):
    """Money off that the till gave, above 0, for a campaign: on a line, by its number, or on the whole (None)."""

    @property
    def campaign(self) -> str: ...  # noqa: D102
    @property
    def line(self) -> int | None: ...  # noqa: D102
    @property
    def amount_minor(self) -> int: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class GivenDiscount:
    """A `GivenLike` by itself."""

    campaign: str
    amount_minor: int
    line: int | None = None


class Bulk(Protocol):
    """What a line, or all of them, come to: minor units, and pieces where these are none."""

    @property
    def amount_minor(self) -> int: ...  # noqa: D102
    @property
    def quantity(self) -> int: ...  # noqa: D102


G = TypeVar("G", bound=GivenLike)


def standing(one: GivenLike, before: Bulk | None, after: Bulk | None) -> int:
    """Return what stands of a discount on something that came to `before` and comes to `after`; None: it is gone.

    What came back takes its part along, rounded down once on all of it, so nothing is left when everything is back.
    """
    if before is None or after is None:
        return 0
    whole, left = abs(before.amount_minor), abs(after.amount_minor)
    if not whole:
        whole, left = abs(before.quantity), abs(after.quantity)
    return one.amount_minor if not whole else one.amount_minor - one.amount_minor * (whole - left) // whole


def by_campaign(given: Sequence[G] | None) -> Mapping[str, list[G]]:
    """Sort discounts by their campaign."""
    found: dict[str, list[G]] = {}
    for one in given or ():
        found.setdefault(one.campaign, []).append(one)
    return found
