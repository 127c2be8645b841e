"""The pages of messages to many: all of them, the form of a new one, and one as it stands. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from html import escape
from urllib.parse import urlencode

from libs.deliveries.texts import DELIVERIES
from libs.language import wording
from libs.language.catalogue import LANGUAGES
from libs.mass.postgres import Seen
from libs.mass.texts import MASS
from libs.mass.wanted import DEFAULT_CHANNELS
from libs.messages.template import FORMS
from services.gateway.mass.form import EVERYONE, NAMED, SEGMENT, Fields, first
from services.gateway.mass.words import PAGES
from services.gateway.planning import forms
from services.gateway.site.console_page import console_page
from services.gateway.site.markup import instant, listed, rows, table

HERE = "/mass"


@dataclass(frozen=True, slots=True)
class Segments:
    """What somebody may write to: segments by name and people's name for them, with how many members each has."""

    programme: str
    zone: str
    segments: Sequence[tuple[str, str, int]]


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a new message: for which programme, what stands in it, and what is wrong with that."""

    where: Segments
    key: str
    fields: Fields
    faults: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def wrong(self, name: str) -> Sequence[str]:
        """What is wrong with a field."""
        return self.faults.get(name, ())


def overview(found: Sequence[Seen], language: str, *, may_write: bool, more: str = "") -> str:
    """All of them, the newest first; `more` stands below."""
    say = partial(PAGES.say, language)
    lines = rows(
        (
            f'<a href="{HERE}/{each.mass_id}?lang={language}">{escape(each.name)}</a>',
            escape(each.programme),
            escape(MASS.say(language, f"state.{each.state}")),
            "" if each.members is None else wording.number(each.members, language),
            wording.number(each.laid, language),
            escape(each.made_by),
            instant(each.made_at, "UTC", language),
        )
        for each in found
    )
    heads = [escape(say(name)) for name in ("called", "programme", "state", "members", "laid", "by", "at")]
    new = f'<p><a href="{HERE}/new?lang={language}">{escape(say("new"))}</a></p>' if may_write else ""
    listing = table(say("title"), heads, lines) if found else f"<p>{escape(say('none'))}</p>"
    intro = f'<p class="soft">{escape(say("intro"))}</p>'
    return console_page(HERE, say("title"), intro + new + listing + more, language)


def form_page(form: Form, programmes: Sequence[str], language: str) -> str:
    """The form beside what a member sees."""
    say = partial(PAGES.say, language)
    query = escape(urlencode({"programme": form.where.programme, "lang": language}))
    faults = ""
    if form.faults:
        items = listed(map(escape, form.wrong("")))
        faults = f'<div role="alert"><p class="bad">{escape(say("faults"))}</p>{items}</div>'
    others = [
        f'<a href="{HERE}/new?{escape(urlencode({"programme": name, "lang": language}))}">{escape(name)}</a>'
        for name in programmes
        if name != form.where.programme
    ]
    frame = (
        f"<section><h2>{escape(say('preview'))}</h2>"
        f'<iframe class="preview" name="preview" title="{escape(say("preview"))}" src="{HERE}/frame?{query}">'
        "</iframe></section>"
    )
    body = (
        faults
        + (f"<p>{escape(say('programme'))}: {escape(form.where.programme)}; {' '.join(others)}</p>" if others else "")
        + f'<div class="cards"><section><form class="mailing" method="post" action="{HERE}/new?{query}">'
        + forms.hidden("key", form.key)
        + _whom(form, language)
        + _words(form, language)
        + _how(form, language)
        + _preview(form, language)
        + f'<p class="dos"><button name="do" value="show" formaction="{HERE}/frame?{query}" formtarget="preview">'
        f"{escape(say('do.show'))}</button>{forms.button('count', say('do.count'))}</p></form></section>{frame}</div>"
    )
    return console_page(HERE, say("new"), body, language)


def _whom(form: Form, language: str) -> str:
    say = partial(PAGES.say, language)
    segments = [
        (
            f"{SEGMENT}{name}",
            say("audience.segment", name=title, members=wording.number(members, language)),
        )
        for name, title, members in form.where.segments
    ]
    options = [*segments, (EVERYONE, say("audience.everyone")), (NAMED, say("audience.members"))]
    chosen = first(form.fields, "audience") or options[0][0]
    return (
        forms.text(
            "name", say("name"), first(form.fields, "name"), how='required maxlength="64"', faults=form.wrong("name")
        )
        + forms.select("audience", say("audience"), options, chosen, faults=form.wrong("audience"))
        + f"<details{' open' if chosen == NAMED else ''}><summary>{escape(say('audience.members'))}</summary>"
        + forms.area("members", say("members.lines"), first(form.fields, "members"), 4, faults=form.wrong("members"))
        + "</details>"
    )


def _words(form: Form, language: str) -> str:
    say = partial(PAGES.say, language)
    order = sorted(LANGUAGES, key=lambda each: each != language)
    second = any(first(form.fields, f"b-{part}-{each}") for each in LANGUAGES for part in ("title", "text"))
    return (
        "".join(_said(form, "", each, language, shown=number == 0) for number, each in enumerate(order))
        + forms.text(
            "link",
            say("link"),
            first(form.fields, "link"),
            how='type="url" placeholder="https://"',
            faults=form.wrong("link"),
        )
        + f"<details{' open' if second else ''}><summary>{escape(say('words.b'))}</summary>"
        + "".join(_said(form, "b-", each, language, shown=number == 0) for number, each in enumerate(order))
        + forms.text(
            "share",
            say("share"),
            first(form.fields, "share", "50"),
            how='type="number" min="1" max="99"',
            faults=form.wrong("share"),
        )
        + "</details>"
        + forms.text(
            "template",
            say("template"),
            first(form.fields, "template"),
            how='maxlength="63"',
            faults=form.wrong("template"),
        )
    )


def _said(form: Form, which: str, spoken: str, language: str, *, shown: bool) -> str:
    """The words in one language; others than the reader's are folded unless there are any."""
    say = partial(PAGES.say, language)
    named = wording.language_name(spoken, language)
    inner = "".join(
        forms.area(
            f"{which}text-{spoken}",
            say("text.of", language=named),
            first(form.fields, f"{which}text-{spoken}"),
            4,
            faults=form.wrong(f"{which}text-{spoken}"),
        )
        if part == "text"
        else forms.text(
            f"{which}{part}-{spoken}",
            say(f"{part}.of", language=named),
            first(form.fields, f"{which}{part}-{spoken}"),
            faults=form.wrong(f"{which}{part}-{spoken}"),
        )
        for part in ("title", "text", "button")
    )
    if shown:
        return inner
    said = any(first(form.fields, f"{which}{part}-{spoken}") for part in ("title", "text"))
    opened = " open" if said else ""
    return f"<details{opened}><summary>{escape(say('words', language=named))}</summary>{inner}</details>"


