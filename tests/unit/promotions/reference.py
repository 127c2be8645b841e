"""Which campaigns match, naively: straight from the document, without any index."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from libs.promotions.campaigns import Campaign
from libs.promotions.facts import MemberFacts, Receipt
from libs.promotions.programme import Programme
from tests.unit.promotions.reference_conditions import Lines, chosen, is_for, is_there, lines_are, runs


def matching(
    programme: Programme, receipt: Receipt, member: MemberFacts, at: datetime, killed: frozenset[str]
) -> list[Campaign]:
    found = [
        campaign
        for campaign in programme.campaigns
        if campaign.id not in killed and holds(programme, campaign, receipt, member, at)
    ]
    return sorted(found, key=precedence)


def precedence(campaign: Campaign) -> tuple[int, str]:
    return -campaign.priority, campaign.id


def amount_of(receipt: Receipt, lines: Lines) -> int:
    return receipt.total_minor if lines is None else sum(receipt.lines[number].amount_minor for number in lines)


def quantity_of(receipt: Receipt, lines: Lines) -> int:
    return sum(line.quantity for number, line in enumerate(receipt.lines) if lines is None or number in lines)


def holds(programme: Programme, campaign: Campaign, receipt: Receipt, member: MemberFacts, at: datetime) -> bool:
    when, lines = campaign.when, chosen(campaign.when, receipt)
    count = len(receipt.lines if lines is None else lines)
    zone = ZoneInfo(programme.zone)
    return (
        campaign.state in ("live", "scheduled")
        and runs(campaign.frame, at, zone)
        and lines != frozenset()
        and allows(when.stores, when.not_stores, receipt.store)
        and allows(when.channels, when.not_channels, receipt.channel)
        and allows(when.partners, when.not_partners, receipt.partner)
        and allows(when.tiers, when.not_tiers, member.tier)
        and allows(when.payments, when.not_payments, receipt.payment)
        and (not when.codes or not set(when.codes).isdisjoint(receipt.codes))
        and set(when.not_codes).isdisjoint(receipt.codes)
        and between(when.min_total_minor, receipt.total_minor, when.max_total_minor)
        and between(when.min_quantity, quantity_of(receipt, lines), when.max_quantity)
        and between(when.min_amount_minor, amount_of(receipt, lines), when.max_amount_minor)
        and between(when.min_lines, count, when.max_lines)
        and all(lines_are(one, receipt) for one in when.lines)
        and is_there(programme, when, receipt.store)
        and is_for(when, member, at.astimezone(zone))
        and (campaign.cel is None or CEL[campaign.cel](receipt))
    )


def allows(wanted: tuple[str, ...], barred: tuple[str, ...], value: str | None) -> bool:
    return (not wanted or value in wanted) and value not in barred


def between(least: int | None, value: int, most: int | None) -> bool:
    return (least is None or value >= least) and (most is None or value <= most)


CEL: dict[str, Callable[[Receipt], bool]] = {
    "total_minor > 500": lambda receipt: receipt.total_minor > 500,
    '"bread" in skus': lambda receipt: any(line.sku == "bread" for line in receipt.lines),
    "10 / quantity >= 0": lambda receipt: (
        (total := sum(line.quantity for line in receipt.lines)) != 0 and int(Fraction(10, total)) >= 0
    ),
}
