"""What the page of rankings shows: a form that asks, bars, and a table of places. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial
from html import escape
from typing import get_args
from uuid import UUID

from libs.catalogue.limits import period_name
from libs.games.ranking import By, Of, Period, Place, Question
from libs.language import wording
from libs.promotions.rates import digits
from services.gateway.games.pages import PLACE, RANKINGS
from services.gateway.games.texts import GAMES
from services.gateway.members.pages import member_path
from services.gateway.site.bars import Bar, bars
from services.gateway.site.markup import rows, table

Section = tuple[str, str, str, date, Sequence[Place], int]
"""The name and slug of a programme, its currency, the first day of the period, the first places, how many there are."""
_DRAWN = 12


def ranking_body(asked: Question, sections: Iterable[Section], language: str) -> str:
    """The form, and the places in each programme."""
    back = f'<p class="ways"><a href="{PLACE}?lang={language}">{_say(language, "to-games")}</a></p>'
    return back + _form(asked, language) + "".join(_section(asked, each, language) for each in sections)


def _form(asked: Question, language: str) -> str:
    say = partial(_say, language)
    fields = (
        _select("of", say("of"), [(each, say(each)) for each in get_args(Of)], asked.of)
        + _select("by", say("by"), [(each, say(f"by.{each}")) for each in get_args(By)], asked.by)
        + _select("period", say("period"), [(each, say(each)) for each in get_args(Period)], asked.period)
        + f'<p><label for="ago">{say("ago")}</label> '
        f'<input id="ago" name="ago" type="number" min="0" max="60" value="{asked.ago}"></p>'
        f'<p><label for="store">{say("store")}</label> '
        f'<input id="store" name="store" maxlength="64" value="{escape(asked.store or "")}" autocomplete="off"></p>'
    )
    hidden = f'<input type="hidden" name="lang" value="{language}">'
    button = f"<p><button>{say('show')}</button></p>"
    return f'<form method="get" action="{RANKINGS}" class="filters">{hidden}{fields}{button}</form>'


def _section(asked: Question, section: Section, language: str) -> str:
    name, slug, currency, begins, places, total = section
    say = partial(_say, language)
    what = GAMES.say(
        language, "ranked", of=GAMES.say(language, asked.of), by=GAMES.say(language, f"by.{asked.scored}"),
        period=period_name(asked.period, begins),
    )  # fmt: skip
    head = f"<h2>{escape(name)}</h2><p>{escape(what)}</p>"
    if not places:
        return f"{head}<p>{say('ranked.none')}</p>"
    told = [_told(each, asked, currency, language) for each in places]
    drawn = [
        Bar(f"{each.rank}. {_short(each, asked)}", each.score, word) for each, word in zip(places, told, strict=True)
    ]
    lines = rows(
        (wording.number(each.rank, language), _key(each, asked, slug, language), escape(word))
        for each, word in zip(places, told, strict=True)
    )
    heads = [say(each) for each in ("rank", "key", "score")]
    count = say("ranked.total", n=total, number=wording.number(total, language))
    return f'{head}{bars(what, drawn[:_DRAWN])}{table(what, heads, lines, of=name)}<p class="soft">{count}</p>'


def _short(place: Place, asked: Question) -> str:
    return f"{UUID(place.key).hex[:8]}…" if asked.of == "members" else place.key


def _key(place: Place, asked: Question, slug: str, language: str) -> str:
    if asked.of != "members":
        return f"<code>{escape(place.key)}</code>"
    return f'<a href="{escape(member_path(UUID(place.key), slug, language))}">{place.key}</a>'


def _told(place: Place, asked: Question, currency: str, language: str) -> str:
    if asked.scored == "spend":
        return wording.money(place.score, digits(currency), currency, language)
    return wording.number(place.score, language)


def _select(name: str, label: str, options: Iterable[tuple[str, str]], chosen: str) -> str:
    inner = "".join(
        f'<option value="{value}"{" selected" if value == chosen else ""}>{text}</option>' for value, text in options
    )
    return f'<p><label for="{name}">{label}</label> <select id="{name}" name="{name}">{inner}</select></p>'


def _say(language: str, key: str, **values: object) -> str:
    return escape(GAMES.say(language, key, **values))
