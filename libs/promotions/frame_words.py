"""Frames in plain words: on which days, at which hours, from when and until when a campaign runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, tzinfo
from functools import partial

from dateutil.parser import parse

from libs.language import wording
from libs.promotions.conditions import WEEKDAYS
from libs.promotions.effect_words import named
from libs.promotions.frames import DayRange, Frame, WeeklyHours
from libs.promotions.public_holidays import PublicHolidays
from libs.promotions.recurrence import Recurrence
from libs.promotions.wording import RULES

_TICK = timedelta(microseconds=1)
_BY_DAY = re.compile(r"([+-]?\d+)?([A-Z]{2})")
_SHORT_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_TOLD = frozenset(("FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH", "COUNT", "UNTIL", "WKST"))
_ORDINALS = ("1", "2", "3", "4", "5", "-1")


def frame_words(frame: Frame, zone: tzinfo, language: str) -> Iterator[str]:
    """Say every part of a frame that is given, one text each; times are those of the zone."""
    say = partial(RULES.say, language)
    if frame.weekdays:
        yield say("weekdays", listed=_weekdays(frame.weekdays, language))
    if frame.hours is not None:
        yield say("hours", since=frame.hours.from_, until=frame.hours.to)
    if frame.windows:
        yield wording.one_of((_window(one, language) for one in frame.windows), language)
    yield from _days(frame, language)
    if frame.before_expiry is not None:
        yield say("before_expiry", n=frame.before_expiry.days, wallet=frame.before_expiry.wallet)
    if frame.starts_at is not None:
        yield say("starts_at", moment=wording.moment(frame.starts_at, zone, language))
    if frame.ends_at is not None:
        yield say("ends_at", moment=_end(frame.ends_at, zone, language))


def around_words(before: int, after: int, language: str) -> Iterator[str]:
    """Say which days around a day count too."""
    if before:
        yield RULES.say(language, "around.before", n=before)
    if after:
        yield RULES.say(language, "around.after", n=after)


def _days(frame: Frame, language: str) -> Iterator[str]:
    """The days on which it runs, and those on which it doesn't."""
    say = partial(RULES.say, language)
    if frame.days:
        yield say("days", listed=_ranges(frame.days, language))
    if frame.recurrence:
        yield wording.one_of((rule_words(one, language) for one in frame.recurrence), language)
    if frame.holidays:
        yield say("holidays", listed=_holidays(frame.holidays, language))
    if frame.blackouts:
        yield say("blackouts", listed=_ranges(frame.blackouts, language))
    if frame.not_holidays:
        yield say("not_holidays", listed=_holidays(frame.not_holidays, language))


def _weekdays(weekdays: Iterable[str], language: str) -> str:
    return wording.all_of((wording.weekday(WEEKDAYS.index(one), language) for one in weekdays), language)


def _window(window: WeeklyHours, language: str) -> str:
    hours = RULES.say(language, "hours", since=window.from_, until=window.to)
    if not window.weekdays:
        return hours
    return f"{RULES.say(language, 'weekdays', listed=_weekdays(window.weekdays, language))} {hours}"


def _ranges(ranges: Iterable[DayRange], language: str) -> str:
    return named([_range(one, language) for one in ranges], language)


def _range(days: DayRange, language: str) -> str:
    first = wording.day(days.first_day, language)
    if days.last_day in (None, days.first_day):
        return first
    return RULES.say(language, "range.between", least=first, most=wording.day(days.last_day, language))


def _holidays(holidays: Iterable[PublicHolidays], language: str) -> str:
    return wording.one_of((_holiday(one, language) for one in holidays), language)


def _holiday(asked: PublicHolidays, language: str) -> str:
    say = partial(RULES.say, language)
    place = wording.country(asked.country, language)
    place += f" ({asked.subdivision})" if asked.subdivision else ""
    years = str(asked.first_year)
    if asked.last_year != asked.first_year:
        years = say("range.between", least=years, most=str(asked.last_year))
    what = named(asked.names, language) if asked.names else say("public-holidays")
    told = say("holidays-of", what=what, place=place, years=years)
    return " ".join([told, *around_words(asked.days_before, asked.days_after, language)])


def rule_words(asked: Recurrence, language: str) -> str:
    """A rule of RFC 5545 in words; a rare one that has none is told as it is written."""
    parts = dict(part.split("=", 1) for part in asked.rule.split(";"))
    first = wording.day(asked.first_day, language)
    told = _parts(parts, language)
    if told is None:
        return RULES.say(language, "recurrence", rule=asked.rule, first=first)
    if "COUNT" in parts:
        told.append(RULES.say(language, "recurrence.count", n=int(parts["COUNT"])))
    told.append(RULES.say(language, "starts_at", moment=first))
    if "UNTIL" in parts:
        last = wording.day(parse(parts["UNTIL"]).date(), language)
        told.append(RULES.say(language, "ends_at", moment=last))
    return " ".join(told)


def _parts(parts: dict[str, str], language: str) -> list[str] | None:
    """How often, and on which days and in which months; None when there are no words for it."""
    by_day = [_BY_DAY.fullmatch(one) for one in parts["BYDAY"].split(",")] if "BYDAY" in parts else []
    month_days = parts["BYMONTHDAY"].split(",") if "BYMONTHDAY" in parts else []
    days = [(found[1], found[2]) for found in by_day if found is not None]
    if not parts.keys() <= _TOLD or None in by_day or any(day.startswith("-") for day in month_days):
        return None
    if not all(number is None or number.lstrip("+") in _ORDINALS for number, _ in days):
        return None
    of_months = parts["FREQ"] == "MONTHLY" or (parts["FREQ"] == "YEARLY" and "BYMONTH" in parts)
    if not of_months and any(number is not None for number, _ in days):
        return None  # such as the first Friday of a year
    told = [RULES.say(language, f"recurrence.{parts['FREQ'].lower()}", n=int(parts.get("INTERVAL", "1")))]
    if days:
        names = [_nth(number, day, language) for number, day in days]
        told.append(RULES.say(language, "weekdays", listed=wording.all_of(names, language)))
    if month_days:
        listed = wording.all_of((RULES.say(language, "month-day", day=int(day)) for day in month_days), language)
        told.append(RULES.say(language, "month-days", n=len(month_days), listed=listed))
    if "BYMONTH" in parts:
        months = [wording.month(int(one), language) for one in parts["BYMONTH"].split(",")]
        told.append(RULES.say(language, "months", listed=wording.all_of(months, language)))
    return told


def _nth(number: str | None, day: str, language: str) -> str:
    weekday = wording.weekday(_SHORT_DAYS.index(day), language)
    return weekday if number is None else RULES.say(language, f"nth.{number.lstrip('+')}", day=weekday)


def _end(ends_at: datetime, zone: tzinfo, language: str) -> str:
    """When something ends: the last day, if it ends with one."""
    local = wording.local_time(ends_at, zone)
    if local.hour == local.minute == local.second == local.microsecond == 0:
        return wording.day((ends_at - _TICK).astimezone(zone).date(), language)
    return wording.moment(ends_at, zone, language)
