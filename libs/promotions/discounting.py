"""Discounts compiled to integer arithmetic: what each takes off which line, never more than is left of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cmp_to_key

from libs.promotions.apportion import apportion
from libs.promotions.discounts import AmountOff, Bundle, BuyGet, Discounting, FreeShipping, PercentOff
from libs.promotions.effects import compile_selection, lines_where
from libs.promotions.facts import LineLike, ReceiptLike, quantity_over
from libs.promotions.lines import LineTest
from libs.promotions.situation import Situation


class Basket:
    """A receipt's lines as discounts leave them; one without lines is a single place of its total.

    `left` are the amounts that discounts can still take something off; `total` is what may be taken off all of them.
    """

    __slots__ = ("left", "lines", "total")

    def __init__(self, receipt: ReceiptLike) -> None:
        self.lines: Sequence[LineLike] = receipt.lines
        amounts = [line.amount_minor for line in receipt.lines] if receipt.lines else [receipt.total_minor]
        self.left = [max(amount, 0) for amount in amounts]
        self.total = max(receipt.total_minor, 0)

    def places(self, chosen: int) -> list[int]:
        """The places that a set of lines names and of which something is left, in order."""
        return [place for place, amount in enumerate(self.left) if amount and chosen >> place & 1]

    def take(self, off: Mapping[int, int]) -> None:
        """Take amounts off places."""
        for place, amount in off.items():
            self.left[place] -= amount
            self.total -= amount

    def number(self, place: int) -> int | None:
        """The number of the line at a place, from 1 when lines have none of their own; None for the whole."""
        if not self.lines:
            return None
        number: int = getattr(self.lines[place], "line", place + 1)
        return number


Off = dict[int, int]
"""Minor units by place."""


@dataclass(frozen=True, slots=True, eq=False)
class CompiledDiscount(ABC):
    """One discount; `reason` is its kind."""

    reason: str

    @abstractmethod
    def off(self, basket: Basket, situation: Situation, lines: int) -> Off | None:
        """Return what it takes off, by place; None when it does not apply."""


@dataclass(frozen=True, slots=True, eq=False)
class AmountDiscount(CompiledDiscount):
    """An amount, or one for every full `per` of the lines."""

    amount: int
    per: int | None
    most: int | None

    def off(self, basket: Basket, situation: Situation, lines: int) -> Off | None:
        """Share the amount among the lines."""
        places = basket.places(lines)
        spent = min(sum([basket.left[place] for place in places]), basket.total)
        wanted = self.amount if self.per is None else self.amount * (spent // self.per)
        return shared(basket, places, _at_most(wanted, self.most))


@dataclass(frozen=True, slots=True, eq=False)
class PercentDiscount(CompiledDiscount):
    """A percentage, by tier or by quantity; `steps` are rising."""

    percent: int
    tiers: Mapping[str | None, int]
    steps: Sequence[tuple[int, int]]
    most: int | None

    def off(self, basket: Basket, situation: Situation, lines: int) -> Off | None:
        """Take it off the sum of the lines, rounded down once, and share that among them."""
        percent = self.tiers.get(situation.tier, self.percent)
        if self.steps:
            pieces = quantity_over(basket.lines, lines)
            percent = max([percent, *[step for least, step in self.steps if pieces >= least]])
        places = basket.places(lines)
        spent = sum([basket.left[place] for place in places])
        return shared(basket, places, _at_most(spent * percent // 100, self.most))


@dataclass(frozen=True, slots=True, eq=False)
class ShippingDiscount(CompiledDiscount):
    """The price of the lines with one label."""

    label: str
    least: int

    def off(self, basket: Basket, situation: Situation, lines: int) -> Off | None:
        """Take all of them off when the rest of the receipt is enough; no such line, nothing to take, but said."""
        shipping = lines_where(basket.lines, lambda line: self.label in line.labels)
        price = sum([line.amount_minor for place, line in enumerate(basket.lines) if shipping >> place & 1])
        if situation.receipt.total_minor - price < self.least:
            return None
        places = basket.places(shipping)
        if not places:
            return None if shipping else {}
        return shared(basket, places, sum([basket.left[place] for place in places]))


@dataclass(frozen=True, slots=True, eq=False)
class BuyGetDiscount(CompiledDiscount):
    """Some pieces for less because others are bought."""

    buy: int
    get: int
    percent: int
    other: LineTest | None
    by_article: bool
    each_group: bool
    most: int | None

    def off(self, basket: Basket, situation: Situation, lines: int) -> Off | None:
        """Give the cheapest pieces, each at its part of its line's price."""
        bought, others = lines, 0
        if self.other is not None:
            others = lines_where(basket.lines, self.other)
            bought &= ~others
        found: Off = {}
        for group in self._groups(basket, bought):
            for place, pieces in self._given(basket, group, others).items():
                price = basket.left[place] * pieces * self.percent // (basket.lines[place].quantity * 100)
                if price:
                    found[place] = found.get(place, 0) + price
        return in_order(found) or None

    def _groups(self, basket: Basket, bought: int) -> list[list[int]]:
        places = _with_pieces(basket, bought)
        if not self.by_article:
            return [places]
        articles: dict[str, list[int]] = {}
        for place in places:
            articles.setdefault(basket.lines[place].sku, []).append(place)
        return list(articles.values())

    def _given(self, basket: Basket, group: Sequence[int], others: int) -> Off:
        """How many pieces of which line are given."""
        bought = sum([basket.lines[place].quantity for place in group])
        if self.other is not None:
            repeats, group = bought // self.buy, _with_pieces(basket, others)
        else:
            repeats = bought // (self.buy + self.get)
        repeats = _at_most(repeats, self.most)
        ordered = dearest_first(basket, group)
        pieces = sum([basket.lines[place].quantity for place in ordered])
        given: Off = {}
        begin = 0
        for place in ordered:
            end = begin + basket.lines[place].quantity
            if self.each_group and self.other is None:
                many = self._before(end, repeats) - self._before(begin, repeats)
            else:
                many = max(0, end - max(begin, pieces - repeats * self.get))
            if many:
                given[place] = many
            begin = end
        return given

    def _before(self, position: int, repeats: int) -> int:
        """How many of the pieces before a position are given: the last `get` of each of the first full groups."""
        size = self.buy + self.get
        groups, rest = divmod(min(position, repeats * size), size)
        return groups * self.get + max(0, rest - self.buy)


