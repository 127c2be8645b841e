"""Rates in versions, and receipts in the programme's currency: lines add up to a total that is rounded once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.contracts.currencies import CURRENCIES
from libs.promotions.facts import Line, Receipt
from libs.promotions.rates import RATE_UNIT, Rate, RateRow, Rates, convert, digits
from tests.unit.promotions.build import receipt, total
from tests.unit.promotions.strategies import lines, receipts

MONDAY = datetime(2024, 5, 6, tzinfo=UTC)
DAY = timedelta(days=1)
ONE = RATE_UNIT
codes = st.sampled_from(("USD", "EUR", "JPY", "KWD"))
rates = st.integers(1, 10**12)


def test_the_rate_in_force_is_the_latest_to_begin_and_then_the_highest_version() -> None:
    rows = [
        RateRow("USD", 3, 930, MONDAY + DAY),
        RateRow("USD", 1, 910, MONDAY),
        RateRow("USD", 2, 920, MONDAY),  # corrects the first
        RateRow("USD", 4, 900, MONDAY - DAY),  # recorded last for the longest past
        RateRow("JPY", 5, 6, MONDAY),
    ]
    known = Rates(rows)
    tick = timedelta(microseconds=1)
    instants = [MONDAY - DAY - tick, MONDAY - DAY, MONDAY - tick, MONDAY, MONDAY + DAY - tick, MONDAY + DAY]
    found = [known.at("USD", instant) for instant in instants]
    assert found == [None, Rate(4, 900), Rate(4, 900), Rate(2, 920), Rate(2, 920), Rate(3, 930)]
    assert known.at("GBP", MONDAY) is None
    assert Rates(()).at("USD", MONDAY) is None


def test_minor_units_of_iso_4217() -> None:
    odd = {code: digits(code) for code in CURRENCIES if digits(code) != 2}
    none = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split()  # noqa: SIM905
    three = "BHD IQD JOD KWD LYD OMR TND".split()  # noqa: SIM905
    assert odd == dict.fromkeys(none, 0) | dict.fromkeys(three, 3)


@pytest.mark.parametrize(
    ("minor", "rate", "one", "other", "wanted"),
    [
        (10_00, 0.92, "USD", "EUR", 9_20),
        (1500, 0.0064, "JPY", "USD", 9_60),
        (9_60, 156.25, "USD", "JPY", 1500),
        (1_250, 3.25, "KWD", "USD", 4_06),  # 1.250 dinars are 4.0625
        (4_06, 0.3077, "USD", "KWD", 1_249),
        (1, 0.5, "USD", "EUR", 1),
        (1, 0.499999999, "USD", "EUR", 0),
    ],
)
def test_totals(minor: int, rate: float, one: str, other: str, wanted: int) -> None:
    found = convert(replace(total(minor), currency=one), round(rate * ONE), one, other)
    assert found == replace(total(wanted), currency=other)


def test_lines_share_the_total() -> None:
    bought = receipt(Line("a", 1, 333), Line("b", 1, 333), Line("c", 1, 334), Line("d", -1, -100))
    found = convert(bought, ONE * 9 // 10, "USD", "EUR")  # 299.7, 299.7, 300.6 and -90
    assert [line.amount_minor for line in found.lines] == [300, 300, 300, -90]
    assert found.total_minor == 810
    assert [line.quantity for line in found.lines] == [1, 1, 1, -1]


@settings(max_examples=200, deadline=None)
@given(receipts(), rates, codes, codes)
def test_lines_add_up_and_keep_their_sign(bought: Receipt, rate: int, one: str, other: str) -> None:
    found = convert(bought, rate, one, other)
    factor = Fraction(rate, ONE) * Fraction(10) ** (digits(other) - digits(one))
    assert found.currency == other
    assert abs(found.total_minor - bought.total_minor * factor) <= Fraction(1, 2)
    assert found.total_minor * bought.total_minor >= 0
    if bought.lines:
        assert found.total_minor == sum(line.amount_minor for line in found.lines)
    for before, after in zip(bought.lines, found.lines, strict=True):
        assert abs(after.amount_minor - before.amount_minor * factor) < 1
        assert after.amount_minor * before.amount_minor >= 0
        assert replace(after, amount_minor=before.amount_minor) == before


@settings(max_examples=100, deadline=None)
@given(receipts(), codes)
def test_a_rate_of_one_changes_nothing(bought: Receipt, code: str) -> None:
    assert convert(replace(bought, currency=code), ONE, code, code) == replace(bought, currency=code)


@settings(max_examples=100, deadline=None)
@given(st.lists(lines, max_size=5), rates)
def test_a_scale_is_the_difference_of_the_exponents(bought: list[Line], rate: int) -> None:
    """The same rate between currencies of other exponents only moves the decimal point."""
    sold = receipt(*bought)
    plain = convert(sold, rate * 1000, "JPY", "KRW")
    assert convert(sold, rate, "JPY", "KWD") == replace(plain, currency="KWD")
