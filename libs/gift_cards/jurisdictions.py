"""What the law of a place asks for of gift cards, read from a file of data. Pure once it is read; no legal advice.

The file has a version; a card keeps that under which it was sold, so that what changes later is no surprise to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import Literal

import msgspec
from msgspec import Struct

NOWHERE = "none"
"""The jurisdiction without rules of its own."""


class Cash(Struct, frozen=True, forbid_unknown_fields=True):
    """When a holder may ask for cash: below an amount of a currency, or once no more than so many percent are left.

    Where only cards count that were sold for more than an amount, `sold_above_minor` says so.
    """

    below_minor: int | None = None
    up_to_minor: int | None = None
    currency: str | None = None
    percent_left: int | None = None
    sold_above_minor: int | None = None


class Law(Struct, frozen=True, forbid_unknown_fields=True):
    """The rules of a jurisdiction. `says` is their gist, `sources` where they stand, `since` their first day."""

    code: str
    name: str
    says: str
    sources: tuple[str, ...]
    since: date | None = None
    no_expiry: bool = False
    years: int | None = None
    counts_from: Literal["issue", "last_load"] = "issue"
    year_end: bool = False
    cash: Cash | None = None

    def earliest(self, loaded_at: datetime) -> datetime | None:
        """The earliest date that a card loaded then may lapse at; None where any may be set, or none (`no_expiry`)."""
        if self.years is None or self.no_expiry:
            return None
        if self.year_end:
            return loaded_at.replace(
                year=loaded_at.year + self.years + 1, month=1, day=1, hour=0, minute=0, second=0, microsecond=0
            )
        try:
            return loaded_at.replace(year=loaded_at.year + self.years)
        except ValueError:  # 29 February
            return loaded_at.replace(year=loaded_at.year + self.years, month=3, day=1)

    def pays_out(self, balance_minor: int, initial_minor: int, currency: str) -> bool:
        """Whether a holder may ask for what is left in cash."""
        cash = self.cash
        if cash is None or (cash.currency is not None and cash.currency != currency):
            return False
        if cash.sold_above_minor is not None and initial_minor <= cash.sold_above_minor:
            return False
        return (
            (cash.below_minor is not None and balance_minor < cash.below_minor)
            or (cash.up_to_minor is not None and balance_minor <= cash.up_to_minor)
            or (cash.percent_left is not None and balance_minor * 100 <= initial_minor * cash.percent_left)
        )


class Laws(Struct, frozen=True, forbid_unknown_fields=True):
    """A version of the file."""

    version: int
    as_of: date
    jurisdictions: tuple[Law, ...]

    def of(self, code: str, day: date) -> Law | None:
        """Return the rules of a jurisdiction that count on a day; None for one that is not listed."""
        listed = [law for law in self.jurisdictions if law.code == code and (law.since is None or law.since <= day)]
        return max(listed, key=lambda law: law.since or date.min, default=None)

    @property
    def codes(self) -> tuple[str, ...]:
        """All jurisdictions that are listed."""
        return tuple(dict.fromkeys(law.code for law in self.jurisdictions))


@cache
def versions() -> Mapping[int, Laws]:
    """Return every version of the file, by its number."""
    folder = resources.files("libs.gift_cards")
    read = msgspec.json.Decoder(Laws).decode
    found = [
        read(file.read_bytes()) for file in folder.iterdir() if file.name.startswith("laws-") and ".json" in file.name
    ]
    return {laws.version: laws for laws in sorted(found, key=lambda laws: laws.version)}


def newest() -> Laws:
    """Return the newest version."""
    return list(versions().values())[-1]
