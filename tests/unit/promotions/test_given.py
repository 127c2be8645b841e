"""What a till says that it gave counts, and goes back in proportion with what it was given on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.promotions.basket import remaining
from libs.promotions.compile import compile_programme
from libs.promotions.decide import counter_keys
from libs.promotions.document import parse_programme
from libs.promotions.evaluation import Capped, Discount, Use
from libs.promotions.facts import Line, Receipt
from libs.promotions.given import GivenDiscount
from libs.promotions.rates import RATE_UNIT, convert
from tests.unit.promotions.build import BASE, MEMBER, THURSDAY, campaign, document, failures, judge, points, receipt
from tests.unit.promotions.returns import OfLine, Return, returns, some_returns

LAMP, BULB = Line("lamp", 1, 4_500), Line("bulb", 4, 400)
OFF = {"kind": "percent_off", "percent": 10}
TEXT = document(
    campaign("base", BASE),
    campaign(
        "big",
        OFF,
        when={"min_total_minor": 5_000},
        limits=[{"period": "ever", "discount_minor": 1_000}, {"period": "ever", "times": 3}],
    ),
    campaign(
        "mine", OFF, when={"skus": ["lamp"]}, limits=[{"scope": "member", "period": "ever", "discount_minor": 90}]
    ),
)
BOUGHT = receipt(LAMP, BULB, discounts=(GivenDiscount("big", 500, 1),))


def test_what_was_given_counts_whatever_conditions_say_of_what_is_left() -> None:
    found = judge(TEXT, BOUGHT)
    assert found.discounts == (Discount("big", 1, 500, "percent_off"),)
    assert found.uses == (Use("big#discount|ever", 500, 1_000), Use("big#times|ever", 1, 3))
    assert (points(found), failures(found)) == (49, {"mine": "nothing-earned"})


def test_a_till_that_says_nothing_is_taken_to_give_what_there_is_and_one_that_gave_nothing_is_not() -> None:
    assert judge(TEXT, replace(BOUGHT, discounts=None)).discounts == (Discount("mine", 1, 90, "percent_off"),)
    assert judge(TEXT, replace(BOUGHT, discounts=())).discounts == ()
    unknown = judge(TEXT, replace(BOUGHT, discounts=(GivenDiscount("base", 5), GivenDiscount("nobody", 5))))
    assert (unknown.discounts, unknown.uses) == ((), ())


def test_no_more_is_counted_than_a_limit_has_left() -> None:
    found = judge(TEXT, BOUGHT, counters={"big#discount|ever": 700})
    assert found.discounts == (Discount("big", 1, 300, "percent_off"),)
    assert found.capped == (Capped("big", "USD", "big#discount|ever", 500, 500, 300),)
    assert found.uses[0] == Use("big#discount|ever", 300, 1_000)
    full = judge(TEXT, BOUGHT, counters={"big#times|ever": 3})
    assert (full.discounts, full.uses) == ((), ())


def test_the_counters_of_what_was_given_are_named_where_conditions_find_no_candidate() -> None:
    compiled = compile_programme(parse_programme(TEXT))
    bought = receipt(BULB, discounts=(GivenDiscount("mine", 40, 1),))
    assert f"mine#discount|ever|{MEMBER.member_id}" in counter_keys(compiled, bought, MEMBER, THURSDAY)


@pytest.mark.parametrize(
    ("back", "left"),
    [
        (Return((OfLine(2, quantity=1),)), [("big", 1, 500), ("mine", 2, 31), ("whole", None, 98)]),
        (Return((OfLine(2, quantity=4),)), [("big", 1, 500), ("whole", None, 92)]),
        (Return((OfLine(1, amount_minor=1_500),)), [("big", 1, 334), ("mine", 2, 41), ("whole", None, 70)]),
        (Return((OfLine(1),)), [("mine", 2, 41), ("whole", None, 9)]),
        (Return(amount_minor=4_899), [("big", 1, 1), ("whole", None, 1)]),
    ],
)
def test_what_comes_back_takes_its_part_along(back: Return, left: list[tuple[str, int | None, int]]) -> None:
    given_by_till = (GivenDiscount("big", 500, 1), GivenDiscount("mine", 41, 2), GivenDiscount("whole", 100))
    rest = remaining(replace(BOUGHT, discounts=given_by_till), returns(back))
    assert rest is not None
    assert [(one.campaign, one.line, one.amount_minor) for one in rest.discounts or ()] == left


@given(some_returns, st.integers(0, 900), st.none() | st.integers(1, 3))
def test_never_more_stands_than_was_given_and_nothing_when_nothing_is_left(
    each: list[Return], amount: int, line: int | None
) -> None:
    bought: Receipt = replace(BOUGHT, discounts=(GivenDiscount("big", amount, line),))
    before = amount
    for many in range(1, len(each) + 1):
        rest = remaining(bought, returns(*each[:many]))
        now = 0 if rest is None else sum([one.amount_minor for one in rest.discounts or ()])
        assert 0 <= now <= before
        before = now


def test_it_is_put_into_the_currency_of_the_programme() -> None:
    euros = replace(BOUGHT, currency="EUR")
    converted = convert(euros, RATE_UNIT * 2, "EUR", "USD")
    assert converted.discounts == (GivenDiscount("big", 1_000, 1),)
