"""Exchange rates as people write them, read exactly: what one unit of a currency is worth in the programme's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from libs.contracts.currencies import CURRENCIES
from libs.contracts.rejection import Rejection
from libs.intake.rows import read_rows
from libs.programmes.rates import Rate
from libs.promotions.exchange_rates import RateInvalid, billionths
from libs.runtime.clock import parse_instant

_COLUMNS = ("currency", "rate", "from")


def read_rate(currency: str, rate: str, valid_from: str, into: str) -> Rate:
    """Read a rate from its three texts; `into` is the programme's currency.

    Raises:
        RateInvalid: one of them is none, or would have to be rounded.
    """
    if currency not in CURRENCIES:
        raise RateInvalid(f"{currency!r} is no active currency of ISO 4217")
    if currency == into:
        raise RateInvalid(f"{currency} is the programme's own currency")
    try:
        instant = parse_instant(valid_from)
    except ValueError as error:
        raise RateInvalid(f"from when: {error}") from None
    return Rate(currency, billionths(rate), instant)


def read_file(stream: BinaryIO, into: str) -> Iterator[tuple[int, Rate | str]]:
    """Give each row's line with its rate, or with what is wrong with it.

    Raises:
        libs.intake.rows.FileUnreadable: the file is no CSV with the columns currency, rate and from.
    """
    for row in read_rows(stream, "csv"):
        if isinstance(row.content, Rejection):
            yield row.line, row.content.detail
            continue
        assert not isinstance(row.content, bytes)
        missing = [name for name in _COLUMNS if name not in row.content]
        if missing:
            yield row.line, f"no {missing[0]}; the columns are {', '.join(_COLUMNS)}"
            continue
        try:
            currency, rate, valid_from = (row.content[name] for name in _COLUMNS)
            yield row.line, read_rate(currency, rate, valid_from, into)
        except RateInvalid as error:
            yield row.line, str(error)
