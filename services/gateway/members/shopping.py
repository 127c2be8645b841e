"""What a member buys, how much and how often, from what is left of their purchases after returns. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from libs.contracts.codec import Canonical
from libs.contracts.events import PurchaseCompletedV1
from libs.receipts.story import read_story, stands
from services.gateway.members.shopping_store import Bought
from services.gateway.members.shopping_views import BasketValues, Frequency, MonthOfPurchases, Product, ShoppingView
from services.gateway.store import Member

SHOWN = 20
_PURCHASE = "purchase.completed"
_facts = Canonical(PurchaseCompletedV1).read


@dataclass(frozen=True, slots=True)
class Purchase:
    """What is left of a purchase, and when it was made. `content` is like the payload of a purchase."""

    at: datetime
    content: Any


@dataclass(slots=True)
class _Tally:
    category: str | None
    brand: str | None
    purchases: int = 0
    quantity: int = 0
    amounts: dict[str, int] = field(default_factory=dict)


def span_start(now: datetime, months: int, zone: str) -> datetime:
    """Return the instant so many calendar months ago, at the same local time or on the month's last day."""
    local = now.astimezone(ZoneInfo(zone))
    year, month = divmod(local.year * 12 + local.month - 1 - months, 12)
    day = local.day
    while True:
        try:
            return local.replace(year=year, month=month + 1, day=day).astimezone(now.tzinfo)
        except ValueError:
            day -= 1


def purchases(member_id: UUID, known: Bought) -> list[Purchase]:
    """Return what stands of a member's purchases, oldest first; wholly returned and voided ones are left out."""
    found: dict[UUID, Purchase | None] = {}
    for key, decision in known.decisions:
        if key in found:
            continue
        if key in known.stories:
            owner, story = known.stories[key]
            found[key] = _standing(story) if owner == member_id else None
        elif decision.kind == _PURCHASE:
            found[key] = Purchase(decision.occurred_at, _facts(bytes(decision.facts)))
    return sorted((one for one in found.values() if one is not None), key=lambda one: one.at)


def _standing(stored: bytes) -> Purchase | None:
    left = stands(read_story(stored))
    content = left.purchase()
    return None if left.content is None or content is None else Purchase(left.content.purchased_at, content)


def shopping_view(member: Member, known: Bought, since: datetime, until: datetime) -> ShoppingView:
    """Sum up a member's purchases of a span."""
    made = [one for one in purchases(member.member_id, known) if since <= one.at <= until]
    products = _products(made)
    return ShoppingView(
        member_id=member.member_id,
        programme=member.programme,
        since=since,
        until=until,
        cut=known.cut,
        baskets=tuple(_baskets(made)),
        frequency=_frequency(made, since, until, ZoneInfo(member.zone), known.cut),
        most_often=_first(products, lambda product: (-product.purchases, -product.quantity, product.sku)),
        most_pieces=_first(products, lambda product: (-product.quantity, -product.purchases, product.sku)),
    )


def _baskets(made: Iterable[Purchase]) -> Iterator[BasketValues]:
    totals: dict[str, list[int]] = {}
    for one in made:
        totals.setdefault(one.content.currency, []).append(one.content.total_minor)
    for currency, values in sorted(totals.items()):
        values.sort()
        middle = len(values) // 2
        median = values[middle] if len(values) % 2 else _half_up(values[middle - 1] + values[middle], 2)
        yield BasketValues(
            currency=currency,
            purchases=len(values),
            total_minor=sum(values),
            mean_minor=_half_up(sum(values), len(values)),
            median_minor=median,
            largest_minor=values[-1],
        )


def _half_up(amount: int, parts: int) -> int:
    return (2 * amount + parts) // (2 * parts)


def _frequency(made: Sequence[Purchase], since: datetime, until: datetime, zone: ZoneInfo, cut: bool) -> Frequency:
    first = made[0].at if cut and made else since
    months = dict.fromkeys(_months(first.astimezone(zone), until.astimezone(zone)), 0)
    for one in made:
        months[f"{one.at.astimezone(zone):%Y-%m}"] += 1
    gaps = [after.at - before.at for before, after in pairwise(made)]
    days = sum(gaps, timedelta()) / timedelta(days=1)
    return Frequency(
        purchases=len(made),
        by_month=tuple([MonthOfPurchases(month=month, purchases=count) for month, count in months.items()]),
        a_month=None if cut else round(len(made) / max(1, len(months) - 1), 1),
        days_between=round(days / len(gaps), 1) if gaps else None,
        last_at=made[-1].at if made else None,
    )


def _months(first: datetime, last: datetime) -> Iterator[str]:
    for number in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        yield f"{number // 12:04d}-{number % 12 + 1:02d}"


def _products(made: Iterable[Purchase]) -> list[Product]:
    tallies: dict[str, _Tally] = {}
    for one in made:
        seen: set[str] = set()
        for line in one.content.lines:
            if not line.sku or (line.amount_minor == 0 and line.quantity == 0):
                continue  # money that is left of an article that came back, or a mark without worth
            tally = tallies.setdefault(line.sku, _Tally(line.category, line.brand))
            tally.purchases += line.sku not in seen
            seen.add(line.sku)
            tally.quantity += line.quantity
            currency = one.content.currency
            tally.amounts[currency] = tally.amounts.get(currency, 0) + line.amount_minor
    return [
        Product(
            sku=sku,
            category=tally.category,
            brand=tally.brand,
            purchases=tally.purchases,
            quantity=tally.quantity,
            amount_minor=tally.amounts,
        )
        for sku, tally in tallies.items()
    ]


def _first(products: Iterable[Product], order: Any) -> tuple[Product, ...]:
    return tuple(sorted(products, key=order)[:SHOWN])
