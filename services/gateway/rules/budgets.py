"""What campaigns may still give: how much of each limit that members share is used by now. Pure, but for the view."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from libs.promotions.campaigns import Campaign
from libs.promotions.facts import Receipt
from libs.promotions.limits import compile_limit, read_key
from libs.promotions.programme import Programme
from libs.promotions.situation import Situation
from services.gateway.views import View

OF_EACH_PLACE = ("store", "partner")


class BudgetView(View):
    """A limit that members share, and what of it is used in the present period."""

    unit: Literal["points", "times", "discount_minor", "order_minor"]
    scope: Literal["campaign", "store", "partner"]
    period: Literal["day", "week", "month", "year", "ever"]
    within: str = Field(description="Which day, week, month or year it is, or `ever`.", examples=["2024-03"])
    total: int = Field(description="How much there is, in points, times or minor units.")
    used: int | None = Field(description="How much of it is used; null where every store or partner has as much.")
    percent: int | None = Field(description="The same in percent, rounded down.")


def shared_limits(programme: Programme, campaign: Campaign, now: datetime) -> Iterator[tuple[str, int]]:
    """Name the counters of a campaign's limits that members share, of the period that holds `now`, and their limits."""
    nowhere = Situation(Receipt(programme.currency, 0), None, now, ZoneInfo(programme.zone))
    for limit in campaign.limits:
        compiled = compile_limit(campaign.id, limit)
        key = compiled.key(nowhere) if limit.scope != "member" else None
        if key is not None:
            yield key, compiled.most


def budget_views(limits: Iterable[tuple[str, int]], used: Mapping[str, int]) -> tuple[BudgetView, ...]:
    """Show what is used of limits; `used` is by the counter's key, and what is missing there is not used at all."""
    views = []
    for key, total in limits:
        name = read_key(key)
        found = None if name.scope in OF_EACH_PLACE else used.get(key, 0)
        views.append(
            BudgetView.model_validate(
                {
                    "unit": name.unit,
                    "scope": name.scope,
                    "period": name.period,
                    "within": name.within,
                    "total": total,
                    "used": found,
                    "percent": None if found is None else found * 100 // total if total else 100,
                }
            )
        )
    return tuple(views)
