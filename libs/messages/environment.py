"""Jinja2 as templates run in it: one sandbox for a language, and one for HTML in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from jinja2 import StrictUndefined, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from libs.language import wording
from libs.messages.values import FIELDS, Money, Points, Proposal


def locale_of(language: str) -> str | None:
    """Return a language tag such as `pt-BR` as CLDR writes it; None for one that it does not know."""
    try:
        return str(Locale.parse(language, sep="-"))
    except (UnknownLocaleError, ValueError):
        return None


class _Sandbox(ImmutableSandboxedEnvironment):
    def getattr(self, obj: object, attribute: str) -> object:
        """Read a field of a proposal at once; what else there is goes through the sandbox's questions."""
        if type(obj) is Proposal and attribute in FIELDS:
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)


@lru_cache(maxsize=64)
def environment(locale: str, *, html: bool) -> ImmutableSandboxedEnvironment:
    """Return the sandbox for a language, in which HTML escapes what is written out; shared and never changed."""
    made = _Sandbox(
        autoescape=html,
        undefined=StrictUndefined,
        finalize=_writer(locale),
        trim_blocks=True,
        lstrip_blocks=True,
        cache_size=0,
        auto_reload=False,
    )
    made.globals.clear()
    made.tests.clear()
    made.filters = {
        "plural": _plural(locale),
        "all_of": lambda names: wording.all_of(names, locale) if names else "",
        "one_of": lambda names: wording.one_of(names, locale) if names else "",
        "upper": str.upper,
        "day_of_year": lambda day: wording.day_of_year(day, locale),
        "weekday": lambda day: wording.weekday(day.weekday(), locale),
    }
    return made


def _writer(locale: str) -> Callable[[object], object]:
    """A function that writes values as readers of the language have them; texts and what is undefined pass."""

    ways: dict[type, Callable[[Any], str]] = {
        int: lambda value: wording.number(value, locale),
        Points: lambda value: wording.number(value.amount, locale, value.scale),
        Money: lambda value: wording.money(value.minor, value.digits, value.currency, locale),
        date: lambda value: wording.day(value, locale),
        datetime: lambda value: wording.moment(value, value.tzinfo, locale),
    }

    def write(value: object) -> object:
        kind = type(value)
        if kind is str:
            return value
        if (way := ways.get(kind)) is not None:
            return way(value)
        if isinstance(value, str | Undefined):
            return value
        raise TypeError(f"{kind.__name__} can't be written")

    return write


def _plural(locale: str) -> Callable[..., str]:
    def plural(value: int | Points, **texts: str) -> str:
        if isinstance(value, Points):
            category = wording.plural(value.amount, locale, value.scale)
            told = wording.number(value.amount, locale, value.scale)
        else:
            category, told = wording.plural(value, locale), wording.number(value, locale)
        return texts[category].replace("{n}", told)

    return plural
