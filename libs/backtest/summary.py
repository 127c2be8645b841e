"""What a backtest comes to over all members: totals, who is better off, how far, by campaign and by month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from math import floor
from typing import Any

from libs.backtest.compare import Tally
from libs.backtest.plan import Plan
from libs.promotions.rates import digits

_STEPS = (1, 2, 5)
_BARS = 30
"""About how many bars a histogram has."""


@dataclass(slots=True)
class _WalletTotal:
    a: int = 0
    b: int = 0
    recorded: int = 0
    given: list[int] = field(default_factory=lambda: [0, 0])
    differences: Counter[int] = field(default_factory=Counter)


@dataclass(slots=True)
class _CampaignTotal:
    amount: list[Fraction] = field(default_factory=lambda: [Fraction(), Fraction()])
    times: list[int] = field(default_factory=lambda: [0, 0])
    members: list[int] = field(default_factory=lambda: [0, 0])


class Costs:
    """What points are worth in the programme's currency: per wallet, for one whole point, exactly."""

    def __init__(self, values: Mapping[str, Fraction], scales: Mapping[str, int], currency: str) -> None:
        self._unit = {wallet: value / 10 ** scales[wallet] for wallet, value in values.items()}
        self._minor: int = 10 ** digits(currency)

    def minor(self, points: Mapping[str, int]) -> int | None:
        """The worth of points by wallet, in minor units, a half up; None when no value is known."""
        if not self._unit:
            return None
        exact = sum((self._unit[wallet] * much for wallet, much in points.items() if wallet in self._unit), Fraction())
        return floor(exact * self._minor + Fraction(1, 2))


class Summary:
    """Adds members up, in any order."""

    def __init__(self, plan: Plan, costs: Costs) -> None:
        self._plan = plan
        self._costs = costs
        self._members: Counter[str] = Counter(dict.fromkeys(("better", "worse", "same", "mixed"), 0))
        self._receipts = self._activities = self._unlike = 0
        self._occasions = [0, 0]
        self._lacking = [0, 0]
        self._wallets: dict[str, _WalletTotal] = {}
        self._campaigns: dict[tuple[str, str], _CampaignTotal] = {}
        self._months: dict[tuple[str, str], list[int]] = {}
        self._tiers: dict[tuple[str, str | None], list[int]] = {}

    def add(self, tally: Tally) -> None:
        """Add a member."""
        self._receipts += tally.receipts
        self._activities += tally.activities
        self._occasions = [had + has for had, has in zip(self._occasions, tally.occasions, strict=True)]
        self._lacking = [had + has for had, has in zip(self._lacking, tally.lacking, strict=True)]
        self._members[direction(tally)] += 1
        self._unlike += any(each.a != each.recorded for each in tally.wallets.values())
        for each in tally.wallets.values():
            total = self._wallets.setdefault(each.wallet, _WalletTotal())
            total.a += each.a
            total.b += each.b
            total.recorded += each.recorded
            total.given[0] += each.a > 0
            total.given[1] += each.b > 0
            total.differences[each.b - each.a] += 1
        for month in tally.months.values():
            sums = self._months.setdefault((month.month, month.wallet), [0, 0])
            sums[0] += month.a
            sums[1] += month.b
        for side, path in enumerate(tally.paths_by_side):
            for tier_set, levels in path.items():
                self._tiers.setdefault((tier_set, levels[-1]), [0, 0])[side] += 1
        seen: set[tuple[int, str, str]] = set()
        for paid in tally.campaigns.values():
            if not paid.amount and not paid.times:
                continue
            one = self._campaigns.setdefault((paid.campaign, paid.wallet), _CampaignTotal())
            one.amount[paid.side] += Fraction(paid.amount, paid.denominator)
            one.times[paid.side] += paid.times
            if (name := (paid.side, paid.campaign, paid.wallet)) not in seen:
                seen.add(name)
                one.members[paid.side] += 1

    def told(self) -> dict[str, Any]:
        """All of it, as plain values; only what it was asked and what was stored decides it."""
        plan, members = self._plan, sum(self._members.values())
        scheme = plan.scheme
        totals = [{wallet: getattr(total, side) for wallet, total in self._wallets.items()} for side in ("a", "b")]
        costs = [self._costs.minor(points) for points in totals]
        return {
            "programme": f"{scheme.tenant}/{scheme.programme}",
            "from": _instant(plan.since),
            "to": _instant(plan.until),
            "zone": scheme.zone,
            "currency": scheme.currency,
            "a": {"version": plan.against, "versions": [each.version for each in scheme.versions]}
            if plan.against is None
            else {"version": plan.against},
            "b": {"hash": plan.hash(), "version": plan.document["version"]},
            "members": {"all": members, **self._members},
            "receipts": self._receipts,
            "activities": self._activities,
            "occasions": dict(zip(("a", "b"), self._occasions, strict=True)),
            "switches": _switches(plan),
            "unknown": list(plan.unknown),
            "lacking": dict(zip(("a", "b"), self._lacking, strict=True)),
            "merges": sum(plan.since <= each.at < plan.until for each in scheme.merges),
            "unlike_recorded": self._unlike if plan.against is None else None,
            "wallets": {wallet: self._wallet(wallet, total) for wallet, total in sorted(self._wallets.items())},
            "cost": None if None in costs else {"currency": scheme.currency, "a_minor": costs[0], "b_minor": costs[1]},
            "campaigns": [self._campaign(name, self._campaigns[name]) for name in sorted(self._campaigns)],
            "months": [
                {"month": month, "wallet": wallet, "a": sums[0], "b": sums[1]}
                for (month, wallet), sums in sorted(self._months.items())
            ],
            "tiers": [
                {"tier_set": tier_set or None, "tier": tier, "a": members[0], "b": members[1]}
                for (tier_set, tier), members in sorted(self._tiers.items(), key=_by_name)
            ],
        }

    def _wallet(self, wallet: str, total: _WalletTotal) -> dict[str, Any]:
        everybody = sum(self._members.values())
        total.differences[0] += everybody - total.differences.total()
        return {
            "a": total.a,
            "b": total.b,
            "difference": total.b - total.a,
            "recorded": total.recorded,
            "members_a": total.given[0],
            "members_b": total.given[1],
            "deciles": deciles(total.differences),
            "histogram": [
                {"from": low, "to": high, "members": count} for low, high, count in histogram(total.differences)
            ],
        }

    def _campaign(self, name: tuple[str, str], total: _CampaignTotal) -> dict[str, Any]:
        sides = {
            side: {"points": hundredths(total.amount[at]), "times": total.times[at], "members": total.members[at]}
            for at, side in enumerate(("a", "b"))
        }
        return {"campaign": name[0], "wallet": name[1], **sides}


