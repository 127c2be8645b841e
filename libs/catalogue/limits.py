"""The periods in which limits count, by the programme's calendar. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from libs.catalogue.reward import Period
from libs.promotions.history import first_day


def period_name(period: Period, day: date) -> str:
    """Name the period that a day lies in; names sort as their periods follow each other."""
    match period:
        case "day":
            return f"{day:%Y-%m-%d}"
        case "week":
            year, week, _ = day.isocalendar()
            return f"{year}-W{week:02}"
        case "month":
            return f"{day:%Y-%m}"
        case "quarter":
            return f"{day.year}-Q{(day.month + 2) // 3}"
        case "year":
            return f"{day.year}"
        case "ever":
            return "ever"


def began_at(period: Period, now: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which the period of now began, in UTC."""
    first = first_day(period, now.astimezone(zone).date())
    if first == date.min:
        return datetime(1970, 1, 1, tzinfo=UTC)
    return datetime.combine(first, time(), zone).astimezone(UTC)
