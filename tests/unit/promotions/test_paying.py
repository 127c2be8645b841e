"""Points as money: what they pay of a bill, and what comes back with it; against a count by ones."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.promotions.document import ProgrammeInvalid, parse_programme
from libs.promotions.paying import Paid, Payment, PayRate, due_back, pay
from tests.unit.ledger.build import day

EURO = Payment(rates=(PayRate(points=100, minor=100),))


def test_a_bill_is_paid_by_amount_by_points_and_by_balance() -> None:
    rate = EURO.rates[0]
    assert pay(EURO, rate, 2_500, 9_000) == Paid(2_500, 2_500)
    assert pay(EURO, rate, 2_500, 9_000, points=700) == Paid(700, 700)
    assert pay(EURO, rate, 2_500, 9_000, points=9_000) == Paid(2_500, 2_500), "no more than the bill needs"
    assert pay(EURO, rate, 2_500, 800) == "insufficient-points"
    assert pay(EURO, rate, 2_500, 800, partial=True) == Paid(800, 800)
    assert pay(EURO, rate, 2_500, 800, points=900) == "insufficient-points"
    steps = Payment(rates=(PayRate(points=3, minor=2),), min_points=30, step=10, max_percent=50)
    assert pay(steps, steps.rates[0], 101, 1_000) == Paid(80, 50), "half of it, whole steps, the last worth more"
    assert pay(steps, steps.rates[0], 101, 79, partial=True) == Paid(70, 46)
    assert pay(steps, steps.rates[0], 101, 29, partial=True) == "insufficient-points"
    assert pay(steps, steps.rates[0], 101, 1_000, points=25) == "payment-step"
    assert pay(steps, steps.rates[0], 101, 1_000, points=20) == "payment-below-minimum"
    assert pay(steps, steps.rates[0], 20, 1_000) == "payment-below-minimum", "the bill is too small to need so many"


def test_the_first_rate_that_fits_level_and_time_holds() -> None:
    gold = PayRate(points=80, minor=100, tiers=("gold",), since=day(0), until=day(9))
    terms = Payment(rates=(gold, PayRate(points=100, minor=100, since=day(2))))
    assert terms.rate("gold", day(1)) == gold
    assert terms.rate("gold", day(9)) == terms.rates[1]
    assert terms.rate("silver", day(1)) is None
    assert terms.rate("gold", day(0) - timedelta(microseconds=1)) is None


@settings(max_examples=150, deadline=None)
@given(
    bill=st.integers(1, 5_000), spendable=st.integers(0, 3_000), points=st.none() | st.integers(1, 3_000),
    rate=st.tuples(st.integers(1, 50), st.integers(1, 50)), step=st.integers(1, 7), least=st.integers(1, 40),
    share=st.integers(1, 100), partial=st.booleans(),
)  # fmt: skip
def test_it_takes_as_few_points_as_pay_it_and_never_more_than_there_are(
    bill: int,
    spendable: int,
    points: int | None,
    rate: tuple[int, int],
    step: int,
    least: int,
    share: int,
    partial: bool,
) -> None:
    terms = Payment(rates=(PayRate(points=rate[0], minor=rate[1]),), step=step, min_points=least, max_percent=share)
    paid = pay(terms, terms.rates[0], bill, spendable, points=points, partial=partial)
    payable = bill * share // 100
    enough = next(n for n in range(0, 10**6, step) if n * rate[1] >= payable * rate[0])
    best = enough if points is None else min(points, enough)
    if isinstance(paid, Paid):
        assert least <= paid.points <= min(spendable, enough)
        assert paid.points % step == 0
        assert 0 < paid.minor <= payable
        assert paid.minor == min(payable, paid.points * rate[1] // rate[0])
        assert paid.points == best or (partial and paid.points == spendable // step * step < best)
    elif paid == "insufficient-points":
        assert spendable < best or spendable < least


@settings(max_examples=100, deadline=None)
@given(points=st.integers(1, 10**6), bill=st.integers(1, 10**6), cuts=st.lists(st.integers(1, 10**6), max_size=8))
def test_what_comes_back_does_not_depend_on_how_the_bill_is_returned(points: int, bill: int, cuts: list[int]) -> None:
    marks = sorted({min(cut, bill) for cut in cuts} | {bill})
    shares = [due_back(points, bill, mark) for mark in marks]
    parts = [after - before for before, after in zip([0, *shares], shares, strict=False)]
    assert all(part >= 0 for part in parts)
    assert sum(parts) == points
    assert all(share * bill <= points * mark < (share + 1) * bill for share, mark in zip(shares, marks, strict=True))


@pytest.mark.parametrize(
    ("payment", "path"),
    [
        ({"rates": []}, "payment.rates"),
        ({"rates": [{"points": 1, "minor": 1}], "wallet": "miles"}, "payment.wallet"),
        ({"rates": [{"points": 1, "minor": 1, "tiers": ["iron"]}]}, "payment.rates[0].tiers[0]"),
        (
            {"rates": [{"points": 1, "minor": 1, "since": "2024-01-02T00:00:00Z", "until": "2024-01-01T00:00:00Z"}]},
            "payment.rates[0].until",
        ),
    ],
)
def test_a_document_with_terms_that_cannot_hold_is_refused(payment: dict[str, Any], path: str) -> None:
    document = {
        "version": 1, "zone": "Europe/Rome", "currency": "EUR",
        "wallets": [{"name": "points", "expiry": {"kind": "never"}}],
        "tier_sets": [{"name": "status", "drives_tier": True, "window": {"kind": "rolling", "months": 12},
                       "holds": {"kind": "period_end", "period": "year", "extra_periods": 1},
                       "levels": [{"name": "base"}, {"name": "gold", "needs": {"points": 100}}]}],
        "payment": payment,
    }  # fmt: skip
    with pytest.raises(ProgrammeInvalid) as caught:
        parse_programme(document)
    assert caught.value.errors[0].path == path
