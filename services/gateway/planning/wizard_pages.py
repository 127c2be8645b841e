"""The pages of campaigns: which there are, what to choose from, and the form of one with what it comes to. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any
from urllib.parse import urlencode

from libs.language import wording
from libs.programmes.calendar_words import CALENDAR
from libs.programmes.plan import Plan
from libs.promotions.conditions import WEEKDAYS
from services.gateway.planning.fields import Field, trigger_of
from services.gateway.planning.forms import area, button, checks, hidden, select, text
from services.gateway.planning.labels import LABELS, VALUES
from services.gateway.planning.library import SHELVES, Example
from services.gateway.planning.reading import PREFIX, Filled, Place, shown
from services.gateway.planning.trying import Tried
from services.gateway.planning.wizard_words import WIZARD
from services.gateway.planning.words import PAGES
from services.gateway.site.console_page import console_page
from services.gateway.site.markup import listed, rows, table

_SHORT = 200
_HINTED = ("time", "audience", "what", "budget", "stacking")
_HOW: Mapping[str, str] = {
    "instant": 'type="datetime-local"',
    "money": 'inputmode="decimal"',
    "degrees": 'inputmode="decimal"',
    "int": 'inputmode="numeric"',
}


@dataclass(frozen=True, slots=True)
class Known:
    """A programme as the form needs it: its slug, place, currency, wallets; and the `ETag` of its latest version."""

    programme: str
    place: Place
    currency: str
    wallets: Sequence[str]
    etag: str


@dataclass(frozen=True, slots=True)
class Form:
    """A campaign's form: where it is sent, what stands in it, as text or in fields, and the rest that was typed."""

    action: str
    title: str
    filled: Filled
    as_text: str | None
    posted: Mapping[str, Sequence[str]]
    is_new: bool

    def typed(self, name: str) -> str:
        """What was typed into a field that is none of the campaign's."""
        return (self.posted.get(name) or [""])[-1]


@dataclass(frozen=True, slots=True)
class Shown:
    """What the form came to: messages, the rule in words, the plan, what was tried."""

    said: Sequence[str] = ()
    troubles: Sequence[str] = ()
    words: str = ""
    plan: Plan | None = None
    tried: Tried | None = None


def say(language: str, key: str, /, **values: object) -> str:
    """Say a text of these pages, as HTML."""
    return escape(WIZARD.say(language, key, **values))


def campaigns_page(
    programme: str, campaigns: Sequence[Mapping[str, Any]], ready: Iterable[Example], language: str
) -> str:
    """Which campaigns there are, and the library to begin another from."""
    query = escape(urlencode({"programme": programme, "lang": language}))
    lines = rows(
        (
            f"<b>{escape(each['name'])}</b><br><code>{escape(each['id'])}</code>",
            escape(CALENDAR.say(language, f"status.{each['state']}")),
            f'<a href="/campaigns/{escape(each["id"])}?{query}">{say(language, "edit")}</a>',
        )
        for each in campaigns
    )
    caption = WIZARD.say(language, "campaigns.known")
    heads = (say(language, "campaigns"), escape(PAGES.say(language, "status")), say(language, "edit"))
    known = table(caption, heads, lines) if campaigns else f"<p>{say(language, 'campaigns.none')}</p>"
    found = list(ready)
    shelves = "".join(_shelf(name, [one for one in found if one.shelf == name], query, language) for name in SHELVES)
    command = "pointstream programme apply"
    body = (
        f"<h2>{say(language, 'library')}</h2><p>{say(language, 'library.hint')}</p>{shelves}"
        f'<p class="soft">{say(language, "referral.hint", command=command)}</p>'
        f"<h2>{escape(caption)}</h2>{known}"
    )
    return console_page("/campaigns", WIZARD.say(language, "campaigns"), body, language)


