"""Decisions about orders of rewards, together with the points that pay for them. Pure.

Whatever moves points is decided in `domain`; here it is decided for how many, and what becomes of the order.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from msgspec.structs import replace

from libs.catalogue import orders
from libs.catalogue.facts import Asking, MemberFacts, Supply
from libs.catalogue.flow import STATES, Doer
from libs.catalogue.kinds.registry import kind_of
from libs.catalogue.offering import Offer, offer
from libs.catalogue.orders import Back, Order
from libs.catalogue.placing import Answered, Pooled, Unanswered, answered, issue, placed
from libs.catalogue.pricing import Price
from libs.catalogue.purse import with_points
from libs.catalogue.reward import Reward
from libs.contracts.orders import OrderAsk
from libs.ledger.model import MemberLedger
from libs.lives.life import Life
from libs.lives.made import Cause
from services.redemption import domain
from services.redemption.deciding import Patience
from services.redemption.domain import Changed, Redemption, Refusal, Rules
from services.redemption.households import jointly
from services.redemption.households.pool import ALONE, Beside

_GRANTED = "granted"
"""The price plan of what campaigns give."""
_DETAILS = {
    "order-ended": "The order is over.",
    "cancel-too-late": "By the rules of its kind it can't be given up any more; an operator may.",
    "quantity-exceeded": "So many pieces are not left of it.",
    "step-not-possible": "This state does not follow on the one that the order is in.",
}


class Goods(NamedTuple):
    """What a request about a reward is decided on: the reward, who asks, and how much of it there is.

    Of an order that is there, the reward is that of its version. `secret` is what codes of the order are made from,
    `pooled` are codes that were handed out for it.
    """

    reward: Reward
    version: int
    facts: MemberFacts = MemberFacts()
    supply: Supply = Supply()
    secret: bytes = b""
    pooled: tuple[Pooled, ...] = ()


class Done(NamedTuple):
    """What came of a request: what became of the points, and what was said with the order that is sealed."""

    changed: Changed
    personal: Mapping[str, Any] = {}


def asking_of(ask: OrderAsk, points: int | None) -> Asking:
    """Who asks from where, for how many, and at which price."""
    return Asking(ask.channel, ask.store, ask.partner, ask.country, ask.quantity or 1, ask.plan, points)


def seen_by(
    facts: MemberFacts, ledger: MemberLedger, rules: Rules, now: datetime, beside: Beside = ALONE
) -> MemberFacts:
    """What is known of a member, with the points that can be spent: the household's too where it is asked for."""
    if beside.pool is None:
        return with_points(facts, ledger, rules.scales, now)
    return with_points(facts, ledger, rules.scales, now, lambda wallets: beside.common(ledger, wallets).ledger)


def offered(goods: Goods, ask: OrderAsk, points: int | None, now: datetime, rules: Rules) -> Offer:
    """What the reward is to the member who asks."""
    return offer(goods.reward, goods.facts, asking_of(ask, points), goods.supply, now, rules.zone)


def begun(
    life: Life, goods: Goods, ask: OrderAsk, points: int | None, cause: Cause, now: datetime, rules: Rules,
    hold: timedelta | None, reference: str | None, beside: Beside = ALONE,
) -> Done | Refusal:  # fmt: skip
    """Set a reward aside with its points for so long, or order it at once."""
    if ask.campaign is not None:
        return granted(life, goods, ask, cause, now, rules)
    said = answered(goods.reward, ask.answers)
    if isinstance(said, Unanswered):
        return Refusal("answer-needed", "; ".join(f"{path}: {detail}" for path, detail in said.faults))
    found = offered(goods, ask, points, now, rules)
    if found.price is None or found.reasons:
        return _barred(found)
    order = placed(goods.reward, goods.version, cause.key, found.price, asking_of(ask, points), said, now, rules.zone)
    order = orders.stepped(order, "held", now, "member") if hold else _ordered(order, goods, now, rules)
    changed = _paid(life, order, cause, now, rules, hold, reference, beside)
    return changed if isinstance(changed, Refusal) else Done(changed, said.personal)


def granted(life: Life, goods: Goods, ask: OrderAsk, cause: Cause, now: datetime, rules: Rules) -> Done | Refusal:
    """Order what a campaign gives: it costs nothing, and asks for neither audience nor limits, but it needs stock."""
    said = answered(goods.reward, ask.answers)
    if isinstance(said, Unanswered):
        said = Answered({}, {})
    asking = asking_of(ask, None)
    if goods.supply.left is not None and goods.supply.left < asking.quantity:
        return Refusal("reward-sold-out", "There is not so much left.")
    free = Price(_GRANTED, 0)
    order = placed(goods.reward, goods.version, cause.key, free, asking, said, now, rules.zone)
    order = _ordered(replace(order, campaign=ask.campaign, cause=ask.cause), goods, now, rules)
    changed = _paid(life, order, cause, now, rules, None, None, ALONE)
    return changed if isinstance(changed, Refusal) else Done(changed)


