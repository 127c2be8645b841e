"""Exchange rates are read exactly or refused, never rounded."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.exact_rates import read_file, read_rate
from libs.programmes.rates import Rate
from libs.promotions.exchange_rates import RateInvalid, billionths, written


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1_000_000_000),
        ("25.305", 25_305_000_000),
        ("0.000000001", 1),
        (" 007.50 ", 7_500_000_000),
        ("999999999.999999999", 999_999_999_999_999_999),
        ("1.5000000000000", 1_500_000_000),
    ],
)
def test_decimal_text_is_read_exactly(text: str, number: int) -> None:
    assert billionths(text) == number


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0", "zero"),
        ("0.000", "zero"),
        ("-1.5", "negative"),
        ("1.0000000001", "more than 9 digits"),
        ("1000000000", "more than 9 digits"),
        ("1,5", "no decimal number"),
        ("1e3", "no decimal number"),
        ("", "no decimal number"),
        (".5", "no decimal number"),
        ("NaN", "no decimal number"),
        ("१", "no decimal number"),
    ],
)
def test_what_would_be_rounded_or_is_none_is_refused(text: str, why: str) -> None:
    with pytest.raises(RateInvalid, match=why):
        billionths(text)


@given(st.integers(1, 10**18 - 1))
def test_what_is_written_is_read_again(number: int) -> None:
    assert billionths(written(number)) == number
    assert Decimal(written(number)).scaleb(9) == number


@pytest.mark.parametrize(
    ("currency", "valid_from", "why"),
    [
        ("EUR", "2026-01-01T00:00:00Z", "own currency"),
        ("XXX", "2026-01-01T00:00:00Z", "no active currency"),
        ("usd", "2026-01-01T00:00:00Z", "no active currency"),
        ("USD", "2026-01-01T00:00:00", "no offset"),
        ("USD", "yesterday", "from when"),
    ],
)
def test_currency_and_instant_are_checked(currency: str, valid_from: str, why: str) -> None:
    with pytest.raises(RateInvalid, match=why):
        read_rate(currency, "1.1", valid_from, "EUR")


def test_a_file_gives_each_row_or_what_is_wrong_with_it() -> None:
    text = "currency;rate;from\nUSD;0.92;2026-01-01T00:00:00Z\nCHF;0;2026-01-01T00:00:00Z\nGBP;;x\nJPY\n"
    found = dict(read_file(io.BytesIO(text.encode()), "EUR"))
    assert isinstance(found[2], Rate)
    assert (found[2].currency, found[2].rate_e9) == ("USD", 920_000_000)
    assert found[3] == "'0' is zero"
    assert found[4] == "no rate; the columns are currency, rate, from"
    assert "columns" in str(found[5])
