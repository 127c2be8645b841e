"""Trades: points that are bought, exchanged with other programmes or donated, and why not. Pure.

A trade is a redemption with what the points were traded for; it is done at once and is not given back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from msgspec.structs import replace

from libs.contracts.redemption import Ask
from libs.contracts.trades import TradeAsk
from libs.ledger.issue import issue
from libs.lives.life import Life
from libs.lives.made import Cause
from libs.promotions.trades import Exchange, TradeKind, Trades, cost_of, counted_trades
from libs.promotions.transfers import passes
from services.redemption import domain
from services.redemption.domain import Changed, Redemption, Refusal, Rules, Trade

NOT_OFFERED = Refusal("trade-not-offered", "The programme offers this to nobody, or not to this member now.")
FINAL = Refusal("trade-final", "Points that were traded are not given back.")
LENT = Refusal("loan-open", "Points are lent to the member; none leave for another programme before these are repaid.")
LIMITED = Refusal("trade-limit", "The programme's limits let the member trade no more in this period.")
_REASONS: Mapping[TradeKind, str] = MappingProxyType(
    {"buy": "bought", "exchange_in": "exchanged", "exchange_out": "exchanged", "donate": "donated"}
)
"""What events give as the reason of the movements."""
_NOTHING = TradeAsk()


class _Terms(NamedTuple):
    """The trade that was asked for as the programme sees it, with the least and the step of its points."""

    trade: Trade
    min_points: int
    step: int


def begun(
    ask: Ask,
    kind: TradeKind,
    life: Life,
    rules: Rules,
    cause: Cause,
    at: datetime,
    tier: str | None,
    used: Mapping[str, int],
) -> Changed | Refusal:
    """Decide a trade and record it on the member in hand; `used` are the member's counters."""
    if rules.trades is None:
        return NOT_OFFERED
    terms = _terms(ask, kind, rules, rules.trades, tier, at)
    if isinstance(terms, Refusal):
        return terms
    if (fault := _fault(terms, ask, rules)) is not None:
        return fault
    if kind == "exchange_out" and life.ledger.lent(terms.trade.wallet):
        return LENT
    trade = terms.trade
    uses = tuple(counted_trades(rules.trades.limits, kind, trade.points, tier, at, rules.zone))
    if passes(uses, used):
        return LIMITED
    made = (
        _came(life, trade, rules, cause, at, ask)
        if kind in ("buy", "exchange_in")
        else _went(life, trade, rules, cause, at, ask)
    )
    return made if isinstance(made, Refusal) else made._replace(uses=uses)


def _fault(terms: _Terms, ask: Ask, rules: Rules) -> Refusal | None:
    """Why the trade is not done in this wallet, or not with so many points."""
    trade = terms.trade
    if trade.wallet not in rules.scales or ask.wallet not in (None, trade.wallet):
        return Refusal("wallet-unknown", f"This is traded in the wallet {trade.wallet}.")
    if trade.points < terms.min_points or trade.other == 0:
        detail = f"Fewer than {terms.min_points} points are not traded, nor what is worth nothing."
        return Refusal("trade-too-small", detail)
    if trade.points % terms.step:
        return Refusal("trade-step", f"Points are traded in multiples of {terms.step}.")
    return None


def _came(life: Life, trade: Trade, rules: Rules, cause: Cause, at: datetime, ask: Ask) -> Changed:
    """Points come in a lot of their own, with the date that the wallet gives to what the member earns now."""
    boundary = rules.calendar(trade.wallet, life.name[2]).expires_at(at)
    movements = issue(
        life.ledger,
        trade.wallet,
        trade.points,
        at=at,
        expires_at=None if boundary is None else boundary.instant,
        policy_version=rules.version,
    )
    life.record(movements, cause, _REASONS[trade.kind])
    return Changed(brought(life, cause, at, ask, replace(trade, opens=movements[0].seq)))


