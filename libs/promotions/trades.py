"""The document's word on trades: points that are bought, exchanged with other programmes, donated or lent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from libs.promotions.lending import Lending
from libs.promotions.limits import period_name
from libs.promotions.parts import Instant, Misplaced, Name, Part, Positive, Tiers, Timed, refuse_repeats, unless_written
from libs.promotions.transfers import Counted

TradeKind = Literal["buy", "exchange_in", "exchange_out", "donate", "lend"]
Title = Annotated[str, Field(min_length=1, max_length=200)]


class SaleRate(Timed):
    """So many points cost so much, in the currency's minor unit."""

    points: Positive
    minor: Positive


class Sale(Part):
    """Points for money: the first rate that fits holds; so many at least and in which steps."""

    wallet: Name | None = None
    rates: Annotated[tuple[SaleRate, ...], Field(min_length=1, max_length=64)]
    min_points: Positive = 1
    step: Positive = 1

    def rate(self, tier: str | None, at: datetime) -> SaleRate | None:
        """The rate for a member of this level at an instant; None when none fits."""
        return next((rate for rate in self.rates if rate.fits(tier, at)), None)


class ExchangeRateOfPoints(Timed):
    """So many points stand for so many units of the other programme."""

    points: Positive
    units: Positive


class Exchange(Part):
    """Points to and from another programme: `gives` has the rates by which they leave, `takes` by which they come."""

    partner: Name
    title: Title | None = None
    wallet: Name | None = None
    gives: Annotated[tuple[ExchangeRateOfPoints, ...], Field(max_length=64)] = ()
    takes: Annotated[tuple[ExchangeRateOfPoints, ...], Field(max_length=64)] = ()
    min_points: Positive = 1
    step: Positive = 1

    @model_validator(mode="after")
    def _some_way(self) -> Self:
        if not self.gives and not self.takes:
            raise Misplaced("gives", "either gives or takes has a rate")
        return self

    def rate(self, way: TradeKind, tier: str | None, at: datetime) -> ExchangeRateOfPoints | None:
        """The rate for a member of this level at an instant; None when none fits."""
        rates = self.gives if way == "exchange_out" else self.takes
        return next((rate for rate in rates if rate.fits(tier, at)), None)


class Charity(Part):
    """Whom donations help, and what so many points are worth to it, in the currency's minor unit."""

    name: Name
    title: Title
    points: Positive
    minor: Positive
    wallet: Name | None = None
    min_points: Positive = 1
    step: Positive = 1


class Pool(Part):
    """A campaign of a charity to which all members give together, from an instant to another, towards a goal."""

    name: Name
    charity: Name
    title: Title
    goal_points: Positive
    since: Instant | None = None
    until: Instant | None = None

    def open_at(self, at: datetime) -> bool:
        """Whether points can be given to it at an instant."""
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


class TradeLimit(Part):
    """How many points, or how often, a member may trade in a period of the programme's zone.

    Only trades of these `kinds` count, only members of these `tiers` are held to it; without either, all.
    """

    period: Literal["day", "week", "month", "year", "ever"]
    points: Positive | None = None
    times: Positive | None = None
    kinds: Annotated[tuple[TradeKind, ...], Field(max_length=5)] = ()
    tiers: Tiers = ()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.points is None and self.times is None:
            raise Misplaced("points", "either points or times says how much")
        return self


class Trades(Part):
    """What points may be traded for, by which rates, and how much of it. What is not named is not offered."""

    sale: Sale | None = None
    exchanges: Annotated[tuple[Exchange, ...], Field(max_length=256)] = ()
    charities: Annotated[tuple[Charity, ...], Field(max_length=256)] = ()
    pools: Annotated[tuple[Pool, ...], Field(max_length=1_000)] = ()
    lending: Lending | None = unless_written(None)
    limits: Annotated[tuple[TradeLimit, ...], Field(max_length=64)] = ()

    def exchange(self, partner: str | None) -> Exchange | None:
        """The exchange with another programme."""
        return next((each for each in self.exchanges if each.partner == partner), None)

    def charity(self, name: str | None) -> Charity | None:
        """The charity of this name."""
        return next((each for each in self.charities if each.name == name), None)

    def pool(self, name: str) -> Pool | None:
        """The pooled campaign of this name."""
        return next((each for each in self.pools if each.name == name), None)