def form_page(known: Known, form: Form, came: Shown, language: str) -> str:
    """The form of a campaign, and below it what it came to."""
    filled = form.filled
    troubles = list(came.troubles) + list(filled.faults.get("", ()))
    if any(filled.faults[field] for field in filled.faults if field):
        troubles.insert(0, WIZARD.say(language, "faults"))
    told = "".join(f'<p class="good" role="status">✓ {escape(one)}</p>' for one in came.said)
    told += "".join(f'<p class="bad" role="alert">▲ {escape(_fault(one, language))}</p>' for one in troubles)
    inner = (
        hidden("programme", known.programme)
        + hidden("seen", known.etag)
        + hidden("lang", language)
        + hidden("base", json.dumps(filled.campaign, ensure_ascii=False))
        + (_as_text(form, language) if form.as_text is not None else _sections(known, filled, language))
        + _publishing(form, language)
        + _trying(known, form, language)
        + _simulating(form, language)
    )
    body = (
        f'{told}<form method="post" action="{escape(form.action)}#result" class="campaign">{inner}</form>'
        f'<div id="result">{_came(came, language)}</div>'
    )
    return console_page("/campaigns", form.title, body, language)


def _shelf(name: str, found: Sequence[Example], query: str, language: str) -> str:
    items = (
        f'<a href="/campaigns/new/{escape(one.name)}?{query}">{escape(one.sentence(language))}</a> '
        f'<span class="soft">{escape(one.name.partition(".")[0])}</span>'
        for one in found
    )
    inner = f"<summary>{say(language, f'shelf.{name}')} ({len(found)})</summary>{listed(items)}"
    return f"<details{' open' if name == 'popular' else ''}>{inner}</details>"


def _sections(known: Known, filled: Filled, language: str) -> str:
    sections: dict[str, list[str]] = {}
    for each in filled.fields:
        sections.setdefault(each.section, []).append(_field(known, each, filled, language))
    return "".join(
        f"<fieldset><legend>{say(language, f'section.{name}')}</legend>{_hint(known, name, language)}"
        f'<div class="fields">{"".join(fields)}</div></fieldset>'
        for name, fields in sections.items()
    ) + button("text", WIZARD.say(language, "as-text"))


def _hint(known: Known, section: str, language: str) -> str:
    if section not in _HINTED:
        return ""
    values = {"zone": known.place.zone.key} if section == "time" else {}
    return f'<p class="soft">{say(language, f"hint.{section}", **values)}</p>'


def _field(known: Known, each: Field, filled: Filled, language: str) -> str:
    name, label = PREFIX + each.path, _label(each, language)
    given = shown(each, filled.typed, known.place)
    faults = [_fault(one, language) for one in filled.faults.get(each.path, ())]
    match each.kind:
        case "choice":
            empty = [] if each.default is not None or (each.required and given[-1]) else [("", "")]
            options = [*empty, *((one, VALUES.get(language, f"{each.last}.{one}", one)) for one in each.choices)]
            return select(name, label, options, given[-1], faults=faults)
        case "yesno":
            options = [(one, WIZARD.say(language, one)) for one in ("yes", "no")]
            empty = [] if each.default is not None else [("", WIZARD.say(language, "nothing"))]
            return select(name, label, [*empty, *options], given[-1], faults=faults)
        case "several":
            named = [(one, wording.weekday(WEEKDAYS.index(one), language)) for one in each.choices]
            return checks(name, label, named, given, faults=faults)
    if each.last == "wallet":
        wallets = [("", WIZARD.say(language, "wallet.usual")), *((one, one) for one in known.wallets)]
        if given[-1] and given[-1] not in known.wallets:
            wallets.append((given[-1], given[-1]))
        return select(name, label, wallets, given[-1], faults=faults)
    hint = known.currency if each.kind == "money" else ""
    return text(name, label, given[-1], how=_HOW.get(each.kind, ""), hint=hint, faults=faults)


def _label(each: Field, language: str) -> str:
    """The names of the parts on the way, and of the field: "Step 2: points"."""
    names = each.names if len(each.names) == 1 else each.names[1:]
    if each.names[0] in ("limits", "effects"):
        names = each.names
    *before, last = [LABELS.get(language, name, name) for name in names]
    number = "" if each.number is None else f" {each.number}"
    way = ", ".join(before) + number if before else ""
    told = f"{way}: {last}" if way else f"{last}{number}"
    return told[:1].upper() + told[1:]


def _fault(told: str, language: str) -> str:
    return WIZARD.get(language, told, told) if told.startswith("fault.") else told


def _as_text(form: Form, language: str) -> str:
    faults = [_fault(one, language) for one in form.filled.faults.get("text", ())]
    return (
        area("text", WIZARD.say(language, "text"), form.as_text or "", 24, faults=faults)
        + hidden("as", "text")
        + button("form", WIZARD.say(language, "as-form"))
    )


