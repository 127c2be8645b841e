"""Purchases in another currency than the programme's."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from libs.judging.versions import ActiveVersion, RunningProgramme
from libs.promotions.rates import convert

NO_RATE = "no-exchange-rate"


class Exchanged(NamedTuple):
    """A purchase in the programme's currency, and the version and value of the rate; None when there was no need."""

    purchase: Any
    rate: tuple[int, int] | None


def exchange(
    purchase: Any,
    programme: RunningProgramme,
    version: ActiveVersion,
    at: datetime,
    rate: tuple[int, int] | None = None,
) -> Exchanged | None:
    """Convert a purchase once, at the rate of its time or the one that it was converted at before; None without any."""
    own = version.compiled.currency
    if purchase.currency == own:
        return Exchanged(purchase, None)
    if rate is None:
        known = programme.rates.at(purchase.currency, at)
        if known is None:
            return None
        rate = (known.version, known.rate_e9)
    return Exchanged(convert(purchase, rate[1], purchase.currency, own), rate)
