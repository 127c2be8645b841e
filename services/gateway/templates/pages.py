"""The pages of templates: which there are, the form of one, and what a member sees. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from html import escape
from urllib.parse import urlencode

from libs.deliveries.own import TESTED
from libs.deliveries.texts import DELIVERIES, name_of_message
from libs.messages.template import FORMS, PARTS, Template
from libs.templates.postgres import Published
from services.gateway.site.console_page import console_page
from services.gateway.site.markup import instant, listed, rows, table
from services.gateway.templates.desk import Asked, Shown, Taken
from services.gateway.templates.views import PreviewView, TemplatesView, variables_view
from services.gateway.templates.words import TEMPLATES

HERE = "/templates"
_LINES = {"title": 2, "text": 8, "mjml": 24, "html": 24}


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a template: which is asked for, what stands in it, and what came of a button."""

    asked: Asked
    programme: str
    taken: Taken
    parts: Mapping[str, str]
    member: str = ""
    note: str = ""
    said: str = ""
    faults: Sequence[tuple[str, str]] = field(default=())
    to: str = ""

    def query(self, language: str) -> str:
        """The place of the form, as a query."""
        named = {
            "message": self.asked.message,
            "reader": self.asked.language or "",
            "channel": self.asked.channel,
            "brand": self.asked.brand,
            "programme": self.programme,
            "lang": language,
        }
        return urlencode({name: value for name, value in named.items() if value})


def overview(found: Sequence[TemplatesView], language: str) -> str:
    """Which messages there are, with a way to each on each channel."""
    sections = "".join(_section(each, language) for each in found)
    return console_page(HERE, TEMPLATES.say(language, "title"), sections, language)


def edit_page(form: Form, zone: str, language: str) -> str:
    """The form of a template beside what a member sees."""
    say = partial(TEMPLATES.say, language)
    query = escape(form.query(language))
    frame = (
        f"<section><h2>{escape(say('preview'))}</h2>"
        f'<iframe class="preview" name="preview" title="{escape(say("preview"))}" src="/templates/frame?{query}">'
        "</iframe></section>"
    )
    body = (
        _said(form, language)
        + f'<div class="cards"><section>{_form(form, language)}</section>{frame}</div>'
        + _variables(form.taken.template, language)
        + _versions(form.taken.versions, zone, language)
    )
    message, channel = name_of_message(form.asked.message, language), _way_of(form.asked.channel, language)
    title = say("edit.title", message=message, channel=channel)
    return console_page(HERE, title, body, language)


def frame_page(shown: Shown, preview: PreviewView, language: str) -> str:
    """What a member sees, as a page of its own; an email is its own HTML."""
    if preview.html is not None:
        return preview.html
    notes = [_source(preview, language)]
    if preview.sms is not None:
        counted = preview.sms
        notes.append(TEMPLATES.say(language, "sms", n=counted.segments, encoding=counted.encoding, units=counted.units))
        if counted.foreign:
            notes.append(TEMPLATES.say(language, "foreign", characters=counted.foreign))
    title = f"<b>{escape(preview.title)}</b><br>" if preview.title else ""
    text = escape(preview.text).replace("\n", "<br>")
    small = "".join(f"<p class=note>{escape(note)}</p>" for note in notes)
    return _framed(f'<div class="{shown.channel}">{title}{text}</div>{small}', shown.content.language)


def frame_of_faults(faults: Sequence[tuple[str, str]], language: str) -> str:
    """What is wrong, in the place of what a member would see."""
    items = "".join(
        f"<li>{escape(TEMPLATES.say(language, 'fault', path=path, reason=why))}</li>" for path, why in faults
    )
    return _framed(f"<ul>{items}</ul>", language)


def _framed(body: str, language: str) -> str:
    return (
        f'<!doctype html><html lang="{escape(language)}"><head><meta charset="utf-8"><title>-</title><style>'
        ":root{color-scheme:light dark}body{font:16px/1.45 system-ui,sans-serif;margin:12px;overflow-wrap:anywhere}"
        "div{border-radius:16px;padding:12px 16px;background:light-dark(#e9ecef,#2b3238)}"
        "div.till{border-radius:0;font-family:ui-monospace,monospace}.note{color:light-dark(#57606a,#9aa4ae);font-size:13px}"
        f"</style></head><body>{body}</body></html>"
    )


def _section(found: TemplatesView, language: str) -> str:
    say = partial(TEMPLATES.say, language)
    lines = []
    for each in found.data:
        ways = " ".join(
            f'<a href="/templates/edit?{escape(_way(found.programme, each.name, channel, language))}" '
            f'aria-label="{escape(f"{name_of_message(each.name, language)}, {_way_of(channel, language)}")}">'
            f"{escape(_way_of(channel, language))}</a>"
            for channel in found.channels
        )
        own = "<br>".join(
            f"{escape(_way_of(one.channel, language))} {escape(one.language)} {escape(one.brand)} "
            f"{one.version} {escape(say(f'{one.state}.state'))}"
            for one in each.published
        )
        lines.append(
            (
                _named(each.name, language),
                escape(say(f"purpose.{each.purpose}")),
                f'<span class="ways">{ways}</span>',
                own or escape(say("none")),
            )
        )
    heads = [escape(say(name)) for name in ("message", "purpose", "channels", "own")]
    return (
        f"<h2>{escape(found.programme)}</h2>"
        + table(say("caption"), heads, rows(lines), of=found.programme)
        + _choice(found.programme, language)
    )


