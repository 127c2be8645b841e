"""What is missing for more points: what to add to a receipt so that a campaign pays that nearly did.

A hint is tried before it is given: the receipt with the addition is evaluated, so that whoever follows it, all else
equal, gets what it says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple, TypeVar

from libs.language import wording
from libs.language.catalogue import DEFAULT
from libs.promotions.campaigns import Effect
from libs.promotions.catalogue import completed
from libs.promotions.compile import CompiledCampaign, CompiledProgramme
from libs.promotions.criteria import LINE_KINDS
from libs.promotions.decide import NO_KILLS, evaluate
from libs.promotions.describe import Words, capital
from libs.promotions.effect_words import named
from libs.promotions.evaluation import Evaluation
from libs.promotions.facts import ALL_LINES, Line, MemberFacts, ReceiptLike, amount_over, changed, quantity_over
from libs.promotions.payouts import PerQuantity, Thresholds
from libs.promotions.wording import HINTS

R = TypeVar("R", bound=ReceiptLike)

MOST_HINTS = 5
_MOST_TRIED = 12
_MOST_NEEDS = 4
_SHORT = frozenset({"min_total_minor", "min_amount_minor", "min_quantity", "nothing-earned"})


class Need(NamedTuple):
    """Something to add: minor units to spend, or pieces to take at the price of the others.

    `line` is the line of the receipt (from 0) that gets it; None when anything will do. `of` names what counts.
    """

    kind: Literal["spend", "pieces"]
    more: int
    line: int | None = None
    of: tuple[str, ...] = ()


class Gain(NamedTuple):
    """Whole points more than without it."""

    wallet: str
    points: int


class Hint(NamedTuple):
    """What to add so that a campaign pays, and what the receipt then brings beyond what it brings now."""

    campaign: str
    needs: tuple[Need, ...]
    gains: tuple[Gain, ...]


def find_hints(
    programme: CompiledProgramme,
    receipt: ReceiptLike,
    member: MemberFacts | None,
    at: datetime,
    counters: Mapping[str, int],
    evaluation: Evaluation,
    *,
    killed: frozenset[str] = NO_KILLS,
) -> tuple[Hint, ...]:
    """Tell what is missing for more, the cheapest first, at most five.

    The arguments are those of `evaluate`, and `evaluation` is what it answered. Only too little money and too few
    pieces can be helped; and only a campaign is told that would raise the points of the whole receipt.
    """
    short = [failed.campaign for failed in evaluation.failed if failed.condition in _SHORT][:_MOST_TRIED]
    if not short or evaluation.reason is not None:
        return ()
    ranks = {one.id: rank for rank, one in enumerate(programme.campaigns)}
    hints = []
    for campaign_id in short:
        rank = ranks[campaign_id]
        found = _try(programme, programme.campaigns[rank], rank, receipt, member, at, counters, killed)
        if found is None:
            continue
        needs, then = found
        gains = _gains(evaluation, then)
        if gains:
            hints.append(Hint(campaign_id, needs, gains))
    return tuple(sorted(hints, key=_cost)[:MOST_HINTS])


def follow(receipt: R, needs: Sequence[Need]) -> R:
    """Return the receipt as it is when the needs were met."""
    for need in needs:
        receipt = _with(receipt, need)
    return receipt


def hint_words(hint: Hint, programme: CompiledProgramme, language: str = DEFAULT) -> str:
    """Put a hint into a sentence: "Spend €4.10 more to get 20 points more."."""
    words = Words(programme, language)
    needs = wording.all_of((_need_words(need, words, language) for need in hint.needs), language)
    points = wording.all_of((words.points(gain.points, gain.wallet) for gain in hint.gains), language)
    return capital(HINTS.say(language, "hint", needs=needs, points=points))


def _need_words(need: Need, words: Words, language: str) -> str:
    listed = named(need.of, language) if need.of else ""
    if need.kind == "spend":
        money = words.money(need.more)
        return HINTS.say(language, "spend.on", money=money, listed=listed) if listed else _spend(money, language)
    if listed:
        return HINTS.say(language, "pieces.of", n=need.more, listed=listed)
    return HINTS.say(language, "pieces", n=need.more)


def _spend(money: str, language: str) -> str:
    return HINTS.say(language, "spend", money=money)


def _try(
    programme: CompiledProgramme,
    campaign: CompiledCampaign,
    rank: int,
    receipt: ReceiptLike,
    member: MemberFacts | None,
    at: datetime,
    counters: Mapping[str, int],
    killed: frozenset[str],
) -> tuple[tuple[Need, ...], Evaluation] | None:
    """Add what is missing, one condition after the other, until the campaign pays; None when that does not help."""
    needs: list[Need] = []
    bought = completed(receipt, programme.products)
    lines = programme.timeline.at(at).candidates(bought, member).get(rank, 0)
    if campaign.narrow is not None:
        lines = campaign.narrow(bought, lines)
    for _ in range(_MOST_NEEDS):
        then = evaluate(programme, receipt, member, at, counters, killed=killed)
        if campaign.id in then.campaigns:
            return tuple(needs), then
        condition = next((failed.condition for failed in then.failed if failed.campaign == campaign.id), None)
        need = None if condition is None else _need(campaign, condition, receipt, lines)
        if need is None:
            return None
        needs.append(need)
        receipt = _with(receipt, need)
    return None


def _need(campaign: CompiledCampaign, condition: str, receipt: ReceiptLike, lines: int) -> Need | None:
    when = campaign.source.when
    if condition == "min_total_minor" and when.min_total_minor is not None:
        return Need("spend", when.min_total_minor - receipt.total_minor)
    line = _line_for(receipt, lines)
    of = () if lines == ALL_LINES else next((getattr(when, kind) for kind in LINE_KINDS if getattr(when, kind)), ())
    if condition == "min_amount_minor" and when.min_amount_minor is not None:
        amount = receipt.total_minor if lines == ALL_LINES else amount_over(receipt.lines, lines)
        return Need("spend", when.min_amount_minor - amount, None if lines == ALL_LINES else line, of)
    if condition == "min_quantity" and when.min_quantity is not None:
        return Need("pieces", when.min_quantity - quantity_over(receipt.lines, lines), line, of)
    if condition == "nothing-earned":
        steps = [_step(effect, receipt, lines, line, of) for effect in campaign.source.benefits]
        return next((step for step in steps if step is not None), None)
    return None


def _step(effect: Effect, receipt: ReceiptLike, lines: int, line: int | None, of: tuple[str, ...]) -> Need | None:
    """What is missing for the first step of an effect that pays by steps."""
    match effect:
        case PerQuantity(per=per):
            return Need("pieces", per - quantity_over(receipt.lines, lines), line, of)
        case Thresholds(steps=steps):
            amount = receipt.total_minor if lines == ALL_LINES else amount_over(receipt.lines, lines)
            return Need("spend", steps[0].from_minor - amount, None if lines == ALL_LINES else line, of)
    return None


def _line_for(receipt: ReceiptLike, lines: int) -> int | None:
    """The line that gets more: the first of those that count with something on it, else the first of them."""
    counted = [place for place in range(len(receipt.lines)) if lines == ALL_LINES or lines >> place & 1]
    return next((place for place in counted if receipt.lines[place].quantity > 0), counted[0] if counted else None)


def _with(receipt: R, need: Need) -> R:
    if need.line is None:
        if not receipt.lines and need.kind == "spend":
            return changed(receipt, total_minor=receipt.total_minor + need.more)
        quantity, amount = (1, need.more) if need.kind == "spend" else (need.more, 0)
        lines = (*receipt.lines, Line("", quantity, amount))
        return changed(receipt, lines=lines, total_minor=receipt.total_minor + amount)
    line = receipt.lines[need.line]
    if need.kind == "spend":
        quantity, amount = line.quantity, need.more
    else:
        quantity = line.quantity + need.more
        amount = max(0, line.amount_minor) * need.more // line.quantity if line.quantity > 0 else 0
    more = changed(line, quantity=quantity, amount_minor=line.amount_minor + amount)
    lines = (*receipt.lines[: need.line], more, *receipt.lines[need.line + 1 :])
    return changed(receipt, lines=lines, total_minor=receipt.total_minor + amount)


def _gains(before: Evaluation, then: Evaluation) -> tuple[Gain, ...]:
    """The points more by wallet; none when any wallet would have less, for then it is no gain to everybody."""
    had = {grant.wallet: grant.points for grant in before.grants}
    has = {grant.wallet: grant.points for grant in then.grants}
    change = {wallet: has.get(wallet, 0) - had.get(wallet, 0) for wallet in {**had, **has}}
    if any(points < 0 for points in change.values()):
        return ()
    return tuple([Gain(wallet, points) for wallet, points in change.items() if points])


def _cost(hint: Hint) -> tuple[int, int, str]:
    money = sum(need.more for need in hint.needs if need.kind == "spend")
    pieces = sum(need.more for need in hint.needs if need.kind == "pieces")
    return money, pieces, hint.campaign
