"""Loans: how many points are lent to whom, by which terms, and why not. Pure.

A loan is a trade of points that come for a debt of the member's own; the cap is looked at behind the member's lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from libs.contracts.redemption import Ask
from libs.contracts.trades import LoanQuote
from libs.ledger.boundary import day_ends, day_of
from libs.ledger.lend import lend
from libs.ledger.model import Loan, MemberLedger
from libs.lives.life import Life
from libs.lives.made import Cause
from libs.promotions.trades import counted_trades
from libs.promotions.transfers import Counted, passes
from services.redemption.domain import IN_DEBT, Changed, Refusal, Rules, Trade
from services.redemption.trading import LIMITED, NOT_OFFERED, brought


class Offered(NamedTuple):
    """What a loan of so many points would be: its terms, how much is lent, and how many points may be; or why not."""

    wallet: str
    points: int
    fee: int
    loan: Loan
    most: int
    lent: int
    left: int
    uses: tuple[Counted, ...]
    refused: Refusal | None


def offered(
    ask: Ask, rules: Rules, ledger: MemberLedger, tier: str | None, used: Mapping[str, int], at: datetime
) -> Offered | Refusal:
    """What lending so many points would come to; a Refusal where nothing is lent to members like this one."""
    lending = None if rules.trades is None else rules.trades.lending
    terms = None if lending is None else lending.terms_for(tier, at)
    if rules.trades is None or lending is None or terms is None or ask.points is None:
        return NOT_OFFERED
    wallet = lending.wallet or next(iter(rules.scales))
    if wallet not in rules.scales or ask.wallet not in (None, wallet):
        return Refusal("wallet-unknown", f"Points are lent in the wallet {wallet}.")
    lent, fee = ledger.lent(wallet), terms.fee(ask.points)
    uses = tuple(counted_trades(rules.trades.limits, "lend", ask.points, tier, at, rules.zone))
    refused = None
    if ledger.debt(wallet):
        refused = IN_DEBT
    elif ask.points < lending.min_points:
        refused = Refusal("trade-too-small", f"Fewer than {lending.min_points} points are not lent.")
    elif ask.points % lending.step:
        refused = Refusal("trade-step", f"Points are lent in multiples of {lending.step}.")
    elif lent + ask.points + fee > terms.most:
        refused = Refusal("loan-limit", f"{terms.most} points may be lent at a time, fees included; {lent} are.")
    elif passes(uses, used):
        refused = LIMITED
    left = 0 if ledger.debt(wallet) else lending.left(terms, lent)
    due_at = day_ends(day_of(at, rules.zone) + timedelta(days=terms.days), rules.zone)
    loan = Loan(terms.repays_percent, due_at)
    return Offered(wallet, ask.points, fee, loan, terms.most, lent, left, uses, refused)


def begun(
    ask: Ask, life: Life, rules: Rules, cause: Cause, at: datetime, tier: str | None, used: Mapping[str, int]
) -> Changed | Refusal:
    """Decide a loan and record it on the member in hand; `used` are the member's counters."""
    found = offered(ask, rules, life.ledger, tier, used, at)
    if isinstance(found, Refusal):
        return found
    if found.refused is not None:
        return found.refused
    boundary = rules.calendar(found.wallet, life.name[2]).expires_at(at)
    movements = lend(
        life.ledger,
        found.wallet,
        found.points,
        found.fee,
        found.loan,
        at=at,
        expires_at=None if boundary is None else boundary.instant,
        policy_version=rules.version,
    )
    life.record(movements, cause, "lent")
    trade = Trade(
        "lend",
        found.wallet,
        found.points,
        found.points + found.fee,
        100,
        found.loan.share,
        rules.version,
        opens=movements[-1].seq,
        due_at=found.loan.due_at,
    )
    return Changed(brought(life, cause, at, ask, trade), uses=found.uses)


def quote(ask: Ask, rules: Rules, found: Offered) -> bytes:
    """Tell what a loan would be, or why it would not; nothing is lent by it."""
    assert ask.member_id is not None
    return (
        LoanQuote(
            member_id=ask.member_id,
            programme=rules.programme,
            wallet=found.wallet,
            points=found.points,
            fee=found.fee,
            to_repay=found.points + found.fee,
            repays_percent=found.loan.share,
            due_at=found.loan.due_at,
            most=found.most,
            lent=found.lent,
            left=found.left,
            possible=found.refused is None,
            reason=None if found.refused is None else found.refused.code,
            detail=None if found.refused is None else found.refused.detail,
        )
        .model_dump_json()
        .encode()
    )
