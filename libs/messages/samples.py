"""What is usually told, for previews without a member and to try a template before it is published."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

from libs.messages.values import Declared, Money, Points, Proposal, Type

_SITE = "https://loyalty.example"

_NAMED: Mapping[str, object] = {
    "given_name": "Katharina",
    "programme": "Meadow Rewards",
    "brand": "Meadow",
    "tier": "Silver",
    "new_tier": "Gold",
    "current_tier": "Gold",
    "lower_tier": "Silver",
    "segments": ("coffee-lovers",),
    "benefits": ("double points on Mondays", "free delivery"),
    "link": f"{_SITE}/m",
    "preferences": f"{_SITE}/p/3kf9",
    "unsubscribe": f"{_SITE}/u/3kf9",
    "points": Points(1_240),
    "balance": Points(3_480),
    "missing_points": Points(350),
    "missing_money": Money(8_500, "EUR"),
    "value": Money(1_240, "EUR"),
    "days_left": 7,
    "last_day": date(2026, 12, 31),
    "active_from": date(2027, 1, 14),
    "until": date(2027, 12, 31),
    "valid_until": date(2027, 1, 31),
    "reward": "A bag of coffee",
    "stage": "shipped",
    "inviter": "Jakob",
    "consent": "Yes, write to me about offers by e-mail.",
    "quantity": 1,
    "code": "MEADOW-7K3F-9QXA",
    "number": "10482",
    "reason": "Your purchase of December 12",
    "wallet": "points",
    "headline": "Double points on coffee this week",
    "message": "From Monday to Saturday every bag of coffee brings you twice the points.",
    "button": "See the coffees",
    "rewards": (
        Proposal("A bag of coffee", "500 g, freshly roasted", points=Points(900)),
        Proposal("A voucher for 10 euros", points=Points(1_000), link=f"{_SITE}/r/10"),
    ),
    "products": (Proposal("Ethiopia Sidamo", "Whole beans, 1 kg", price=Money(2_190, "EUR"), link=f"{_SITE}/c/1"),),
}

_TYPED: Mapping[Type, object] = {
    "text": "Something to read",
    "flag": True,
    "number": 3,
    "points": Points(120),
    "money": Money(4_990, "EUR"),
    "day": date(2026, 12, 24),
    "moment": datetime(2026, 12, 24, 17, 30, tzinfo=UTC),
    "url": f"{_SITE}/more",
    "names": ("one", "two"),
    "proposals": (Proposal("Ethiopia Sidamo", price=Money(2_190, "EUR")),),
}

_BARE: Mapping[Type, object] = {"flag": False, "names": (), "proposals": (), "number": 0}


def full(declared: Declared) -> dict[str, object]:
    """Values for all that a template may tell. A logo is left out: a preview loads nothing from elsewhere."""
    told = {name: _NAMED.get(name, _TYPED[variable.type]) for name, variable in declared.items()}
    return {name: value for name, value in told.items() if name != "logo"}


def bare(declared: Declared) -> dict[str, object]:
    """As little as a template may be told: nothing that may be unknown, and no items in lists."""
    needed = {name: variable for name, variable in declared.items() if not variable.optional}
    return {**full(needed), **{n: _BARE[v.type] for n, v in needed.items() if v.type in _BARE}}
