"""Conditions on lines, compiled: which lines count for the effect, and what any, every or none of them must be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from libs.promotions.criteria import LINE_EXCLUSIONS, LINE_KINDS, LINE_PRICES, Conditions, LinesCondition
from libs.promotions.facts import ALL_LINES, LineLike, ReceiptLike

LineTest = Callable[[LineLike], bool]

Narrowing = Callable[[ReceiptLike, int], int]
"""From a receipt and the set of lines that the index found to the set of those that count."""


class LinePart(Protocol):
    """A part of the document with conditions on lines."""

    @property
    def min_price_minor(self) -> int | None: ...  # noqa: D102
    @property
    def max_price_minor(self) -> int | None: ...  # noqa: D102


def chooses_lines(when: Conditions) -> bool:
    """Tell whether the conditions name lines by which the campaign can be found."""
    return any(getattr(when, kind) for kind in LINE_KINDS)


def line_condition(when: Conditions) -> str:
    """Name what no line met, when none counts: the one kind of condition on lines that is given, else `lines`."""
    given = [kind for kind in (*LINE_KINDS, *LINE_EXCLUSIONS, *LINE_PRICES) if getattr(when, kind) not in ((), None)]
    given += ["only_line"] if when.only_line and not given else []
    return given[0] if len(given) == 1 else "lines"


def compile_line_test(part: LinePart, without: str | None = None) -> LineTest | None:
    """Compile the conditions on one line, other than `without`, to one test of it; None when there is none."""
    tests = [_named(kind, frozenset(getattr(part, kind))) for kind in LINE_KINDS if kind != without]
    tests += [_not_named(kind, frozenset(getattr(part, kind))) for kind in LINE_EXCLUSIONS]
    tests += [_price_from(part.min_price_minor), _price_to(part.max_price_minor)]
    if isinstance(part, LinesCondition):
        tests += [_pieces(part.min_pieces, part.max_pieces)]
    present = [test for test in tests if test is not None]
    if len(present) <= 1:
        return present[0] if present else None
    return lambda line: all(test(line) for test in present)


def compile_narrowing(when: Conditions, *, found_by_any: bool) -> Narrowing | None:
    """Compile what the index leaves to do until the lines that count are known; None when it has found them.

    `found_by_any` says that the index found the campaign by one of its `lines`, which choose none. A receipt without
    lines has none that could be left out; it counts as a whole.
    """
    test = None if chooses_lines(when) else compile_line_test(when)
    needs_lines = any(getattr(when, kind) is not None for kind in LINE_PRICES)
    only = when.only_line
    if test is None and only is None and not found_by_any:
        return None

    def narrow(receipt: ReceiptLike, chosen: int) -> int:
        lines = receipt.lines
        if found_by_any:
            chosen = ALL_LINES
        if test is not None and (lines or needs_lines):
            chosen = _those(test, lines)
        return chosen if only is None else _only(lines, chosen, cheapest=only == "cheapest")

    return narrow


def counted_lines(when: Conditions, receipt: ReceiptLike) -> int:
    """Return the set of lines that count, found without an index."""
    test = compile_line_test(when) if chooses_lines(when) else None
    chosen = ALL_LINES if test is None else _those(test, receipt.lines)
    narrow = compile_narrowing(when, found_by_any=False)
    return chosen if narrow is None else narrow(receipt, chosen)


def compile_lines_condition(condition: LinesCondition) -> Callable[[Sequence[LineLike]], bool]:
    """Compile what any, every or none of the lines must meet."""
    test = compile_line_test(condition)
    assert test is not None, "the document refuses a condition without one"
    match condition.match:
        case "every":
            return lambda lines: bool(lines) and all(test(line) for line in lines)
        case "none":
            return lambda lines: not any(test(line) for line in lines)
    count, quantity, amount = totals_asked(condition)
    if quantity is None and amount is None and count == 1:
        return lambda lines: any(test(line) for line in lines)

    def together(lines: Sequence[LineLike]) -> bool:
        met = [line for line in lines if test(line)]
        return (
            len(met) >= count
            and (quantity is None or sum([line.quantity for line in met]) >= quantity)
            and (amount is None or sum([line.amount_minor for line in met]) >= amount)
        )

    return together


def totals_asked(condition: LinesCondition) -> tuple[int, int | None, int | None]:
    """How many lines, pieces and minor units the lines that meet an `any` must be together."""
    return condition.min_lines or 1, condition.min_quantity, condition.min_amount_minor


def _named(kind: str, allowed: frozenset[str]) -> LineTest | None:
    if not allowed:
        return None
    match kind:
        case "skus":
            return lambda line: line.sku in allowed
        case "categories":
            return lambda line: line.category in allowed
        case "brands":
            return lambda line: line.brand in allowed
        case _:
            return lambda line: not allowed.isdisjoint(line.labels)


def _not_named(kind: str, barred: frozenset[str]) -> LineTest | None:
    named = _named(kind.removeprefix("not_"), barred)
    return None if named is None else lambda line: not named(line)


def _price_from(least: int | None) -> LineTest | None:
    if least is None:
        return None
    return lambda line: line.quantity > 0 and line.amount_minor >= least * line.quantity


def _price_to(most: int | None) -> LineTest | None:
    if most is None:
        return None
    return lambda line: line.quantity > 0 and line.amount_minor <= most * line.quantity


def _pieces(least: int | None, most: int | None) -> LineTest | None:
    if least is None and most is None:
        return None
    return lambda line: (least is None or line.quantity >= least) and (most is None or line.quantity <= most)


def _those(test: LineTest, lines: Sequence[LineLike]) -> int:
    found, bit = 0, 1
    for line in lines:
        if test(line):
            found |= bit
        bit <<= 1
    return found


def _only(lines: Sequence[LineLike], chosen: int, *, cheapest: bool) -> int:
    """The line of the lowest or highest price for a piece, of equals the first; those without a price don't count."""
    found, best = 0, None
    for at, line in enumerate(lines):
        if not chosen >> at & 1 or line.quantity <= 0 or line.amount_minor <= 0:
            continue
        if best is not None:
            mine, its = line.amount_minor * best.quantity, best.amount_minor * line.quantity
            if not (mine < its if cheapest else mine > its):
                continue
        found, best = 1 << at, line
    return found
