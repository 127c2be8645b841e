"""Receipts as tills publish them: 3 lines, about 700 bytes of JSON, the same for the same seed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np

from tests.bench.population import PARTITIONS, TENANTS, cards, partition_hashes

_SKUS, _STORES, _TILLS, _SECONDS = 500, 200, 4, 3_600
_CEL_FROM = 100  # minor units from which the campaign behind the CEL condition pays

_RECEIPT = (
    b'{"specversion":"1.0","id":"%b","source":"%b","type":"org.pointstream.purchase.completed.v1",'
    b'"time":"%b","datacontenttype":"application/json","data":{"receipt_number":"%b",'
    b'"identifiers":[{"kind":"card","value":"%b"}],"store":"%d","till":"%d","channel":"store",'
    b'"payment":"debit_card","currency":"USD","total_minor":%d,"lines":[%b,%b,%b]}}'
)
_LINE = b'{"line":%d,"sku":"%b","category":"%b","brand":"%b","quantity":%d,"amount_minor":%d}'


@dataclass(frozen=True, slots=True)
class Made:
    """A record: where it goes, and for whose account it is worth how much.

    `credited` are the points of the lot that it opens, `reversed` those that it takes back; `repeat` says that it is
    one made before, byte for byte.
    """

    part: int
    key: bytes
    value: bytes
    member: int
    credited: int = 0
    reversed: int = 0
    repeat: bool = False

    @property
    def movements(self) -> int:
        """Movements of the ledger that come of it."""
        return 0 if self.repeat else (self.credited > 0) + (self.reversed > 0)

    @property
    def events(self) -> int:
        """Events that come of it: what became of it, and one for every movement; none for a repeat."""
        return 0 if self.repeat else 1 + self.movements


def worth(total_minor: int) -> int:
    """Points for a receipt, or for what is left of one: 1.5 per 1.00 and one more per 5.00, rounded down once, and ten
    from 1.00 on."""
    return total_minor * 17 // 1_000 + (10 if total_minor >= _CEL_FROM else 0)


def receipt_id(number: int) -> bytes:
    """The id of record `number`; `number_of` reads it."""
    return b"%d-%d-%010d" % (number % _STORES + 1, number % _TILLS + 1, number)


def number_of(receipt: str) -> int:
    """The number of the record with this id."""
    return int(receipt.rpartition("-")[2])


def source_of(number: int, member: int) -> bytes:
    """The source of record `number`, which is `member`'s: their tenant's till."""
    return b"%b/%d/%d" % (TENANTS[member % 2].source.encode(), number % _STORES + 1, number % _TILLS + 1)


def store_of(number: int) -> int:
    """The store in which receipt `number` was made."""
    return number % _STORES + 1


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a receipt, as far as a return needs it."""

    quantity: int
    amount_minor: int


class Receipts:
    """Makes receipts `first` to before `first + count` of `members` members, the last of them just before `until`
    (RFC 3339)."""

    def __init__(self, first: int, count: int, members: int, until: str) -> None:
        chance = np.random.default_rng([20_260_711, first])
        self.first = first
        self.members: list[int] = chance.integers(0, members, count).tolist()
        self._choices = chance.integers(0, _SKUS * 3, (count, 3)).tolist()
        self.cards, self.keys, self.partitions = _addresses(members)
        self._texts, self._lines = _catalogue()
        self._until = datetime.fromisoformat(until).astimezone(UTC)
        self._times = self.times(0)

    def times(self, later: int) -> list[bytes]:
        """The time of every receipt, by its number modulo the length of the list, but so many seconds later."""
        moments = [self._until + timedelta(seconds=later - second) for second in range(_SECONDS)]
        return [each.isoformat(timespec="milliseconds").replace("+00:00", "Z").encode() for each in moments]

    def lines(self, index: int) -> list[Line]:
        """The lines of the receipt at `index`."""
        return [self._lines[choice] for choice in self._choices[index]]

    def make(self, index: int) -> Made:
        """Make the receipt at `index`."""
        number, member = self.first + index, self.members[index]
        one, two, three = self._choices[index]
        total = self._lines[one].amount_minor + self._lines[two].amount_minor + self._lines[three].amount_minor
        name = receipt_id(number)
        value = _RECEIPT % (
            name, source_of(number, member), self._times[number % _SECONDS], name, self.cards[member],
            store_of(number), number % _TILLS + 1, total,
            self._texts[0][one], self._texts[1][two], self._texts[2][three],
        )  # fmt: skip
        return Made(self.partitions[member], self.keys[member], value, member, credited=worth(total))


@cache
def _addresses(members: int) -> tuple[list[bytes], list[bytes], list[int]]:
    """The card, the record key and the partition of each member; a million of them take a while."""
    numbers = [card.encode() for card in cards(members)]
    keys = [b"card:" + number for number in numbers]
    return numbers, keys, (partition_hashes(keys) % PARTITIONS).tolist()


@cache
def _catalogue() -> tuple[list[list[bytes]], list[Line]]:
    """Lines by position and choice, and what each choice is: every SKU, bought once to three times."""
    chance = np.random.default_rng(20_260_712)
    prices = chance.integers(49, 2_999, _SKUS).tolist()
    goods = [(b"%013d" % (4_000_000_000_000 + n * 7), b"grocery/aisle-%d" % (n % 40), b"Brand %d" % (n % 90))
             for n in range(_SKUS)]  # fmt: skip
    choices = [(sku, quantity) for sku in range(_SKUS) for quantity in (1, 2, 3)]
    lines = [Line(quantity, prices[sku] * quantity) for sku, quantity in choices]
    texts = [
        [_LINE % (at, *goods[sku], line.quantity, line.amount_minor)
         for (sku, _), line in zip(choices, lines, strict=True)]
        for at in (1, 2, 3)
    ]  # fmt: skip
    return texts, lines