def _paid(
    life: Life, order: Order, cause: Cause, now: datetime, rules: Rules, hold: timedelta | None, reference: str | None,
    beside: Beside,
) -> Changed | Refusal:  # fmt: skip
    price = order.price
    if not price.points:
        redemption = Redemption(
            name=life.name,
            redemption_id=cause.key,
            state="held" if hold else "redeemed",
            points=0,
            portions=(),
            asked_at=now,
            changed_at=now,
            hold_until=now + hold if hold else None,
            reference=reference,
            counted_on=None if hold else now.astimezone(rules.zone).date(),
            order=order,
        )
        return Changed(redemption)
    wallets = domain.wallets_of(rules, price.wallet)
    if isinstance(wallets, Refusal):
        return wallets
    made = jointly.taken(
        beside, life, cause.key, cause, price.points, wallets, now, held_for=hold, rules=rules, reference=reference
    )
    return made if isinstance(made, Refusal) else _with(made, order)


def followed(
    operation: str, life: Life, redemption: Redemption, goods: Goods, ask: OrderAsk, by: Doer, cause: Cause,
    now: datetime, rules: Rules, terms: Patience, beside: Beside = ALONE,
) -> Changed | Refusal:  # fmt: skip
    """Go on with an order that is there."""
    order = redemption.order
    assert order is not None
    match operation:
        case "extend":
            made = domain.extended(redemption, now, terms.hold)
            return made if isinstance(made, Refusal) else _with(made, order)
        case "commit":
            return _committed(life, redemption, order, goods, cause, now, rules, beside)
        case "release":
            return released(life, redemption, cause, now, over=False, beside=beside)
        case "cancel" | "advance":
            found = _gone_on(operation, order, goods, ask, by, now, rules)
            if isinstance(found, str):
                return Refusal(found, _DETAILS[found])
            return _given_back(life, redemption, found, cause, now, by, rules, terms, beside)
    # The answer under the key is forgotten, what was done under it is not.
    return Changed(redemption)


def _gone_on(
    operation: str, order: Order, goods: Goods, ask: OrderAsk, by: Doer, now: datetime, rules: Rules
) -> Back | str:
    """Give an order up, or bring it to its next state; else the code of why not."""
    flow = kind_of(goods.reward.what).flow(goods.reward.what)
    if operation == "cancel":
        return orders.cancelled(order, flow, ask.quantity, now, rules.zone, by, ask.note)
    state = next((each for each in STATES if each == ask.state), None)
    if state is None:
        return "step-not-possible"
    return orders.advanced(order, flow, state, now, by, ask.note, ask.tracking)


def released(
    life: Life, redemption: Redemption, cause: Cause, now: datetime, *, over: bool, beside: Beside = ALONE
) -> Changed | Refusal:
    """Let go what was set aside, by somebody's word or because its time is over."""
    order = redemption.order
    assert order is not None
    if redemption.points or redemption.state != "held":
        made = jointly.released(beside, life, redemption, cause, now, over=over)
    else:
        made = Changed(replace(redemption, state="expired" if over else "released", changed_at=now))
    if isinstance(made, Refusal):
        return made
    return _with(made, orders.stepped(order, "expired" if over else "released", now, "member"))


def _committed(
    life: Life, redemption: Redemption, order: Order, goods: Goods, cause: Cause, now: datetime, rules: Rules,
    beside: Beside,
) -> Changed | Refusal:  # fmt: skip
    if redemption.points or redemption.state != "held":
        made = jointly.committed(beside, life, redemption, cause, None, now, rules.zone)
    else:
        day = now.astimezone(rules.zone).date()
        made = domain.not_held(redemption, now) or Changed(
            replace(redemption, state="redeemed", changed_at=now, counted_on=day)
        )
    return made if isinstance(made, Refusal) else _with(made, _ordered(order, goods, now, rules))


def _given_back(
    life: Life,
    redemption: Redemption,
    found: Back,
    cause: Cause,
    now: datetime,
    by: Doer,
    rules: Rules,
    terms: Patience,
    beside: Beside,
) -> Changed | Refusal:
    if found.points:
        made = jointly.cancelled(
            beside, life, redemption, cause, found.points, now, by=by, grace=terms.grace, rules=rules
        )
        return made if isinstance(made, Refusal) else _with(made, found.order)
    over = not redemption.points and not found.order.kept
    state = "cancelled" if over else redemption.state
    return Changed(replace(redemption, state=state, changed_at=now, order=found.order))


def _ordered(order: Order, goods: Goods, now: datetime, rules: Rules) -> Order:
    flow = kind_of(goods.reward.what).flow(goods.reward.what)
    issued = issue(goods.reward, order.order_id, order.quantity, goods.secret, now, rules.zone, goods.pooled)
    return orders.ordered(order, flow, issued, now)


def _with(made: Changed, order: Order) -> Changed:
    return made._replace(redemption=replace(made.redemption, order=order))


def _barred(found: Offer) -> Refusal:
    """Of all reasons the one that nothing else would change comes first; the words tell all of them."""
    codes = [reason.code for reason in found.reasons]
    detail = " ".join(reason.words("en") for reason in found.reasons)
    for code in ("in-debt", "insufficient-points"):
        if codes == [code]:
            return Refusal(code, detail)
    for code in ("sold-out", "plan-unknown", "points-outside"):
        if code in codes:
            return Refusal(f"reward-{code}", detail)
    if {"member-limit", "total-limit"} & set(codes):
        return Refusal("reward-limit", detail)
    return Refusal("reward-barred", detail)