def _how(form: Form, language: str) -> str:
    say = partial(PAGES.say, language)
    channels = form.fields.get("channels", DEFAULT_CHANNELS)
    purposes = [(name, say(f"purpose.{name}")) for name in ("marketing", "service")]
    ordered = [*DEFAULT_CHANNELS, *[name for name in FORMS if name not in DEFAULT_CHANNELS]]
    return (
        forms.checks(
            "channels",
            say("channels"),
            [(name, DELIVERIES.say(language, f"channel.{name}")) for name in ordered],
            channels,
            faults=form.wrong("channels"),
        )
        + forms.select(
            "purpose",
            say("purpose"),
            purposes,
            first(form.fields, "purpose", "marketing"),
            faults=form.wrong("purpose"),
        )
        + forms.text(
            "starts_at",
            say("starts_at", zone=form.where.zone),
            first(form.fields, "starts_at"),
            how='type="datetime-local"',
            faults=form.wrong("starts_at"),
        )
        + forms.text(
            "useful_hours",
            say("useful_hours"),
            first(form.fields, "useful_hours", "72"),
            how='type="number" min="1" max="2208"',
            faults=form.wrong("useful_hours"),
        )
        + forms.text(
            "per_minute",
            say("per_minute"),
            first(form.fields, "per_minute"),
            how='type="number" min="1" max="1000000"',
            faults=form.wrong("per_minute"),
        )
    )


def _preview(form: Form, language: str) -> str:
    say = partial(PAGES.say, language)
    spoken = [(each, wording.language_name(each, language)) for each in LANGUAGES]
    return (
        '<fieldset class="fields"><legend>'
        f"{escape(say('preview'))}</legend>"
        + forms.select(
            "preview_channel",
            say("preview.channel"),
            [(name, DELIVERIES.say(language, f"channel.{name}")) for name in FORMS],
            first(form.fields, "preview_channel", "email"),
        )
        + forms.select(
            "preview_language", say("preview.language"), spoken, first(form.fields, "preview_language", language)
        )
        + forms.text("preview_member", say("preview.member"), first(form.fields, "preview_member"))
        + "</fieldset>"
    )
