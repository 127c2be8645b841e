"""The pages of the designer: what there is, a form beside what comes of it, and a sample of a style. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from functools import partial
from html import escape
from typing import Any
from urllib.parse import urlencode

import orjson

from libs.design.style import Look
from libs.design.versions import Draft, Version
from libs.messages.values import Declared
from services.gateway.designs import faulty, panels
from services.gateway.designs.editor import What
from services.gateway.designs.words import DESIGNS
from services.gateway.site.console_page import console_page
from services.gateway.site.dress import dress
from services.gateway.site.markup import instant, listed, page, rows, table

HERE = "/design"


@dataclass(frozen=True, slots=True)
class Kept:
    """A version of what is edited, as the form shows it."""

    version: int
    state: str
    at: str
    by: str
    note: str


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a design: what is edited, what stands in it, and what came of a button."""

    what: What
    query: Mapping[str, str]
    name: str
    document: Mapping[str, Any]
    tab: str
    revision: int
    drafted_by: str = ""
    versions: Sequence[Kept] = ()
    declared: Declared = field(default_factory=dict)
    said: str = ""
    faults: Sequence[tuple[str, str]] = ()
    member: str = ""
    to: str = ""
    public: str = ""
    zone: tzinfo = UTC

    def path(self, language: str, rest: str = "") -> str:
        """Where the form is, or what belongs to it."""
        told = {name: value for name, value in {**self.query, "lang": language}.items() if value}
        return escape(f"{HERE}/{self.what}{rest}?{urlencode(told)}")


@dataclass(frozen=True, slots=True)
class Overview:
    """What is designed in a programme."""

    programme: str
    public: str
    zone: str
    styles: Sequence[Version]
    pages: Sequence[Version]
    drafts: Sequence[Draft]
    mails: Sequence[tuple[str, str, str, int]]
    visits: Mapping[str, tuple[int, int]]


def overview(found: Sequence[Overview], language: str) -> str:
    """What there is, with a way to each."""
    return console_page(
        HERE, DESIGNS.say(language, "title"), "".join(_programme(each, language) for each in found), language
    )


def edit_page(form: Form, language: str) -> str:
    """A form beside what comes of it."""
    say = partial(DESIGNS.say, language)
    widths = "".join(
        f'<label><input type="radio" name="width" value="{name}"{on}> {escape(say(name))}</label> '
        for name, on in (("phone", " checked"), ("desktop", ""))
    )
    stage = (
        f'<section class="stage"><h2>{escape(say("preview"))}</h2>'
        f'<fieldset class="checks"><legend>{escape(say("width"))}</legend>{widths}</fieldset>'
        f'<iframe class="preview" name="preview" title="{escape(say("preview"))}" src="{form.path(language, "/frame")}"'
        "></iframe></section>"
    )
    wrong = faulty.at_fields(form.what, form.faults, form.document, form.tab)
    fields = panels.panel(form.what, form.document, form.tab, panels.On(language, wrong), form.zone)
    body = (
        _told(form, fields, language)
        + f'<div class="cards designer"><section>{_form(form, fields, language)}</section>{stage}</div>'
        + _versions(form, language)
        + '<script src="/designer.js" defer></script>'
    )
    return console_page(HERE, say(f"{form.what}.title", name=form.name), body, language)


def sample_page(look: Look, brand: str, language: str) -> str:
    """A page in a style, to look at."""
    say = partial(DESIGNS.say, language)
    body = (
        f'<p>{escape(say("sample.text"))} <a href="#x">{escape(say("sample.link"))}</a></p>'
        f'<p class="soft">{escape(say("sample.text"))}</p>'
        f'<p class="field"><label for="x">{escape(say("sample.field"))}</label><input id="x"></p>'
        f"<p><button>{escape(say('sample.button'))}</button></p>"
    )
    return page(say("sample.title"), body, language=language, worn=dress(look, brand, language))


