"""What the API answers about sweeps."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from libs.sweeps.reading import SweepSeen
from services.gateway.views import View

State = Literal["announced", "awaiting_approval", "running", "paused", "finished", "cancelled"]
Asked = Literal["run", "pause", "resume", "cancel", "approve", "refuse"]
_SHARE: JsonDict = {"wallet": "points", "members": 8412, "lots": 20115, "points": 1204560}
_EXAMPLE: JsonDict = {
    "sweep_id": "5b0f3f5e-3d57-5c39-9a4e-2f6b7c8d9e01",
    "programme": "main",
    "boundary": "2024-03-31T22:00:00Z",
    "last_day": "2024-03-31",
    "zone": "Europe/Rome",
    "tzdata": "2026b",
    "wallets": ["points"],
    "state": "running",
    "asked": None,
    "members": 8412,
    "members_done": 4000,
    "announced": [{"tier": "gold", **_SHARE}],
    "written_down": [_SHARE | {"members": 4000, "lots": 9561, "points": 571230}],
    "lapsed": None,
    "announced_spared": [{"tier": "gold", "spared_by": "tier", "spared_as": "gold", **_SHARE}],
    "spared": None,
    "announced_at": "2024-03-24T22:00:00Z",
    "started_at": "2024-03-31T22:00:10Z",
    "ended_at": None,
    "approved_by": None,
    "approved_at": None,
}


class WalletLapse(View):
    """What lapses of one wallet."""

    wallet: str
    members: int = Field(description="Members who lose points of it.")
    lots: int = Field(description="Lots that lapse.")
    points: int = Field(description="Points that lapse, in the wallet's minor unit.")


class TierLapse(WalletLapse):
    """What lapses of one wallet for the members of one tier."""

    tier: str | None


class SparedLapse(WalletLapse):
    """What of one wallet does not lapse for the members of one tier, by what spares it."""

    tier: str | None
    spared_by: Literal["tier", "segment", "member"]
    spared_as: str = Field(description="The level, the segment, or the reason that a person gave.")


class SweepView(View):
    """A boundary, and how far what lapses at it is written down. Balances are right from the boundary on anyway."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    sweep_id: UUID
    programme: str
    boundary: datetime = Field(description="The instant at which points lapse.")
    last_day: date = Field(description="The last day on which they are valid, in the programme's zone.")
    zone: str
    tzdata: str = Field(description="Release of the zone data that the instant follows from.")
    wallets: tuple[str, ...] = Field(description="The wallets whose period ends.")
    state: State = Field(
        description="`awaiting_approval`: more lapses than the programme lets be written down without a second person."
    )
    asked: Asked | None = Field(description="What a person wants and is not done yet.")
    members: int = Field(description="Members to whom it comes; 0 before it starts.")
    members_done: int = Field(description="Members to whom it has come.")
    announced: tuple[TierLapse, ...] = Field(description="What would have lapsed, as of the announcement.")
    written_down: tuple[WalletLapse, ...] = Field(description="What the sweep has written down so far.")
    lapsed: tuple[WalletLapse, ...] | None = Field(
        description="All that lapsed at the boundary, whoever wrote it down; null before the sweep has finished."
    )
    announced_spared: tuple[SparedLapse, ...] = Field(
        description="What would have lived on, by tier and by what spares it, as of the announcement."
    )
    spared: tuple[SparedLapse, ...] | None = Field(
        description="All that lives on beyond the boundary; null before the sweep has finished."
    )
    announced_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    approved_by: str | None = Field(description="Who agreed, where it took a second person.")
    approved_at: datetime | None


class SweepsPage(View):
    """A page of sweeps."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"data": [_EXAMPLE], "next_cursor": None, "has_more": False}}
    )

    data: tuple[SweepView, ...]
    next_cursor: str | None
    has_more: bool


def sweep_view(seen: SweepSeen) -> SweepView:
    """Return what is answered about a sweep."""
    lapsed = None if seen.lapsed is None else tuple([WalletLapse(**total._asdict()) for total in seen.lapsed])
    return SweepView.model_validate(
        {
            **{name: getattr(seen, name) for name in SweepView.model_fields if name in SweepSeen._fields},
            "last_day": seen.local_date,
            "announced": [TierLapse(**share._asdict()) for share in seen.preview],
            "written_down": [WalletLapse(**total._asdict()) for total in seen.done],
            "lapsed": lapsed,
            "announced_spared": [SparedLapse(**share._asdict()) for share in seen.spared],
            "spared": None if seen.waived is None else [SparedLapse(**share._asdict()) for share in seen.waived],
        }
    )