def _switches(plan: Plan) -> list[dict[str, str | None]]:
    """The kill switches that were off in the range, and so count: since when, until when (None: still)."""
    turns = [each for each in plan.scheme.turns if each.off_at < plan.until]
    return [
        {
            "switch": turn.switch,
            "off": _instant(turn.off_at),
            "on": None if turn.on_at is None else _instant(turn.on_at),
        }
        for turn in sorted(turns, key=lambda turn: (turn.off_at, turn.switch))
        if turn.on_at is None or turn.on_at > plan.since
    ]


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _by_name(found: tuple[tuple[str, str | None], list[int]]) -> tuple[str, str]:
    (tier_set, tier), _ = found
    return tier_set, tier or ""


def direction(tally: Tally) -> str:
    """Whether a member is better off under B, worse off, the same, or (with several wallets) both."""
    more = any(each.b > each.a for each in tally.wallets.values())
    less = any(each.b < each.a for each in tally.wallets.values())
    return "mixed" if more and less else "better" if more else "worse" if less else "same"


def deciles(values: Counter[int]) -> list[int]:
    """The least of counted values, their deciles by nearest rank, and the greatest: eleven numbers, or none."""
    count = values.total()
    if not count:
        return []
    ranks = [max(-(-count * tenth // 10), 1) for tenth in range(11)]
    found: list[int] = []
    seen = 0
    for value in sorted(values):
        seen += values[value]
        while len(found) < len(ranks) and ranks[len(found)] <= seen:
            found.append(value)
    return found


def histogram(values: Counter[int]) -> list[tuple[int, int, int]]:
    """Counted values in bars of a round width, which meet at 0: from, to (not included), how many.

    The width follows from where 98 of 100 values lie; what is further out is in the first and the last bar.
    """
    known = sorted(value for value in values if values[value])
    if not known:
        return []
    low, high = _at(values, known, 1), _at(values, known, 99)
    width = _round_width(max(high - low, 1))
    first, last = low // width, high // width
    bars: Counter[int] = Counter()
    for value in known:
        bars[min(max(value // width, first), last)] += values[value]
    bounds = [(bar * width, (bar + 1) * width) for bar in range(first, last + 1)]
    bounds[0] = (min(bounds[0][0], known[0]), bounds[0][1])
    bounds[-1] = (bounds[-1][0], max(bounds[-1][1], known[-1] + 1))
    return [(start, end, bars[first + at]) for at, (start, end) in enumerate(bounds)]


def _at(values: Counter[int], known: list[int], hundredth: int) -> int:
    rank, seen = max(-(-values.total() * hundredth // 100), 1), 0
    for value in known:
        seen += values[value]
        if seen >= rank:
            return value
    return known[-1]


def _round_width(span: int) -> int:
    width = 1
    while True:
        for step in _STEPS:
            if span <= width * step * _BARS:
                return width * step
        width *= 10


def hundredths(amount: Fraction) -> str:
    """An exact amount with two decimals, a half up."""
    whole = floor(amount * 100 + Fraction(1, 2))
    sign, whole = ("-", -whole) if whole < 0 else ("", whole)
    return f"{sign}{whole // 100}.{whole % 100:02}"
