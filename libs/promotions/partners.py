"""The partners of a programme: other companies whose purchases count, as receipts name them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import Field

from libs.promotions.campaigns import Campaign
from libs.promotions.parts import Misplaced, Part, Text


class Partner(Part):
    """A partner as receipts name it, and what people call it."""

    id: Text
    name: Annotated[str, Field(max_length=200)] | None = None


def check_partners(campaigns: Iterable[Campaign], partners: Sequence[Partner]) -> None:
    """Refuse a campaign for, or without, a partner that is not declared, where any are.

    Raises:
        Misplaced: there is one.
    """
    if not partners:
        return
    known = [partner.id for partner in partners]
    for at, campaign in enumerate(campaigns):
        for field in ("partners", "not_partners"):
            for place, one in enumerate(getattr(campaign.when, field)):
                if one not in known:
                    path = f"campaigns[{at}].when.{field}[{place}]"
                    raise Misplaced(path, f"partner {one!r} is not declared", ", ".join(known))
