"""Which campaigns match, naively: straight from the document, without any index."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from libs.promotions.campaigns import Campaign
from libs.promotions.facts import Line, MemberFacts, Receipt
from libs.promotions.programme import Programme

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Lines = frozenset[int] | None  # None: the receipt as a whole


def matching(
    programme: Programme, receipt: Receipt, member: MemberFacts, at: datetime, killed: frozenset[str]
) -> list[Campaign]:
    local = at.astimezone(ZoneInfo(programme.zone))
    found = [
        campaign
        for campaign in programme.campaigns
        if campaign.id not in killed and holds(campaign, receipt, member, at, local)
    ]
    return sorted(found, key=precedence)


def precedence(campaign: Campaign) -> tuple[int, str]:
    return -campaign.priority, campaign.id


def chosen(campaign: Campaign, receipt: Receipt) -> Lines:
    when = campaign.when
    if not (when.skus or when.categories or when.brands or when.labels):
        return None
    return frozenset(number for number, line in enumerate(receipt.lines) if chooses(campaign, line))


def chooses(campaign: Campaign, line: Line) -> bool:
    when = campaign.when
    return (
        (not when.skus or line.sku in when.skus)
        and (not when.categories or line.category in when.categories)
        and (not when.brands or line.brand in when.brands)
        and (not when.labels or bool(set(when.labels) & set(line.labels)))
    )


def amount_of(receipt: Receipt, lines: Lines) -> int:
    return receipt.total_minor if lines is None else sum(receipt.lines[number].amount_minor for number in lines)


def quantity_of(receipt: Receipt, lines: Lines) -> int:
    return sum(line.quantity for number, line in enumerate(receipt.lines) if lines is None or number in lines)


def holds(campaign: Campaign, receipt: Receipt, member: MemberFacts, at: datetime, local: datetime) -> bool:
    when, lines = campaign.when, chosen(campaign, receipt)
    return (
        campaign.state in ("live", "scheduled")
        and runs(campaign, at, local)
        and lines != frozenset()
        and (not when.stores or receipt.store in when.stores)
        and (not when.channels or receipt.channel in when.channels)
        and (not when.partners or receipt.partner in when.partners)
        and (not when.tiers or member.tier in when.tiers)
        and (not when.payments or receipt.payment in when.payments)
        and (when.min_total_minor is None or receipt.total_minor >= when.min_total_minor)
        and (when.min_quantity is None or quantity_of(receipt, lines) >= when.min_quantity)
        and (when.min_amount_minor is None or amount_of(receipt, lines) >= when.min_amount_minor)
        and (campaign.cel is None or CEL[campaign.cel](receipt))
    )


CEL: dict[str, Callable[[Receipt], bool]] = {
    "total_minor > 500": lambda receipt: receipt.total_minor > 500,
    '"bread" in skus': lambda receipt: any(line.sku == "bread" for line in receipt.lines),
    "10 / quantity >= 0": lambda receipt: (
        (total := sum(line.quantity for line in receipt.lines)) != 0 and int(Fraction(10, total)) >= 0
    ),
}


def runs(campaign: Campaign, at: datetime, local: datetime) -> bool:
    frame = campaign.frame
    if (frame.starts_at and at < frame.starts_at) or (frame.ends_at and at >= frame.ends_at):
        return False
    day, now = local.weekday(), f"{local:%H:%M}"
    if frame.hours:
        since, until = frame.hours.from_, frame.hours.to
        if since < until:
            if not since <= now < until:
                return False
        elif until <= now < since:
            return False
        elif now < until:
            day -= 1
    return not frame.weekdays or DAYS[day] in frame.weekdays
