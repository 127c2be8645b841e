"""What is answered about backtests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from pydantic import ConfigDict, Field, JsonValue

from services.gateway.backtests.store import Kept, State
from services.gateway.intake.views import Status
from services.gateway.views import Page, View

_STATES = (
    "`waiting`: another of your company runs, or a gateway is to take it yet. `running`. `done`: `summary` tells what "
    "came of it. `failed`: `failure` says why. `cancelled`."
)
_ID = "0192f0c4-3b00-7a5e-8c11-2f6f1d9c7a11"
_EXAMPLE: Mapping[str, JsonValue] = {
    "id": _ID,
    "programme": "main",
    "state": "running",
    "from": "2024-01-01T00:00:00Z",
    "to": "2024-04-01T00:00:00Z",
    "against": None,
    "version": 4,
    "hash": "9f2b5c7d1e4a6b8c9f2b5c7d1e4a6b8c9f2b5c7d1e4a6b8c9f2b5c7d1e4a6b8c",
    "asked_by": "planning (0123456789abcdef)",
    "asked_at": "2024-04-02T08:00:00Z",
    "ended_at": None,
    "failure": None,
    "progress": 0.55,
    "receipts_and_activities": 81_220,
    "summary": None,
    "members": f"/v1/backtests/{_ID}/members.csv",
    "report": f"/v1/backtests/{_ID}/report",
}
_SHARE = {"copy": (0.0, 0.3), "judge": (0.3, 0.65), "bind": (0.95, 0.05)}
"""Where a stage begins on the way from 0 to 1, and how much of it it is."""


class BacktestView(View):
    """A backtest: what was asked, how far it is, and what came of it."""

    model_config = ConfigDict(json_schema_extra={"example": dict(_EXAMPLE)})

    id: UUID
    programme: str = Field(description="Whose history was judged again.")
    state: State = Field(description=_STATES)
    from_: datetime = Field(alias="from", description="What counts from this instant on is compared.")
    to: datetime = Field(description="And before this one.")
    against: int | None = Field(description="The version that is A; null: those in force at the time.")
    version: int | None = Field(description="The stored version that is B; null: a document that was sent.")
    hash: str = Field(description="The hash of the document B.")
    asked_by: str = Field(description="The API key that asked.")
    asked_at: datetime
    ended_at: datetime | None = Field(description="When it was done, failed or was cancelled.")
    failure: str | None = Field(description="Why it failed.")
    progress: float = Field(description="How far it is, 0 to 1.")
    receipts_and_activities: int = Field(description="How many were read, or judged, in the stage that it is in.")
    summary: dict[str, Any] | None = Field(
        description="Totals, who is better and worse off, the distribution, campaigns, months, tiers; null until done, "
        "and in lists."
    )
    members: str = Field(description="Where the table of members is, once it is done.")
    report: str = Field(description="Where the page with pictures is, once it is done.")

    @classmethod
    def of(cls, kept: Kept) -> BacktestView:
        """Tell a backtest as it stands."""
        return cls.model_validate(_described(kept))


class AskedBacktest(BacktestView):
    """A backtest that was asked for."""

    model_config = ConfigDict(json_schema_extra={"example": {"status": "accepted", **_EXAMPLE}})

    status: Status = Field(
        description="`accepted`: it is carried out. `known`: the same was asked, and is not done yet."
    )

    @classmethod
    def as_it_was(cls, kept: Kept, status: Status) -> AskedBacktest:
        """Tell a backtest, and whether it is new."""
        return cls.model_validate({"status": status, **_described(kept)})


class BacktestPage(Page[BacktestView]):
    """Backtests, newest first."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"data": [dict(_EXAMPLE)], "next_cursor": None, "has_more": False}}
    )


def progress_of(kept: Kept) -> float:
    """How far a backtest is, 0 to 1."""
    if kept.state == "done":
        return 1.0
    begins, share = _SHARE[kept.stage] if kept.stage is not None else (0.0, 0.0)
    return round(begins + share * min(kept.done / max(kept.total, 1), 1.0), 4)


def _described(kept: Kept) -> dict[str, object]:
    path = f"/v1/backtests/{kept.backtest_id}"
    return {
        "id": kept.backtest_id,
        "programme": kept.programme,
        "state": kept.state,
        "from": kept.since,
        "to": kept.until,
        "against": kept.against,
        "version": kept.version,
        "hash": kept.hash,
        "asked_by": kept.asked_by,
        "asked_at": kept.asked_at,
        "ended_at": kept.ended_at,
        "failure": kept.failure,
        "progress": progress_of(kept),
        "receipts_and_activities": kept.items,
        "summary": None if kept.summary is None else orjson.loads(kept.summary),
        "members": f"{path}/members.csv",
        "report": f"{path}/report",
    }
