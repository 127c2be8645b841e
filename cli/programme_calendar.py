"""`pointstream programme calendar`: when each campaign pays, and which expiry boundaries lie among them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from cli import screen
from cli.at_programme import AtProgramme, work_at
from cli.connections import Connections, DsnOption
from cli.exits import Exit
from cli.failures import fail
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from libs.language.catalogue import LANGUAGES
from libs.programmes.calendar import MOST_DAYS, STATUSES, DayRange, Wanted
from libs.programmes.calendar_postgres import load_calendar
from libs.programmes.calendar_telling import run_words
from libs.programmes.calendar_words import CALENDAR
from libs.programmes.ical import as_icalendar
from libs.programmes.postgres import Where

_QUARTER = timedelta(92)
_SHOWN = 4

_FromOption = Annotated[
    str | None, typer.Option("--from", metavar="DAY", help="The first day (default: the first of this month).")
]
_ToOption = Annotated[
    str | None, typer.Option("--to", metavar="DAY", help="The last day (default: 92 days later).")
]  # fmt: skip
_StatusOption = Annotated[str | None, typer.Option("--status", help=f"Only those that are {', '.join(STATUSES)}.")]
_KindOption = Annotated[str | None, typer.Option("--kind", help="Only those with a trigger or effect of this kind.")]
_IcalOption = Annotated[
    Path | None, typer.Option("--ics", metavar="FILE", help="Write it as iCalendar (RFC 5545) too.")
]
_LanguageOption = Annotated[str, typer.Option("--language", help=f"Of the words: {' or '.join(LANGUAGES)}.")]


def calendar(
    first: _FromOption = None,
    last: _ToOption = None,
    partner: Annotated[str | None, typer.Option("--partner", help="Only those that may pay there.")] = None,
    store: Annotated[str | None, typer.Option("--store", help="Only those that may pay there.")] = None,
    segment: Annotated[str | None, typer.Option("--segment", help="Only those that may pay its members.")] = None,
    status: _StatusOption = None,
    kind: _KindOption = None,
    ical: _IcalOption = None,
    language: _LanguageOption = "en",
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show when each campaign pays: frames, weekdays, recurrence, holidays and blackouts as days.

    Boundaries at which points lapse stand among them, with the campaigns planned before each.
    """
    if language not in LANGUAGES or status not in (None, *STATUSES):
        fail(Exit.USAGE, "no such language or status", as_json=as_json)
    connections = Connections(data, as_json, dsn)
    wanted = Wanted(partner, store, segment, status, kind)

    async def look(at: AtProgramme) -> tuple[str, datetime, dict[str, Any] | None]:
        connection, named, now = at
        where = Where((named.tenant_id, named.programme_id), named.zone, named.currency)
        days = _range(first, last, now.astimezone(ZoneInfo(named.zone)).date(), as_json)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return named.slug, now, await load_calendar(connection, where, days, now, language, wanted)

    slug, now, told = work_at(connections, tenant, programme, look)
    if told is None:
        fail(Exit.FAILED, f"{slug} has no version in that time", as_json=as_json)
    if ical is not None:
        ical.write_text(as_icalendar(told, slug.partition("/")[2], now, language), encoding="utf-8", newline="")
    if as_json:
        screen.write_json({"programme": slug, **told})
        return
    _show(slug, told, language)


def _show(slug: str, told: dict[str, Any], language: str) -> None:
    screen.write_table(
        f"{slug}: {told['first_day']} to {told['last_day']}",
        [_row(each, language) for each in told["campaigns"]],
        ("campaign", "status", "pays on", "for whom", "rule", "budget"),
    )
    for boundary in told["boundaries"]:
        wallets, before = ", ".join(boundary["wallets"]), ", ".join(boundary["campaigns"]) or "no campaign"
        screen.out().print(f"{boundary['last_day']}: points lapse ({wallets}); before it: {before}", markup=False)
    if told["told_from"] is not None:
        screen.out().print(f"complete since {told['told_from']}: there were more versions", markup=False)


def _row(campaign: dict[str, Any], language: str) -> tuple[str, ...]:
    runs = campaign["days"] or campaign["would"]
    more = len(runs) - _SHOWN
    days = ", ".join(run_words(runs[:_SHOWN], language)) + (f" and {more} more" if more > 0 else "")
    return (
        campaign["id"],
        CALENDAR.say(language, f"status.{campaign['status']}"),
        days if campaign["days"] else f"({days})",
        "; ".join(campaign["audience"]),
        campaign["words"],
        "; ".join(budget["words"] for budget in campaign["budgets"]),
    )


def _range(first: str | None, last: str | None, today: date, as_json: bool) -> DayRange:
    try:
        since = today.replace(day=1) if first is None else date.fromisoformat(first)
        until = since + _QUARTER if last is None else date.fromisoformat(last)
    except (ValueError, OverflowError):
        fail(Exit.USAGE, "a day is written 2024-03-31", as_json=as_json)
    if not 0 <= (until - since).days < MOST_DAYS or not 1970 <= since.year < 9990:
        fail(Exit.USAGE, f"the last day comes after the first, and at most {MOST_DAYS} days later", as_json=as_json)
    return DayRange(since, until)
