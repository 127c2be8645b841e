"""The document's frames relative to boundaries: the last days of each period of a wallet, as spans of instants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from libs.promotions.expiry import FirstMonth, NaturalExpiry
from libs.promotions.parts import Misplaced, Name, Part, unless_written
from libs.promotions.pending import start_of_day

if TYPE_CHECKING:
    from libs.promotions.campaigns import Campaign
    from libs.promotions.wallets import Wallet

FIRST_YEAR, LAST_YEAR = 2000, 2099
"""The years whose boundaries count."""
_MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}

Period = Literal["month", "quarter", "half_year", "year"]


class BeforeExpiry(Part):
    """The last `days` days before each boundary of a `wallet`, up to the boundary itself.

    `period` and `year_starts_in` are the wallet's, filled in when the document is read.
    """

    wallet: Name
    days: Annotated[int, Field(strict=True, ge=1, le=366)]
    period: Period | None = None
    year_starts_in: FirstMonth = unless_written(1)

    def spans(self, zone: tzinfo) -> tuple[tuple[datetime, datetime], ...]:
        """Return them in order and apart from each other, half-open, in UTC, from 2000 to 2099."""
        assert self.period is not None, "its programme has filled it in"
        return _spans(self.period, self.year_starts_in, self.days, zone)

    def ends_at(self, instant: datetime, zone: tzinfo) -> bool:
        """Tell whether an instant is one of the boundaries."""
        assert self.period is not None, "its programme has filled it in"
        return instant in _ends(self.period, self.year_starts_in, zone)


@lru_cache(maxsize=64)
def _ends(period: Period, first: int, zone: tzinfo) -> frozenset[datetime]:
    return frozenset(start_of_day(end, zone) for end in _days_after(period, first))


def _days_after(period: Period, first: int) -> Iterator[date]:
    """Give the days after the last ones of periods, of years that begin in a month."""
    months = _MONTHS[period]
    for number in range(FIRST_YEAR * 12 + ((first - 1) % months or months), (LAST_YEAR + 1) * 12 + 1, months):
        year, month = divmod(number, 12)
        yield date(year, month + 1, 1)


@lru_cache(maxsize=64)
def _spans(period: Period, first: int, days: int, zone: tzinfo) -> tuple[tuple[datetime, datetime], ...]:
    found: list[tuple[datetime, datetime]] = []
    for end in _days_after(period, first):
        since, until = start_of_day(end - timedelta(days), zone), start_of_day(end, zone)
        if found and since <= found[-1][1]:
            found[-1] = (found[-1][0], until)
        else:
            found.append((since, until))
    return tuple(found)


def with_periods(document: Any) -> Any:
    """Return a document with the periods that its frames leave to their wallets; what is amiss is left as it is."""
    campaigns = document.get("campaigns") if isinstance(document, Mapping) else None
    if not isinstance(campaigns, list | tuple) or not any(map(_asked, campaigns)):
        return document
    wallets = document.get("wallets")
    periods = {}
    for wallet in wallets if isinstance(wallets, list | tuple) else ():
        expiry = wallet.get("expiry") if isinstance(wallet, Mapping) else None
        if isinstance(expiry, Mapping) and isinstance(expiry.get("period"), str):
            # Months end alike in every year, so that frames before them say nothing of years.
            names = ("period",) if expiry["period"] == "month" else ("period", "year_starts_in")
            periods[wallet.get("name")] = {name: expiry[name] for name in names if name in expiry}
    return {**document, "campaigns": [_filled(campaign, periods) for campaign in campaigns]}


def check_frames(campaigns: Sequence[Campaign], wallets: Sequence[Wallet]) -> None:
    """Refuse frames before boundaries that there are not, or by another period than the wallet has.

    Raises:
        Misplaced: there is one.
    """
    by_name = {wallet.name: wallet for wallet in wallets}
    for at, campaign in enumerate(campaigns):
        asked = campaign.frame.before_expiry
        if asked is None:
            continue
        path = f"campaigns[{at}].frame.before_expiry"
        if asked.wallet not in by_name:
            raise Misplaced(f"{path}.wallet", f"no wallet {asked.wallet!r}", ", ".join(by_name))
        expiry = by_name[asked.wallet].expiry
        if not isinstance(expiry, NaturalExpiry):
            raise Misplaced(f"{path}.wallet", "its points have no boundary that all of them share")
        if asked.period != expiry.period:
            raise Misplaced(f"{path}.period", "the wallet has another; leave it out", expiry.period)
        starts = 1 if expiry.period == "month" else expiry.year_starts_in
        if asked.year_starts_in != starts:
            raise Misplaced(f"{path}.year_starts_in", "the wallet has another; leave it out", str(starts))


def _asked(campaign: object) -> Mapping[str, Any] | None:
    frame = campaign.get("frame") if isinstance(campaign, Mapping) else None
    asked = frame.get("before_expiry") if isinstance(frame, Mapping) else None
    return asked if isinstance(asked, Mapping) else None


def _filled(campaign: Any, periods: Mapping[Any, Mapping[str, Any]]) -> Any:
    asked = _asked(campaign)
    if asked is None or not isinstance(asked.get("wallet"), str):
        return campaign
    written = {name: value for name, value in asked.items() if value is not None}
    filled = {**asked, **periods.get(asked["wallet"], {}), **written}
    return {**campaign, "frame": {**campaign["frame"], "before_expiry": filled}}
