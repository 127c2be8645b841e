"""The page of the calendar: what is asked for, the picture, and the same in tables. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from html import escape
from typing import Any, Literal
from urllib.parse import urlencode

from libs.language import wording
from libs.language.catalogue import Catalogue
from libs.programmes.calendar import STATUSES
from libs.programmes.calendar_telling import run_words
from libs.programmes.calendar_words import CALENDAR
from services.gateway.planning.calendar_picture import Scale, axis, line
from services.gateway.planning.forms import select, text
from services.gateway.planning.words import KINDS, PAGES
from services.gateway.site.console_page import console_page
from services.gateway.site.markup import listed, rows, table

VIEWS: Mapping[str, int] = {"month": 1, "quarter": 3}
"""How many months each view has."""
_MOST_RUNS = 12
_SIGNS = {"live": "●", "scheduled": "◷", "draft": "✎", "paused": "‖", "off": "✕", "ended": "■"}


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked at: a programme, the first month, the view, and which campaigns."""

    programme: str = ""
    month: str = ""
    view: Literal["month", "quarter"] = "quarter"
    partner: str = ""
    store: str = ""
    segment: str = ""
    status: str = ""
    kind: str = ""
    lang: str = ""

    def link(self, path: str, **changes: str) -> str:
        """Where the same is seen with changes."""
        given = {each.name: getattr(self, each.name) for each in fields(self)} | changes
        return escape(f"{path}?{urlencode({name: value for name, value in given.items() if value})}")


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to choose from."""

    programmes: Sequence[str]
    partners: Sequence[str]
    stores: Sequence[str]
    segments: Sequence[str]
    kinds: Sequence[str]


def calendar_page(
    look: Look, choices: Choices, told: Mapping[str, Any] | None, around: tuple[str, str], language: str
) -> str:
    """The page; `told` is what `told_calendar` tells, `around` are the months to go to, earlier and later."""
    body = _form(look, choices, language) + _ways(look, around, language)
    if told is None:
        body += f"<p>{_say(language, 'no-version')}</p>"
    else:
        body += _picture(told, language) + _endings(told, language) + _list(told, look, language)
    return console_page("/calendar", PAGES.say(language, "calendar"), body, language)


def _say(language: str, key: str, /, **values: object) -> str:
    return escape(PAGES.say(language, key, **values))


def _form(look: Look, choices: Choices, language: str) -> str:
    def choice(name: str, options: Iterable[str], chosen: str, words: Catalogue | None = None) -> str:
        told = [(one, one if words is None else words.get(language, one, one)) for one in options]
        texts = [("", PAGES.say(language, "any")), *told]
        if chosen and chosen not in dict(texts):
            texts.append((chosen, chosen))
        return select(name, PAGES.say(language, name), texts, chosen)

    several = len(choices.programmes) > 1
    statuses = [("", PAGES.say(language, "any")), *[(one, CALENDAR.say(language, f"status.{one}")) for one in STATUSES]]
    views = [(view, PAGES.say(language, f"view.{view}")) for view in VIEWS]
    programmes = [(one, one) for one in choices.programmes]
    return (
        '<form method="get" action="/calendar" class="filters on-screen">'
        + (select("programme", PAGES.say(language, "programme"), programmes, look.programme) if several else "")
        + text("month", PAGES.say(language, "from"), look.month, how='type="month" maxlength="7"')
        + select("view", PAGES.say(language, "view"), views, look.view)
        + choice("partner", choices.partners, look.partner)
        + choice("store", choices.stores, look.store)
        + choice("segment", choices.segments, look.segment)
        + select("status", PAGES.say(language, "status"), statuses, look.status)
        + choice("kind", choices.kinds, look.kind, KINDS)
        + (f'<input type="hidden" name="lang" value="{escape(look.lang)}">' if look.lang else "")
        + f"<button>{_say(language, 'show')}</button></form>"
    )


def _ways(look: Look, around: tuple[str, str], language: str) -> str:
    earlier, later = around
    items = (
        f'<a href="{look.link("/calendar", month=earlier)}" rel="prev">← {_say(language, "earlier")}</a>',
        f'<a href="{look.link("/calendar", month=later)}" rel="next">{_say(language, "later")} →</a>',
        f'<a href="/campaigns?{escape(urlencode({"programme": look.programme}))}">{_say(language, "campaigns")}</a>',
        f'<a href="{look.link("/calendar.ics")}">{_say(language, "download")}</a>',
    )
    return f'<p class="ways on-screen">{" ".join(items)}</p>'


def _picture(told: Mapping[str, Any], language: str) -> str:
    if not told["campaigns"]:
        return f"<p>{_say(language, 'none')}</p>"
    first, last, today = (date.fromisoformat(told[name]) for name in ("first_day", "last_day", "today"))
    lapses = [date.fromisoformat(each["last_day"]) for each in told["boundaries"]]
    scale = Scale(first, last, today, lapses)
    label = PAGES.say(language, "picture.axis", first=wording.day(first, language), last=wording.day(last, language))
    lines = "".join(
        f'<tr><th scope="row"><a href="#c-{escape(each["id"])}">{escape(each["name"])}</a><br>'
        f"{_status(each['status'], language)}</th>"
        f"<td>{line(scale, each['days'], each['would'], _days_text(each, language))}</td></tr>"
        for each in told["campaigns"]
    )
    head = f'<th scope="col">{_say(language, "list.campaign")}</th><th scope="col">{axis(scale, label, language)}</th>'
    caption = _say(language, "picture")
    return (
        f'<div class="scroll plan" tabindex="0" role="region" aria-label="{caption}"><table><caption>{caption}: '
        f"{_key(language)}</caption><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>"
        + _told_from(told, language)
    )


def _key(language: str) -> str:
    signs = {
        "pays": '<rect class="pays" x="0" y="5" width="24" height="14" rx="2"/>',
        "would": '<rect class="would" x="1" y="5" width="22" height="14" rx="2"/>',
        "lapse": '<line class="lapse" x1="12" x2="12" y1="0" y2="24"/>',
        "today": '<line class="today" x1="12" x2="12" y1="0" y2="24"/>',
    }
    return ", ".join(
        f'<span class="sign"><svg viewBox="0 0 24 24" aria-hidden="true">{sign}</svg> '
        f"{_say(language, f'key.{name}')}</span>"
        for name, sign in signs.items()
    )


def _told_from(told: Mapping[str, Any], language: str) -> str:
    if told["told_from"] is None:
        return ""
    moment = datetime.fromisoformat(told["told_from"])
    return f'<p class="soft">{_say(language, "told_from", moment=f"{moment:%Y-%m-%d %H:%M} UTC")}</p>'


def _status(status: str, language: str) -> str:
    return f'<span class="status {status}">{_SIGNS[status]} {escape(CALENDAR.say(language, f"status.{status}"))}</span>'


def _days_text(campaign: Mapping[str, Any], language: str) -> str:
    """When a campaign pays, and would, in a text that is not too long."""
    told = []
    if campaign["days"] or not campaign["would"]:
        told.append(_runs_text(campaign["days"], language) or PAGES.say(language, "picture.nothing"))
    if campaign["would"]:
        told.append(PAGES.say(language, "picture.would", listed=_runs_text(campaign["would"], language)))
    return "; ".join(told)


def _runs_text(runs: Sequence[Mapping[str, str]], language: str) -> str:
    shown = run_words(runs[:_MOST_RUNS], language)
    more = len(runs) - _MOST_RUNS
    return ", ".join([*shown, *([PAGES.say(language, "more", n=more)] if more > 0 else [])])


def _endings(told: Mapping[str, Any], language: str) -> str:
    if not told["boundaries"]:
        return ""
    names = {each["id"]: each["name"] for each in told["campaigns"]}
    lines = (
        (
            escape(wording.day(date.fromisoformat(each["last_day"]), language)),
            escape(", ".join(each["wallets"])),
            listed(f'<a href="#c-{escape(one)}">{escape(names.get(one, one))}</a>' for one in each["campaigns"])
            if each["campaigns"]
            else escape(CALENDAR.say(language, "lapse.none")),
        )
        for each in told["boundaries"]
    )
    heads = [_say(language, f"endings.{name}") for name in ("day", "wallets", "campaigns")]
    caption = PAGES.say(language, "endings")
    return f'<h2>{escape(caption)}</h2><div class="prose">{table(caption, heads, rows(lines))}</div>'


def _list(told: Mapping[str, Any], look: Look, language: str) -> str:
    if not told["campaigns"]:
        return ""
    heads = "".join(
        f'<th scope="col">{_say(language, name)}</th>'
        for name in ("list.campaign", "status", "list.days", "list.rule", "list.audience", "list.budget")
    )
    lines = "".join(_row(each, look, language) for each in told["campaigns"])
    caption = _say(language, "list")
    return (
        f'<h2>{caption}</h2><div class="scroll prose" tabindex="0" role="region" aria-label="{caption}"><table>'
        f"<caption>{caption}</caption><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _row(campaign: Mapping[str, Any], look: Look, language: str) -> str:
    found = [
        f'<span class="{"bad" if one["mark"] else ""}">{escape(one["words"])}</span>' for one in campaign["budgets"]
    ]
    cells = (
        _status(campaign["status"], language),
        escape(_days_text(campaign, language)),
        escape(campaign["words"]),
        "<br>".join(map(escape, campaign["audience"])),
        "<br>".join(found) or _say(language, "budget.none"),
    )
    where = escape(f"/campaigns/{campaign['id']}?{urlencode({'programme': look.programme})}")
    name = f'<a href="{where}">{escape(campaign["name"])}</a><br><code>{escape(campaign["id"])}</code>'
    told = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr id="c-{escape(campaign["id"])}"><th scope="row">{name}</th>{told}</tr>'
