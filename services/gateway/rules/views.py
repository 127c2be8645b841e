"""What the API answers about programmes, campaigns and switches."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, Field

from services.gateway.rules.budgets import BudgetView
from services.gateway.views import Page, View

_VERSION: Any = {
    "programme": "main",
    "version": 4,
    "hash": "9f2b5c7d1e4a6b8c0d2e4f6a8b0c1d3e5f7a9b1c3d5e7f90a2b4c6d8e0f1a3b5",
    "active_from": "2024-03-31T22:00:00Z",
    "in_force": True,
    "published_at": "2024-03-22T08:15:00Z",
    "published_by": "marketing (0a1b2c3d4e5f6071)",
    "note": "Spring",
    "summary": "1 campaign added (spring)",
    "restores": None,
}
_CAMPAIGN: Any = {
    "id": "spring",
    "name": "Double points in spring",
    "state": "scheduled",
    "priority": 0,
    "mode": "all",
    "frame": {"starts_at": "2024-03-31T22:00:00Z", "ends_at": "2024-06-30T22:00:00Z"},
    "effect": {"kind": "multiplier", "percent": 200, "compounding": False},
}
_CAMPAIGN_VIEW: Any = {
    "programme": "main",
    "version": 4,
    "active_from": "2024-03-31T22:00:00Z",
    "runs": True,
    "switched_off": False,
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
        }
    ],
    "campaign": _CAMPAIGN,
}
_PLAN: Any = {
    "unchanged": False,
    "base": 3,
    "version": 4,
    "active_from": "2024-03-31T22:00:00Z",
    "summary": "1 campaign changed (spring)",
    "changes": [{"path": "campaigns[spring].effect.percent", "what": "changed", "old": 200, "new": 300}],
    "words": ["Campaign spring goes on by other rules."],
}
_SWITCH: Any = {
    "kind": "campaign",
    "value": "spring",
    "off_at": "2024-04-02T09:30:00Z",
    "off_by": "marketing (0a1b2c3d4e5f6071)",
    "off_note": "The price is wrong",
    "on_at": None,
    "on_by": None,
    "on_note": None,
}


class VersionView(View):
    """A version of a programme, without its document."""

    programme: str = Field(description="The programme's slug.")
    version: int = Field(description="Its number.")
    hash: str = Field(description="SHA-256 of the document in canonical JSON.")
    active_from: datetime = Field(description="From when on what happens is judged by it.")
    in_force: bool = Field(description="Whether that is so now.")
    published_at: datetime
    published_by: str | None = Field(description="Null where no command and no request published it.")
    note: str | None = Field(description="Why, in words.")
    summary: str | None = Field(description="What it changed, in a line.")
    restores: int | None = Field(description="The earlier version that it takes up again.")


class ProgrammeView(VersionView):
    """A version of a programme. Send its `ETag` as `If-Match` when you publish another."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": _VERSION
            | {
                "document": {
                    "version": 4,
                    "zone": "Europe/Rome",
                    "currency": "EUR",
                    "wallets": [{"name": "points", "scale": 0, "expiry": {"kind": "never"}}],
                    "rounding": "floor",
                    "campaigns": [_CAMPAIGN],
                }
            }
        }
    )

    document: dict[str, Any] = Field(description="The whole document, as /schemas/programme.schema.json describes it.")


class VersionsPage(Page[VersionView]):
    """A page of versions, newest first."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"data": [_VERSION], "next_cursor": None, "has_more": False}}
    )


class ChangeView(View):
    """One difference between two documents."""

    path: str = Field(description="Where, campaigns by id and wallets by name.")
    what: Literal["added", "removed", "changed"]
    old: Any = Field(default=None, description="What stood there.")
    new: Any = Field(default=None, description="What is to stand there.")


class PlanView(View):
    """What publishing would do."""

    model_config = ConfigDict(json_schema_extra={"example": _PLAN})

    unchanged: bool = Field(description="There is nothing to do: `version` says the same already.")
    base: int | None = Field(description="The version in whose place it comes; null for the first.")
    version: int = Field(description="The number that it gets.")
    active_from: datetime
    summary: str
    changes: tuple[ChangeView, ...]
    words: tuple[str, ...] = Field(description="What it means for members.")


class PublishedView(View):
    """What was published."""

    model_config = ConfigDict(json_schema_extra={"example": {"published": True, "version": _VERSION, "plan": _PLAN}})

    published: bool = Field(description="False when a version said the same already: then it is that one.")
    version: VersionView
    plan: PlanView


class CampaignView(View):
    """A campaign as it is in the latest version that counts, or is about to. Its `ETag` is that of the campaign."""

    model_config = ConfigDict(json_schema_extra={"example": _CAMPAIGN_VIEW})

    programme: str
    version: int = Field(description="The version that it is told from.")
    active_from: datetime = Field(description="When that version comes, or came, into force.")
    runs: bool = Field(description="Whether the document lets it pay now, or as soon as the version is in force.")
    switched_off: bool = Field(description="Whether a kill switch stops it, whatever the document says.")
    budgets: tuple[BudgetView, ...] = Field(description="Its limits that members share, with what of them is used.")
    campaign: dict[str, Any]


class CampaignsPage(Page[CampaignView]):
    """A page of campaigns, by id."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "data": [_CAMPAIGN_VIEW],
                "next_cursor": None,
                "has_more": False,
            }
        }
    )


class SwitchView(View):
    """A kill switch that is off, or was."""

    kind: str
    value: str = Field(description="Empty for everything.")
    off_at: datetime
    off_by: str
    off_note: str | None
    on_at: datetime | None = Field(description="When it was turned on again; null while it is off.")
    on_by: str | None
    on_note: str | None


class SwitchesView(View):
    """Kill switches, newest first."""

    model_config = ConfigDict(json_schema_extra={"example": {"data": [_SWITCH]}})

    data: tuple[SwitchView, ...]


class TurnedView(View):
    """A kill switch after it was turned."""

    model_config = ConfigDict(json_schema_extra={"example": {"turned": True, "switch": _SWITCH}})

    turned: bool = Field(description="False when it was so already.")
    switch: SwitchView