def brought(life: Life, cause: Cause, at: datetime, ask: Ask, trade: Trade) -> Redemption:
    """A trade that brings points: it takes none, and is over with its beginning."""
    return Redemption(
        name=life.name,
        redemption_id=cause.key,
        state="redeemed",
        points=0,
        portions=(),
        asked_at=at,
        changed_at=at,
        reference=ask.reference,
        trade=trade,
    )


def _went(life: Life, trade: Trade, rules: Rules, cause: Cause, at: datetime, ask: Ask) -> Changed | Refusal:
    made = domain.taken(
        life,
        cause.key,
        cause,
        trade.points,
        [trade.wallet],
        at,
        zone=rules.zone,
        reference=ask.reference,
        rest=rules.rest,
        reason=_REASONS[trade.kind],
    )
    if isinstance(made, Refusal):
        return made
    return made._replace(redemption=replace(made.redemption, trade=trade, counted_on=None))


def _terms(ask: Ask, kind: TradeKind, rules: Rules, trades: Trades, tier: str | None, at: datetime) -> _Terms | Refusal:
    told, first = ask.trade or _NOTHING, next(iter(rules.scales))
    if ask.currency not in (None, rules.currency):
        return Refusal("currency-mismatch", f"Points are traded in {rules.currency}.")
    if kind == "buy":
        return _sale(ask, told, rules, trades, tier, at, first)
    if kind == "donate":
        return _donation(ask, told, rules, trades, at, first)
    exchange = trades.exchange(told.partner)
    return NOT_OFFERED if exchange is None else _exchange(ask, told, kind, rules, exchange, tier, at, first)


def _sale(
    ask: Ask, told: TradeAsk, rules: Rules, trades: Trades, tier: str | None, at: datetime, first: str
) -> _Terms | Refusal:
    sale = trades.sale
    rate = None if sale is None else sale.rate(tier, at)
    if sale is None or rate is None or ask.points is None:
        return NOT_OFFERED
    cost = cost_of(ask.points, rate)
    if told.paid_minor != cost:
        return Refusal("price-differs", f"{ask.points} points cost {cost} now, in minor units of {rules.currency}.")
    trade = Trade(
        "buy",
        sale.wallet or first,
        ask.points,
        cost,
        rate.points,
        rate.minor,
        rules.version,
        currency=rules.currency,
        payment=told.payment,
    )
    return _Terms(trade, sale.min_points, sale.step)


def _donation(ask: Ask, told: TradeAsk, rules: Rules, trades: Trades, at: datetime, first: str) -> _Terms | Refusal:
    pool = None if told.pool is None else trades.pool(told.pool)
    if told.pool is not None and (pool is None or not pool.open_at(at)):
        return Refusal("pool-closed", "There is no such campaign, or it takes nothing now.")
    charity = trades.charity(told.charity or (None if pool is None else pool.charity))
    if charity is None or ask.points is None or (pool is not None and pool.charity != charity.name):
        return NOT_OFFERED
    trade = Trade(
        "donate",
        charity.wallet or first,
        ask.points,
        ask.points * charity.minor // charity.points,
        charity.points,
        charity.minor,
        rules.version,
        currency=rules.currency,
        party=charity.name,
        pool=told.pool,
    )
    return _Terms(trade, charity.min_points, charity.step)


def _exchange(
    ask: Ask,
    told: TradeAsk,
    kind: TradeKind,
    rules: Rules,
    exchange: Exchange,
    tier: str | None,
    at: datetime,
    first: str,
) -> _Terms | Refusal:
    """Points that leave are counted in points, points that come in the other programme's units."""
    rate = exchange.rate(kind, tier, at)
    amount = ask.points if kind == "exchange_out" else told.units
    if rate is None or amount is None:
        return NOT_OFFERED
    points = amount if kind == "exchange_out" else amount * rate.points // rate.units
    trade = Trade(
        kind,
        exchange.wallet or first,
        points,
        amount * rate.units // rate.points if kind == "exchange_out" else amount,
        rate.points,
        rate.units,
        rules.version,
        party=exchange.partner,
        payment=told.payment,
    )
    return _Terms(trade, exchange.min_points, exchange.step if kind == "exchange_out" else 1)