def cost_of(points: int, rate: SaleRate) -> int:
    """What points cost; a part of a minor unit counts whole."""
    return -(-points * rate.minor // rate.points)


def counted_trades(
    limits: Sequence[TradeLimit], kind: TradeKind, points: int, tier: str | None, at: datetime, zone: ZoneInfo
) -> Iterator[Counted]:
    """The counters of its member that a trade uses; limits for different levels that count the same share one.

    What is counted for others is counted for a member of any level, who may be of another tomorrow.
    """
    day = at.astimezone(zone).date()
    most: dict[tuple[str, int], int | None] = {}
    for limit in limits:
        if limit.kinds and kind not in limit.kinds:
            continue
        head = "+".join(sorted(limit.kinds)) or "*"
        holds = not limit.tiers or tier in limit.tiers
        for unit, amount, bound in (("", points, limit.points), ("#times", 1, limit.times)):
            if bound is not None:
                name = (f"{head}{unit}|{period_name(limit.period, day)}", amount)
                known = most.get(name)
                most[name] = min(bound, known or bound) if holds else known
    for (key, amount), bound in most.items():
        yield Counted(key, amount, bound)


def check_trades(trades: Trades | None, wallets: Sequence[str], levels: Sequence[str]) -> None:
    """Refuse wallets, levels and charities that nobody knows, and what is declared twice.

    Raises:
        Misplaced: with the path below the programme.
    """
    if trades is None:
        return
    refuse_repeats("trades.exchanges[{}].partner", [each.partner for each in trades.exchanges])
    refuse_repeats("trades.charities[{}].name", [each.name for each in trades.charities])
    refuse_repeats("trades.pools[{}].name", [each.name for each in trades.pools])
    for path, wallet in _wallets(trades):
        if wallet is not None and wallet not in wallets:
            raise Misplaced(f"trades.{path}.wallet", f"no wallet {wallet!r}", ", ".join(wallets))
    for path, tiers in _tiers(trades):
        for place, tier in enumerate(tiers):
            if levels and tier not in levels:
                raise Misplaced(f"trades.{path}.tiers[{place}]", f"no level {tier!r}", ", ".join(levels))
    for at, pool in enumerate(trades.pools):
        if trades.charity(pool.charity) is None:
            known = ", ".join(each.name for each in trades.charities)
            raise Misplaced(f"trades.pools[{at}].charity", f"no charity {pool.charity!r}", known)


def _wallets(trades: Trades) -> Iterator[tuple[str, str | None]]:
    if trades.sale is not None:
        yield "sale", trades.sale.wallet
    for at, exchange in enumerate(trades.exchanges):
        yield f"exchanges[{at}]", exchange.wallet
    for at, charity in enumerate(trades.charities):
        yield f"charities[{at}]", charity.wallet
    if trades.lending is not None:
        yield "lending", trades.lending.wallet


def _tiers(trades: Trades) -> Iterator[tuple[str, Sequence[str]]]:
    for at, rate in enumerate(trades.sale.rates if trades.sale is not None else ()):
        yield f"sale.rates[{at}]", rate.tiers
    for at, exchange in enumerate(trades.exchanges):
        for way, rates in (("gives", exchange.gives), ("takes", exchange.takes)):
            for place, of_points in enumerate(rates):
                yield f"exchanges[{at}].{way}[{place}]", of_points.tiers
    for at, limit in enumerate(trades.limits):
        yield f"limits[{at}]", limit.tiers
    for path, tiers in trades.lending.tiers() if trades.lending is not None else ():
        yield f"lending.{path}", tiers