def _named(message: str, language: str) -> str:
    """A message in words, above the name that it has in documents."""
    name, code = name_of_message(message, language), f"<code>{escape(message)}</code>"
    return code if name == message else f'{escape(name)}<br><span class="soft">{code}</span>'


def _way_of(channel: str, language: str) -> str:
    return DELIVERIES.get(language, f"channel.{channel}", channel)


def _way(programme: str, message: str, channel: str, language: str) -> str:
    return urlencode(
        {"message": message, "reader": language, "channel": channel, "programme": programme, "lang": language}
    )


def _choice(programme: str, language: str) -> str:
    say = partial(TEMPLATES.say, language)
    options = "".join(f'<option value="{channel}">{escape(_way_of(channel, language))}</option>' for channel in FORMS)
    at = escape(programme)
    return (
        f"<h3>{escape(say('choose'))}</h3>"
        f'<form class="fields" action="/templates/edit"><input type="hidden" name="programme" value="{at}">'
        f'<input type="hidden" name="lang" value="{language}">'
        + _field(f"message-{at}", "message", say("choose.name"), "welcome", required=True)
        + _field(f"reader-{at}", "reader", say("reader"), language, required=True)
        + f'<div class="field"><label for="channel-{at}">{escape(say("channel"))}</label>'
        f'<select id="channel-{at}" name="channel">{options}</select></div>'
        + _field(f"brand-{at}", "brand", say("brand"), "")
        + f'<div class="field"><button>{escape(say("open"))}</button></div></form>'
    )


def _field(name: str, key: str, label: str, value: str, *, required: bool = False) -> str:
    needed = " required" if required else ""
    return (
        f'<div class="field"><label for="{name}">{escape(label)}</label>'
        f'<input id="{name}" name="{key}" value="{escape(value)}"{needed}></div>'
    )


def _form(form: Form, language: str) -> str:
    say = partial(TEMPLATES.say, language)
    _, allowed = FORMS[form.asked.channel]
    areas = "".join(
        f'<div class="field"><label for="{part}">{escape(say(f"part.{part}"))}</label>'
        f'<textarea id="{part}" name="{part}" rows="{_LINES[part]}" spellcheck="true">\n'
        f"{escape(form.parts.get(part, ''))}</textarea></div>"
        for part in PARTS
        if part in allowed
    )
    query = escape(form.query(language))
    buttons = (
        f'<button name="what" value="show" formaction="/templates/frame?{query}" formtarget="preview">'
        f"{escape(say('do.show'))}</button>"
        f'<button name="what" value="check">{escape(say("do.check"))}</button>'
        f'<button name="what" value="publish">{escape(say("do.publish"))}</button>'
    )
    return (
        f'<form method="post" action="/templates/edit?{query}">{areas}'
        + _field("member", "member", say("member"), form.member)
        + _field("note", "note", say("note"), form.note)
        + f'<p class="dos">{buttons}</p>'
        + _test(form, language)
        + "</form>"
    )


def _test(form: Form, language: str) -> str:
    """Where it may be tried on an address of one's own."""
    if form.asked.channel not in TESTED:
        return ""
    say = partial(TEMPLATES.say, language)
    button = f'<p class="dos"><button name="what" value="test">{escape(say("do.test"))}</button></p>'
    return _field("to", "to", say("to"), form.to) + button


def _said(form: Form, language: str) -> str:
    say = partial(TEMPLATES.say, language)
    taken = form.taken
    told = say("version", version=taken.version) if taken.version else say("shipped")
    asked = form.asked.language or ""
    where = ""
    if asked and taken.template.language != asked:
        where = f'<p class="soft">{escape(say("elsewhere", asked=asked, language=taken.template.language))}</p>'
    faults = ""
    if form.faults:
        items = [escape(say("fault", path=path, reason=reason)) for path, reason in form.faults]
        faults = f'<p class="bad">{escape(say("faults"))}</p>{listed(items)}'
    said = f'<p role="status" class="good">{escape(form.said)}</p>' if form.said else ""
    return f'{said}{faults}<p class="soft">{escape(told)}</p>{where}'


def _source(preview: PreviewView, language: str) -> str:
    if not preview.from_member:
        return TEMPLATES.say(language, "sample")
    return TEMPLATES.say(language, "from_member", names=", ".join(preview.from_member))


def _variables(template: Template, language: str) -> str:
    say = partial(TEMPLATES.say, language)
    lines = rows(
        (f"<code>{escape(each.name)}</code>", escape(each.type), escape(say("yes" if each.optional else "no")))
        for each in variables_view(template.declared())
    )
    heads = [escape(say(f"may.{name}")) for name in ("name", "type", "optional")]
    return f"<h2>{escape(say('may'))}</h2>" + table(say("may"), heads, lines)


def _versions(found: Sequence[Published], zone: str, language: str) -> str:
    if not found:
        return ""
    say = partial(TEMPLATES.say, language)
    lines = rows(
        (
            each.version,
            escape(say(f"{each.state}.state")),
            instant(each.published_at, zone, language),
            escape(each.published_by),
            escape(each.note or ""),
        )
        for each in found
    )
    heads = [escape(say(f"versions.{name}")) for name in ("number", "state", "at", "by", "note")]
    return f"<h2>{escape(say('versions'))}</h2>" + table(say("versions"), heads, lines)
