"""What other currencies are worth in a programme's own, as documents and people write it: decimals, read exactly."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from libs.promotions.parts import Instant, Misplaced, Part, refuse_repeats
from libs.promotions.rates import RATE_UNIT

DECIMALS = 9
_MOST_WHOLE = 9
_NUMBER = re.compile(r"([0-9]+)(?:\.([0-9]+))?")


class RateInvalid(ValueError):
    """This is no rate; the message says why."""


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
    number = int(whole or "0") * RATE_UNIT + int(part.ljust(DECIMALS, "0"))
    if not number:
        raise RateInvalid(f"{text!r} is zero")
    return number


def written(rate_e9: int) -> str:
    """Write billionths as a decimal number, with no zero too many."""
    whole, part = divmod(rate_e9, RATE_UNIT)
    decimals = f"{part:09}".rstrip("0")
    return f"{whole}.{decimals}" if decimals else str(whole)


def _exact(text: str) -> str:
    return written(billionths(text))


class ExchangeRate(Part):
    """From an instant on, one of `currency` is worth `rate` of the programme's own: a decimal number as text."""

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    rate: Annotated[str, Field(strict=True), AfterValidator(_exact)]
    from_: Annotated[Instant, Field(alias="from")]

    @property
    def rate_e9(self) -> int:
        """The rate in billionths."""
        return billionths(self.rate)


def check_rates(rates: Sequence[ExchangeRate], own: str) -> None:
    """Refuse a rate of the programme's own currency, and two of one currency from the same instant.

    Raises:
        Misplaced: there is one.
    """
    for at, rate in enumerate(rates):
        if rate.currency == own:
            raise Misplaced(f"exchange_rates[{at}].currency", f"{own} is the programme's own currency")
    refuse_repeats("exchange_rates[{}]", [(rate.currency, rate.from_.isoformat()) for rate in rates])
