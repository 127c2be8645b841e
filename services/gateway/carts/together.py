"""What codes, points and gift cards come to together, with the promotions: one answer, in whatever order they came.

Codes first: those that combine all together, or one that does not, whichever takes off most, then brings most points.
What campaigns take off comes before what codes take off by themselves; points pay next, and cards what is left. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from libs.codes.rules import Line, Order, PoolRules, Reason, discount
from libs.promotions.allowances import Stacking
from libs.promotions.apportion import apportion
from libs.promotions.given import GivenDiscount
from services.gateway.quotes.foretold import Asked, Quote

ALONE = Reason("does-not-combine", "It goes with no other code, and the others are worth more.")
OTHER_ALONE = Reason("does-not-combine", "Another code that goes with no other is worth more.")
TWICE = Reason("twice", "It was named before.")


class ShownCode(Struct, frozen=True):
    """A code as it was shown, and what was found of it; without an id there is none such. `rules` are its pool's."""

    code_id: UUID | None
    pool: str | None
    reasons: tuple[Reason, ...]
    rules: PoolRules | None = None
    worth_minor: int = 0

    @property
    def counts(self) -> bool:
        """Whether it counts for the cart."""
        return not self.reasons

    @property
    def place(self) -> tuple[str, str]:
        """Where it stands among others, however these were typed."""
        return self.pool or "", "" if self.code_id is None else self.code_id.hex


class Chosen(NamedTuple):
    """The codes that count, and those that do not; the quote with them; what is taken off in all, and what is left."""

    codes: tuple[ShownCode, ...]
    quote: Quote
    discount_minor: int
    left: Order


def choose(shown: Sequence[ShownCode], judge: Callable[[tuple[str, ...]], Quote], order: Order) -> Chosen:
    """Choose the codes that count. `judge` gives the quote with codes of some pools, `order` is the cart itself."""
    codes, seen = [], set[UUID | None]()
    for code in sorted(shown, key=lambda each: each.place):
        twice = code.code_id is not None and code.code_id in seen
        codes.append(replace(code, reasons=(TWICE,)) if twice else code)
        seen.add(code.code_id)
    valid = [code for code in codes if code.counts]
    lonely = [code for code in valid if code.rules is not None and not code.rules.combines]
    together = [code for code in valid if code not in lonely]
    ways = [together, *[[code] for code in lonely]] if together or not lonely else [[code] for code in lonely]
    found = [_with(way, judge, order) for way in ways]
    best = max(range(len(found)), key=lambda at: (found[at].discount_minor, _points(found[at].quote), -at))
    kept = {code.code_id: code for code in found[best].codes}
    why = OTHER_ALONE if len(ways[best]) == 1 and ways[best][0] in lonely else ALONE
    told = [kept.get(code.code_id) or replace(code, reasons=(why,)) if code.counts else code for code in codes]
    return found[best]._replace(codes=tuple(told))


def _with(codes: Sequence[ShownCode], judge: Callable[[tuple[str, ...]], Quote], order: Order) -> Chosen:
    """What some codes come to together, each on what those before it left."""
    quote = judge(tuple(sorted({code.pool for code in codes if code.pool is not None})))
    left, off = after_campaigns(quote, order)
    allowed = _allowed(quote, order.total_minor) - off
    told = []
    for code in codes:
        rules = code.rules or PoolRules()
        worth = max(min(discount(rules, left), allowed), 0)
        left, allowed, off = _less(left, rules, worth), allowed - worth, off + worth
        told.append(replace(code, worth_minor=worth))
    return Chosen(tuple(told), quote, off, left)


def as_bought(chosen: Chosen) -> Asked:
    """The cart as its receipt will say it: amounts after all that is taken off, with what campaigns gave.

    What it brings is what it is told to bring: a receipt says what was paid.
    """
    asked = chosen.quote.asked
    purchase, evaluation = asked.purchase, chosen.quote.verdict.evaluation
    lines = tuple(
        replace(line, amount_minor=left.amount_minor)
        for line, left in zip(purchase.lines, chosen.left.lines, strict=True)
    )
    given = purchase.discounts
    if given is None and evaluation is not None and evaluation.discounts:
        given = tuple(
            GivenDiscount(one.campaign, one.amount_minor, one.line) for one in evaluation.discounts if one.amount_minor
        )
    bought = replace(purchase, lines=lines, total_minor=chosen.left.total_minor, discounts=given)
    return asked._replace(purchase=bought)