def _programme(found: Overview, language: str) -> str:
    say = partial(DESIGNS.say, language)
    at = {"programme": found.programme, "lang": language}
    styles = [
        (_link("style", {"name": each.name, **at}, each.name or say("own")), *_stand(each, found.zone, language))
        for each in found.styles
    ]
    mails = [
        (_link("mail", {"name": name, **at}, f"{message} {spoken}"), escape(str(version)))
        for name, message, spoken, version in found.mails
    ]
    shown = [
        (
            _link("page", {"name": each.name, **at}, each.name),
            *_stand(each, found.zone, language),
            f'<a href="{escape(found.public)}/{escape(each.name)}">{escape(found.public)}/{escape(each.name)}</a>',
            *map(str, found.visits.get(each.name, (0, 0))),
        )
        for each in found.pages
    ]
    drafts = [
        (
            _link("mail" if each.kind == "template" else each.kind, {"name": each.name, **at}, each.name or say("own")),
            escape(each.kind),
            instant(each.saved_at, found.zone, language),
            escape(each.saved_by),
        )
        for each in found.drafts
    ]
    heads = ("version", "state", "at", "by")
    programme = found.programme
    return (
        f"<h2>{escape(programme)}: {escape(say('styles'))}</h2><p>{escape(say('styles.why'))}</p>"
        + _table("styles", ("name", *heads), styles, programme, language)
        + _open("style", programme, (("name", "brand", False),), language)
        + f"<h2>{escape(programme)}: {escape(say('mails'))}</h2><p>{escape(say('mails.why'))}</p>"
        + _table("mails", ("message", "version"), mails, programme, language)
        + _open(
            "mail",
            programme,
            (("message", "message", True), ("reader", "reader", True), ("brand", "brand", False)),
            language,
        )
        + f"<h2>{escape(programme)}: {escape(say('pages'))}</h2><p>{escape(say('pages.why'))}</p>"
        + _table("pages", ("name", *heads, "address", "visits", "signups"), shown, programme, language)
        + _open("page", programme, (("name", "page.name", True),), language)
        + (
            f"<h2>{escape(programme)}: {escape(say('drafts'))}</h2>"
            + _table("drafts", ("name", "state", "at", "by"), drafts, programme, language)
            if drafts
            else ""
        )
    )


def _table(caption: str, heads: Sequence[str], lines: Sequence[Sequence[str]], programme: str, language: str) -> str:
    say = partial(DESIGNS.say, language)
    if not lines:
        return f'<p class="soft">{escape(say("none"))}</p>'
    return table(say(caption), [escape(say(name)) for name in heads], rows(lines), of=programme)


def _stand(each: Version, zone: str, language: str) -> tuple[str, ...]:
    say = partial(DESIGNS.say, language)
    at = instant(each.published_at, zone, language)
    return str(each.version), escape(say(each.state)), at, escape(each.published_by)


def _link(what: str, query: Mapping[str, str], text: str) -> str:
    return f'<a href="{escape(f"{HERE}/{what}?{urlencode(query)}")}">{escape(text)}</a>'


def _open(what: str, programme: str, names: Sequence[tuple[str, str, bool]], language: str) -> str:
    say = partial(DESIGNS.say, language)
    fields = "".join(
        f'<div class="field"><label for="{what}-{name}-{escape(programme)}">{escape(say(label))}</label>'
        f'<input id="{what}-{name}-{escape(programme)}" name="{name}" maxlength="64"{" required" if needed else ""}'
        f' value="{language if name == "reader" else ""}"></div>'
        for name, label, needed in names
    )
    return (
        f'<form class="fields" action="{HERE}/{what}">'
        f'<input type="hidden" name="programme" value="{escape(programme)}">'
        f'<input type="hidden" name="lang" value="{language}">{fields}'
        f'<div class="field"><button>{escape(say("open"))}</button></div></form>'
    )


