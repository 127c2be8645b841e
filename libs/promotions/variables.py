"""The variables that an expression may use: their declared types and how each is read from a situation.

A text that is absent is "", never null. `hour` (0 to 23), `weekday` (ISO: 1 is Monday, 7 is Sunday) and days are local
to the programme's zone. Amounts are in minor units. A number that is not known, such as the days since the purchase of
who never bought anything, makes the expression fail when it is needed, and so the campaign pays nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from libs.promotions.expressions import Expressions, Kind
from libs.promotions.facts import ALL_LINES, LineLike, data_of, quantity_over
from libs.promotions.history import EVER, HistoryDay, Window
from libs.promotions.known import (
    attributes_of,
    days_enrolled,
    days_since_purchase,
    days_to_birthday,
    history_of,
)
from libs.promotions.situation import Situation

HISTORY_WINDOWS: Mapping[str, Window] = MappingProxyType(
    {"30_days": Window(days=30), "365_days": Window(days=365), "this_year": Window(period="year"), "ever": EVER}
)
"""The windows that expressions can ask for; conditions can ask for any."""


def _record(line: LineLike) -> dict[str, object]:
    return {
        "sku": line.sku,
        "category": line.category or "",
        "brand": line.brand or "",
        "quantity": line.quantity,
        "amount_minor": line.amount_minor,
        "labels": list(line.labels),
    }


def _in_window(count: Callable[[HistoryDay], int], window: Window) -> Callable[[Situation], int | None]:
    def read(situation: Situation) -> int | None:
        history = history_of(situation)
        return None if history is None else sum([count(day) for day in history.within(window, situation.today())])

    return read


_COUNTS: Mapping[str, Callable[[HistoryDay], int]] = {
    "visits": lambda day: day.visits,
    "spend_minor": lambda day: day.spend_minor,
    "redemptions": lambda day: day.redemptions,
}
_COUNTERS = {
    f"{count}_{name}": (read, window) for count, read in _COUNTS.items() for name, window in HISTORY_WINDOWS.items()
}

REACH: Mapping[str, Window] = MappingProxyType(
    {name: window for name, (_, window) in _COUNTERS.items()} | {"days_since_purchase": EVER}
)
"""The variables that are read from the member's history, and the window of each."""


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
    "labels": ("strings", lambda s: [label for line in s.receipt.lines for label in line.labels]),
    "day": ("int", lambda s: s.local().day),
    "month": ("int", lambda s: s.local().month),
    "segments": ("strings", lambda s: None if s.member is None or s.member.segments is None else [*s.member.segments]),
    "lists": ("strings", lambda s: None if s.member is None or s.member.lists is None else [*s.member.lists]),
    "days_enrolled": ("int", days_enrolled),
    "days_to_birthday": ("int", days_to_birthday),
    "days_since_purchase": ("int", days_since_purchase),
    **{name: ("int", _in_window(read, window)) for name, (read, window) in _COUNTERS.items()},
    "attributes": ("facts", lambda s: dict(attributes_of(s))),
    "data": ("facts", lambda s: dict(data_of(s.receipt))),
}

VARIABLES: Mapping[str, Kind] = MappingProxyType({name: kind for name, (kind, _) in _DECLARED.items()})
READERS: Mapping[str, Callable[[Situation], object]] = MappingProxyType(
    {name: read for name, (_, read) in _DECLARED.items()}
)
EXPRESSIONS = Expressions(VARIABLES)

FACT_MAPS = ("attributes", "data")


def asks_for_facts(source: str) -> bool:
    """Whether an expression mentions facts that a programme may declare."""
    return not set(FACT_MAPS).isdisjoint(EXPRESSIONS.mentioned(source))
