"""Asking redemption about the codes, points and gift cards of a cart, and putting its answers together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from libs.codes import postgres as codes
from libs.codes.rules import Line, Order, PoolRules, Reason
from libs.contracts import codes as wire_codes
from libs.contracts import gift_cards as wire_cards
from libs.contracts.carts import CartCard, CartCode, CartPoints
from libs.contracts.codes import CodeAsk
from libs.contracts.gift_cards import CardAsk
from libs.contracts.redemption import Ask
from libs.judging.versions import RunningProgramme
from services.gateway.carts.bodies import CardWanted, CartWants, PointsWanted
from services.gateway.carts.together import (
    CardFound,
    Chosen,
    ShownCode,
    as_bought,
    barred,
    choose,
    pay_by_cards,
    stacking_of,
)
from services.gateway.carts.views import CartQuote, QuotedCard, QuotedCode, QuotedPayment, ReasonView
from services.gateway.door.access import Caller
from services.gateway.door.problems import ProblemError
from services.gateway.quotes.foretold import Asked, Quote, counters_for, quote
from services.gateway.redemptions.client import RedemptionClient

_NOBODY = Reason("member-needed", "Points pay for members: say whose it is.")
_UNPAID = "nothing-left"


class _Reason(msgspec.Struct):
    code: str
    detail: str


class _Check(msgspec.Struct):
    reasons: list[_Reason]
    code_id: UUID | None = None
    pool: str | None = None


class _Card(msgspec.Struct):
    card_id: UUID
    currency: str
    balance_minor: int
    state: str
    expires_at: datetime | None = None


class _Bill(msgspec.Struct):
    paid_minor: int
    tax: str


class _Payment(msgspec.Struct):
    points: int
    possible: bool
    spendable: int
    reason: str | None = None
    bill: _Bill | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A quote with what was asked beside it, and the parts that it is set aside by."""

    quote: Quote
    view: CartQuote
    order: Order
    codes: tuple[CartCode, ...]
    cards: tuple[CartCard, ...]
    points: CartPoints | None


async def find(caller: Caller, client: RedemptionClient, asked: Asked, wants: CartWants) -> Found:
    """Quote a cart with its codes, points and gift cards; nothing is held by it.

    Raises:
        ProblemError: redemption can't be asked, or too many codes were guessed.
    """
    order = order_of(asked.purchase)
    shown = [await _code(caller, client, asked, text, order) for text in wants.codes]
    rules = await _rules(caller, asked.programme, [code.pool for code in shown if code.pool is not None])
    shown = [msgspec.structs.replace(code, rules=rules.get(code.pool or "")) for code in shown]
    pools = tuple(sorted({code.pool for code in shown if code.counts and code.pool is not None}))
    used = await caller.parts.quotes.counters(asked.programme.key, counters_for(with_codes(asked, pools)))
    chosen = choose(shown, lambda some: quote(with_codes(asked, some), used), order)
    to_pay = chosen.left.total_minor
    bought = quote(as_bought(chosen), used) if chosen.discount_minor else chosen.quote
    bars = barred(stacking_of(chosen.quote), chosen.discount_minor)
    points, paid = None, None
    if wants.points is not None:
        points, paid = await _points(caller, client, asked, wants.points, to_pay, bars.get("points"))
    left = to_pay - (0 if points is None else points.paid_minor)
    found = [await _card(caller, client, asked, card, bars.get("cards")) for card in wants.gift_cards]
    pays, left = pay_by_cards(found, left)
    view = _view(chosen, to_pay, points, tuple(_card_view(*card) for card in pays), left)
    return Found(
        bought,
        view,
        order,
        tuple(
            CartCode(code.code_id, code.pool, code.worth_minor)
            for code in chosen.codes
            if code.counts and code.code_id is not None and code.pool is not None
        ),
        tuple(CartCard(card.card_id, card.paid_minor) for card in pays if card.card_id is not None and card.paid_minor),
        paid,
    )


def with_codes(asked: Asked, pools: tuple[str, ...]) -> Asked:
    """What is asked, with codes of some pools."""
    return asked._replace(purchase=msgspec.structs.replace(asked.purchase, codes=pools))


def order_of(purchase: Any) -> Order:
    """A purchase as the rules of codes judge it."""
    lines = tuple(Line(line.sku, line.amount_minor, line.category, line.brand) for line in purchase.lines)
    return Order(max(purchase.total_minor, 0), purchase.currency, purchase.store, purchase.channel, lines)


async def _code(caller: Caller, client: RedemptionClient, asked: Asked, text: str, order: Order) -> ShownCode:
    ask = CodeAsk(
        "validate",
        caller.tenant_id,
        caller.key.key_id,
        programme_id=asked.programme.programme_id,
        member_id=None if asked.member is None else asked.member.member_id,
        code=text,
        order=order,
    )
    answer = await client.ask_value(wire_codes.PATH, ask)
    check = msgspec.json.decode(bytes(answer.body), type=_Check)
    return ShownCode(check.code_id, check.pool, tuple(Reason(one.code, one.detail) for one in check.reasons))