def _form(form: Form, fields: str, language: str) -> str:
    say = partial(DESIGNS.say, language)
    frame = form.path(language, "/frame")
    show = f' formaction="{frame}" formtarget="preview" data-show'
    top = panels.button("show", say("do.show"), show)
    if form.what == "style":
        top += panels.button("show.page", f"{say('do.show')}: {say('sample.page')}", show.removesuffix(" data-show"))
    buttons = "".join(panels.button(do, say(f"do.{do}")) for do in ("save", "check", "publish"))
    buttons += panels.button("discard", say("do.discard")) if form.drafted_by else ""
    tests = ""
    if form.what == "mail":
        tests = (
            panels.field("member", say("member"), form.member)
            + panels.field("to", say("to"), form.to)
            + f'<p class="dos">{panels.button("test", say("do.test"))}</p>'
        )
    carried = escape(orjson.dumps(form.document).decode())
    return (
        f'<form method="post" action="{form.path(language)}" data-designer>'
        f'<input type="hidden" name="document" value="{carried}">'
        f'<input type="hidden" name="revision" value="{form.revision}"><p class="dos">{top}</p>'
        + (_gaps(form.declared, language) if form.what == "mail" else "")
        + fields
        + panels.field("note", say("note"), "")
        + f'<p class="dos">{buttons}</p>{tests}</form>'
    )


def _gaps(declared: Declared, language: str) -> str:
    shown = [name for name, each in sorted(declared.items()) if each.type not in ("names", "proposals", "flag")]
    names = ", ".join(_gap(name, optional=False) for name in shown if not declared[name].optional)
    maybe = " ".join(_gap(name, optional=True) for name in shown if declared[name].optional)
    chips = "".join(
        f'<button type="button" data-insert="{escape(_gap(name, optional=declared[name].optional))}">'
        f"{escape(DESIGNS.get(language, f'gap.{name}', name))}</button>"
        for name in shown
        if declared[name].type != "url"
    )
    return (
        f'<div class="gaps dos" role="group" aria-label="{escape(DESIGNS.say(language, "insert"))}">{chips}</div>'
        f"<details><summary>{escape(DESIGNS.say(language, 'insert'))}</summary>"
        f'<p class="soft">{escape(DESIGNS.say(language, "gaps", names=names, asked=maybe))}</p></details>'
    )


def _gap(name: str, *, optional: bool) -> str:
    shown = f"{{{{ {name} }}}}"
    return f"{{% if {name} %}}{shown}{{% endif %}}" if optional else shown


def _told(form: Form, fields: str, language: str) -> str:
    say = partial(DESIGNS.say, language)
    said = f'<p role="status" class="good">{escape(form.said)}</p>' if form.said else ""
    drafted = f'<p class="soft">{escape(say("draft", by=form.drafted_by))}</p>' if form.drafted_by else ""
    public = f'<p><a href="{escape(form.public)}">{escape(form.public)}</a></p>' if form.public else ""
    faults = ""
    if form.faults:
        others = faulty.elsewhere(form.what, form.faults, form.document, form.tab, fields, language)
        items = listed(map(escape, others))
        faults = f'<div role="alert"><p class="bad">{escape(say("faults"))}</p>{items}</div>'
    return said + faults + drafted + public


def _versions(form: Form, language: str) -> str:
    if not form.versions:
        return ""
    say = partial(DESIGNS.say, language)
    newest = form.versions[0].version
    lines = rows(
        (
            each.version,
            escape(say(each.state)),
            each.at,
            escape(each.by),
            escape(each.note),
            ""
            if each.version == newest or each.state != "published"
            else panels.button(f"restore.{each.version}", say("do.restore", version=each.version)),
        )
        for each in form.versions
    )
    heads = [escape(say(name)) for name in ("version", "state", "at", "by", "note", "open")]
    out = panels.button("restore.0", say("do.withdraw")) if form.versions[0].state == "published" else ""
    return (
        f'<h2>{escape(say("versions"))}</h2><form method="post" action="{form.path(language)}">'
        + table(say("versions"), heads, lines)
        + f'<p class="dos">{out}</p></form>'
    )
