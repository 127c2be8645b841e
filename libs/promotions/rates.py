"""Other currencies than the programme's: which rate counts, and a receipt at that rate.

A rate is what one unit of a currency is worth in the programme's, times 10^9, both in major units.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from libs.promotions.apportion import apportion
from libs.promotions.facts import ReceiptLike, changed

RATE_UNIT = 10**9

_DECIMALS: Mapping[str, int] = MappingProxyType(
    dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    )
    | dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3)
)
"""How many decimals the minor unit has, where it is not two. Source: ISO 4217, list one."""

R = TypeVar("R", bound=ReceiptLike)


class Rate(NamedTuple):
    """A rate and its version, by which a receipt remembers it."""

    version: int
    rate_e9: int


class Rates:
    """The rates of a programme. Rates are never changed: a correction is a later version."""

    def __init__(self, rows: Iterable[tuple[str, int, int, datetime]]) -> None:
        """Take (currency, version, rate times 10^9, valid from) in any order."""
        self._by_currency: dict[str, list[tuple[datetime, int, int]]] = {}
        for currency, version, rate_e9, valid_from in rows:
            self._by_currency.setdefault(currency, []).append((valid_from, version, rate_e9))
        for known in self._by_currency.values():
            known.sort()

    def at(self, currency: str, instant: datetime) -> Rate | None:
        """Return the last rate that was valid at an aware instant, of several the highest version; None before any."""
        known = self._by_currency.get(currency, [])
        index = bisect_right(known, instant, key=lambda rate: rate[0])
        return Rate(*known[index - 1][1:]) if index else None


def convert(receipt: R, rate_e9: int, currency: str, into: str) -> R:
    """Return the same receipt in another currency.

    Its total is converted once, and half a minor unit goes up; the lines share it, each within a minor unit of what it
    is worth.
    """
    numerator = rate_e9 * 10 ** _DECIMALS.get(into, 2)
    denominator = RATE_UNIT * 10 ** _DECIMALS.get(currency, 2)
    total = (2 * receipt.total_minor * numerator + denominator) // (2 * denominator)
    if not receipt.lines:
        return changed(receipt, currency=into, total_minor=total)
    shares = apportion([line.amount_minor for line in receipt.lines], numerator, denominator, total)
    lines = [changed(line, amount_minor=share) for line, share in zip(receipt.lines, shares, strict=True)]
    return changed(receipt, currency=into, total_minor=total, lines=tuple(lines))
