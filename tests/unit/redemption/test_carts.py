"""What comes back of a cart with a part of its receipt, and with all of it."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from libs.contracts.carts import CartCard, CartCode
from services.redemption.carts.model import Back, CardBack, Cart, HeldPoints, Parts, Stands, back, returned

CODE = CartCode(UUID(int=5), "spring", 0)
PARTS = Parts((CODE,), (CartCard(UUID(int=6), 70),), HeldPoints(30, 30, 100, UUID(int=7)))


def cart(total_minor: int) -> Cart:
    return Cart(
        1, 1, UUID(int=1), UUID(int=2), UUID(int=3), "R-1", None, "bought", b"", datetime(2024, 3, 1, tzinfo=UTC),
        "EUR", total_minor, PARTS, "{}", whole=True,
    )  # fmt: skip


@pytest.mark.parametrize("total", [0, 1, 90, 100, 130])
def test_all_comes_back_with_all_of_a_receipt_whatever_it_says_it_came_to(total: int) -> None:
    """Also where the till told what was left to pay once points and cards had paid, which may be nothing."""
    bought, stands = cart(total), Stands(total, 0, anything=False)
    assert returned(bought, stands) == total
    found = back(bought, returned(bought, stands), ended=True)
    assert found == Back(100, (CardBack(UUID(int=6), 70),), (CODE,))


@settings(deadline=None)
@given(total=st.integers(1, 200), cuts=st.lists(st.integers(0, 200), max_size=4))
def test_in_whatever_parts_a_receipt_comes_back_it_brings_the_same(total: int, cuts: list[int]) -> None:
    now, bill, money = cart(total), 0, 0
    for kept in [*sorted((min(each, total) for each in cuts), reverse=True), 0]:
        stands = Stands(total, kept, anything=kept > 0)
        there = returned(now, stands)
        found = back(now, there, ended=kept == 0)
        bill, money = bill + found.bill_minor, money + sum(each.amount_minor for each in found.cards)
        assert (bill, money) == (100 * there // total, 70 * there // total)
        assert found.codes == ((CODE,) if kept == 0 else ())
        now = replace(now, returned_minor=max(there, now.returned_minor))
    assert (bill, money) == (100, 70)
