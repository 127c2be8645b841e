"""A landing page as HTML. Pure, without scripts: what was designed is text, and is written as text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import NamedTuple

from libs.codes.pictures import picture
from libs.design.blocks import Block, BlockKind
from libs.design.landing import Page, PageText
from libs.design.style import Look, text_in
from libs.language import wording
from services.gateway.landing.words import LANDING
from services.gateway.site.dress import dress
from services.gateway.site.markup import listed, page
from services.gateway.site.open_graph import open_graph

_SIZE = re.compile(r' width="(\d+)" height="(\d+)"')
TRAP = "website"
"""A field that people don't see; whoever fills it in is a machine."""


class Reward(NamedTuple):
    """A reward as a page shows it."""

    title: str
    summary: str
    points: int


class Shown(NamedTuple):
    """A page as it is shown: where it is, whose, in which language of the page, with words of ours in another.

    `key` names what a form makes; `rewards` are loaded where a block asks. `typed` is what was filled in wrongly.
    """

    page: Page
    look: Look
    brand: str
    programme: str
    site: str
    path: str
    language: str
    spoken: str
    key: str = ""
    rewards: Sequence[Reward] = ()
    said: str = ""
    fault: str = ""
    typed: Mapping[str, str] = {}

    @property
    def text(self) -> PageText:
        """What it says."""
        return self.page.texts[self.language]

    def say(self, key: str, /, **values: object) -> str:
        """Say a text of ours, as HTML."""
        return escape(LANDING.say(self.spoken, key, **values))


def landing_page(shown: Shown) -> str:
    """Return the whole page."""
    worn = dress(shown.look, shown.brand, shown.language).also(_preview(shown))
    picture_of = shown.page.picture or shown.look.picture
    hero = f'<p><img class="wide-picture" src="/media/{picture_of}" alt=""></p>' if picture_of else ""
    headline = text_in(shown.look.headline, shown.language)
    band = f'<p class="hero">{escape(headline)}</p>' if headline else ""
    blocks = "".join(_WAYS[each.kind](each, shown) for each in shown.text.blocks)
    body = f'<div class="landing">{band}{hero}{_outcome(shown)}{blocks}{_form(shown)}</div>{_languages(shown)}'
    return page(shown.text.title, body, language=shown.language, worn=worn)


def asks_for_rewards(text: PageText) -> bool:
    """Whether a page shows rewards."""
    return any(each.kind == "rewards" for each in text.blocks)


def _preview(shown: Shown) -> str:
    text, picture_of = shown.text, shown.page.picture or shown.look.picture or shown.look.logo
    image = f"{shown.site}/media/{picture_of}" if picture_of else None
    address, locale = f"{shown.site}{shown.path}", shown.language.replace("-", "_")
    return open_graph(text.title, text.description, address, image, shown.brand, locale=locale)


def _outcome(shown: Shown) -> str:
    if shown.said:
        return f'<p role="status" class="good">{escape(shown.said)}</p>'
    return ""


def _form(shown: Shown) -> str:
    form = shown.page.form
    if form is None or shown.said:
        return ""
    fault = f'<p role="alert" class="bad" id="fault">▲ {shown.say(shown.fault)}</p>' if shown.fault else ""
    marks = ' aria-invalid="true" aria-describedby="fault"' if shown.fault == "fault.email" else ""
    fields = _field(shown, "email", f'type="email" autocomplete="email" required maxlength="254"{marks}')
    auto = {"given_name": "given-name", "family_name": "family-name"}
    fields += "".join(_field(shown, name, f'autocomplete="{auto[name]}" maxlength="100"') for name in form.asks)
    consent = text_in(form.consent, shown.language)
    if consent:
        ticked = " checked" if "consent" in shown.typed else ""
        fields += (
            f'<p class="choices"><label><input type="checkbox" name="consent"{ticked}> {escape(consent)}</label></p>'
        )
    button = escape(text_in(form.button, shown.language)) or shown.say("button")
    trap = f'<p hidden><label>{shown.say("website")} <input name="{TRAP}" tabindex="-1" autocomplete="off"></label></p>'
    return (
        f'<section id="join"><h2>{shown.say("join", programme=shown.programme)}</h2>{fault}'
        f'<form method="post" action="{escape(shown.path)}?lang={escape(shown.language)}#join">'
        f'<input type="hidden" name="key" value="{escape(shown.key)}">{fields}{trap}'
        f'<p><button type="submit">{button}</button></p></form></section>'
    )


def _field(shown: Shown, name: str, how: str) -> str:
    typed = escape(shown.typed.get(name, ""))
    return (
        f'<div class="field"><label for="{name}">{shown.say(name)}</label>'
        f'<input id="{name}" name="{name}" value="{typed}" {how}></div>'
    )


def _languages(shown: Shown) -> str:
    if len(shown.page.texts) < 2:
        return ""
    links = [
        f'<b aria-current="true">{escape(tag)}</b>'
        if tag == shown.language
        else f'<a href="{escape(shown.path)}?lang={escape(tag)}" hreflang="{escape(tag)}">{escape(tag)}</a>'
        for tag in shown.page.texts
    ]
    return f'<nav class="languages" aria-label="{shown.say("languages")}">{" · ".join(links)}</nav>'


def _text(block: Block, shown: Shown) -> str:
    parts = [part.strip() for part in block.text.replace("\r\n", "\n").split("\n\n")]
    return "".join(f"<p>{escape(part).replace(chr(10), '<br>')}</p>" for part in parts if part)


def _picture(block: Block, shown: Shown) -> str:
    image = f'<img class="wide-picture" src="/media/{escape(block.picture)}" alt="{escape(block.alt)}" loading="lazy">'
    link = block.link.strip()
    return f'<p><a href="{escape(link)}" rel="noreferrer">{image}</a></p>' if link else f"<p>{image}</p>"


def _button(block: Block, shown: Shown) -> str:
    link = block.link.strip() or "#join"
    return f'<p><a class="cta" href="{escape(link)}" rel="noreferrer">{escape(block.text)}</a></p>'


def _points(block: Block, shown: Shown) -> str:
    below = f"<br>{escape(block.alt)}" if block.alt else ""
    return f'<p class="points"><strong class="figure">{escape(block.text)}</strong>{below}</p>'


def _rewards(block: Block, shown: Shown) -> str:
    if not shown.rewards:
        return f"<h2>{escape(block.text)}</h2><p>{shown.say('none')}</p>"
    lines = [
        f"<b>{escape(each.title)}</b><br>{escape(each.summary)} ({_price(each.points, shown)})"
        for each in shown.rewards
    ]
    return f"<h2>{escape(block.text)}</h2>{listed(lines)}"


def _price(points: int, shown: Shown) -> str:
    if not points:
        return shown.say("free")
    return shown.say("points", n=points, number=wording.number(points, shown.spoken))


def _code(block: Block, shown: Shown) -> str:
    drawn = _SIZE.sub(r' viewBox="0 0 \1 \2"', picture(block.text, "qr", "svg").decode(), count=1)
    below = f"<br>{escape(block.alt)}" if block.alt else ""
    return (
        f'<figure class="code" aria-label="{shown.say("qr")}">{drawn}'
        f"<figcaption><code>{escape(block.text)}</code>{below}</figcaption></figure>"
    )


_WAYS: Mapping[BlockKind, Callable[[Block, Shown], str]] = {
    "headline": lambda block, shown: f"<h2>{escape(block.text)}</h2>",
    "text": _text,
    "picture": _picture,
    "button": _button,
    "points": _points,
    "rewards": _rewards,
    "code": _code,
    "line": lambda block, shown: "<hr>",
}