def after_campaigns(quote: Quote, order: Order) -> tuple[Order, int]:
    """The order as the discounts of campaigns leave it, and what they take off; nothing where the till gave them."""
    evaluation = quote.verdict.evaluation
    if evaluation is None or quote.asked.purchase.discounts is not None:
        return order, 0
    by_line: dict[int | None, int] = {}
    for one in evaluation.discounts:
        by_line[one.line] = by_line.get(one.line, 0) + one.amount_minor
    lines = tuple(
        replace(line, amount_minor=line.amount_minor - by_line.get(number.line, 0))
        for line, number in zip(order.lines, quote.asked.purchase.lines, strict=True)
    )
    off = sum(by_line.values())
    return replace(order, total_minor=order.total_minor - off, lines=lines), off


def _less(order: Order, rules: PoolRules, off: int) -> Order:
    """The order after a code took so much off the lines that it is for."""
    counts = [not rules.names_products or _names(rules, line) for line in order.lines]
    parts = [max(line.amount_minor, 0) if each else 0 for line, each in zip(order.lines, counts, strict=True)]
    whole = sum(parts)
    shares = apportion(parts, off, whole, off) if whole else [0] * len(parts)
    lines = tuple(
        replace(line, amount_minor=line.amount_minor - share) for line, share in zip(order.lines, shares, strict=True)
    )
    return replace(order, total_minor=order.total_minor - off, lines=lines)


def _names(rules: PoolRules, line: Line) -> bool:
    return line.sku in rules.skus or line.category in rules.categories or line.brand in rules.brands


def _allowed(quote: Quote, total_minor: int) -> int:
    percent = stacking_of(quote).max_discount_percent
    return total_minor if percent is None else total_minor * percent // 100


def stacking_of(quote: Quote) -> Stacking:
    """What the programme says of what comes together."""
    return Stacking() if quote.compiled is None else quote.compiled.source.stacking


def _points(quote: Quote) -> int:
    return sum(credit.points for credit in quote.verdict.credits)


class CardFound(Struct, frozen=True):
    """A gift card as it was shown: what may be taken of it at most, or why nothing."""

    card_id: UUID | None
    available_minor: int = 0
    lapses: str = ""
    reason: Reason | None = None


class CardPays(NamedTuple):
    """What a card pays, or why it does not."""

    card_id: UUID | None
    paid_minor: int
    reason: Reason | None


USED_UP = Reason("nothing-left", "There is nothing on the card, or nothing left to be paid.")


def pay_by_cards(cards: Sequence[CardFound], left_minor: int) -> tuple[tuple[CardPays, ...], int]:
    """What cards pay of what is left, those that lapse first before others; and what is left after them."""
    told, seen = [], set[UUID | None]()
    for card in sorted(cards, key=lambda each: (each.lapses or "~", each.available_minor, str(each.card_id))):
        reason = card.reason or (TWICE if card.card_id in seen else None)
        paid = 0 if reason is not None else min(card.available_minor, left_minor)
        seen.add(card.card_id)
        left_minor -= paid
        told.append(CardPays(card.card_id, paid, reason or (None if paid else USED_UP)))
    return tuple(told), left_minor


def barred(stacking: Stacking, discount_minor: int) -> Mapping[str, Reason]:
    """Which of points and cards may not pay beside the discount, and why."""
    if not discount_minor:
        return {}
    told = {
        "points": (stacking.points_with_discounts, "Points do not pay for a cart with a discount."),
        "cards": (stacking.gift_cards_with_discounts, "Gift cards do not pay for a cart with a discount."),
    }
    return {what: Reason("with-discount", words) for what, (may, words) in told.items() if not may}
