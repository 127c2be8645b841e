"""The operations on reminders: the steps that came due, those that come, and whom one would reach."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from libs.judging.versions import RunningProgramme
from libs.sweeps.calendar import WalletPeriod, periods_of
from libs.sweeps.losing import asked_by, by_tier
from libs.sweeps.reminder_reading import load_reminders
from libs.sweeps.reminders import Series, reminders_of, series_of, steps
from services.gateway.door.access import PointsReader
from services.gateway.door.cursors import Place
from services.gateway.door.openapi import refusals
from services.gateway.door.paging import link_next, read_place
from services.gateway.door.parameters import CursorText, Limit, ProgrammeSlug
from services.gateway.expiry.reminder_views import (
    ReminderPlanView,
    RemindersPage,
    reminder_view,
    shares_of,
    step_view,
)
from services.gateway.quotes.api import one_programme

router = APIRouter(prefix="/v1")
AHEAD = timedelta(days=400)


def series_in(running: RunningProgramme) -> tuple[tuple[Series, ...], frozenset[WalletPeriod]]:
    """The reminder series and the periods of all versions of a programme that runs."""
    sources = [(each.compiled.source, each.active_from) for each in running.versions]
    series = series_of((source.version, since, reminders_of(source)) for source, since in sources)
    return series, frozenset().union(*(periods_of(source) for source, _ in sources))


@router.get(
    "/reminders",
    operation_id="listReminders",
    summary="Steps of reminder series that came due, and who was told of",
    tags=["ledger"],
    responses=refusals("cursor-invalid", "request-invalid"),
)
async def list_reminders(
    request: Request, response: Response, caller: PointsReader, limit: Limit = 50, cursor: CursorText = None
) -> RemindersPage:
    """List the steps of all programmes, those that came due last first."""
    listing = f"reminders {caller.tenant_id}"
    place = read_place(caller.parts.cursors, cursor, listing)
    before = None if place is None or place.recorded_at is None else (place.recorded_at, place.text or "")
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        found = await load_reminders(reading.connection, caller.tenant_id, before=before, most=limit + 1)
    more, found = len(found) > limit, found[:limit]
    following = None
    if more:
        last = Place(0, recorded_at=found[-1].due_at, text=found[-1].place)
        following = caller.parts.cursors.write(last, listing)
    link_next(request, response, following)
    return RemindersPage(data=tuple(map(reminder_view, found)), next_cursor=following, has_more=more)


@router.get(
    "/reminders/plan",
    operation_id="planReminders",
    summary="Steps of reminder series that come, and whom one would reach",
    tags=["ledger"],
    responses=refusals("programme-needed", "request-invalid"),
)
async def plan_reminders(
    caller: PointsReader,
    programme: ProgrammeSlug = None,
    wallet: Annotated[str | None, Query(max_length=64, description="Of this wallet.", examples=["points"])] = None,
    step: Annotated[
        str | None, Query(max_length=64, description="The next of this name; by default the next.", examples=["7d"])
    ] = None,
) -> ReminderPlanView:
    """List what comes, with the members, lots and points of one step by tier: to the point what will be published.

    Counting takes some seconds where a million members lose points.
    """
    running = one_programme(await caller.parts.programmes.of(caller.tenant_id), programme, "/query/programme")
    now = caller.parts.clock.now()
    coming = steps(*series_in(running), now, now + AHEAD)
    chosen = next((each for each in coming if step in (None, each.name) and wallet in (None, each.wallet)), None)
    shares = []
    if chosen is not None:
        async with caller.parts.store.reading(caller.tenant_id) as reading:
            shares = await by_tier(reading.connection, running.key, asked_by(chosen, now))
    return ReminderPlanView(
        coming=tuple([step_view(running.programme, each) for each in coming]),
        step=None if chosen is None else step_view(running.programme, chosen),
        shares=shares_of(shares),
    )
