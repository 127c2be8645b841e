"""Exchange rates in versions, and a purchase in another currency put into the programme's own.

A rate is what one whole unit of a currency is worth in whole units of the programme's currency, times 10^9.
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
"""What a rate of 1 is written as."""

_BY_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_DIGITS: Mapping[str, int] = MappingProxyType({code: n for n, codes in _BY_DIGITS.items() for code in codes.split()})


class Rate(NamedTuple):
    """A rate and its version, by which a receipt remembers it."""

    version: int
    rate_e9: int


class RateRow(NamedTuple):
    """A version of a currency's rate, and the aware instant from which it holds."""

    currency: str
    version: int
    rate_e9: int
    valid_from: datetime


class Rates:
    """The rates of a programme. They are never changed: a correction is a later version."""

    __slots__ = ("_by_currency",)

    def __init__(self, rows: Iterable[RateRow | tuple[str, int, int, datetime]]) -> None:
        """Take the rows in any order, as `RateRow` or as tuples of the same fields."""
        self._by_currency: dict[str, list[tuple[datetime, int, int]]] = {}
        for currency, version, rate_e9, valid_from in rows:
            self._by_currency.setdefault(currency, []).append((valid_from, version, rate_e9))
        for known in self._by_currency.values():
            known.sort()

    def at(self, currency: str, instant: datetime) -> Rate | None:
        """Return the rate in force at an aware instant: the latest to begin, then the highest version; None before."""
        known = self._by_currency.get(currency, [])
        index = bisect_right(known, instant, key=lambda row: row[0])
        return Rate(*known[index - 1][1:]) if index else None

    def knows(self, currency: str, version: int) -> bool:
        """Tell whether a version of a currency's rate is among these."""
        return any(known == version for _, known, _ in self._by_currency.get(currency, []))


def digits(currency: str) -> int:
    """Tell how many decimals the minor unit of a currency of ISO 4217 stands for."""
    return _DIGITS.get(currency, 2)


R = TypeVar("R", bound=ReceiptLike)


def convert(receipt: R, rate_e9: int, from_currency: str, to_currency: str) -> R:
    """Return the same receipt, of the same kind, in another currency.

    The total is converted once and rounded to the nearest minor unit, a half up; the lines are shares of it, each less
    than one unit from exact. `rate_e9` is above 0 and says what one whole unit of `from_currency` is worth.
    """
    numerator = rate_e9 * 10 ** digits(to_currency)
    denominator = RATE_UNIT * 10 ** digits(from_currency)
    amounts = [line.amount_minor for line in receipt.lines]
    shares = apportion(amounts, numerator, denominator, _nearest(sum(amounts) * numerator, denominator))
    lines = [changed(line, amount_minor=share) for line, share in zip(receipt.lines, shares, strict=True)]
    total = _nearest(receipt.total_minor * numerator, denominator)
    converted = changed(receipt, currency=to_currency, total_minor=total, lines=tuple(lines))
    if receipt.discounts is None:
        return converted
    given = [
        changed(one, amount_minor=_nearest(one.amount_minor * numerator, denominator)) for one in receipt.discounts
    ]
    return changed(converted, discounts=tuple(given))


def _nearest(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)
