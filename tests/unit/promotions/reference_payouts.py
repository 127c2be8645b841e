"""A naive evaluator to compare the engine with: straight from the document, with fractions, effect by effect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from math import ceil, floor
from typing import NamedTuple
from zoneinfo import ZoneInfo

from libs.promotions.allowances import Limit, SharedLimit
from libs.promotions.campaigns import Campaign, Effect
from libs.promotions.discounts import Discounting
from libs.promotions.facts import MemberFacts, Receipt
from libs.promotions.gifts import Gift
from libs.promotions.payouts import (
    Fixed,
    Formula,
    Multiplier,
    Payout,
    PerAmount,
    PerQuantity,
    PerTier,
    Thresholds,
    Together,
)
from libs.promotions.programme import Programme
from tests.unit.promotions.reference import amount_of, matching, precedence, quantity_of
from tests.unit.promotions.reference_conditions import Lines, chosen
from tests.unit.promotions.reference_discounts import Amounts, lower, selected, taken_off

FORMULAS: dict[str, Callable[[Receipt], int | None]] = {
    "total_minor / 100": lambda receipt: int(Fraction(receipt.total_minor, 100)),
    "10 / line_count": lambda receipt: 10 // len(receipt.lines) if receipt.lines else None,
    "line_count - 2": lambda receipt: len(receipt.lines) - 2,
}


class Pays(NamedTuple):
    """One effect in points of a campaign."""

    campaign: Campaign
    number: int
    effect: Payout


@dataclass
class Expected:
    points: dict[str, int] = field(default_factory=dict)
    exact: dict[str, Fraction] = field(default_factory=dict)
    paid: dict[tuple[str, int], Fraction] = field(default_factory=dict)
    before: dict[tuple[str, int], Fraction] = field(default_factory=dict)
    discounts: list[tuple[str, int | None, int]] = field(default_factory=list)
    granted: list[tuple[str, str, int]] = field(default_factory=list)
    losers: set[tuple[str, str]] = field(default_factory=set)
    uses: dict[str, int] = field(default_factory=dict)


class Reference:
    """One receipt, in front of one programme."""

    def __init__(
        self,
        programme: Programme,
        receipt: Receipt,
        member: MemberFacts,
        at: datetime,
        counters: Mapping[str, int],
        killed: frozenset[str],
    ) -> None:
        self.programme, self.receipt, self.member = programme, receipt, member
        self.local = at.astimezone(ZoneInfo(programme.zone))
        self.counters = counters
        self.matches = matching(programme, receipt, member, at, killed)
        self.found = Expected()

    def expected(self) -> Expected:
        self._stack()
        closed = {one.id for one in self.matches if self._is_full(one)}
        self._points(closed)
        self._discounts(closed)
        for campaign in self.matches:
            for effect in campaign.benefits:
                if isinstance(effect, Gift) and campaign.id not in closed and (many := self._gifts(campaign, effect)):
                    self.found.granted.append((campaign.id, effect.reference, many))
        found = self.found
        giving = {name for name, _ in found.paid} | {one[0] for one in (*found.discounts, *found.granted)}
        for campaign in self.matches:
            if campaign.id in giving:
                self._use_gates(campaign.id, campaign.limits)
        if giving:
            self._use_gates("*", self.programme.limits)
        if not (found.points or found.discounts or found.granted):
            found.uses.clear()
        found.uses = {key: used for key, used in found.uses.items() if used and not key.endswith("|transaction")}
        return found

    def _stack(self) -> None:
        losers = self.found.losers
        exclusive = [one for one in self.matches if one.mode == "exclusive"]
        if exclusive:
            losers |= {(other.id, f"outranked-by:{exclusive[0].id}") for other in self.matches if other != exclusive[0]}
            self.matches = [exclusive[0]]
        self.matches = winners(self.matches, "first", lambda campaign: 0, losers)
        for is_base in (True, False):  # base campaigns first: multipliers are judged by the base that remains
            here = [one for one in self.matches if self._leads_with_base(one) == is_base]
            rest = [one for one in self.matches if self._leads_with_base(one) != is_base]
            worth = {one.id: self._worth(one) for one in here if one.mode in ("best", "worst")}
            here = winners(here, "best", lambda one, worth=worth: -worth[one.id], losers)
            here = winners(here, "worst", lambda one, worth=worth: (worth[one.id] == 0, worth[one.id]), losers)
            self.matches = sorted(here + rest, key=precedence)
        self._combine()

    def _combine(self) -> None:
        lonely: set[str] = set()
        while True:
            left = [one for one in self.matches if one.id not in lonely]
            hopeless = [one for one in left if is_alone(one, left)]
            if hopeless:
                lonely |= {one.id for one in hopeless}
                continue
            kept: list[Campaign] = []
            out: dict[str, str] = dict.fromkeys(lonely, "only-with")
            for campaign in left:
                rivals = [other for other in kept if excludes(campaign, other) or excludes(other, campaign)]
                if rivals:
                    out[campaign.id] = f"excluded-by:{rivals[0].id}"
                else:
                    kept.append(campaign)
            alone = [one for one in kept if is_alone(one, kept)]
            if not alone:
                break
            lonely.add(alone[0].id)
        most = self.programme.stacking.max_campaigns
        if most is not None:
            out |= {one.id: "too-many-campaigns" for one in kept[most:]}
        self.found.losers |= set(out.items())
        self.matches = [one for one in kept if one.id not in out]

    def _leads_with_base(self, campaign: Campaign) -> bool:
        return any(phase(effect) == 0 for _, effect in self.programme.payouts(campaign))

    def _worth(self, campaign: Campaign) -> Fraction:
        if self._is_full(campaign, own=True):
            return Fraction(0)
        only = campaign.benefits[0]
        if not isinstance(only, Payout):
            amounts, used = Amounts(self.receipt), dict(self.counters)
            for effect in campaign.benefits:
                off = lower(taken_off(effect, amounts, self._lines(campaign), self.member), amounts.total)
                amounts.take(lower(off, self._cut_money(campaign, sum(off.values()), used)))
            return Fraction(max(0, self.receipt.total_minor) - amounts.total)
        base = self._legs(lambda effect: phase(effect) == 0) if isinstance(only, Multiplier) else []
        amount = self._earned(Pays(campaign, 0, only), None, base)
        return self._cut_points(campaign, only, amount, dict(self.counters))

    def _legs(self, wanted: Callable[[Payout], bool]) -> list[Pays]:
        found = [Pays(one, at, effect) for one in self.matches for at, effect in self.programme.payouts(one)]
        found = [one for one in found if wanted(one.effect)]
        return sorted(found, key=lambda one: (phase(one.effect), precedence(one.campaign), one.number))

    def _points(self, closed: set[str]) -> None:
        legs, found = self._legs(lambda _: True), self.found
        used = dict(self.counters)
        for place, leg in enumerate(legs):
            before = self._earned(leg, None, legs[:place])
            if leg.campaign.id in closed or before == 0:
                continue
            amount = self._cut_points(leg.campaign, leg.effect, before, used)
            if amount > 0:
                found.paid[leg.campaign.id, leg.number] = amount
                found.before[leg.campaign.id, leg.number] = before
                wallet = self.programme.wallet_for(leg.effect)
                found.exact[wallet] = found.exact.get(wallet, Fraction(0)) + amount
        self._note_uses(used)
        rounding = {"floor": floor, "ceil": ceil, "half_up": lambda value: floor(value + Fraction(1, 2))}
        points = {wallet: rounding[self.programme.rounding](value) for wallet, value in found.exact.items()}
        found.points = {wallet: value for wallet, value in points.items() if value}

    def _discounts(self, closed: set[str]) -> None:
        amounts, used = Amounts(self.receipt), dict(self.counters)
        percent = self.programme.stacking.max_discount_percent
        allowed = amounts.total if percent is None else floor(Fraction(amounts.total * percent, 100))
        for campaign in self.matches:
            for effect in campaign.benefits:
                if not isinstance(effect, Discounting) or campaign.id in closed:
                    continue
                off = taken_off(effect, amounts, self._lines(campaign), self.member)
                if off == {None: 0}:
                    self.found.discounts.append((campaign.id, None, 0))
                    continue
                off = lower(off, amounts.total)
                amount = self._cut_money(campaign, min(sum(off.values()), allowed), used)
                off = lower(off, amount)
                amounts.take(off)
                allowed -= amount
                self.found.discounts += [
                    (campaign.id, place if place is None else place + 1, minor) for place, minor in off.items() if minor
                ]
        self._note_uses(used)

    def _gifts(self, campaign: Campaign, gift: Gift) -> int:
        amount = amount_of(self.receipt, self._lines(campaign))
        many = gift.quantity * (1 if gift.per_minor is None else max(0, floor(Fraction(amount, gift.per_minor))))
        return min(many, gift.most or many)

    def _note_uses(self, used: Mapping[str, int]) -> None:
        for key, value in used.items():
            if value != self.counters.get(key, 0):
                self.found.uses[key] = value - self.counters.get(key, 0)

    def _limits(self, campaign: Campaign, units: tuple[str, ...]) -> Iterable[tuple[str, Limit | SharedLimit]]:
        every: tuple[Limit | SharedLimit, ...] = (*campaign.limits, *self.programme.limits)
        for limit in every:
            if limit.unit not in units:
                continue
            own = isinstance(limit, Limit)
            key = self._key(campaign.id if own else "*", limit)
            if key is not None:
                yield key, limit

    def _key(self, head: str, limit: Limit | SharedLimit) -> str | None:
        wallet = self.programme.wallets[0].name
        unit = {"points": "", "times": "#times", "discount_minor": "#discount", "order_minor": "#order"}[limit.unit]
        if isinstance(limit, SharedLimit) and not unit:
            unit = limit.wallet or wallet
        year, week, _ = self.local.isocalendar()
        period = {
            "transaction": "transaction",
            "day": f"{self.local:%Y-%m-%d}",
            "week": f"{year}-W{week:02}",
            "month": f"{self.local:%Y-%m}",
            "year": f"{self.local:%Y}",
            "ever": "ever",
        }[limit.period]
        whose = {
            "member": f"|{self.member.member_id}",
            "store": f"|store={self.receipt.store or ''}",
            "partner": f"|partner={self.receipt.partner or ''}",
        }
        return f"{head}{unit}|{period}{whose.get(limit.scope, '')}"

    def _cut_points(self, campaign: Campaign, effect: Payout, amount: Fraction, used: dict[str, int]) -> Fraction:
        wallet = self.programme.wallet_for(effect)
        keys = []
        for key, limit in self._limits(campaign, ("points",)):
            if isinstance(limit, SharedLimit) and (limit.wallet or self.programme.wallets[0].name) != wallet:
                continue
            shared = isinstance(limit, SharedLimit) or limit.period != "transaction"
            amount = min(amount, Fraction(max(0, limit.most - (used.get(key, 0) if shared else 0))))
            keys += [key] if shared else []
        for key in keys:
            used[key] = used.get(key, 0) + ceil(amount)
        return amount

    def _cut_money(self, campaign: Campaign, amount: int, used: dict[str, int]) -> int:
        keys = []
        for key, limit in self._limits(campaign, ("discount_minor",)):
            shared = isinstance(limit, SharedLimit) or limit.period != "transaction"
            amount = min(amount, max(0, limit.most - (used.get(key, 0) if shared else 0)))
            keys += [key] if shared else []
        for key in keys:
            used[key] = used.get(key, 0) + amount
        return amount

    def _is_full(self, campaign: Campaign, *, own: bool = False) -> bool:
        return any(
            self.counters.get(key, 0) + self._taken(limit) > limit.most
            for key, limit in self._limits(campaign, ("times", "order_minor"))
            if isinstance(limit, Limit) or not own
        )

    def _taken(self, limit: Limit | SharedLimit) -> int:
        return 1 if limit.unit == "times" else max(0, self.receipt.total_minor)

    def _use_gates(self, head: str, limits: Sequence[Limit | SharedLimit]) -> None:
        for limit in limits:
            key = self._key(head, limit) if limit.unit in ("times", "order_minor") else None
            if key is not None:
                self.found.uses[key] = self._taken(limit)

    def _lines(self, campaign: Campaign) -> Lines:
        return chosen(campaign.when, self.receipt)

    def _earned(self, leg: Pays, only: Lines, before: Sequence[Pays]) -> Fraction:
        """What an effect earns on its lines that are also in `only`; `before` are those computed before it."""
        receipt, own = self.receipt, self._lines(leg.campaign)
        lines = common(own, only)
        match leg.effect:
            case Fixed(points=points):
                return Fraction(points)
            case PerAmount(points=points, per_minor=per_minor, above_minor=above):
                return Fraction(max(0, amount_of(receipt, lines) - above) * points, per_minor)
            case PerQuantity(points=points, per=per):
                return Fraction(max(0, quantity_of(receipt, lines) // per) * points)
            case PerTier(tiers=tiers, otherwise=otherwise, per_minor=per_minor):
                rate = {one.tier: one.points for one in tiers}.get(self.member.tier or "", otherwise)
                return Fraction(rate if per_minor is None else 0) or Fraction(
                    max(0, amount_of(receipt, lines)) * rate * (per_minor is not None), per_minor or 1
                )
            case Thresholds(steps=steps):
                reached = [step.points for step in steps if amount_of(receipt, lines) >= step.from_minor]
                return Fraction(reached[-1] if reached else 0)
            case Together(points=points, with_=partner, most=most):
                assert own is not None
                others = selected(partner, receipt) - own
                pairs = min(quantity_of(receipt, own), quantity_of(receipt, others), most)
                return Fraction(max(0, pairs) * points)
            case Formula(cel=source, most=most):
                return Fraction(min(max(FORMULAS[source](receipt) or 0, 0), most))
            case Multiplier(percent=percent, compounding=compounding) as multiplier:
                total = Fraction(0)
                for place, other in enumerate(before):
                    if self.programme.wallet_for(other.effect) != self.programme.wallet_for(multiplier):
                        continue
                    if phase(other.effect) == 3 or (phase(other.effect) > 0 and not compounding):
                        continue
                    whole = self._earned(other, None, before[:place])
                    total += min(whole, self._earned(other, lines, before[:place]))
                return total * Fraction(percent - 100, 100)


def phase(effect: Effect) -> int:
    match effect:
        case Multiplier(compounding=compounding):
            return 2 if compounding else 1
        case PerAmount(phase="base") | PerQuantity(phase="base") | PerTier(phase="base", per_minor=int()):
            return 0
    return 3


def is_alone(campaign: Campaign, among: Sequence[Campaign]) -> bool:
    company = set(campaign.only_with)
    return bool(company) and not any({other.id, other.group} & company for other in among)


def excludes(one: Campaign, other: Campaign) -> bool:
    return other.id in one.excludes or other.group in one.excludes


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
        losers |= {(member.id, f"outranked-by:{winner.id}") for member in members if member is not winner}
    return sorted(kept, key=precedence)
