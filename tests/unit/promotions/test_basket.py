"""What is left of a purchase: the same for any order and any cut of the returns, and never less than nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.contracts.events import PurchaseCompletedV1
from libs.contracts.structs import to_struct
from libs.promotions.apportion import apportion
from libs.promotions.basket import NOTHING, remaining
from libs.promotions.facts import Line, Receipt
from tests.unit.promotions.build import receipt, total
from tests.unit.promotions.returns import OfLine, Return, returns, some_returns
from tests.unit.promotions.strategies import lines

BREAD = Line("bread", 3, 1000, "bakery", "own", ("bio",))
MILK = Line("milk", 1, 500)
GIFT = Line("gift", 1, 0)
BAG = Line("bag", 0, 30)
COUPON = Line("coupon", 1, -200)
DEPOSIT = Line("deposit", -4, -100)


def left(bought: Receipt, *each: Return) -> Receipt | None:
    return remaining(bought, returns(*each))


def of(*each: OfLine) -> Return:
    return Return(each)


def test_nothing_returned_leaves_the_very_purchase() -> None:
    bought = receipt(BREAD, MILK)
    assert remaining(bought, NOTHING) is bought


@pytest.mark.parametrize(
    ("returned", "rest"),
    [
        (OfLine(1), None),
        (OfLine(1, 3), None),
        (OfLine(1, 99), None),
        (OfLine(1, 1), (2, 667)),  # 1000 x 1 / 3, rounded down
        (OfLine(1, 2), (1, 334)),
        (OfLine(1, 1, 300), (2, 700)),
        (OfLine(1, 1, 0), (2, 1000)),
        (OfLine(1, None, 300), (3, 700)),
        (OfLine(1, None, 0), (3, 1000)),
        (OfLine(1, None, 1000), None),  # nothing was paid in the end
        (OfLine(1, 2, 1200), None),
        (OfLine(9), (3, 1000)),
        (OfLine(9, 4), (3, 1000)),
    ],
)
def test_a_line(returned: OfLine, rest: tuple[int, int] | None) -> None:
    found = left(receipt(BREAD, MILK), of(returned))
    kept = (MILK,) if rest is None else (replace(BREAD, quantity=rest[0], amount_minor=rest[1]), MILK)
    assert found == receipt(*kept)


def test_pieces_are_rounded_once_on_all_that_came_back() -> None:
    one_by_one = [left(receipt(BREAD), *[of(OfLine(1, 1))] * times) for times in (1, 2, 3)]
    assert [one.total_minor if one else None for one in one_by_one] == [667, 334, None]


def test_money_kept_for_goods_that_came_back_belongs_to_no_article() -> None:
    found = left(receipt(BREAD, MILK), of(OfLine(1, 3, 900)))
    assert found == receipt(Line("", 0, 100), MILK)


def test_free_and_weightless_lines_stay_until_they_come_back() -> None:
    bought = receipt(BREAD, GIFT, BAG)
    assert left(bought, of(OfLine(1))) == receipt(GIFT, BAG)
    assert left(bought, of(OfLine(2, 1))) == receipt(BREAD, BAG)
    assert left(bought, of(OfLine(3, 1))) == receipt(BREAD, GIFT)
    assert left(receipt(replace(GIFT, quantity=3)), of(OfLine(1, 1))) == receipt(replace(GIFT, quantity=2))
    assert left(bought, of(OfLine(3, None, 10))) == receipt(BREAD, GIFT, replace(BAG, amount_minor=20))


def test_negative_lines_come_back_towards_nothing() -> None:
    bought = receipt(BREAD, COUPON, DEPOSIT)
    assert left(bought, of(OfLine(3, 1))) == receipt(BREAD, COUPON, replace(DEPOSIT, quantity=-3, amount_minor=-75))
    assert left(bought, of(OfLine(2, None, 50))) == receipt(BREAD, replace(COUPON, amount_minor=-150), DEPOSIT)
    assert left(bought, of(OfLine(2), OfLine(3, 9))) == receipt(BREAD)


def test_discounts_alone_are_no_order() -> None:
    assert left(receipt(BREAD, GIFT, COUPON), of(OfLine(1))) is None


def test_money_without_a_line_is_spread_over_what_remains() -> None:
    bought = receipt(BREAD, MILK, COUPON)
    found = left(bought, Return(amount_minor=100))
    assert found is not None
    assert [line.amount_minor for line in found.lines] == [923, 462, -185]  # 76.9, 38.5 and -15.4 less
    assert found.total_minor == 1200
    assert left(bought, Return(amount_minor=100), of(OfLine(1))) == receipt(
        replace(MILK, amount_minor=333), replace(COUPON, amount_minor=-133)
    )
    assert left(bought, of(OfLine(9, 1, 100))) == found  # a line that was never sold


@pytest.mark.parametrize("bought", [receipt(BREAD, MILK, GIFT), total(1500), total(0)])
def test_who_has_all_the_money_back_bought_nothing(bought: Receipt) -> None:
    assert left(bought, Return()) is None
    assert left(bought, Return(amount_minor=1500)) is None
    assert left(bought, Return(amount_minor=9999)) is None


def test_a_purchase_without_lines() -> None:
    assert left(total(1500), Return(amount_minor=400), Return(amount_minor=100)) == total(1000)
    assert left(total(1500), of(OfLine(1, 1, 500))) == total(1000)
    assert left(total(1500), of(OfLine(1))) == total(1500)
    assert left(total(1500), Return(amount_minor=0)) == total(1500)


def test_two_lines_of_one_number() -> None:
    bought = payload([(7, "bread", 2, 1000), (7, "milk", 1, 500), (8, "eggs", 1, 300)])
    assert [line.sku for line in left_of(bought, of(OfLine(7)))] == ["eggs"]
    assert [line.amount_minor for line in left_of(bought, of(OfLine(7, 1)))] == [500, 500, 300]


def payload(bought: Sequence[tuple[int, str, int, int]]) -> Any:
    """Make what the fast decoder makes of a purchase."""
    sold = [
        {"line": line, "sku": sku, "quantity": quantity, "amount_minor": amount}
        for line, sku, quantity, amount in bought
    ]
    text = {"receipt_number": "1", "currency": "USD", "total_minor": sum(one[3] for one in bought), "lines": sold}
    return to_struct(PurchaseCompletedV1.model_validate_json(json.dumps(text)))


def left_of(bought: Any, *each: Return) -> Any:
    found: Any = remaining(bought, returns(*each))
    return found.lines


def test_a_decoded_payload_is_found_by_its_line_numbers_and_stays_one() -> None:
    bought = payload([(10, "bread", 2, 1000), (20, "milk", 1, 500)])
    found: Any = remaining(bought, returns(of(OfLine(10, 1), OfLine(20))))
    assert type(found) is type(bought)
    assert found == msgspec.structs.replace(
        bought, lines=(msgspec.structs.replace(bought.lines[0], quantity=1, amount_minor=500),), total_minor=500
    )


receipts = st.lists(lines, max_size=6).map(lambda bought: receipt(*bought))


def halves(one: Return) -> tuple[Return, ...]:
    """Cut a return in two that come to the same."""
    if not one.lines and one.amount_minor is None:
        return (one, one)
    first, second = [], []
    for line in one.lines:
        if line.quantity is None or line.quantity == 1:
            money = None if line.amount_minor is None else line.amount_minor // 3
            rest = None if money is None or line.amount_minor is None else line.amount_minor - money
            first.append(replace(line, amount_minor=rest))
            if line.quantity is None and money is not None:
                second.append(replace(line, amount_minor=money))
            elif money is not None:
                first[-1] = line
        else:
            money = None if line.amount_minor is None else line.amount_minor // 3
            rest = None if money is None or line.amount_minor is None else line.amount_minor - money
            first.append(replace(line, quantity=line.quantity - 1, amount_minor=rest))
            second.append(replace(line, quantity=1, amount_minor=money))
    amount = one.amount_minor or 0
    return Return(tuple(first), amount - amount // 3), Return(tuple(second), amount // 3)


@settings(max_examples=300, deadline=None)
@given(st.data(), receipts, some_returns)
def test_order_and_cut_of_returns_mean_nothing(data: st.DataObject, bought: Receipt, each: list[Return]) -> None:
    parts = [half for one in each for half in (halves(one) if data.draw(st.booleans()) else (one,))]
    shuffled = data.draw(st.permutations(parts))
    assert returns(*shuffled) == returns(*each)
    assert left(bought, *shuffled) == left(bought, *each)


@settings(max_examples=500, deadline=None)
@given(receipts, some_returns)
def test_nothing_passes_nothing_and_totals_stay_sums(bought: Receipt, each: list[Return]) -> None:
    found = left(bought, *each)
    if found is None:
        return
    assert found.total_minor == sum(line.amount_minor for line in found.lines)
    assert len(found.lines) <= len(bought.lines)
    sold = {line.sku for line in bought.lines}
    assert {line.sku for line in found.lines} <= sold | {""}
    assert all(line.quantity == 0 != line.amount_minor for line in found.lines if not line.sku)
    for sku in sold:
        for value in ("quantity", "amount_minor"):
            before, after = ([getattr(line, value) for line in one.lines if line.sku == sku] for one in (bought, found))
            assert sum(amount for amount in after if amount > 0) <= sum(amount for amount in before if amount > 0)
            assert sum(amount for amount in after if amount < 0) >= sum(amount for amount in before if amount < 0)


@settings(max_examples=300, deadline=None)
@given(st.data(), receipts, some_returns)
def test_all_returned_in_pieces_leaves_no_order(data: st.DataObject, bought: Receipt, each: list[Return]) -> None:
    rest = [of(OfLine(place, abs(line.quantity) or 1)) for place, line in enumerate(bought.lines, start=1)]
    if bought.lines:
        assert left(bought, *data.draw(st.permutations([*each, *rest]))) is None or any(
            one.quantity and one.amount_minor is not None for more in each for one in more.lines
        )
        assert left(bought, *rest) is None
    assert left(bought, *each, Return()) is None


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(-(10**6), 10**6), max_size=9), st.integers(0, 10**9), st.integers(1, 10**9))
def test_shares_are_near_and_add_up(parts: list[int], numerator: int, denominator: int) -> None:
    exact = [Fraction(part * numerator, denominator) for part in parts]
    whole = round(sum(exact))
    shares = apportion(parts, numerator, denominator, whole)
    assert sum(shares) == whole
    assert all(abs(share - one) < 1 for share, one in zip(shares, exact, strict=True))
    assert all(share * one >= 0 for share, one in zip(shares, exact, strict=True))