async def _rules(caller: Caller, programme: RunningProgramme, pools: list[str]) -> Mapping[str, PoolRules]:
    found: dict[str, PoolRules] = {}
    if pools:
        async with caller.parts.store.reading(caller.tenant_id) as reading:
            for name in sorted(set(pools)):
                pool = await codes.load_pool(reading.connection, programme.key, name)
                if pool is not None:
                    found[name] = pool.rules
    return found


async def _points(
    caller: Caller, client: RedemptionClient, asked: Asked, wanted: PointsWanted, to_pay: int, bar: Reason | None
) -> tuple[QuotedPayment, CartPoints | None]:
    """What points pay, or why they do not."""
    if bar is None and asked.member is None:
        bar = _NOBODY
    if bar is None and to_pay == 0:
        bar = Reason(_UNPAID, "Nothing is left to be paid.")
    if bar is not None or asked.member is None:
        return QuotedPayment(points=0, paid_minor=0, tax=None, reason=_reason(bar)), None
    ask = Ask(
        "quote",
        caller.tenant_id,
        caller.key.key_id,
        programme_id=asked.programme.programme_id,
        member_id=asked.member.member_id,
        points=wanted.points,
        bill_minor=to_pay,
        currency=asked.purchase.currency,
        partial=True,
    )
    try:
        told = msgspec.json.decode(bytes((await client.ask(ask)).body), type=_Payment)
    except ProblemError as error:
        if error.code not in _OF_PAYING:
            raise
        why = Reason(error.code, error.detail or error.kind.title)
        return QuotedPayment(points=0, paid_minor=0, tax=None, reason=_reason(why)), None
    if not told.possible or told.bill is None:
        why = Reason(told.reason or "insufficient-points", f"{told.spendable} points can be spent.")
        return QuotedPayment(points=0, paid_minor=0, tax=None, reason=_reason(why)), None
    paid = told.bill.paid_minor
    view = QuotedPayment(points=told.points, paid_minor=paid, tax=told.bill.tax, reason=None)
    return view, CartPoints(told.points, paid, to_pay)


_OF_PAYING = frozenset(
    {"payment-not-offered", "currency-mismatch", "version-unknown", "member-unknown", "member-blocked"}
)


async def _card(
    caller: Caller, client: RedemptionClient, asked: Asked, wanted: CardWanted, bar: Reason | None
) -> CardFound:
    member_id = None if asked.member is None else asked.member.member_id
    ask = CardAsk("show", caller.tenant_id, caller.key.key_id, number=wanted.number, member_id=member_id)
    try:
        answer = await client.ask_value(wire_cards.PATH, ask)
    except ProblemError as error:
        if error.code != "card-unknown":
            raise
        return CardFound(None, reason=Reason("unknown", "There is no such card."))
    card = msgspec.json.decode(bytes(answer.body), type=_Card)
    over = card.expires_at is not None and card.expires_at <= asked.at
    why = {
        "other-currency": (card.currency != asked.purchase.currency, f"The card is in {card.currency}."),
        "blocked": (card.state != "active", "Somebody has blocked the card."),
        "expired": (over, "The date of the card has passed."),
    }
    reason = bar or next((Reason(code, words) for code, (holds, words) in why.items() if holds), None)
    most = card.balance_minor if wanted.amount_minor is None else min(wanted.amount_minor, card.balance_minor)
    return CardFound(card.card_id, most, "" if card.expires_at is None else card.expires_at.isoformat(), reason)


def _view(
    chosen: Chosen, to_pay: int, points: QuotedPayment | None, cards: tuple[QuotedCard, ...], left: int
) -> CartQuote:
    codes = tuple(
        QuotedCode(
            code_id=code.code_id,
            pool=code.pool,
            counts=code.counts,
            worth_minor=code.worth_minor,
            reasons=tuple(ReasonView(code=one.code, detail=one.detail) for one in code.reasons),
        )
        for code in chosen.codes
    )
    all_count = all(code.counts for code in codes) and all(card.reason is None for card in cards)
    discounted = points.paid_minor if points is not None and points.tax == "discount" else 0
    return CartQuote(
        codes=codes,
        discount_minor=chosen.discount_minor,
        to_pay_minor=to_pay,
        points=points,
        gift_cards=cards,
        left_minor=left,
        taxable_minor=to_pay - discounted,
        possible=all_count and (points is None or points.reason is None),
    )


def _card_view(card_id: UUID | None, paid_minor: int, reason: Reason | None) -> QuotedCard:
    return QuotedCard(card_id=card_id, paid_minor=paid_minor, reason=_reason(reason))


def _reason(reason: Reason | None) -> ReasonView | None:
    return None if reason is None else ReasonView(code=reason.code, detail=reason.detail)
