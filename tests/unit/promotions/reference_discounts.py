"""Discounts, naively: every piece is looked at by itself, with fractions."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import floor

from libs.promotions.campaigns import Effect
from libs.promotions.discounts import AmountOff, Bundle, BuyGet, FreeShipping, PercentOff
from libs.promotions.facts import MemberFacts, Receipt
from libs.promotions.selections import Selection
from tests.unit.promotions.reference import quantity_of
from tests.unit.promotions.reference_conditions import Lines

Off = dict[int | None, int]
"""Minor units by place; None is the receipt as a whole."""
Piece = tuple[Fraction, int]


class Amounts:
    """What is left of each line, or of a receipt without lines."""

    def __init__(self, receipt: Receipt) -> None:
        self.receipt = receipt
        self.left: dict[int | None, int] = {
            place: max(0, line.amount_minor) for place, line in enumerate(receipt.lines)
        } or {None: max(0, receipt.total_minor)}
        self.total = max(0, receipt.total_minor)

    def take(self, off: Mapping[int | None, int]) -> None:
        for place, minor in off.items():
            self.left[place] = self.left.get(place, 0) - minor
            self.total -= minor

    def of(self, lines: Lines) -> dict[int | None, int]:
        return {place: minor for place, minor in self.left.items() if minor and (lines is None or place in lines)}

    def pieces(self, lines: Lines) -> list[Piece]:
        """Every piece with its price, the dearest first."""
        found = (
            [
                (Fraction(minor, self.receipt.lines[place].quantity), place)
                for place, minor in self.of(lines).items()
                if place is not None
                for _ in range(max(0, self.receipt.lines[place].quantity))
            ]
            if self.receipt.lines
            else []
        )
        return sorted(found, key=lambda piece: (-piece[0], piece[1]))


def selected(selection: Selection, receipt: Receipt) -> frozenset[int]:
    return frozenset(
        place
        for place, line in enumerate(receipt.lines)
        if (not selection.skus or line.sku in selection.skus)
        and (not selection.categories or line.category in selection.categories)
        and (not selection.brands or line.brand in selection.brands)
        and (not selection.labels or set(selection.labels) & set(line.labels))
    )


def share(parts: Mapping[int | None, int], amount: int) -> Off:
    """Largest remainders; the earlier of equals."""
    whole = sum(parts.values())
    amount = min(amount, whole)
    if amount <= 0:
        return {}
    exact = {place: Fraction(part * amount, whole) for place, part in parts.items()}
    shares = {place: floor(value) for place, value in exact.items()}
    for place in sorted(exact, key=lambda place: -(exact[place] - shares[place]))[: amount - sum(shares.values())]:
        shares[place] += 1
    return {place: minor for place, minor in shares.items() if minor}


def lower(off: Off, amount: int) -> Off:
    return off if amount >= sum(off.values()) else share(off, amount)


def taken_off(effect: Effect, amounts: Amounts, lines: Lines, member: MemberFacts) -> Off:
    """What a discount takes off each line; 0 off the whole says free shipping of what has no line for it."""
    match effect:
        case AmountOff(amount_minor=minor, per_minor=per, most_minor=most):
            parts = amounts.of(lines)
            wanted = minor if per is None else minor * (min(sum(parts.values()), amounts.total) // per)
            return share(parts, min(wanted, most or wanted))
        case PercentOff(percent=percent, tiers=tiers, steps=steps, most_minor=most):
            percent = {one.tier: one.percent for one in tiers}.get(member.tier or "", percent)
            bought = quantity_of(amounts.receipt, lines)
            percent = max([percent] + [one.percent for one in steps if bought >= one.from_quantity])
            parts = amounts.of(lines)
            wanted = floor(Fraction(sum(parts.values()) * percent, 100))
            return share(parts, min(wanted, most or wanted))
        case FreeShipping(label=label, min_minor=least):
            receipt = amounts.receipt
            shipping = frozenset(place for place, line in enumerate(receipt.lines) if label in line.labels)
            if receipt.total_minor - sum(receipt.lines[place].amount_minor for place in shipping) < least:
                return {}
            return amounts.of(shipping) if shipping else {None: 0}
        case BuyGet():
            return _buy_get(effect, amounts, lines)
        case Bundle():
            return _bundle(effect, amounts, lines)
    return {}


def _buy_get(effect: BuyGet, amounts: Amounts, lines: Lines) -> Off:
    given: list[Piece] = []
    if effect.of is not None:
        others = selected(effect.of, amounts.receipt)
        bought = [piece for piece in amounts.pieces(lines) if piece[1] not in others]
        repeats = min(len(bought) // effect.buy, effect.most or len(bought))
        gifts = amounts.pieces(others)
        given = gifts[max(0, len(gifts) - repeats * effect.get) :]
    else:
        pieces = amounts.pieces(lines)
        skus = {place: amounts.receipt.lines[place].sku for _, place in pieces}
        groups = {sku: [piece for piece in pieces if skus[piece[1]] == sku] for sku in skus.values()}
        for group in groups.values() if effect.within == "article" else [pieces]:
            size = effect.buy + effect.get
            repeats = min(len(group) // size, effect.most or len(group))
            if effect.pick == "cheapest":
                given += group[len(group) - repeats * effect.get :]
            else:
                for number in range(repeats):
                    given += group[number * size + effect.buy : (number + 1) * size]
    prices: dict[int | None, Fraction] = {}
    for price, place in given:
        prices[place] = prices.get(place, Fraction(0)) + price * Fraction(effect.percent, 100)
    return {place: floor(price) for place, price in sorted(prices.items()) if floor(price)}


def _bundle(effect: Bundle, amounts: Amounts, lines: Lines) -> Off:
    pieces = amounts.pieces(lines)
    taken: list[Piece] = []
    parts: dict[int | None, int] = {}
    wanted = 0
    for _ in range(effect.most):
        rest, one = list(pieces), []
        for item in effect.items:
            of_item = [piece for piece in rest if piece[1] in selected(item, amounts.receipt)][: item.quantity]
            if len(of_item) < item.quantity:
                return share(parts, wanted)
            for piece in of_item:
                rest.remove(piece)
                one.append(piece)
        prices: dict[int | None, Fraction] = {}
        for price, place in taken + one:
            prices[place] = prices.get(place, Fraction(0)) + price
        saved = sum(map(floor, prices.values())) - sum(parts.values()) - effect.price_minor
        if saved <= 0:
            break
        taken, pieces, wanted = taken + one, rest, wanted + saved
        parts = {place: floor(price) for place, price in sorted(prices.items())}
    return share(parts, wanted)
