"""What a receipt or an activity counts for in its owner's history: the fold of what stands. Pure.

A receipt counts once it has been judged: for whoever owns it, on its own business day, with what stands of it after
returns and corrections, in the programme's currency at its own rate. Voided, parked and refused ones do not count.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from libs.contracts.codec import Canonical
from libs.contracts.events import ActivityRecordedV1
from libs.history.days import (
    ACTIVITY,
    CATEGORY,
    CHANNEL,
    DISCOUNTS,
    PRODUCT,
    STORE,
    TIER,
    WALLET,
    Counted,
    gift_part,
)
from libs.ledger.late import effective_time
from libs.promotions.gifts import TIER_POINTS
from libs.promotions.occasions import PREFIX
from libs.promotions.pages import StoredDecision
from libs.promotions.rates import convert
from libs.receipts.decided import granted_by
from libs.receipts.story import Content, Story, stands

ACTIVITY_KIND = "activity.recorded"
_read_activity: Callable[[bytes], Any] = Canonical(ActivityRecordedV1).read
_JUDGED = ("credited", "no_points")

Granted = Iterable[tuple[str, str, str, int]]
"""What a receipt or an activity has granted beside points: campaign, kind, reference and quantity of each."""


class Terms(NamedTuple):
    """What counting needs of a version: its zone and currency, and by what spend is shared out.

    `shares` are `product`, `store` or `channel`, as segments ask for them; `costs` the parts that say what was given.
    """

    zone: ZoneInfo
    currency: str
    by_category: bool
    shares: frozenset[str] = frozenset()
    costs: frozenset[str] = frozenset()


def business_day(at: datetime, zone: ZoneInfo) -> date:
    """The local date of an instant."""
    return at.astimezone(zone).date()


def count_purchase(
    member_id: UUID,
    purchase: Any,
    judged_at: datetime,
    points: Iterable[tuple[str, int]],
    terms: Terms,
    granted: Granted = (),
) -> Counted:
    """Count a purchase in the programme's currency, with the points that it brought, by wallet, and its tier points."""
    earned = list(points)
    parts = _brought(earned, granted, terms.costs)
    if DISCOUNTS in terms.costs and purchase.discounts:
        parts[DISCOUNTS] = sum([one.amount_minor for one in purchase.discounts])
    if terms.by_category:
        for line in purchase.lines:
            if line.category is not None:
                name = CATEGORY + line.category
                parts[name] = parts.get(name, 0) + line.amount_minor
    if terms.shares:
        _share_out(parts, purchase, terms.shares)
    return Counted(
        member_id,
        business_day(judged_at, terms.zone),
        1,
        purchase.total_minor,
        sum([amount for _, amount in earned]),
        _without_nothing(parts),
    )


def count_receipt(story: Story, terms: Mapping[int, Terms]) -> Counted | None:
    """Count what stands of a receipt with a story; None when it counts for nobody. `terms` are by version."""
    version = None if story.version is None else terms.get(story.version)
    if story.owner is None or version is None or story.word == "refuse":
        return None
    standing = stands(story)
    purchase = standing.purchase()
    if standing.content is None or purchase is None:
        return None
    judged_at = effective_time(standing.content.purchased_at, standing.content.arrived_at).instant
    points = [(account.wallet, account.standing) for account in story.accounts]
    judged = _converted(purchase, story.rate, version)
    return count_purchase(story.owner, judged, judged_at, points, version, story.granted)


def count_activity(
    member_id: UUID,
    activity: Any,
    judged_at: datetime,
    points: Iterable[tuple[str, int]],
    terms: Terms,
    granted: Granted = (),
) -> Counted | None:
    """Count an activity: once, with points and tier points; of an occasion, which nobody did, these alone.

    One that names nobody is a word about a receipt, such as its delivery, and counts for nobody.
    """
    if activity.member_id is None and not activity.identifiers:
        return None
    earned = list(points)
    done = {} if activity.activity.startswith(PREFIX) else {ACTIVITY + activity.activity: 1}
    parts = done | _brought(earned, granted, terms.costs)
    day = business_day(judged_at, terms.zone)
    return Counted(member_id, day, 0, 0, sum([amount for _, amount in earned]), _without_nothing(parts))


def count_decision(decision: StoredDecision, terms: Mapping[int, Terms]) -> Counted | None:
    """Count a stored decision on a plain purchase or an activity; None when it counts for nobody."""
    evaluation = decision.evaluation
    version = None if evaluation is None else terms.get(evaluation.version)
    if decision.member_id is None or evaluation is None or version is None:
        return None
    points = [(lot.wallet, lot.points) for lot in decision.lots]
    granted = granted_by(evaluation) if points or not evaluation.grants else ()
    if decision.kind == ACTIVITY_KIND:
        activity = _read_activity(bytes(decision.facts))
        return count_activity(decision.member_id, activity, decision.judged_at, points, version, granted)
    if decision.outcome not in _JUDGED:
        return None
    content = Content(
        decision.key, "", "", decision.occurred_at, decision.occurred_at, decision.arrived_at, decision.facts
    )
    purchase = _converted(content.purchase, decision.rate, version)
    return count_purchase(decision.member_id, purchase, decision.judged_at, points, version, granted)


def _converted(purchase: Any, rate: tuple[int, int] | None, terms: Terms) -> Any:
    if rate is None or purchase.currency == terms.currency:
        return purchase
    return convert(purchase, rate[1], purchase.currency, terms.currency)


def _brought(earned: Iterable[tuple[str, int]], granted: Granted, costs: Collection[str]) -> dict[str, int]:
    parts: dict[str, int] = {}
    for wallet, amount in earned:
        parts[WALLET + wallet] = parts.get(WALLET + wallet, 0) + amount
    for _, kind, reference, many in granted:
        if kind == TIER_POINTS:
            parts[TIER + reference] = parts.get(TIER + reference, 0) + many
        elif costs and (name := gift_part(kind, reference)) in costs:
            parts[name] = parts.get(name, 0) + many
    return parts


def _share_out(parts: dict[str, int], purchase: Any, shares: frozenset[str]) -> None:
    if "product" in shares:
        for line in purchase.lines:
            name = PRODUCT + line.sku
            parts[name] = parts.get(name, 0) + line.amount_minor
    if "store" in shares and purchase.store is not None:
        parts[STORE + purchase.store] = purchase.total_minor
    if "channel" in shares:
        parts[CHANNEL + purchase.channel] = purchase.total_minor


def _without_nothing(parts: Mapping[str, int]) -> dict[str, int]:
    return {name: amount for name, amount in parts.items() if amount}
