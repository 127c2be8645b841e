"""The operation that tells what is planned: every campaign over a range of days."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request, Response

from libs.programmes.calendar import MOST_DAYS, DayRange, Status, Wanted
from libs.programmes.calendar_postgres import load_calendar
from libs.programmes.ical import as_icalendar
from services.gateway.door.access import RulesReader
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import Language, ProgrammeSlug
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.planning.calendar_views import CalendarView
from services.gateway.rules.desk import RulesDesk, desk_of

router = APIRouter(prefix="/v1")
_REFUSALS = ("programme-unknown", "programme-needed", "version-unknown", "request-invalid")
_ICAL: dict[int | str, dict[str, Any]] = {
    200: {"description": "The entries.", "content": {"text/calendar": {"schema": {"type": "string"}}}}
}
_EARLIEST, _LATEST = date(1_970, 1, 1), date(9_990, 1, 1)
FirstDay = Annotated[
    date | None,
    Query(alias="from", description="The first day, in the programme's zone; without it, the first of this month."),
]
LastDay = Annotated[
    date | None,
    Query(alias="to", description=f"The last day; without it, the end of the third month. {MOST_DAYS} days at most."),
]
_Name = Annotated[str | None, Query(max_length=64)]
Partner = Annotated[_Name, Query(description="Only those that may pay at this partner.")]
Store = Annotated[_Name, Query(description="Only those that may pay in this store.")]
Segment = Annotated[_Name, Query(description="Only those that may pay members of this segment.")]
OfStatus = Annotated[Status | None, Query(alias="status", description="Only those that stand so now.")]
Kind = Annotated[_Name, Query(description="Only those with a trigger or an effect of this kind.")]


# Coroutines, so that FastAPI does not take them to a thread.
async def _days(first: FirstDay = None, last: LastDay = None) -> tuple[date | None, date | None]:
    return first, last


async def _wanted(
    partner: Partner = None, store: Store = None, segment: Segment = None, status: OfStatus = None, kind: Kind = None
) -> Wanted:
    return Wanted(partner, store, segment, status, kind)


Days = Annotated[tuple[date | None, date | None], Depends(_days)]
OfWanted = Annotated[Wanted, Depends(_wanted)]


@router.get(
    "/programme/calendar",
    operation_id="getProgrammeCalendar",
    summary="The calendar of campaigns and expiry boundaries",
    tags=["rules"],
    responses=refusals(*_REFUSALS),
)
async def get_calendar(
    request: Request,
    caller: RulesReader,
    language: Language,
    days: Days,
    wanted: OfWanted,
    programme: ProgrammeSlug = None,
) -> CalendarView:
    """Tell every campaign over a range of days: its state, the days on which it pays, its audience and budgets.

    The days are those of the engine: frame, weekdays, hours, recurrence, holidays and blackouts are resolved.
    """
    slug, told = await planned(desk_of(request), caller.tenant_id, programme, days, language, wanted)
    return CalendarView.model_validate({"programme": slug, **told})


@router.get(
    "/programme/calendar.ics",
    operation_id="downloadProgrammeCalendar",
    summary="The same as iCalendar",
    tags=["rules"],
    response_class=Response,
    responses=_ICAL | refusals(*_REFUSALS),
)
async def download_calendar(
    request: Request,
    caller: RulesReader,
    language: Language,
    days: Days,
    wanted: OfWanted,
    programme: ProgrammeSlug = None,
) -> Response:
    """Download the calendar as entries of whole days (RFC 5545); what is not started is tentative."""
    desk = desk_of(request)
    slug, told = await planned(desk, caller.tenant_id, programme, days, language, wanted)
    return icalendar(told, slug, desk.clock.now(), language)


def icalendar(told: dict[str, Any], slug: str, now: datetime, language: str) -> Response:
    """A calendar as a file to download."""
    headers = {"Content-Disposition": f'attachment; filename="{slug}.ics"'}
    return Response(as_icalendar(told, slug, now, language), media_type="text/calendar", headers=headers)


async def planned(
    desk: RulesDesk,
    tenant_id: int,
    programme: str | None,
    days: tuple[date | None, date | None],
    language: str,
    wanted: Wanted,
) -> tuple[str, dict[str, Any]]:
    """Return the programme's slug and its calendar.

    Raises:
        ProblemError: there is no such programme, no version of it in that time, or the range makes no sense.
    """
    now = desk.clock.now()
    async with desk.store.opened(tenant_id, programme) as opened:
        asked = _range(days, now.astimezone(ZoneInfo(opened.where.zone)).date())
        told = await load_calendar(opened.connection, opened.where, asked, now, language, wanted)
        if told is None:
            raise ProblemError("version-unknown")
        return opened.slug, told


def month_after(day: date, months: int) -> date:
    """The first of the month that lies so many months after a day's."""
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def _range(days: tuple[date | None, date | None], today: date) -> DayRange:
    first, last = days
    for name, day in (("from", first), ("to", last)):
        if day is not None and not _EARLIEST <= day < _LATEST:
            raise _wrong(name, "a day since 1970 and before 9990")
    if first is None:
        first = today.replace(day=1) if last is None or last >= today.replace(day=1) else last.replace(day=1)
    last = last or month_after(first, 3) - timedelta(1)
    if last < first:
        raise _wrong("to", "a day that is not before `from`")
    if (last - first).days >= MOST_DAYS:
        raise _wrong("to", f"at most {MOST_DAYS} days")
    return DayRange(first, last)


def _wrong(name: str, expected: str) -> ProblemError:
    return ProblemError("request-invalid", errors=[FieldError(pointer=f"/query/{name}", detail=f"expected {expected}")])
