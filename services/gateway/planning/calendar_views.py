"""What the API answers about the calendar of a programme."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import ConfigDict, Field

from libs.programmes.calendar import Status
from libs.promotions.campaigns import State
from services.gateway.rules.budgets import BudgetView
from services.gateway.views import View

_CALENDAR: Any = {
    "programme": "main",
    "zone": "Europe/Rome",
    "first_day": "2024-03-01",
    "last_day": "2024-05-31",
    "today": "2024-03-22",
    "told_from": None,
    "campaigns": [
        {
            "id": "happy-hour",
            "name": "Double points on Fridays",
            "status": "live",
            "state": "live",
            "version": 4,
            "kinds": ["purchase", "multiplier"],
            "words": "2 times the points on Friday from 17:00 to 19:00.",
            "audience": ["everybody"],
            "partners": [],
            "stores": [],
            "channels": [],
            "tiers": [],
            "segments": [],
            "lists": [],
            "starts_at": "2024-03-04T00:00:00Z",
            "ends_at": "2024-03-16T00:00:00Z",
            "days": [
                {"first_day": "2024-03-08", "last_day": "2024-03-08"},
                {"first_day": "2024-03-15", "last_day": "2024-03-15"},
            ],
            "would": [],
            "budgets": [
                {
                    "unit": "points",
                    "scope": "campaign",
                    "period": "ever",
                    "within": "ever",
                    "total": 50000,
                    "used": 40120,
                    "percent": 80,
                    "mark": 80,
                    "words": "80 % of 50,000 points used in all (80 % mark reached)",
                }
            ],
        }
    ],
    "boundaries": [
        {
            "at": "2024-03-31T22:00:00Z",
            "last_day": "2024-03-31",
            "wallets": ["points"],
            "campaigns": ["happy-hour"],
        }
    ],
}


class DayRunView(View):
    """Days that follow each other, both included."""

    first_day: date
    last_day: date


class PlannedBudgetView(BudgetView):
    """The same, in words too."""

    words: str


class PlannedView(View):
    """A campaign, and the days of the range on which it pays."""

    id: str
    name: str
    status: Status = Field(description="How it stands now; `off`: a kill switch stops it.")
    state: State = Field(description="Its state in the document.")
    version: int = Field(
        description="The version that it is told from: the one in force, else the nearest that has it."
    )
    kinds: tuple[str, ...] = Field(description="The kinds of its trigger and of its effects.")
    words: str = Field(description="Its rule in a sentence.")
    audience: tuple[str, ...] = Field(description="For whom and where it is, in words.")
    partners: tuple[str, ...]
    stores: tuple[str, ...]
    channels: tuple[str, ...]
    tiers: tuple[str, ...]
    segments: tuple[str, ...]
    lists: tuple[str, ...]
    starts_at: datetime | None
    ends_at: datetime | None
    days: tuple[DayRunView, ...] = Field(
        description="Days, in the programme's zone, on which it pays at some time, or did."
    )
    would: tuple[DayRunView, ...] = Field(
        description="Days on which it would, if it were started or switched on: of drafts and of what rests."
    )
    budgets: tuple[PlannedBudgetView, ...] = Field(
        description="Its limits that members share, with what of them is used."
    )


class BoundaryView(View):
    """A boundary at which points lapse together."""

    at: datetime
    last_day: date = Field(description="The last day on which they can be spent.")
    wallets: tuple[str, ...]
    campaigns: tuple[str, ...] = Field(
        description="Campaigns that pay in what is left of the period before it; of a past one, in all of it."
    )


class CalendarView(View):
    """The campaigns of a programme over a range of days, and the boundaries among them."""

    model_config = ConfigDict(json_schema_extra={"example": _CALENDAR})

    programme: str
    zone: str
    first_day: date
    last_day: date
    today: date = Field(description="Today in the programme's zone.")
    told_from: datetime | None = Field(
        description="Since when it is complete, where there were more versions than are looked at."
    )
    campaigns: tuple[PlannedView, ...] = Field(description="Those that pay in the range, or would; by their first day.")
    boundaries: tuple[BoundaryView, ...]
