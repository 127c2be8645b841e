"""From a quote to what the API answers. Pure."""

from __future__ import annotations

from datetime import timedelta

from libs.judging.verdict import NewCredit
from libs.language import wording
from libs.ledger.balance import Balance, balance
from libs.promotions.compile import CompiledProgramme
from libs.promotions.describe import Words
from libs.promotions.explain import explain
from libs.promotions.hints import Need, hint_words
from services.gateway.carts.views import CartQuote
from services.gateway.quotes.foretold import Quote
from services.gateway.quotes.views import (
    BalanceChange,
    BalanceThen,
    HintView,
    NeedView,
    QuotedDiscount,
    QuotedLine,
    QuotedPoints,
    QuoteView,
)
from services.gateway.quotes.words import QUOTES
from services.gateway.receipts.explained import rate_text
from services.gateway.receipts.views import Explanation, RateUsed, WalletPoints
from services.gateway.words import with_reason

_TICK = timedelta(microseconds=1)


def quote_view(quote: Quote, language: str, cart: CartQuote | None = None) -> QuoteView:
    """Tell a quote in a language, with what codes, points and gift cards come to, where any were named."""
    asked, verdict, member = quote.asked, quote.verdict, quote.asked.member
    return QuoteView(
        programme=asked.programme.programme,
        at=verdict.judged_at,
        outcome=quote.outcome,
        reason=verdict.reason,
        words=with_reason(_words(quote, language), verdict.reason, language),
        member_id=None if member is None else member.member_id,
        tier=None if member is None else member.tier,
        points=tuple([_points(new, quote.compiled) for new in verdict.credits]),
        lines=_lines(quote),
        rest=_wallet_points([(each.wallet, each.rest) for each in quote.shares]),
        discounts=_discounts(quote),
        hints=_hints(quote, language),
        balances=_balances(quote),
        rate=None if verdict.rate is None else RateUsed(version=verdict.rate[0], rate=rate_text(verdict.rate[1])),
        explanation=_explanation(quote, language),
        cart=cart,
    )


def _words(quote: Quote, language: str) -> str:
    if quote.verdict.outcome == "awaiting_operator":
        return QUOTES.say(language, "awaiting_operator")
    if not quote.verdict.credits or quote.compiled is None:
        return QUOTES.say(language, quote.outcome, **_none(quote.outcome, language))
    words = Words(quote.compiled, language)
    points = wording.all_of((words.points(new.points, new.wallet) for new in quote.verdict.credits), language)
    return QUOTES.say(language, quote.outcome, points=points)


def _none(outcome: str, language: str) -> dict[str, str]:
    return {} if outcome == "no_points" else {"points": QUOTES.say(language, "no")}


def _points(new: NewCredit, compiled: CompiledProgramme | None) -> QuotedPoints:
    assert compiled is not None
    last_day = None if new.expires_at is None else (new.expires_at - _TICK).astimezone(compiled.zone).date()
    return QuotedPoints(
        wallet=new.wallet,
        scale=compiled.wallets[new.wallet].scale,
        points=new.points,
        active_from=new.active_from,
        expires_at=new.expires_at,
        last_day=last_day,
    )


def _lines(quote: Quote) -> tuple[QuotedLine, ...]:
    return tuple(
        [
            QuotedLine(line=line.line, points=_wallet_points([(each.wallet, each.lines[at]) for each in quote.shares]))
            for at, line in enumerate(quote.judged.lines)
        ]
    )


_DISCOUNT = ("campaign", "line", "amount_minor", "reason")


def _wallet_points(points: list[tuple[str, int]]) -> tuple[WalletPoints, ...]:
    return tuple([WalletPoints(wallet=wallet, points=some) for wallet, some in points if some])


def _discounts(quote: Quote) -> tuple[QuotedDiscount, ...]:
    evaluation = quote.verdict.evaluation
    found = () if evaluation is None else evaluation.discounts
    return tuple([QuotedDiscount.model_validate({name: getattr(one, name) for name in _DISCOUNT}) for one in found])


def _hints(quote: Quote, language: str) -> tuple[HintView, ...]:
    compiled = quote.compiled
    if compiled is None or not quote.hints:
        return ()
    names = {one.id: one.source.name for one in compiled.campaigns}
    return tuple(
        [
            HintView(
                campaign=hint.campaign,
                name=names[hint.campaign],
                words=hint_words(hint, compiled, language),
                needs=tuple([_need(need, quote) for need in hint.needs]),
                gains=_wallet_points([(gain.wallet, gain.points) for gain in hint.gains]),
            )
            for hint in quote.hints
        ]
    )


def _need(need: Need, quote: Quote) -> NeedView:
    return NeedView(
        kind=need.kind,
        amount_minor=need.more if need.kind == "spend" else None,
        pieces=need.more if need.kind == "pieces" else None,
        line=None if need.line is None else quote.judged.lines[need.line].line,
        of=need.of,
    )


def _balances(quote: Quote) -> tuple[BalanceChange, ...] | None:
    before, after, at = quote.before, quote.after, quote.asked.at
    if before is None or after is None:
        return None
    scales = {} if quote.compiled is None else {name: each.scale for name, each in quote.compiled.wallets.items()}
    held = [lot.wallet for lot in after.lots] + [debt.wallet for debt in after.debts]
    return tuple(
        [
            BalanceChange(
                wallet=wallet,
                scale=scales.get(wallet, 0),
                before=_then(balance(before, wallet, at)),
                after=_then(balance(after, wallet, at)),
            )
            for wallet in dict.fromkeys([*scales, *sorted(held)])
        ]
    )


def _then(told: Balance) -> BalanceThen:
    return BalanceThen(
        available=told.available,
        spendable=told.spendable,
        pending=told.pending,
        debt=told.debt,
        lent=told.lent,
    )


def _explanation(quote: Quote, language: str) -> Explanation | None:
    evaluation, compiled = quote.verdict.evaluation, quote.compiled
    if evaluation is None or compiled is None:
        return None
    told = explain(
        evaluation, quote.judged, compiled, quote.asked.facts, quote.verdict.judged_at, language=language
    )  # fmt: skip
    return Explanation(local_time=told.pop("inputs")["local_time"], **told)
