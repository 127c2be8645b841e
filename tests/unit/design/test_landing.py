"""Landing pages: what they say is text, when they are open, and who joins by them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.design import landing
from libs.design.blocks import Block
from libs.design.faults import DesignInvalid
from libs.design.landing import Form, Page, PageText
from libs.design.style import DEFAULT
from services.gateway.designs.editor import local_time, posted, tab_of
from services.gateway.designs.words import DESIGNS
from services.gateway.landing.joining import LIVES, Joining, address_of, enrolment, names_of, wish
from services.gateway.landing.pages import Reward, Shown, landing_page
from services.gateway.landing.words import LANDING

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
JOINING = Joining.from_seal_key(bytes(range(32)))
FORM = Form(("given_name",), (("de", "Ja, schreibt mir"), ("en", "Yes, write to me")))


def page_of(*blocks: Block, form: Form | None = FORM) -> Page:
    return Page({"en": PageText("Spring", "Join", blocks), "de": PageText("Frühling", "", blocks)}, form=form)


def shown(page: Page, **changes: Any) -> str:
    base = Shown(page, DEFAULT, "Meadow", "Meadow Rewards", "https://x.example", "/p/a/b/c", "en", "en", "k")
    return landing_page(base._replace(**changes))


def test_a_page_is_told_as_it_is_read() -> None:
    page = landing.read(landing.SAMPLE)
    assert landing.read(landing.told(page)) == page
    assert page.opens_at == datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert (page.language("de-AT"), page.open_at(NOW), page.open_at(NOW - timedelta(days=2))) == ("en", True, False)


@pytest.mark.parametrize(
    ("document", "paths"),
    [
        (1, ["document"]),
        ({}, ["texts"]),
        ({"texts": {"EN": {"title": "x"}}}, ["texts.EN"]),
        ({"texts": {"en": {"title": ""}}, "more": 1}, ["more", "texts.en.title"]),
        ({"texts": {"en": {"title": "x", "blocks": [{"kind": "text", "text": "{{ x }}"}, {"kind": "points"}]}}},
         ["texts.en.blocks.0", "texts.en.blocks.1.text"]),
        ({"texts": {"en": {"title": "x"}}, "opens_at": "2026-03-01", "closes_at": "x"}, ["opens_at", "closes_at"]),
        ({"texts": {"en": {"title": "x"}}, "opens_at": "2026-03-02T00:00Z", "closes_at": "2026-03-01T00:00Z"},
         ["closes_at"]),
        ({"texts": {"en": {"title": "x"}}, "opens_at": "0001-01-01T00:00+01:00", "closes_at": "9999-12-31T23:59-01:00"},
         ["opens_at", "closes_at"]),
        ({"texts": {"en": {"title": "x"}}, "form": {"asks": ["card"], "thanks": {"en": 1}}, "picture": "x", "brand": 1,
          "promotion": "A"}, ["picture", "brand", "promotion", "form.asks", "form.thanks.en"]),
    ],
)  # fmt: skip
def test_faults_are_named(document: object, paths: list[str]) -> None:
    with pytest.raises(DesignInvalid) as caught:
        landing.read(document)
    assert [fault.path for fault in caught.value.faults] == paths


@settings(max_examples=50)
@given(st.text(min_size=1), st.text())
def test_what_is_typed_is_text(text: str, alt: str) -> None:
    usual = re.findall(
        r"<(\w+)", shown(page_of(Block("headline", "x"), Block("button", "x"), Block("points", "x", alt="x")))
    )
    html = shown(page_of(Block("headline", text), Block("button", text), Block("points", text, alt=alt or "x")))
    assert re.findall(r"<(\w+)", html) == usual


def test_a_page_shows_rewards_and_what_was_filled_in() -> None:
    page = page_of(Block("rewards", "Within reach"), Block("code", "SPRING10"))
    html = shown(page, rewards=(Reward("A <mug>", "Blue", 900), Reward("A card", "Red", 0)))
    assert "<b>A &lt;mug&gt;</b><br>Blue (900 points)" in html
    assert "(free)" in html
    assert "<svg" in html
    assert '<meta property="og:url" content="https://x.example/p/a/b/c">' in html
    wrong = shown(page, fault="fault.email", typed={"email": '"x', "consent": "on"})
    assert 'value="&quot;x"' in wrong
    assert " checked" in wrong
    done = shown(page, said="Thank you")
    assert "<form" not in done
    assert "<form" not in shown(page_of(form=None))


def test_a_form_is_known_by_its_key_and_for_a_while() -> None:
    key = JOINING.key(NOW, bytes(16))
    member = JOINING.member(key, NOW)
    assert member is not None
    assert (member.version, member.variant) == (7, "specified in RFC 4122")
    assert JOINING.member(key, NOW + LIVES - timedelta(seconds=1)) == member
    assert JOINING.member(key, NOW + LIVES) is None
    assert JOINING.member(JOINING.key(NOW + timedelta(days=1), bytes(16)), NOW) is None
    assert JOINING.member("x", NOW) is None
    assert JOINING.member(JOINING.key(NOW, bytes([1] * 16)), NOW) != member
    assert Joining.from_seal_key(bytes(32)).member(key, NOW) != member


def test_who_joins_agrees_to_nothing_by_that() -> None:
    fields = {"email": " Anna@Example.org ", "given_name": " Anna ", "family_name": "Smith", "consent": "on"}
    address, member = address_of(fields), JOINING.member(JOINING.key(NOW, bytes(16)), NOW)
    assert address is not None
    assert member is not None
    names = names_of(FORM, fields)
    assert names is not None
    data = enrolment(member, address, names, "de")
    assert data["person"] == {"language": "de", "given_name": "Anna"}
    assert data.keys() == {"member_id", "identifiers", "person", "contacts"}
    assert wish(member, member, FORM, "de", "page spring").text_version == FORM.consent_version("de")
    assert FORM.consent_version("de") != FORM.consent_version("en")
    assert address_of({"email": "nobody"}) is None


def test_the_designer_moves_blocks_and_keeps_what_it_does_not_show() -> None:
    fields = {"title": "T", "b0.kind": "text", "b0.text": "a\r\nb", "b1.kind": "line", "do": "down.0"}
    assert [each["kind"] for each in posted("mail", fields)["blocks"]] == ["line", "text"]
    assert posted("mail", {**fields, "do": "drop.1"})["blocks"] == [{"kind": "text", "text": "a\nb"}]
    assert posted("mail", {**fields, "do": "up.9", "document": "{"})["blocks"][1] == {"kind": "line"}
    carried = '{"texts": {"en": {"title": "E"}, "de": {"title": "D"}}, "form": {"consent": {"en": "e", "de": "d"}}}'
    page = {
        "document": carried,
        "tab": "de",
        "title": "Neu",
        "form": "on",
        "form.consent": "neu",
        "asks.given_name": "on",
    }
    made = posted("page", page)
    assert (made["texts"]["en"], made["texts"]["de"]["title"]) == ({"title": "E"}, "Neu")
    assert made["form"] == {"asks": ["given_name"], "consent": {"en": "e", "de": "neu"}}
    assert set(posted("page", {**page, "do": "language", "other": "fr"})["texts"]) == {"en", "de", "fr"}
    assert set(posted("page", {**page, "do": "unlanguage"})["texts"]) == {"en"}
    assert tab_of(made, {"do": "tab.en", "tab": "de"}, "de") == "en"
    style = {
        "accent": "#000000",
        "radius": "4",
        "legal.en": "x",
        "p0.name": "spring",
        "p0.headline.en": "S",
        "p1.name": "off",
    }
    told = posted("style", {**style, "do": "unpromote.1"})
    assert told["promotions"] == {"spring": {"headline": {"en": "S"}}}
    assert posted("style", {**style, "do": "promote", "promotion": "new"})["promotions"].keys() == {
        "spring",
        "off",
        "new",
    }


def test_times_are_those_of_the_programme() -> None:
    rome = ZoneInfo("Europe/Rome")
    page = {"document": "{}", "tab": "en", "title": "T", "opens_at": "2026-03-29T12:00", "closes_at": "soon"}
    made = posted("page", page, rome)
    assert (made["opens_at"], made["closes_at"]) == ("2026-03-29T12:00:00+02:00", "soon")
    assert local_time("2026-03-29T10:00:00Z", rome) == "2026-03-29T12:00"
    as_they_are = ["soon", "2026-03-29T12:00", "0001-01-01T00:00+01:00", "9999-12-31T23:59-01:00"]
    assert [local_time(at, rome) for at in (None, *as_they_are)] == ["", *as_they_are]


def test_a_number_that_is_none_stays_as_it_was_written() -> None:
    assert posted("style", {"radius": "1" * 5_000})["radius"] == "1" * 5_000


def test_the_words_are_complete() -> None:
    assert DESIGNS.faults() == LANDING.faults() == []
