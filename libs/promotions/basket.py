"""What is left of a purchase of which something came back.

Returns are added up before anything is computed, so neither their order nor how they were split makes a difference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

from msgspec import Struct

from libs.promotions.apportion import apportion
from libs.promotions.facts import LineLike, ReceiptLike, changed
from libs.promotions.given import GivenLike, standing


class ReturnedLineLike(Protocol):
    """What of one line came back: pieces, a part of its price, pieces at a price, or (both None) the whole line."""

    @property
    def line(self) -> int: ...  # noqa: D102
    @property
    def quantity(self) -> int | None: ...  # noqa: D102
    @property
    def amount_minor(self) -> int | None: ...  # noqa: D102


class ReturnLike(Protocol):
    """One return: lines, a part of the price beside them, or (no lines and no amount) the whole purchase."""

    @property
    def lines(self) -> Sequence[ReturnedLineLike]: ...  # noqa: D102
    @property
    def amount_minor(self) -> int | None: ...  # noqa: D102


class ReturnedOfLine(Struct, frozen=True, array_like=True, gc=False):
    """All that came back of the line with this number.

    `pieces` take their part of the line's price; the price of `priced` ones is, with all other money that was given
    back for the line, in `amount_minor`.
    """

    line: int
    whole: bool = False
    pieces: int = 0
    priced: int = 0
    amount_minor: int = 0


class Returned(Struct, frozen=True, array_like=True, gc=False):
    """All that came back of one purchase; `amount_minor` is what no line accounts for, `lines` are in order."""

    whole: bool = False
    amount_minor: int = 0
    lines: tuple[ReturnedOfLine, ...] = ()


NOTHING = Returned()

R = TypeVar("R", bound=ReceiptLike)


def add(returned: Returned, more: ReturnLike) -> Returned:
    """Add a return, such as a decoded `purchase.returned` payload; amounts and quantities must not be negative."""
    lines = {line.line: line for line in returned.lines}
    for one in more.lines:
        lines[one.line] = _add_line(lines.get(one.line) or ReturnedOfLine(one.line), one)
    return Returned(
        returned.whole or (not more.lines and more.amount_minor is None),
        returned.amount_minor + (more.amount_minor or 0),
        tuple(sorted(lines.values(), key=lambda line: line.line)),
    )


def _add_line(known: ReturnedOfLine, one: ReturnedLineLike) -> ReturnedOfLine:
    quantity, amount = one.quantity or 0, one.amount_minor or 0
    priced = one.amount_minor is not None
    return ReturnedOfLine(
        known.line,
        known.whole or (one.quantity is None and not priced),
        known.pieces + (0 if priced else quantity),
        known.priced + (quantity if priced else 0),
        known.amount_minor + amount,
    )


def remaining(purchase: R, returned: Returned) -> R | None:
    """Return the purchase without what came back, of the same kind; None when nothing of it stands.

    Lines are found by their `line`, or by their place (from 1) when they have none. A line is gone when all its pieces
    and its price are back, or when its whole price is: who paid nothing in the end bought nothing. Where all pieces are
    back but not all the money, the rest stays as a line without an article. Money for a line that the purchase does not
    have is treated like money that no line accounts for: it is spread over what remains, in proportion. Nothing stands
    when that money covers all that remains, or when discounts are all that remains.
    """
    if returned == NOTHING:
        return purchase
    if returned.whole:
        return None
    kept, loose = _without(purchase.lines, returned)
    lines = [line for _, line in kept]
    left = sum([line.amount_minor for line in lines]) if purchase.lines else purchase.total_minor
    if (loose and loose >= left) or (purchase.lines and _is_nothing(lines)):
        return None
    if loose:
        taken = apportion([line.amount_minor for line in lines], loose, left, loose) if lines else []
        lines = [changed(line, amount_minor=line.amount_minor - less) for line, less in zip(lines, taken, strict=True)]
        left -= loose
    rest = changed(purchase, lines=tuple(lines), total_minor=left)
    if purchase.discounts is None:
        return rest
    after = {number: line for (number, _), line in zip(reversed(kept), reversed(lines), strict=True)}
    return changed(rest, discounts=_given(purchase, after, left))


def _given(purchase: ReceiptLike, after: Mapping[int, LineLike], left: int) -> tuple[GivenLike, ...]:
    """What stands of the discounts that the till gave; `after` are the lines that are left, by number.

    Of several lines with one number the first counts. A discount on a line that the purchase does not have is treated
    like one on the whole.
    """
    before = {_number(line, place): line for place, line in reversed(list(enumerate(purchase.lines, start=1)))}
    whole, rest = _Whole(purchase.total_minor), _Whole(left)
    found = []
    for one in purchase.discounts or ():
        number = one.line
        if number is not None and number in before:
            stands = standing(one, before[number], after.get(number))
        else:
            stands = standing(one, whole, rest)
        if stands:
            found.append(changed(one, amount_minor=stands))
    return tuple(found)


class _Whole(NamedTuple):
    """All lines together."""

    amount_minor: int
    quantity: int = 1


def _number(line: LineLike, place: int) -> int:
    number: int = getattr(line, "line", place)
    return number


def _without(lines: Sequence[LineLike], returned: Returned) -> tuple[list[tuple[int, LineLike]], int]:
    """Return the lines, by number, less what came back of each, and the money that no line accounts for."""
    by_number = {one.line: one for one in returned.lines}
    met: set[int] = set()
    kept: list[tuple[int, LineLike]] = []
    for place, line in enumerate(lines, start=1):
        number = _number(line, place)
        of_line = by_number.get(number)
        if of_line is None or (number in met and not of_line.whole):
            kept.append((number, line))
        elif not of_line.whole and (rest := _rest(line, of_line)) is not None:
            kept.append((number, rest))
        met.add(number)
    unknown = sum([one.amount_minor for one in returned.lines if one.line not in met])
    return kept, returned.amount_minor + unknown


def _rest(line: LineLike, returned: ReturnedOfLine) -> LineLike | None:
    """Return what is left of a line, nearer to 0 by what came back; None when it is gone."""
    sold, price = abs(line.quantity), abs(line.amount_minor)
    came_back = returned.pieces + returned.priced
    divided = sold or 1  # what has no pieces comes back as a whole
    price_back = price * min(returned.pieces, divided) // divided
    pieces = max(sold - came_back, 0)
    money = max(price - price_back - returned.amount_minor, 0)
    all_back = came_back > 0 and pieces == 0
    if money == 0 and (all_back or price):
        return None
    amount = money if line.amount_minor > 0 else -money
    if all_back:
        return changed(line, sku="", category=None, brand=None, labels=(), quantity=0, amount_minor=amount)
    return changed(line, quantity=pieces if line.quantity > 0 else -pieces, amount_minor=amount)


def _is_nothing(lines: Sequence[LineLike]) -> bool:
    """No line, or nothing that was paid for beside discounts."""
    amounts = [line.amount_minor for line in lines]
    return not amounts or (max(amounts) <= 0 and min(amounts) < 0)
