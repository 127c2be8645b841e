"""The forms of the designer: of a style, a mail made of blocks, and a landing page. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from functools import partial
from html import escape
from typing import Any, NamedTuple

from libs.design import blocks
from libs.design.landing import ASKED
from libs.design.style import FONTS, Look
from services.gateway.designs.editor import COLOURS, LANGUAGES, What, local_time
from services.gateway.designs.words import DESIGNS
from services.gateway.planning import forms

_LINES = {"text": 4, "legal": 3, "consent": 3, "thanks": 3}


class On(NamedTuple):
    """The form that fields are put on: whose language it speaks, and what is wrong with it, by field."""

    language: str
    faults: Mapping[str, Sequence[str]] = {}

    def input(self, name: str, label: str, value: object, how: str = "") -> str:
        """A field on one line."""
        marks, told = self._wrong(name)
        return (
            f'<div class="field"><label for="{escape(name)}">{escape(label)}</label>'
            f'<input id="{escape(name)}" name="{escape(name)}" value="{escape(str(value))}"{how}{marks}>{told}</div>'
        )

    def area(self, name: str, label: str, value: str, lines: int) -> str:
        """A field of several lines."""
        marks, told = self._wrong(name)
        return (
            f'<div class="field"><label for="{name}">{escape(label)}</label>'
            f'<textarea id="{name}" name="{name}" rows="{lines}"{marks}>\n{escape(value)}</textarea>{told}</div>'
        )

    def _wrong(self, name: str) -> tuple[str, str]:
        return forms.faults_of_field(name, self.faults.get(name, ()))


def panel(what: What, document: Mapping[str, Any], tab: str, on: On, zone: tzinfo) -> str:
    """Return the fields of a document; times are those of a zone."""
    if what == "style":
        return _style(document, on)
    if what == "mail":
        parts = document.get("parts") or {}
        return on.input("title", DESIGNS.say(on.language, "part.title"), parts.get("title", "")) + _blocks(
            document.get("blocks") or [], on
        )
    return _page(document, tab, on, zone)


def field(name: str, label: str, value: object, how: str = "") -> str:
    """A field with its label."""
    return On("").input(name, label, value, how)


def button(name: str, label: str, how: str = "") -> str:
    """A button that does something."""
    return f'<button name="do" value="{escape(name)}"{how}>{escape(label)}</button>'


def _style(document: Mapping[str, Any], on: On) -> str:
    say = partial(DESIGNS.say, on.language)
    shipped = Look()
    colours = "".join(
        on.input(name, say(name), document.get(name, getattr(shipped, name)), ' type="color"') for name in COLOURS
    )
    fonts = "".join(
        f'<option value="{name}"{" selected" if name == document.get("font", shipped.font) else ""}>{name}</option>'
        for name in FONTS
    )
    kind = (
        f'<div class="field"><label for="font">{escape(say("font"))}</label>'
        f'<select id="font" name="font">{fonts}</select></div>'
    )
    radius = on.input("radius", say("radius"), document.get("radius", shipped.radius), ' inputmode="numeric"')
    legal = document.get("legal") or {}
    texts = "".join(
        on.area(f"legal.{tag}", say("legal", language=tag), legal.get(tag, ""), _LINES["legal"]) for tag in LANGUAGES
    )
    promotions = "".join(
        _promotion(number, name, each, on)
        for number, (name, each) in enumerate((document.get("promotions") or {}).items())
    )
    another = on.input("promotion", say("promotion"), "") + button("promote", say("do.promote"))
    more = f'<div class="together">{another}</div>'
    return (
        f'<div class="fields">{colours}{kind}{radius}</div>'
        + _pictured("logo", say("logo"), document.get("logo", ""), on)
        + texts
        + f"<h2>{escape(say('promotions'))}</h2><p class=soft>{escape(say('promotions.why'))}</p>{promotions}{more}"
    )


def _promotion(number: int, name: str, each: Mapping[str, Any], on: On) -> str:
    say = partial(DESIGNS.say, on.language)
    at, headline = f"p{number}", each.get("headline") or {}
    inside = (
        on.input(f"{at}.name", say("promotion.name"), name)
        + on.input(f"{at}.accent", say("accent"), each.get("accent", ""), ' placeholder="#rrggbb"')
        + on.input(f"{at}.on_accent", say("on_accent"), each.get("on_accent", ""), ' placeholder="#rrggbb"')
        + _pictured(f"{at}.picture", say("picture"), each.get("picture", ""), on)
        + "".join(
            on.input(f"{at}.headline.{tag}", say("headline", language=tag), headline.get(tag, "")) for tag in LANGUAGES
        )
        + button(
            f"unpromote.{number}", say("do.unpromote"), f' aria-label="{escape(say("do.unpromote"))}: {escape(name)}"'
        )
    )
    return f"<fieldset><legend>{escape(name)}</legend>{inside}</fieldset>"


def _page(document: Mapping[str, Any], tab: str, on: On, zone: tzinfo) -> str:
    say = partial(DESIGNS.say, on.language)
    texts = document.get("texts") or {}
    text = texts.get(tab) or {}
    tabs = "".join(
        button(f"tab.{tag}", tag, ' aria-pressed="true"' if tag == tab else ' aria-pressed="false"') for tag in texts
    )
    away = button("unlanguage", say("do.unlanguage")) if len(texts) > 1 else ""
    more = f"{on.input('other', say('other'), '', chr(32) + 'placeholder=de')}{button('language', say('do.language'))}"
    form = document.get("form")
    fields = "".join(on.input(name, say(name), document.get(name, "")) for name in ("brand", "promotion")) + "".join(
        on.input(name, say(name), local_time(document.get(name), zone), ' type="datetime-local"')
        for name in ("opens_at", "closes_at")
    )
    return (
        f'<p class="dos">{escape(say("languages"))}: {tabs}{away}</p><div class="together">{more}</div>'
        f'<input type="hidden" name="tab" value="{escape(tab)}">'
        + on.input("title", say("part.title"), text.get("title", ""), f' lang="{escape(tab)}"')
        + on.input("description", say("description"), text.get("description", ""))
        + _blocks(text.get("blocks") or [], on)
        + _form(form, tab, on)
        + f'<div class="fields">{fields}</div>'
        + _pictured("picture", say("picture"), document.get("picture", ""), on)
    )


def _form(form: Mapping[str, Any] | None, tab: str, on: On) -> str:
    say = partial(DESIGNS.say, on.language)
    given = form or {}
    asks = "".join(_check(f"asks.{name}", say(f"asks.{name}"), on=name in (given.get("asks") or [])) for name in ASKED)
    texts = "".join(
        on.area(
            f"form.{name}", say(f"form.{name}", language=tab), (given.get(name) or {}).get(tab, ""), _LINES.get(name, 1)
        )
        for name in ("consent", "button", "thanks")
    )
    return f"<fieldset>{_check('form', say('form'), on=form is not None)}{asks}{texts}</fieldset>"


def _blocks(found: Sequence[Mapping[str, str]], on: On) -> str:
    say = partial(DESIGNS.say, on.language)
    each = "".join(_block(number, one, on) for number, one in enumerate(found))
    options = "".join(f'<option value="{kind}">{escape(say(f"{kind}.block"))}</option>' for kind in blocks.KINDS)
    more = (
        f'<div class="together"><div class="field"><label for="new">{escape(say("new"))}</label>'
        f'<select id="new" name="new">{options}</select></div>{button("add", say("do.add"))}</div>'
    )
    return f"<h2>{escape(say('blocks'))}</h2>{each}{more}"


def _block(number: int, one: Mapping[str, str], on: On) -> str:
    say = partial(DESIGNS.say, on.language)
    kind, at = one["kind"], f"b{number}"
    if kind not in blocks.KINDS:
        return ""
    named = f"{number + 1}. {say(f'{kind}.block')}"
    inside = ""
    for name in blocks.fields_of(kind):
        label, value = say(f"field.{name}"), one.get(name, "")
        if name == "picture":
            inside += _pictured(f"{at}.picture", label, value, on)
        elif name == "text" and kind == "text":
            inside += on.area(f"{at}.text", label, value, _LINES["text"])
        else:
            inside += on.input(f"{at}.{name}", label, value)
    buttons = "".join(
        button(f"{do}.{number}", told, f' aria-label="{escape(told)}: {escape(named)}"')
        for do in ("up", "down", "drop")
        if (told := say(f"do.{do}"))
    )
    return (
        f'<fieldset><legend>{escape(named)}</legend><input type="hidden" name="{at}.kind" value="{escape(kind)}">'
        f'{inside}<p class="dos">{buttons}</p></fieldset>'
    )


def _pictured(name: str, label: str, value: object, on: On) -> str:
    upload = DESIGNS.say(on.language, "upload")
    return (
        on.input(name, label, value, ' spellcheck="false" maxlength="64"')
        + f'<div class="field"><label for="{name}.file">{escape(upload)}</label>'
        f'<input id="{name}.file" type="file" accept="image/png,image/jpeg,image/gif,image/webp" data-into="{name}">'
        f'<output for="{name}.file"></output></div>'
    )


def _check(name: str, label: str, *, on: bool) -> str:
    ticked = " checked" if on else ""
    return f'<p class="choices"><label><input type="checkbox" name="{name}"{ticked}> {escape(label)}</label></p>'
