"""The programmes that the benchmark runs under: a fixed set that pays on every receipt, and others beside it.

Whatever is beside it, a receipt is worth the same: that is how the books are checked.
"""

from __future__ import annotations

from typing import Any

from libs.promotions.document import parse_programme
from libs.promotions.programme import Programme

PAYING = 4
"""Campaigns that pay on every receipt of the channel `store` with a total of at least 1.00."""

CEL_SOURCE = "total_minor >= 100 && line_count >= 1"
SHARED_CAP = 10**14
BASE = "20"
RULES = (BASE, "100", "1000", "crowded", "hot", "cel")
"""Sets of campaigns: so many, most of which wait for what no receipt has; or 20 of one kind, see `bench_rules`."""

_CROWDED_STORES = [str(store) for store in range(1, 21)]
"""A tenth of the stores."""


def bench_programme(campaigns: int, tenant: str) -> Programme:
    """Make a programme with `campaigns` live campaigns (at least 4), of which exactly 4 pay on a bench receipt.

    They are: one point per unit of currency, times 1.5 in the channel `store`, ten points by a CEL condition that is
    evaluated on every receipt, and one point per 5.00 with a budget that all members share. The others wait for SKUs
    and categories (`other-sku-…`, `other-category-…`) that no bench receipt has. `tenant` shows in the names.
    """
    others = [_other(tenant, number) for number in range(campaigns - PAYING)]
    return parse_programme(
        {
            "version": 1,
            "zone": "Europe/Rome",
            "currency": "USD",
            "wallets": [
                {"name": "points", "expiry": {"kind": "natural", "period": "quarter", "extra_periods": 4}},
            ],
            "campaigns": [*_paying(tenant), *others],
        }
    )


def bench_rules(rules: str, tenant: str) -> Programme:
    """Make one of the `RULES`.

    `crowded`: on a tenth of the receipts twenty campaigns match, of which the best of their group pays. `hot`: every
    campaign that pays has a budget of points and a number of times, by day and for ever, which all members share.
    `cel`: sixteen more campaigns have conditions that no index knows, and each is evaluated on every receipt.
    """
    if rules.isdecimal():
        return bench_programme(int(rules), tenant)
    base = bench_programme(PAYING, tenant).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    paying = _paying(tenant)
    beside = {"crowded": _crowded, "hot": _hot, "cel": _cel}[rules]
    return parse_programme(base | {"version": 1, "campaigns": beside(tenant, paying)})


def _crowded(tenant: str, paying: list[dict[str, Any]]) -> list[dict[str, Any]]:
    group = {"group": "bonus", "mode": "best"}
    others = [
        _campaign(
            tenant, f"crowd-{number}", {"kind": "fixed", "points": 1 + number % 9},
            when={"stores": _CROWDED_STORES}, **group,
        )
        for number in range(19)
    ]  # fmt: skip
    return [each | group if each["id"] == "cel-bonus" else each for each in paying] + others


def _hot(tenant: str, paying: list[dict[str, Any]]) -> list[dict[str, Any]]:
    limits = [
        {"scope": "campaign", "period": period, unit: SHARED_CAP}
        for period in ("day", "ever")
        for unit in ("points", "times")
    ]
    own = [each if each["effect"]["kind"] == "multiplier" else each | {"limits": limits} for each in paying]
    return own + [_other(tenant, number) for number in range(20 - PAYING)]


def _cel(tenant: str, paying: list[dict[str, Any]]) -> list[dict[str, Any]]:
    others = [
        _campaign(
            tenant, f"cel-{number}", {"kind": "fixed", "points": 5},
            cel=f'channel == "kiosk-{number}" && total_minor > {number} * line_count',
        )
        for number in range(20 - PAYING)
    ]  # fmt: skip
    return paying + others


def _paying(tenant: str) -> list[dict[str, Any]]:
    return [
        _campaign(tenant, "base", {"kind": "per_amount", "points": 1, "per_minor": 100}),
        _campaign(tenant, "store-half-more", {"kind": "multiplier", "percent": 150}, when={"channels": ["store"]}),
        _campaign(tenant, "cel-bonus", {"kind": "fixed", "points": 10}, cel=CEL_SOURCE),
        _campaign(
            tenant,
            "shared-budget",
            {"kind": "per_amount", "points": 1, "per_minor": 500, "phase": "addition"},
            limits=[{"scope": "campaign", "period": "ever", "points": SHARED_CAP}],
        ),
    ]


def _other(tenant: str, number: int) -> dict[str, Any]:
    if number % 2:
        when = {"skus": [f"other-sku-{number}-{of}" for of in range(5)]}
        return _campaign(tenant, f"sku-{number}", {"kind": "per_quantity", "points": 5}, when=when)
    when = {"categories": [f"other-category-{number}"]}
    return _campaign(tenant, f"category-{number}", {"kind": "multiplier", "percent": 200}, when=when)


def _campaign(tenant: str, name: str, effect: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"id": name, "name": f"{tenant}: {name}", "state": "live", "effect": effect, **rest}
