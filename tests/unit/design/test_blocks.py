"""Blocks: in mails and letters they say what was typed and nothing else; faults name the block."""

from __future__ import annotations

from functools import lru_cache
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.design import blocks
from libs.design.blocks import KINDS, Block
from libs.design.faults import Fault
from libs.design.qr import qr_picture
from libs.design.style import Brand, Look
from libs.messages import samples
from libs.messages.block_mail import pictures_of
from libs.messages.compiling import compiled
from libs.messages.library import Library, chosen
from libs.messages.rendering import render
from libs.messages.template import Template, TemplateInvalid
from libs.templates import forms

EVERY = (
    Block("headline", "Hello {% if given_name %}{{ given_name }}{% endif %}"),
    Block("text", "One & <b>two</b>\nthree\n\nFour"),
    Block("picture", picture="a" * 64, alt='Tu"lips', link="https://x.example/?a=1&b=2"),
    Block("points", alt="to spend"),
    Block("rewards", "Within reach"),
    Block("code", "SPRING10", alt="At the till"),
    Block("code", "{% if given_name %}{{ given_name }}{% endif %}!"),
    Block("line"),
    Block("button", "Go"),
    Block("button", "There", link="https://x.example"),
)
TYPED = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="{}"), min_size=1)


def mail(*made: Block, channel: str = "email") -> Template:
    return Template("spring", "en", channel, {"title": "Spring & more"}, blocks=made)  # type: ignore[arg-type]  # a channel


def shown(template: Template) -> tuple[str, str]:
    ready = chosen(template, compiled(template, Look(site="https://x.example")), 0).ready
    content = render(ready, samples.full(ready.declared))
    return content.html or "", content.text


class Seen(HTMLParser):
    """The elements of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)


@lru_cache
def usual() -> list[str]:
    """The elements of a mail in which nothing strange was typed."""
    return Seen(shown(mail(Block("headline", "x"), Block("points", alt="x")))[0]).tags


def test_a_mail_of_every_block_says_all_of_them() -> None:
    html, text = shown(mail(*EVERY))
    for said in ("Hello Katharina", "One &amp; &lt;b&gt;two&lt;/b&gt;<br", "Within reach", "SPRING10", "3,480"):
        assert said in html
    assert f"https://x.example/media/{'a' * 64}" in html
    assert f"https://x.example/media/{qr_picture('SPRING10')[0]}" in html
    assert "https://x.example/?a=1&amp;b=2" in html
    assert "One & <b>two</b>" in text
    assert len(pictures_of(mail(*EVERY))) == 1


def test_a_letter_of_blocks_is_a_text() -> None:
    html, text = shown(mail(*EVERY, channel="file"))
    assert html == ""
    assert text.startswith(
        "Hello Katharina\n\nOne & <b>two</b>\nthree\n\nFour\n\nto spend 3,480\n\nWithin reach\n- A bag"
    )


def test_a_template_of_blocks_is_told_as_it_is_read() -> None:
    template = mail(*EVERY)
    assert forms.read(forms.told(template)) == template
    with pytest.raises(TemplateInvalid) as caught:
        forms.read({**forms.told(template), "blocks": [{"kind": "script"}, {"kind": "text", "html": "x", "text": 1}]})
    assert [fault.path for fault in caught.value.faults] == ["blocks.0", "blocks.1.html", "blocks.1.text"]


@pytest.mark.parametrize(
    ("template", "path"),
    [
        (mail(Block("headline")), "blocks.0.text"),
        (mail(Block("line"), Block("text", "{{ pionts }}")), "blocks.1.text:1"),
        (mail(Block("text", "{{ given_name }}")), "blocks.0.text:1"),
        (mail(Block("text", "{% include 'x' %}")), "blocks.0.text:1"),
        (mail(Block("text", "{% raw %}x{% endraw %}")), "blocks.0.text"),
        (mail(Block("text", "{{")), "blocks.0.text"),
        (mail(Block("button", "x", link="javascript:alert(1)")), "blocks.0.link"),
        (mail(Block("button", "x", link="{{ given_name }}")), "blocks.0.link:1"),
        (mail(Block("picture", picture="../x", alt="x")), "blocks.0.picture"),
        (mail(Block("line", "x")), "blocks.0.text"),
        (mail(Block("headline", "x" * 201)), "blocks.0.text"),
        (mail(Block("text", "x"), channel="sms"), "blocks"),
        (Template("spring", "en", "email", {"title": "x", "mjml": "<mjml>"}, blocks=(Block("line"),)), "mjml"),
        (Template("spring", "xx-yy", "email", {"title": "x"}, blocks=(Block("line"),)), "language"),
    ],
)
def test_a_fault_names_its_block(template: Template, path: str) -> None:
    with pytest.raises(TemplateInvalid) as caught:
        compiled(template)
    assert path in [fault.path for fault in caught.value.faults]


@settings(max_examples=8, deadline=None)  # each compiles a mail
@given(TYPED, TYPED)
def test_what_is_typed_adds_no_element(text: str, alt: str) -> None:
    if not text.strip():
        return
    html, _ = shown(mail(Block("headline", text[:200]), Block("points", alt=alt[:300])))
    assert Seen(html).tags == usual()
    assert " ".join(text[:200].split()) in " ".join(unescape(html).split())


def test_published_blocks_wear_the_brand_that_is_written_for() -> None:
    template = mail(Block("button", "Go", link="https://x.example"))
    brands = {"": Brand(Look(accent="#8a1f5c")), "Other": Brand(Look(accent="#003366"))}
    library = Library([chosen(template, compiled(template), 3)], brands=brands)
    for brand, accent in (("Meadow", "#8a1f5c"), ("Other", "#003366")):
        found = library.find("spring", brand, "en", "email")
        assert found.version == 3
        content = render(found.ready, samples.full(found.ready.declared))
        assert accent in (content.html or "")


def test_blocks_are_a_list_of_known_kinds() -> None:
    faults: list[Fault] = []
    assert blocks.read([{"kind": kind} for kind in KINDS], "blocks", faults) == tuple(map(Block, KINDS))
    assert blocks.read({}, "blocks", faults) == ()
    assert blocks.read([{"kind": "line"}] * 31, "blocks", faults) == ()
    assert [fault.path for fault in faults] == ["blocks", "blocks"]
