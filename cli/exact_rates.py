"""Exchange rates as people write them, read exactly: what one unit of a currency is worth in the programme's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from libs.contracts.currencies import CURRENCIES
from libs.contracts.rejection import Rejection
from libs.intake.rows import read_rows
from libs.runtime.clock import parse_instant

DECIMALS = 9
_ONE = 1_000_000_000
_MOST_WHOLE = 9
_NUMBER = re.compile(r"([0-9]+)(?:\.([0-9]+))?")
_COLUMNS = ("currency", "rate", "from")


class RateInvalid(ValueError):
    """This is no rate; the message says why."""


@dataclass(frozen=True, slots=True)
class Rate:
    """From `valid_from` on, one unit of `currency` is worth `rate_e9` billionths of the programme's."""

    currency: str
    rate_e9: int
    valid_from: datetime


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


def billionths(text: str) -> int:
    """Read a positive decimal number exactly, in billionths.

    Raises:
        RateInvalid: it is none, or has more digits than are kept.
    """
    if text.strip().startswith("-"):
        raise RateInvalid(f"{text!r} is negative")
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        raise RateInvalid(f"{text!r} is no decimal number such as 25.305")
    whole, part = found[1].lstrip("0"), (found[2] or "").rstrip("0")
    if len(whole) > _MOST_WHOLE or len(part) > DECIMALS:
        raise RateInvalid(f"{text!r} has more than {_MOST_WHOLE} digits before or {DECIMALS} behind the point")
    number = int(whole or "0") * _ONE + int(part.ljust(DECIMALS, "0"))
    if not number:
        raise RateInvalid(f"{text!r} is zero")
    return number


def written(rate_e9: int) -> str:
    """Write billionths as a decimal number, with no zero too many."""
    whole, part = divmod(rate_e9, _ONE)
    decimals = f"{part:09}".rstrip("0")
    return f"{whole}.{decimals}" if decimals else str(whole)


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
