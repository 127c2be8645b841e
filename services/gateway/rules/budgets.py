"""What campaigns may still give, as it is answered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from libs.programmes.budgets import Budget, Mark
from libs.programmes.telling import told_budget
from services.gateway.views import View


class BudgetView(View):
    """A limit that members share, and what of it is used in the present period."""

    unit: Literal["points", "times", "discount_minor", "order_minor"]
    scope: Literal["campaign", "store", "partner"]
    period: Literal["day", "week", "month", "year", "ever"]
    within: str = Field(description="Which day, week, month or year it is, or `ever`.", examples=["2024-03"])
    total: int = Field(description="How much there is, in points, times or minor units.")
    used: int | None = Field(description="How much of it is used; null where every store or partner has as much.")
    percent: int | None = Field(description="The same in percent, rounded down.")
    mark: Mark | None = Field(description="The mark that is reached, of 80 and 100 percent.")


def budget_views(budgets: Iterable[Budget]) -> tuple[BudgetView, ...]:
    """Show budgets."""
    return tuple(BudgetView.model_validate(told_budget(each)) for each in budgets)
