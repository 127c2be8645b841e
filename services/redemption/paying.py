"""Points as money: how many pay a bill, and how many come back when a part of it does. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from msgspec.structs import replace

from libs.contracts.redemption import Ask
from libs.ledger.model import MemberLedger
from libs.promotions.paying import PaymentRefusal, due_back, pay
from services.redemption.domain import IN_DEBT, Bill, Redemption, Refusal, Rules, quoted

NOT_OFFERED = Refusal("payment-not-offered", "The programme has no rate at which this member's points pay now.")
_WHY: Mapping[PaymentRefusal, str] = MappingProxyType(
    {
        "payment-below-minimum": "Fewer than {terms.min_points} points are not taken, nor what pays nothing.",
        "payment-step": "Points are taken in multiples of {terms.step}.",
        "insufficient-points": "{spendable} points can be spent.",
    }
)
ABOUT_MEMBERS = frozenset({"in-debt", "insufficient-points", "payment-below-minimum", "payment-step"})
"""Refusals that a quote tells as its answer: another member, or another number of points, could pay."""


class Priced(NamedTuple):
    """So many points, of these wallets, pay a bill so far."""

    points: int
    wallets: Sequence[str]
    bill: Bill


def priced(ask: Ask, rules: Rules, ledger: MemberLedger, tier: str | None, at: datetime) -> Priced | Refusal:
    """How many points pay the bill that is asked about, as far as they may; `tier` is the member's."""
    terms = rules.payment
    rate = None if terms is None else terms.rate(tier, at)
    if terms is None or rate is None:
        return NOT_OFFERED
    wallet = paying_wallet(rules)
    if (fault := _elsewhere(ask, rules, wallet)) is not None:
        return fault
    there = quoted(ledger, 1, [wallet], at, rules.rest)
    if there.refused == "in-debt":
        return IN_DEBT
    assert ask.bill_minor is not None
    paid = pay(terms, rate, ask.bill_minor, there.spendable, points=ask.points, partial=ask.partial)
    if isinstance(paid, str):
        return Refusal(paid, _WHY[paid].format(terms=terms, spendable=there.spendable))
    bill = Bill(rules.currency, ask.bill_minor, paid.minor, rate.points, rate.minor, terms.tax)
    return Priced(paid.points, [wallet], bill)


def paying_wallet(rules: Rules) -> str:
    """The wallet that bills are paid from."""
    named = None if rules.payment is None else rules.payment.wallet
    return named or next(iter(rules.scales))


def _elsewhere(ask: Ask, rules: Rules, wallet: str) -> Refusal | None:
    """Why this bill is not paid from the wallet that pays bills."""
    if ask.currency not in (None, rules.currency):
        return Refusal("currency-mismatch", f"Points pay bills in {rules.currency}.")
    if ask.wallet not in (None, wallet):
        return Refusal("wallet-unknown", f"Bills are paid from the wallet {wallet}.")
    return None


def in_part(bill: Bill | None, points: int) -> Bill | None:
    """What fewer points than were held pay of the bill."""
    return None if bill is None else replace(bill, paid=min(bill.paid, points * bill.rate_minor // bill.rate_points))


class Returned(NamedTuple):
    """How many points come back because a part of the bill does, and the bill after that."""

    points: int
    bill: Bill


def returned(redemption: Redemption, minor: int) -> Returned | Refusal:
    """In proportion to the bill, on the cumulative figure, and no more than is left of the redemption."""
    bill = redemption.bill
    if bill is None:
        return Refusal("not-a-payment", "The redemption pays no bill.")
    after = bill.returned + minor
    if after > bill.amount:
        return Refusal("returned-exceeded", f"Of the bill {bill.amount - bill.returned} are left to be returned.")
    points = due_back(redemption.points, bill.amount, after) - due_back(redemption.points, bill.amount, bill.returned)
    return Returned(min(points, redemption.points - redemption.restored), replace(bill, returned=after))
