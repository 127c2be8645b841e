"""The variables that an expression may use: their declared types and how each is read from a situation.

A text that is absent is "", never null. `hour` (0 to 23) and `weekday` (ISO: 1 is Monday, 7 is Sunday) are local to the
programme's zone. Amounts are in minor units.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from libs.promotions.expressions import Expressions, Kind
from libs.promotions.facts import ALL_LINES, LineLike, quantity_over
from libs.promotions.situation import Situation


def _record(line: LineLike) -> dict[str, object]:
    return {
        "sku": line.sku,
        "category": line.category or "",
        "brand": line.brand or "",
        "quantity": line.quantity,
        "amount_minor": line.amount_minor,
    }


_DECLARED: dict[str, tuple[Kind, Callable[[Situation], object]]] = {
    "total_minor": ("int", lambda s: s.receipt.total_minor),
    "quantity": ("int", lambda s: quantity_over(s.receipt.lines, ALL_LINES)),
    "line_count": ("int", lambda s: len(s.receipt.lines)),
    "channel": ("string", lambda s: s.receipt.channel or ""),
    "store": ("string", lambda s: s.receipt.store or ""),
    "partner": ("string", lambda s: s.receipt.partner or ""),
    "payment": ("string", lambda s: s.receipt.payment or ""),
    "currency": ("string", lambda s: s.receipt.currency),
    "tier": ("string", lambda s: s.tier or ""),
    "skus": ("strings", lambda s: [line.sku for line in s.receipt.lines]),
    "categories": ("strings", lambda s: [line.category or "" for line in s.receipt.lines]),
    "brands": ("strings", lambda s: [line.brand or "" for line in s.receipt.lines]),
    "hour": ("int", lambda s: s.local().hour),
    "weekday": ("int", lambda s: s.local().isoweekday()),
    "lines": ("records", lambda s: [_record(line) for line in s.receipt.lines]),
}

VARIABLES: Mapping[str, Kind] = MappingProxyType({name: kind for name, (kind, _) in _DECLARED.items()})
READERS: Mapping[str, Callable[[Situation], object]] = MappingProxyType(
    {name: read for name, (_, read) in _DECLARED.items()}
)
EXPRESSIONS = Expressions(VARIABLES)
