"""Numbers, money, dates and lists as a reader of a language writes them; by the data of CLDR."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, get_day_names, get_month_names
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal
from babel.units import format_unit

_locale = lru_cache(maxsize=64)(Locale.parse)


@lru_cache(maxsize=4_096)
def number(value: int | Decimal, language: str, scale: int = 0) -> str:
    """Write a number, or with a scale minor units as whole ones: 1234 of scale 2 is 12.34."""
    decimal = Decimal(value).scaleb(-scale)
    pattern = f"#,##0.{'0' * scale}" if scale else "#,##0.###"
    text: str = format_decimal(decimal, pattern, locale=language)
    return text


@lru_cache(maxsize=4_096)
def money(minor: int, digits: int, currency: str, language: str) -> str:
    """Write an amount of money; `digits` is how many decimals the currency's minor unit stands for."""
    decimals = f".{'0' * digits}" if digits else ""
    pattern = _locale(language).currency_formats["standard"].pattern.replace(".00", decimals)
    amount = Decimal(minor).scaleb(-digits)
    text: str = format_currency(amount, currency, pattern, locale=language, currency_digits=False)
    return text


@lru_cache(maxsize=1_024)
def day(value: date, language: str) -> str:
    """Write a date in full."""
    text: str = format_date(value, "long", locale=language)
    return text


@lru_cache(maxsize=1_024)
def day_of_year(value: date, language: str) -> str:
    """Write a day as it comes every year."""
    text: str = format_skeleton("MMMMd", value, locale=language)
    return text


def local_time(instant: datetime, zone: tzinfo) -> datetime:
    """Tell an instant by the clocks of a zone; where that is in no year that a date can have, as it is in UTC."""
    try:
        return instant.astimezone(zone)
    except OverflowError:
        return instant.astimezone(UTC)


def moment(instant: datetime, zone: tzinfo, language: str) -> str:
    """Write an instant as a local day, with the time unless it is midnight."""
    local = local_time(instant, zone)
    if local.time() == time():
        return day(local.date(), language)
    return f"{day(local.date(), language)}, {format_time(local.time(), 'short', locale=language)}"


def zoned_moment(instant: datetime, zone: tzinfo, language: str) -> str:
    """Write an instant as `moment` does, and by which clocks that is: UTC, CET, or UTC+03 where a zone has no name."""
    name = local_time(instant, zone).tzname() or "UTC"
    clocks = f"UTC{name}" if name[0] in "+-" else name
    return f"{moment(instant, zone, language)} {clocks}"


def time_left(span: timedelta, language: str) -> str:
    """Write how long something still takes, by its two largest units down to minutes; less than one is one."""
    minutes = max(span // timedelta(minutes=1), 1)
    units = {"day": minutes // 1_440, "hour": minutes // 60 % 24, "minute": minutes % 60}
    shown = [format_unit(value, unit, locale=language) for unit, value in units.items() if value]
    return ", ".join(shown[:2] if units["day"] or units["hour"] else shown)


@lru_cache(maxsize=4_096)
def plural(value: int, language: str, scale: int = 0) -> str:
    """Name the plural category of a number, or with a scale of minor units as they are written as whole ones."""
    rule = _locale(language).plural_form
    category: str = rule(Decimal(value).scaleb(-scale) if scale else value)
    return category


def plural_categories(language: str) -> set[str]:
    """Name the plural categories that whole numbers have in a language."""
    return {*_locale(language).plural_form.tags, "other"}


@lru_cache(maxsize=256)
def weekday(number_of_day: int, language: str) -> str:
    """Name a day of the week; 0 is Monday."""
    text: str = get_day_names("wide", locale=language)[number_of_day]
    return text


def month(number_of_month: int, language: str) -> str:
    """Name a month; 1 is January."""
    text: str = get_month_names("wide", "stand-alone", locale=language)[number_of_month]
    return text


def language_name(code: str, language: str) -> str:
    """Name a language by its code; a code that is not known stays as it is."""
    text: str = _locale(language).languages.get(code, code)
    return text


def country(code: str, language: str) -> str:
    """Name a country by its code of ISO 3166; a code that is not known stays as it is."""
    text: str = _locale(language).territories.get(code, code)
    return text


def all_of(items: Iterable[str], language: str) -> str:
    """Write "a, b and c"."""
    return _listed(list(items), "standard", language)


def one_of(items: Iterable[str], language: str) -> str:
    """Write "a, b or c"."""
    return _listed(list(items), "or", language)


def _listed(items: list[str], style: Literal["standard", "or"], language: str) -> str:
    if len(items) == 1:
        return items[0]
    text: str = format_list(items, style, locale=language)
    return text
