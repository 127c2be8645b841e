"""The operations for finance: what lapses when, and what was outstanding at any instant."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from libs.judging.versions import ActiveVersion, RunningProgramme
from libs.sweeps.calendar import periods_of, turns
from libs.sweeps.forecast import forecast
from libs.sweeps.kept import load_outlook
from libs.sweeps.liability import liability
from libs.sweeps.outlook import BY_ORIGIN, SPLITS, Lapse, Outlook, Split, lapses, worth_of
from libs.sweeps.tables import CSV, XLSX, Table, as_csv, as_xlsx, forecast_tables, liability_table
from services.gateway.door.access import Caller, PointsReader
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import At, Instant, KnownAt, ProgrammeSlug
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.expiry.forecast_views import ForecastView, LiabilityView, forecast_view, liability_view
from services.gateway.quotes.api import one_programme

router = APIRouter(prefix="/v1")
AHEAD = timedelta(days=800)
"""How far boundaries are told at which nothing lapses yet."""
Form = Annotated[
    Literal["json", "csv", "xlsx"] | None,
    Query(alias="format", description="How it is written, before `Accept`; a table or a workbook for a spreadsheet."),
]
AsOf = Annotated[
    Instant | None,
    Query(description="The last forecast that was made no later than this instant: what was expected then."),
]
Fresh = Annotated[
    bool,
    Query(description="Make it now instead of answering what was made last; quicker for tier and cohort alone."),
]
Splits = Annotated[
    tuple[Split, ...], Query(alias="split", description="Only these splits, given once each; without any, all.")
]
_FORMS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            XLSX: {"schema": {"type": "string", "format": "binary"}},
        }
    }
}


@router.get(
    "/expiry/forecast",
    operation_id="getExpiryForecast",
    summary="What lapses at every boundary ahead, to the point",
    tags=["ledger"],
    response_model=ForecastView,
    responses=_FORMS | refusals("not-found", "programme-needed", "request-invalid"),
)
async def get_forecast(
    request: Request,
    caller: PointsReader,
    programme: ProgrammeSlug = None,
    as_of: AsOf = None,
    fresh: Fresh = False,
    split: Splits = (),
    form: Form = None,
) -> ForecastView | Response:
    """Tell what lapses when if nothing else happens, split by tier, month of earning, campaign, partner and store.

    It is of the moment `as_of`, a minute or so ago: it follows the ledger, and every few hours and after each sweep one
    is kept for good, which `as_of` asks for. A sweep at the boundary writes down exactly what a fresh forecast says at
    that moment.
    """
    running = await meant(caller, programme)
    splits = split or SPLITS
    outlook = await outlook_of(caller, running, as_of, fresh, origins=not BY_ORIGIN.isdisjoint(splits))
    version = in_force(running, outlook.as_of)
    source = version.compiled.source
    found = foreseen(running, version, outlook, splits)
    wanted = form_of(request, form)
    if wanted != "json":
        tables = forecast_tables(outlook, found, version.zone, source.currency)
        return await as_file(wanted, tables, f"{running.programme}-forecast")
    return forecast_view(running.programme, source.currency, version.zone, outlook, found)


@router.get(
    "/liability",
    operation_id="getLiability",
    summary="The points outstanding at any instant, and what they are worth",
    tags=["ledger"],
    response_model=LiabilityView,
    responses=_FORMS | refusals("programme-needed", "request-invalid"),
)
async def get_liability(
    request: Request,
    caller: PointsReader,
    programme: ProgrammeSlug = None,
    at: At = None,
    known_at: KnownAt = None,
    form: Form = None,
) -> LiabilityView | Response:
    """Add up what all members had at an instant, from the movements of the ledger alone.

    `known_at` leaves out what was recorded later: the figure as it was reported then. It reads the whole ledger of the
    programme, which takes seconds to a minute where there are millions of members.
    """
    now = caller.parts.clock.now()
    instant = at or known_at or now
    running = await meant(caller, programme)
    source = in_force(running, instant).compiled.source
    worth = worth_of(source)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        found = await liability(reading.connection, running.key, instant, known_at)
    wanted = form_of(request, form)
    if wanted != "json":
        table = liability_table(instant, known_at, found, worth, source.currency)
        return await as_file(wanted, [table], f"{running.programme}-liability")
    return liability_view(running.programme, source.currency, (instant, known_at), found, worth)


async def meant(caller: Caller, programme: str | None) -> RunningProgramme:
    """Return the programme that a request means; without a slug the only one.

    Raises:
        ProblemError: it has to be named, or there is none of this name.
    """
    known = await caller.parts.programmes.of(caller.tenant_id)
    return one_programme(known, programme, "/query/programme")


def in_force(running: RunningProgramme, at: datetime) -> ActiveVersion:
    """Return the version in force at an instant; before the first, the first.

    Raises:
        ProblemError: the programme has no version.
    """
    if not running.versions:
        raise ProblemError(
            "programme-needed", errors=[FieldError(pointer="/query/programme", detail="it has no version yet")]
        )
    return running.at(at) or running.versions[0]


def foreseen(
    running: RunningProgramme, version: ActiveVersion, outlook: Outlook, splits: tuple[Split, ...]
) -> list[Lapse]:
    """Return what lapses at every boundary ahead, those at which nothing does included."""
    periods = frozenset().union(*(periods_of(each.compiled.source) for each in running.versions))
    coming = [
        (turn.boundary.instant, wallet)
        for turn in turns(periods, outlook.as_of, outlook.as_of + AHEAD)
        for wallet in turn.wallets
    ]
    return lapses(outlook, worth_of(version.compiled.source), splits, coming)


async def outlook_of(
    caller: Caller, running: RunningProgramme, as_of: datetime | None, fresh: bool, *, origins: bool
) -> Outlook:
    """Return the last forecast that was made by an instant, or one made now, with or without origins.

    Raises:
        ProblemError: none was made by then.
    """
    now = caller.parts.clock.now()
    zone = in_force(running, now).zone
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        kept = None if fresh else await load_outlook(reading.connection, running.key, as_of)
        if kept is not None:
            return kept
        if as_of is not None:
            raise ProblemError("not-found", "No forecast was made by then.")
        return await forecast(reading.connection, running.key, now, zone.key, origins=origins)


def form_of(request: Request, form: str | None) -> str:
    """Return how an answer is to be written: as was asked for by name, else by what is accepted."""
    if form is not None:
        return form
    accepted = request.headers.get("accept", "")
    for name, media_type in (("csv", "text/csv"), ("xlsx", XLSX)):
        if accepted.startswith(media_type):
            return name
    return "json"


async def as_file(form: str, tables: list[Table], name: str) -> Response:
    """Return tables as a file to download: the first as comma-separated values, or all as a workbook."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    if form == "csv":
        return Response(as_csv(tables[0]), media_type=CSV, headers=headers)
    # In a thread: a workbook of many rows takes long enough to hold up other requests.
    return Response(await asyncio.to_thread(as_xlsx, tables), media_type=XLSX, headers=headers)
