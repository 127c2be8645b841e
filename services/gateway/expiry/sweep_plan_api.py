"""The dry run of a sweep: what lapses at a boundary, to the point, and which boundaries come."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from libs.sweeps.calendar import Turn, periods_of, turns
from libs.sweeps.preview import preview, totals
from libs.sweeps.reading import load_sweeps
from services.gateway.door.access import PointsReader
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import Instant, ProgrammeSlug
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.expiry.sweep_views import TierLapse, WalletLapse
from services.gateway.quotes.api import one_programme
from services.gateway.views import View

router = APIRouter(prefix="/v1")
_AHEAD = timedelta(days=800)
_MOST = 12


class ComingBoundary(View):
    """A boundary that comes."""

    boundary: datetime = Field(description="The instant at which points lapse.")
    last_day: date = Field(description="The last day on which they are valid, in the programme's zone.")
    zone: str
    tzdata: str
    wallets: tuple[str, ...]


class SweepPlanView(View):
    """What a sweep would write down, if nothing is earned or spent before; nothing is changed by asking."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "programme": "main",
                "boundary": "2024-03-31T22:00:00Z",
                "shares": [{"tier": "gold", "wallet": "points", "members": 8412, "lots": 20115, "points": 1204560}],
                "totals": [{"wallet": "points", "members": 8412, "lots": 20115, "points": 1204560}],
                "coming": [
                    {
                        "boundary": "2024-03-31T22:00:00Z",
                        "last_day": "2024-03-31",
                        "zone": "Europe/Rome",
                        "tzdata": "2026b",
                        "wallets": ["points"],
                    }
                ],
            }
        }
    )

    programme: str
    boundary: datetime = Field(description="The boundary that it is about.")
    shares: tuple[TierLapse, ...] = Field(description="What lapses by then and is not written down yet, by tier.")
    totals: tuple[WalletLapse, ...] = Field(description="The same by wallet.")
    coming: tuple[ComingBoundary, ...] = Field(description="The next boundaries, twelve at most.")


@router.get(
    "/sweeps:plan",
    operation_id="planSweep",
    summary="What lapses at a boundary: the dry run of its sweep",
    tags=["ledger"],
    responses=refusals("programme-needed", "request-invalid"),
)
async def plan_sweep(
    caller: PointsReader,
    programme: ProgrammeSlug = None,
    boundary: Annotated[
        Instant | None,
        Query(
            description="Any instant, RFC 3339; else the earliest sweep that is not over, or the next boundary.",
            examples=["2024-03-31T22:00:00Z"],
        ),
    ] = None,
) -> SweepPlanView:
    """Tell to the point what a sweep will write down, by tier and wallet, if nothing comes in between."""
    running = one_programme(await caller.parts.programmes.of(caller.tenant_id), programme, "/query/programme")
    now = caller.parts.clock.now()
    periods = frozenset().union(*(periods_of(version.compiled.source) for version in running.versions))
    coming = turns(periods, now, now + _AHEAD)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        at = boundary
        if at is None:
            sweeps = await load_sweeps(reading.connection, caller.tenant_id, running.programme_id)
            waiting = [each.boundary for each in sweeps if each.ended_at is None]
            at = min([*waiting, *(turn.boundary.instant for turn in coming)], default=None)
        if at is None:
            fault = FieldError(pointer="/query/boundary", detail="name an instant, for no period of the programme ends")
            raise ProblemError("request-invalid", errors=[fault])
        shares = await preview(reading.connection, running.key, at)
    return SweepPlanView(
        programme=running.programme,
        boundary=at,
        shares=tuple([TierLapse(**share._asdict()) for share in shares]),
        totals=tuple([WalletLapse(**total._asdict()) for total in totals(shares)]),
        coming=tuple(map(_coming, coming[:_MOST])),
    )


def _coming(turn: Turn) -> ComingBoundary:
    about = turn.boundary
    return ComingBoundary(
        boundary=about.instant, last_day=about.local_date, zone=about.zone, tzdata=about.tzdata, wallets=turn.wallets
    )
