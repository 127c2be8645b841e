"""A naive evaluator to compare the engine with: straight from the document, with fractions, without any index."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import ceil, floor
from zoneinfo import ZoneInfo

from libs.promotions.campaigns import Campaign
from libs.promotions.facts import MemberFacts, Receipt
from libs.promotions.payouts import Fixed, Multiplier, PerAmount, PerQuantity
from libs.promotions.programme import Programme
from tests.unit.promotions.reference_conditions import Lines, chosen, is_for, is_there, lines_are, runs


@dataclass(frozen=True)
class Expected:
    points: Mapping[str, int]
    exact: Mapping[str, Fraction]
    paid: Mapping[str, Fraction]
    before: Mapping[str, Fraction]
    losers: frozenset[tuple[str, str]]
    uses: Mapping[str, int]


def expected(
    programme: Programme,
    receipt: Receipt,
    member: MemberFacts,
    at: datetime,
    counters: Mapping[str, int],
    killed: frozenset[str],
) -> Expected:
    local = at.astimezone(ZoneInfo(programme.zone))
    matches = matching(programme, receipt, member, at, killed)
    losers: set[tuple[str, str]] = set()

    exclusive = [campaign for campaign in matches if campaign.mode == "exclusive"]
    if exclusive:
        losers |= {(other.id, exclusive[0].id) for other in matches if other is not exclusive[0]}
        matches = [exclusive[0]]
    matches = winners(matches, "first", lambda campaign: 0, losers)

    def worth(campaign: Campaign) -> Fraction:
        base = [other for other in matches if phase(other) == 0]
        amount = earned(campaign, None, base if isinstance(campaign.effect, Multiplier) else [], receipt, programme)
        return cut(campaign, amount, member, local, counters)[0]

    for wanted in (0, 1):  # groups of base campaigns first: multipliers are judged by the base that remains
        here = [campaign for campaign in matches if (phase(campaign) > 0) == (wanted > 0)]
        rest = [campaign for campaign in matches if (phase(campaign) > 0) != (wanted > 0)]
        values = {campaign.id: worth(campaign) for campaign in here if campaign.mode in ("best", "worst")}
        here = winners(here, "best", lambda campaign, values=values: -values[campaign.id], losers)
        here = winners(
            here, "worst", lambda campaign, values=values: (values[campaign.id] == 0, values[campaign.id]), losers
        )
        matches = here + rest

    matches.sort(key=lambda campaign: (phase(campaign), precedence(campaign)))
    before = {
        campaign.id: earned(campaign, None, matches[:place], receipt, programme)
        for place, campaign in enumerate(matches)
    }
    paid: dict[str, Fraction] = {}
    exact: dict[str, Fraction] = {}
    uses: dict[str, int] = {}
    for campaign in matches:
        amount, keys = cut(campaign, before[campaign.id], member, local, counters)
        if before[campaign.id] > 0 and amount > 0:
            paid[campaign.id] = amount
            wallet = programme.wallet_of(campaign)
            exact[wallet] = exact.get(wallet, Fraction(0)) + amount
            uses |= {key: ceil(amount) for key in keys}
    rounding = {"floor": floor, "ceil": ceil, "half_up": lambda value: floor(value + Fraction(1, 2))}
    points = {wallet: rounding[programme.rounding](value) for wallet, value in exact.items()}
    return Expected(
        {wallet: value for wallet, value in points.items() if value},
        exact,
        paid,
        {name: before[name] for name in paid},
        frozenset(losers),
        uses,
    )


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


def phase(campaign: Campaign) -> int:
    effect = campaign.effect
    if isinstance(effect, Multiplier):
        return 2 if effect.compounding else 1
    return 0 if not isinstance(effect, Fixed) and effect.phase == "base" else 3


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


def earned(
    campaign: Campaign, only: Lines, before: Sequence[Campaign], receipt: Receipt, programme: Programme
) -> Fraction:
    """What a campaign earns on its lines that are also in `only`; `before` are those computed before it."""
    lines = common(chosen(campaign.when, receipt), only)
    match campaign.effect:
        case Fixed(points=points):
            return Fraction(points)
        case PerAmount(points=points, per_minor=per_minor):
            return Fraction(max(0, amount_of(receipt, lines)) * points, per_minor)
        case PerQuantity(points=points, per=per):
            return Fraction(max(0, quantity_of(receipt, lines) // per) * points)
        case Multiplier(percent=percent, compounding=compounding):
            total = Fraction(0)
            for place, other in enumerate(before):
                if programme.wallet_of(other) != programme.wallet_of(campaign):
                    continue
                if phase(other) == 3 or (phase(other) > 0 and not compounding):
                    continue
                whole = earned(other, None, before[:place], receipt, programme)
                part = earned(other, lines, before[:place], receipt, programme)
                total += min(whole, part)
            return total * Fraction(percent - 100, 100)


def common(one: Lines, other: Lines) -> Lines:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def winners(matches: list[Campaign], mode: str, rank: object, losers: set[tuple[str, str]]) -> list[Campaign]:
    kept = [campaign for campaign in matches if campaign.mode != mode]
    for group in {campaign.group for campaign in matches if campaign.mode == mode}:
        members = [campaign for campaign in matches if campaign.mode == mode and campaign.group == group]
        winner = min(members, key=lambda campaign: (rank(campaign), precedence(campaign)))  # type: ignore[operator]
        kept.append(winner)
        losers |= {(member.id, winner.id) for member in members if member is not winner}
    return kept


def cut(
    campaign: Campaign, amount: Fraction, member: MemberFacts, local: datetime, counters: Mapping[str, int]
) -> tuple[Fraction, list[str]]:
    keys = []
    for limit in campaign.limits:
        if limit.period == "transaction":
            amount = min(amount, Fraction(limit.points))
            continue
        period = {"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y", "ever": "ever"}[limit.period]
        key = f"{campaign.id}|{local.strftime(period)}" + ("" if limit.scope == "campaign" else f"|{member.member_id}")
        keys.append(key)
        amount = min(amount, Fraction(max(0, limit.points - counters.get(key, 0))))
    return amount, keys
