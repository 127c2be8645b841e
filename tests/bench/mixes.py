"""What the benchmark's records are: purchases alone, or the life of receipts.

`plain` is purchases alone. Of twenty records of `life` seventeen are purchases, two are returns of purchases made a
little earlier by the same member, by line with a quantity, and one is an earlier record once more, byte for byte. All
of it follows from the seed. What is left of a receipt is worth what this module says, which knows nothing of how the
platform decides it: a line of which q of Q pieces came back keeps its amount less `amount * q // Q`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np

from tests.bench.receipts import Line, Made, Receipts, receipt_id, source_of, store_of, worth

Mix = Literal["plain", "life"]
MIXES: tuple[Mix, ...] = ("plain", "life")
TURNS: tuple[Mix, ...] = ("plain", "life", "life", "plain") * 4
"""Both in turns, short ones: the pace of a machine that is shared changes by half within a minute."""

_RETURNED, _REPEATED, _OF = (6, 13), 19, 20
_LOOK_BACK = 20_000  # records between a purchase and its return, or a record and its repeat, at most
_LATER = 60  # seconds from a purchase to its return
_TRIES = 20

_RETURN = (
    b'{"specversion":"1.0","id":"%b","source":"%b","type":"org.pointstream.purchase.returned.v1",'
    b'"time":"%b","datacontenttype":"application/json","data":{"receipt_number":"%b",'
    b'"identifiers":[{"kind":"card","value":"%b"}],"store":"%d","return_number":"R%b",'
    b'"lines":[{"line":%d,"quantity":%d}]}}'
)


class Maker(Protocol):
    """Makes the records of an order one after the other."""

    def make(self, index: int) -> Made:
        """Make the record at `index`; called once for each, in order."""


def is_purchase(mix: Mix, index: int) -> bool:
    """Whether the record at `index` of an order is a purchase."""
    return mix == "plain" or (index % _OF not in _RETURNED and index % _OF != _REPEATED)


@dataclass(slots=True)
class _Basket:
    """A purchase of which something came back: how many pieces of each line."""

    lines: list[Line]
    returned: list[int] = field(default_factory=list)

    @property
    def points(self) -> int:
        """What is left of it is worth."""
        pairs = zip(self.lines, self.returned, strict=True)
        return worth(sum(line.amount_minor - line.amount_minor * back // line.quantity for line, back in pairs))

    def open_lines(self) -> list[int]:
        """The lines of which something can still come back."""
        return [at for at, line in enumerate(self.lines) if self.returned[at] < line.quantity]


class Life:
    """Makes purchases, returns and repeats."""

    def __init__(self, receipts: Receipts) -> None:
        self._receipts = receipts
        self._chance = np.random.default_rng([20_260_713, receipts.first])
        self._times = receipts.times(_LATER)
        self._baskets: dict[int, _Basket] = {}
        self._recent: list[Made] = []  # a ring

    def make(self, index: int) -> Made:
        """Make the record at `index`; called once for each, in order."""
        if index % _OF == _REPEATED:
            made = self._repeat(index)
        elif index % _OF in _RETURNED:
            made = self._return(index)
        else:
            made = self._receipts.make(index)
        if len(self._recent) < _LOOK_BACK:
            self._recent.append(made)
        else:
            self._recent[index % _LOOK_BACK] = made
        return made

    def _repeat(self, index: int) -> Made:
        first = self._recent[self._draw(len(self._recent))]
        return Made(first.part, first.key, first.value, first.member, repeat=True)

    def _return(self, index: int) -> Made:
        bought, basket, at = self._choose(index)
        pieces = 1 + self._draw(basket.lines[at].quantity - basket.returned[at])
        before = basket.points
        basket.returned[at] += pieces
        receipts, number = self._receipts, self._receipts.first + index
        member, name, purchase = receipts.members[bought], receipt_id(number), receipts.first + bought
        value = _RETURN % (
            name, source_of(number, member), self._times[purchase % len(self._times)], receipt_id(purchase),
            receipts.cards[member], store_of(purchase), name, at + 1, pieces,
        )  # fmt: skip
        back = before - basket.points
        return Made(receipts.partitions[member], receipts.keys[member], value, member, reversed=back)

    def _choose(self, index: int) -> tuple[int, _Basket, int]:
        """A recent purchase of which something can come back, its basket, and the line."""
        for _ in range(_TRIES):
            bought = index - 1 - self._draw(min(index, _LOOK_BACK))
            if not is_purchase("life", bought):
                continue
            if (basket := self._baskets.get(bought)) is None:
                lines = self._receipts.lines(bought)
                basket = self._baskets[bought] = _Basket(lines, [0] * len(lines))
            if left := basket.open_lines():
                return bought, basket, left[self._draw(len(left))]
        raise RuntimeError("no purchase is left of which something could come back")

    def _draw(self, below: int) -> int:
        return int(self._chance.integers(0, below))


def maker(mix: Mix, receipts: Receipts) -> Maker:
    """What makes records of a mix."""
    return Life(receipts) if mix == "life" else receipts