def _publishing(form: Form, language: str) -> str:
    dos = ("draft", "schedule", "start") if form.is_new else ("draft", "schedule", "start", "pause", "end")
    fields = text("note", WIZARD.say(language, "note"), form.typed("note"), how='maxlength="1000"')
    fields += text("at", WIZARD.say(language, "at"), form.typed("at"), how='type="datetime-local"')
    buttons = button("check", WIZARD.say(language, "do.check"))
    buttons += "".join(button(one, WIZARD.say(language, f"do.{one}")) for one in dos)
    return f'<div class="fields">{fields}</div><p class="dos">{buttons}</p>'


def _trying(known: Known, form: Form, language: str) -> str:
    legend = f"<legend>{say(language, 'try')}</legend>"
    if trigger_of(form.filled.campaign) != "purchase":
        return f"<fieldset>{legend}<p>{say(language, 'try.purchases')}</p></fieldset>"

    def field(name: str, **more: str) -> str:
        faults = [_fault(one, language) for one in form.filled.faults.get(name, ())]
        return text(name, WIZARD.say(language, name), form.typed(name), faults=faults, **more)

    faults = [_fault(one, language) for one in form.filled.faults.get("try.lines", ())]
    lines = area("try.lines", WIZARD.say(language, "try.lines"), form.typed("try.lines"), 3, faults=faults)
    fields = field("try.total", hint=known.currency) + field("try.at", how='type="datetime-local"')
    fields += "".join(field(f"try.{name}") for name in ("tier", "segments", "store", "partner"))
    do = button("try", WIZARD.say(language, "do.try"))
    return f'<fieldset>{legend}<div class="fields">{fields}</div>{lines}{do}</fieldset>'


def _simulating(form: Form, language: str) -> str:
    fields = "".join(
        text(f"sim.{name}", WIZARD.say(language, f"simulate.{name}"), form.typed(f"sim.{name}"), how='type="date"',
             faults=[_fault(one, language) for one in form.filled.faults.get(f"sim.{name}", ())])
        for name in ("from", "to")
    )  # fmt: skip
    do = button("simulate", WIZARD.say(language, "do.simulate"))
    return (
        f'<fieldset><legend>{say(language, "simulate")}</legend><p class="soft">{say(language, "simulate.hint")}</p>'
        f'<div class="fields">{fields}</div>{do}</fieldset>'
    )


def _came(came: Shown, language: str) -> str:
    told = f"<h2>{say(language, 'words')}</h2><p>{escape(came.words)}</p>" if came.words else ""
    if came.tried is not None:
        told += _tried(came.tried, language)
    if came.plan is not None:
        told += _plan(came.plan, language)
    return told


def _tried(tried: Tried, language: str) -> str:
    if tried.gives:
        told = WIZARD.say(language, "try.gives", listed=wording.all_of(tried.gives, language))
    else:
        told = WIZARD.say(language, "try.not", why=tried.not_paid or WIZARD.say(language, "try.other"))
    lines = rows(
        [
            (say(language, "try.without"), escape(tried.before)),
            (say(language, "try.with"), escape(tried.after)),
        ]
    )
    caption = WIZARD.say(language, "try")
    heads = [say(language, f"try.{name}") for name in ("rules", "brings")]
    return f"<h2>{escape(caption)}</h2><p>{escape(told)}</p>{table(caption, heads, lines)}"


def _plan(plan: Plan, language: str) -> str:
    caption = WIZARD.say(language, "plan")
    if plan.unchanged:
        return f"<h2>{escape(caption)}</h2><p>{say(language, 'plan.nothing')}</p>"
    lines = rows(
        (f"<code>{escape(one.path)}</code>", _value(one.old), _value(one.new)) for one in plan.changes
    )  # fmt: skip
    heads = [say(language, f"plan.{name}") for name in ("where", "old", "new")]
    words = listed(map(escape, plan.words)) if plan.words else ""
    return f'<h2>{escape(caption)}</h2>{words}<div class="prose">{table(caption, heads, lines)}</div>'


def _value(value: Any) -> str:
    if value is None:
        return ""
    written = json.dumps(value, ensure_ascii=False)
    return f"<code>{escape(written if len(written) <= _SHORT else written[:_SHORT] + '…')}</code>"


def moment_words(instant: datetime, place: Place, language: str) -> str:
    """Say when something counts from."""
    return wording.zoned_moment(instant, place.zone, language)
