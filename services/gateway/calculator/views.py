"""What the API takes and answers about habits and rules."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.gateway.views import View

_MOST_A_YEAR = 1_000


class HowOften(BaseModel):
    """How often."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    times: Annotated[int, Field(strict=True, ge=0, le=_MOST_A_YEAR, description="How often in that time.")]
    per: Literal["week", "month", "year"] = Field(default="year", description="The time that `times` is of.")


class ActivityHabit(HowOften):
    """How often somebody does something beside buying."""

    activity: str = Field(min_length=1, max_length=64, description="The activity, as campaigns name it.")


class HabitsBody(BaseModel):
    """How somebody buys."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "example": {
                "purchases": {"times": 1, "per": "week"},
                "average_basket_minor": 4000,
                "activities": [{"activity": "product-reviewed", "times": 2, "per": "month"}],
                "tier": "gold",
            }
        },
    )

    purchases: HowOften
    average_basket_minor: Annotated[
        int, Field(strict=True, ge=0, le=10**9, description="In minor units of the programme's currency.")
    ]
    activities: tuple[ActivityHabit, ...] = Field(
        default=(), max_length=20, description="What else they do that may bring points, each with how often."
    )
    tier: str | None = Field(default=None, max_length=64, description="The tier that is held all year.")
    programme: str | None = Field(default=None, max_length=63, description="The programme, where there are several.")


class LapseView(View):
    """Points that can be spent up to a day."""

    last_day: date | None = Field(description="In the programme's zone; null for ever.")
    points: int


class WalletYearView(View):
    """What a year brings in a wallet."""

    wallet: str
    scale: int
    points: int
    lapses: tuple[LapseView, ...]
    worth_minor: int | None = Field(description="What they are worth; null when the programme does not say.")


class CampaignYearView(View):
    """What a campaign pays in a year, before the rounding of each receipt."""

    campaign: str
    name: str
    wallet: str
    points: int


class YearView(View):
    """What a year of such habits would bring, played by the engine."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "programme": "main",
                "programme_version": 3,
                "begins": "2024-03-01",
                "currency": "EUR",
                "purchases": 52,
                "wallets": [
                    {
                        "wallet": "points",
                        "scale": 0,
                        "points": 2080,
                        "lapses": [
                            {"last_day": "2025-03-31", "points": 520},
                            {"last_day": "2025-06-30", "points": 1560},
                        ],
                        "worth_minor": 2080,
                    }
                ],
                "campaigns": [
                    {"campaign": "base", "name": "A point for every euro", "wallet": "points", "points": 2080}
                ],
                "assumptions": ["The purchases are spread evenly over the year, its weekdays and hours."],
            }
        }
    )

    programme: str
    programme_version: int
    begins: date
    currency: str
    purchases: int = Field(description="How many purchases were played.")
    wallets: tuple[WalletYearView, ...]
    campaigns: tuple[CampaignYearView, ...]
    assumptions: tuple[str, ...]


class RuleView(View):
    """A campaign in plain words."""

    campaign: str
    name: str
    section: Literal["base", "multiplier", "addition", "activity"]
    wallet: str
    sentence: str = Field(examples=["1 point for every €1.00; at most 100 points a month for each member."])
    conditions: tuple[str, ...]
    limits: tuple[str, ...]
    ends_at: datetime | None = Field(
        description="When it ends, for a counter of the time left; null where it does not."
    )


class WalletRuleView(View):
    """What becomes of the points of a wallet."""

    wallet: str
    scale: int
    sentences: tuple[str, ...]
    lapses_next: date | None = Field(
        description="The next last day of points of it, the same for all members; null where they never lapse."
    )


class RulesView(View):
    """How points are earned now, told from the document that the engine runs."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "programme": "main",
                "programme_version": 3,
                "as_of": "2024-03-01T17:31:09Z",
                "public": True,
                "rules": [
                    {
                        "campaign": "base",
                        "name": "A point for every euro",
                        "section": "base",
                        "wallet": "points",
                        "sentence": "1 point for every €1.00.",
                        "conditions": [],
                        "limits": [],
                        "ends_at": None,
                    }
                ],
                "groups": [],
                "wallets": [
                    {
                        "wallet": "points",
                        "scale": 0,
                        "sentences": ["They can be used at once.", "They never lapse."],
                        "lapses_next": None,
                    }
                ],
                "rounding": "Fractions of points on a receipt are left out.",
                "referral": ["Your friend then gets 100 points."],
            }
        }
    )

    programme: str
    programme_version: int
    as_of: datetime
    public: bool = Field(description="Whether anybody may read them on /rules.")
    rules: tuple[RuleView, ...]
    groups: tuple[str, ...] = Field(description="Which of them exclude each other.")
    wallets: tuple[WalletRuleView, ...]
    rounding: str
    referral: tuple[str, ...] = Field(description="How members bring in friends; empty where they do not.")
