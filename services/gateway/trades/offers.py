"""What a programme offers to trade points for, as a member of some level sees it. Pure."""

from __future__ import annotations

from datetime import datetime

from libs.promotions.programme import Programme
from libs.promotions.trades import Exchange, ExchangeRateOfPoints, TradeKind, Trades
from services.gateway.trades.store import NOTHING, Given
from services.gateway.trades.views import (
    CharityOffer,
    ExchangeOffer,
    LoanOffer,
    PoolOffer,
    RateView,
    SaleOffer,
    TradeOffers,
)

_NONE = Trades()


def offers(slug: str, document: Programme, tier: str | None, given: Given, at: datetime) -> TradeOffers:
    """What may be traded at an instant; what has no rate for this level then is left out."""
    trades, first = document.trades or _NONE, document.wallets[0].name
    exchanges = [_exchange(each, tier, at, first) for each in trades.exchanges]
    return TradeOffers(
        programme=slug,
        programme_version=document.version,
        sale=_sale(document, trades, tier, at, first),
        exchanges=tuple(each for each in exchanges if each.gives is not None or each.takes is not None),
        charities=tuple(
            CharityOffer(
                charity=each.name,
                title=each.title,
                wallet=each.wallet or first,
                currency=document.currency,
                rate=RateView(points=each.points, other=each.minor),
                min_points=each.min_points,
                step=each.step,
                given=given.charities.get(each.name, NOTHING),
            )
            for each in trades.charities
        ),
        pools=_pools(trades, given, at),
        loan=_loan(trades, tier, at, first),
    )


def _sale(document: Programme, trades: Trades, tier: str | None, at: datetime, first: str) -> SaleOffer | None:
    rate = None if trades.sale is None else trades.sale.rate(tier, at)
    if trades.sale is None or rate is None:
        return None
    return SaleOffer(
        wallet=trades.sale.wallet or first,
        currency=document.currency,
        rate=RateView(points=rate.points, other=rate.minor),
        min_points=trades.sale.min_points,
        step=trades.sale.step,
    )


def _loan(trades: Trades, tier: str | None, at: datetime, first: str) -> LoanOffer | None:
    lending = trades.lending
    terms = None if lending is None else lending.terms_for(tier, at)
    if lending is None or terms is None:
        return None
    return LoanOffer(
        wallet=lending.wallet or first,
        most=terms.most,
        fee_percent=terms.fee_percent,
        repays_percent=terms.repays_percent,
        days=terms.days,
        min_points=lending.min_points,
        step=lending.step,
    )


def _exchange(exchange: Exchange, tier: str | None, at: datetime, first: str) -> ExchangeOffer:
    def rate(way: TradeKind) -> RateView | None:
        found: ExchangeRateOfPoints | None = exchange.rate(way, tier, at)
        return None if found is None else RateView(points=found.points, other=found.units)

    return ExchangeOffer(
        partner=exchange.partner,
        title=exchange.title,
        wallet=exchange.wallet or first,
        gives=rate("exchange_out"),
        takes=rate("exchange_in"),
        min_points=exchange.min_points,
        step=exchange.step,
    )


def _pools(trades: Trades, given: Given, at: datetime) -> tuple[PoolOffer, ...]:
    found = []
    for pool in trades.pools:
        there = given.pools.get(pool.name, NOTHING)
        found.append(
            PoolOffer(
                pool=pool.name,
                charity=pool.charity,
                title=pool.title,
                open=pool.open_at(at),
                until=pool.until,
                goal_points=pool.goal_points,
                given=there,
                reached_percent=min(100, there.points * 100 // pool.goal_points),
            )
        )
    return tuple(found)
