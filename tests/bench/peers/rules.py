"""The benchmark's programme and what becomes of a record under it, compiled the simplest way: one function a campaign.

What it leaves out makes it faster than it may be: nothing is validated or explained, there are no lots, dates of expiry
or limits (a budget that all members share has no place in state that is split by member), and a CEL condition is the
Python function that means the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

Receipt = Mapping[str, Any]
Lines = Sequence[Mapping[str, Any]]
Rule = Callable[[int, Receipt, Lines, int], int]
"""From the points so far (in millionths), the receipt, its lines and their sum to the points with this campaign."""

_SCALE = 1_000_000
_CONDITIONS: dict[str, Callable[[int, Lines], bool]] = {
    "total_minor >= 100 && line_count >= 1": lambda total, lines: total >= 100 and len(lines) >= 1
}
_ORDER = ("per_amount", "per_quantity", "multiplier", "fixed", "addition")


class State(Protocol):
    """Values by key, of the member whose record is at hand."""

    def get(self, key: str) -> Any:
        """The value of a key; None when it has none."""

    def put(self, key: str, value: Any) -> None:
        """Give a key a value."""


def compile_rules(document: Mapping[str, Any]) -> Callable[[Receipt, Lines], int]:
    """From a programme document to a function from a receipt and its lines to points.

    Raises:
        KeyError: the document has something that these rules do not know.
    """
    ordered = sorted(document["campaigns"], key=lambda campaign: _ORDER.index(_kind(campaign)))
    rules = [_rule(campaign) for campaign in ordered if campaign["state"] == "live"]

    def points(receipt: Receipt, lines: Lines) -> int:
        total = sum([line["amount_minor"] for line in lines])
        earned = 0
        for rule in rules:
            earned = rule(earned, receipt, lines, total)
        return earned // _SCALE

    return points


def _kind(campaign: Mapping[str, Any]) -> str:
    effect = campaign["effect"]
    return "addition" if effect.get("phase") == "addition" else str(effect["kind"])


def _rule(campaign: Mapping[str, Any]) -> Rule:
    effect, when = campaign["effect"], campaign.get("when") or {}
    pay = _effect(effect)
    if when.get("skus") or when.get("categories"):
        name = "sku" if when.get("skus") else "category"
        wanted = frozenset(when.get("skus") or when["categories"])

        def of_lines(earned: int, receipt: Receipt, lines: Lines, total: int) -> int:
            chosen = [line for line in lines if line[name] in wanted]
            return pay(earned, receipt, chosen, sum([line["amount_minor"] for line in chosen])) if chosen else earned

        return of_lines
    if when.get("channels"):
        channels = frozenset(when["channels"])
        return lambda earned, receipt, lines, total: (
            pay(earned, receipt, lines, total) if receipt["channel"] in channels else earned
        )
    if campaign.get("cel"):
        holds = _CONDITIONS[campaign["cel"]]
        return lambda earned, receipt, lines, total: (
            pay(earned, receipt, lines, total) if holds(total, lines) else earned
        )
    return pay


def _effect(effect: Mapping[str, Any]) -> Rule:
    kind, points, percent = effect["kind"], effect.get("points", 0) * _SCALE, effect.get("percent", 100)
    if kind == "per_amount":
        per_minor = effect["per_minor"]
        return lambda earned, receipt, lines, total: earned + total * points // per_minor
    if kind == "per_quantity":
        return lambda earned, receipt, lines, total: earned + points * sum([line["quantity"] for line in lines])
    return {
        "multiplier": lambda earned, receipt, lines, total: earned * percent // 100,
        "fixed": lambda earned, receipt, lines, total: earned + points,
    }[kind]


class Teller:
    """Applies records: a purchase earns, a return takes back what is no longer earned, a repeat does nothing."""

    def __init__(self, documents: Mapping[str, Mapping[str, Any]]) -> None:
        """`documents` are the programmes by the tenant that begins a source (`/acme/pos/…`)."""
        self._points = {tenant: compile_rules(document) for tenant, document in documents.items()}

    def apply(self, event: Mapping[str, Any], state: State) -> dict[str, Any]:
        """Apply a record to its member's state, and return what became of it."""
        data = event["data"]
        tenant = event["source"].split("/", 2)[1]
        place = f"receipt/{tenant}/{data['store']}/{data['receipt_number']}"
        known = state.get(place)
        if event["type"].endswith("completed.v1"):
            if known is not None:
                return self._told(event, tenant, 0, state)
            kept = {
                "channel": data["channel"],
                "lines": data["lines"],
                "returned": [0] * len(data["lines"]),
                "seen": [],
            }
        else:
            if known is None or event["id"] in known["seen"]:
                return self._told(event, tenant, 0, state)
            kept = known
            kept["seen"].append(event["id"])
            for line in data["lines"]:
                kept["returned"][line["line"] - 1] += line["quantity"]
        points = self._points[tenant](kept, _left(kept))
        change = points - kept.get("points", 0)
        kept["points"] = points
        state.put(place, kept)
        return self._told(event, tenant, change, state)

    def _told(self, event: Mapping[str, Any], tenant: str, change: int, state: State) -> dict[str, Any]:
        place = f"balance/{tenant}"
        balance = (state.get(place) or 0) + change
        if change:
            state.put(place, balance)
        return {"id": event["id"], "tenant": tenant, "points": change, "balance": balance}


def _left(kept: Mapping[str, Any]) -> Lines:
    """The lines less what came back of each."""
    if not any(kept["returned"]):
        lines: Lines = kept["lines"]
        return lines
    left = []
    for line, back in zip(kept["lines"], kept["returned"], strict=True):
        pieces, amount = line["quantity"], line["amount_minor"]
        if back < pieces:
            left.append({**line, "quantity": pieces - back, "amount_minor": amount - amount * back // pieces})
    return left