@dataclass(frozen=True, slots=True, eq=False)
class BundleDiscount(CompiledDiscount):
    """Some pieces together for one price."""

    items: Sequence[tuple[int, LineTest]]
    price: int
    most: int

    def off(self, basket: Basket, situation: Situation, lines: int) -> Off | None:
        """Put bundles together, the dearest pieces first, as long as one saves something."""
        places = dearest_first(basket, _with_pieces(basket, lines))
        items = [(many, [place for place in places if test(basket.lines[place])]) for many, test in self.items]
        taken: Off = {}
        parts: Off = {}
        wanted = 0
        for _ in range(self.most):
            after = _one_more(basket, items, taken)
            if after is None:
                break
            prices = {place: _price_of(basket, place, many) for place, many in after.items()}
            saved = sum(prices.values()) - sum(parts.values()) - self.price
            if saved <= 0:
                break
            taken, parts, wanted = after, in_order(prices), wanted + saved
        if not wanted:
            return None
        shares = apportion(list(parts.values()), wanted, sum(parts.values()), wanted)
        return {place: share for place, share in zip(parts, shares, strict=True) if share}


def _one_more(basket: Basket, items: Sequence[tuple[int, Sequence[int]]], taken: Off) -> Off | None:
    """The pieces taken with one more bundle; None when there are not enough."""
    after = dict(taken)
    for many, places in items:
        wanted = many
        for place in places:
            more = min(wanted, basket.lines[place].quantity - after.get(place, 0))
            if more:
                after[place] = after.get(place, 0) + more
                wanted -= more
        if wanted:
            return None
    return after


def _price_of(basket: Basket, place: int, pieces: int) -> int:
    """What the first pieces of a line cost, rounded down; all of them cost what is left of it."""
    return basket.left[place] * pieces // basket.lines[place].quantity


def _with_pieces(basket: Basket, lines: int) -> list[int]:
    """The places that have pieces and of which something is left."""
    if not basket.lines:
        return []
    return [place for place in basket.places(lines) if basket.lines[place].quantity > 0]


def dearest_first(basket: Basket, places: Sequence[int]) -> list[int]:
    """Sort places by the price of a piece, the dearest first, the earlier of equals."""

    def order(one: int, other: int) -> int:
        here = basket.left[one] * basket.lines[other].quantity
        there = basket.left[other] * basket.lines[one].quantity
        return there - here or one - other

    return sorted(places, key=cmp_to_key(order))


def shared(basket: Basket, places: Sequence[int], amount: int) -> Off | None:
    """Share an amount among places in proportion to what is left of them; None when there is nothing to take."""
    parts = [basket.left[place] for place in places]
    amount = min(amount, sum(parts))
    if amount <= 0:
        return None
    shares = apportion(parts, amount, sum(parts), amount)
    return {place: share for place, share in zip(places, shares, strict=True) if share}


def in_order(off: Off) -> Off:
    """Put places in order: what is left over when an amount is shared goes to the earlier of equals."""
    return dict(sorted(off.items()))


def cut_down(off: Off, amount: int) -> Off:
    """Lower a discount to an amount, in proportion."""
    before = sum(off.values())
    if amount >= before:
        return off
    shares = apportion(list(off.values()), amount, before, amount)
    return {place: share for place, share in zip(off, shares, strict=True) if share}


def _at_most(amount: int, most: int | None) -> int:
    return amount if most is None else min(amount, most)


def compile_discount(discount: Discounting) -> CompiledDiscount:
    """Compile a discount of the document."""
    match discount:
        case AmountOff(kind=kind, amount_minor=amount, per_minor=per, most_minor=most):
            return AmountDiscount(kind, amount, per, most)
        case PercentOff(kind=kind, percent=percent, most_minor=most):
            tiers: dict[str | None, int] = {one.tier: one.percent for one in discount.tiers}
            steps = [(one.from_quantity, one.percent) for one in discount.steps]
            return PercentDiscount(kind, percent, tiers, steps, most)
        case FreeShipping(kind=kind, label=label, min_minor=least):
            return ShippingDiscount(kind, label, least)
        case BuyGet(kind=kind, buy=buy, get=get, percent=percent, most=most):
            other = None if discount.of is None else compile_selection(discount.of)
            by_article, each_group = discount.within == "article", discount.pick == "each_group"
            return BuyGetDiscount(kind, buy, get, percent, other, by_article, each_group, most)
        case Bundle(kind=kind, price_minor=price, most=most):
            items = [(item.quantity, compile_selection(item)) for item in discount.items]
            return BundleDiscount(kind, items, price, most)
