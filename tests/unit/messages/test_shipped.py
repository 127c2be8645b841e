"""The shipped set: every message on every channel in both languages, and which template is taken."""

from __future__ import annotations

import pytest

from libs.messages import samples
from libs.messages.compiling import compiled
from libs.messages.content import ChannelName, Content
from libs.messages.kinds import KINDS
from libs.messages.library import Library, chain, chosen
from libs.messages.rendering import render
from libs.messages.segments import count_segments
from libs.messages.shipped import english, german
from libs.messages.shipped.templates import all_shipped, shipped
from libs.messages.template import FORMS, Template

CHOSEN = {(each.name, each.language, each.channel): chosen(each, compiled(each), 0) for each in all_shipped()}


def content(name: str, language: str, channel: ChannelName, *, little: bool = False) -> Content:
    ready = CHOSEN[name, language, channel].ready
    values = samples.bare(ready.declared) if little else samples.full(ready.declared)
    return render(ready, values)


def test_every_message_is_there() -> None:
    assert len(CHOSEN) == len(KINDS) * 2 * len(FORMS)
    assert set(english.WORDS) == set(german.WORDS) == set(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_it_says_something_and_leaves_no_gap(name: str) -> None:
    for language in ("en", "de"):
        for channel in FORMS:
            for little in (False, True):
                said = content(name, language, channel, little=little)
                whole = f"{said.title}\n{said.text}\n{said.html or ''}"
                assert said.text, (language, channel)
                assert "None" not in whole
                assert "{{" not in whole
                assert "{%" not in whole
                assert "  " not in said.title
                assert (said.html is not None) == (channel == "email")


@pytest.mark.parametrize("name", KINDS)
def test_a_short_message_fits_into_one_part(name: str) -> None:
    for language in ("en", "de"):
        assert count_segments(content(name, language, "sms").text).count == 1, language


def test_an_email_in_text_says_what_its_html_says() -> None:
    said = content("expiry_reminder", "de", "email")
    assert said.title == "1.240 Punkte, einzulösen bis 31. Dezember"
    assert (
        "Guten Tag Katharina,\n\n1.240 Punkte können Sie noch bis Donnerstag, 31. Dezember 2026, einlösen" in said.text
    )
    assert "Punkte einlösen: https://loyalty.example/m" in said.text
    assert "Abmelden: https://loyalty.example/u/3kf9" in said.text
    assert 'lang="de"' in str(said.html)


@pytest.mark.parametrize(
    ("language", "otherwise", "expected"),
    [
        ("cs-CZ", "en", ("cs-CZ", "cs", "en")),
        ("de", "cs", ("de", "cs", "en")),
        (None, "de-AT", ("de-AT", "de", "en")),
        ("zh-Hant-TW", "en", ("zh-Hant-TW", "zh-Hant", "zh", "en")),
    ],
)
def test_languages_are_tried_in_turn(language: str | None, otherwise: str, expected: tuple[str, ...]) -> None:
    assert chain(language, otherwise) == expected


def published(language: str, brand: str, version: int) -> Template:
    return Template("welcome", language, "sms", {"text": f"{version}"}, brand=brand)


@pytest.mark.parametrize(
    ("brand", "language", "version"),
    [
        ("outlet", "cs-CZ", 3),
        ("", "cs-CZ", 2),
        ("other", "cs-CZ", 2),
        ("outlet", "de-AT", 0),
        ("outlet", "pl", 4),
        ("outlet", None, 4),
    ],
)
def test_the_nearest_template_is_taken(brand: str, language: str | None, version: int) -> None:
    templates = [published("cs", "", 2), published("cs", "outlet", 3), published("en", "outlet", 4)]
    library = Library(chosen(each, compiled(each), int(each.parts["text"])) for each in templates)
    for _ in range(2):
        assert library.find("welcome", brand, language, "sms").version == version


def test_a_message_of_its_own_is_written_like_a_campaign() -> None:
    assert shipped("spring_sale", "en", "till") == Template("spring_sale", "en", "till", {"text": "{{ headline }}"})
    assert shipped("welcome", "pl", "till") is None
