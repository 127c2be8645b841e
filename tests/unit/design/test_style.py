"""Styles: what can't be read is refused, promotions change what they say, and a sheet says what its address says."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.design import sheet, style_forms
from libs.design.contrast import LEAST, contrast, lightened, luminance
from libs.design.faults import DesignInvalid
from libs.design.style import DARK_CARD, DEFAULT, Look, look_for, text_in
from libs.messages import samples
from libs.messages.library import Library
from libs.messages.rendering import render
from services.gateway.site.dress import dress

COLOURS = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)
STYLE = {
    "accent": "#8A1F5C",
    "legal": {"en": "Meadow & Sons", "de": "Meadow GmbH"},
    "promotions": {"spring": {"accent": "#003366", "picture": "a" * 64, "headline": {"en": "Spring"}}},
}


def faults(document: object) -> list[str]:
    with pytest.raises(DesignInvalid) as caught:
        style_forms.read(document)
    return [fault.path for fault in caught.value.faults]


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert luminance("#ffffff") == pytest.approx(1)


@given(COLOURS, COLOURS)
def test_contrast_is_the_same_both_ways_and_dark_links_can_be_read(one: str, other: str) -> None:
    assert contrast(one, other) == contrast(other, one) >= 1
    assert contrast(lightened(one, DARK_CARD), DARK_CARD) >= LEAST


def look_or_faults(document: object) -> Look | set[str]:
    try:
        return style_forms.read(document).look
    except DesignInvalid as invalid:
        return {fault.path for fault in invalid.faults}


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(("accent", "on_accent", "ink", "soft", "card", "page"), COLOURS))
)
def test_whatever_gets_through_can_be_read(document: dict[str, str]) -> None:
    found = look_or_faults(document)
    if isinstance(found, set):
        assert found <= {"on_accent", "ink", "soft", "card", "page"}
        return
    pairs = [(found.on_accent, found.accent)]
    pairs += [(text, ground) for text in (found.ink, found.soft, found.link) for ground in (found.card, found.page)]
    assert all(contrast(*pair) >= LEAST for pair in pairs)
    assert sheet.look_at(dict(parse_qsl(sheet.address(found).partition("?")[2]))) == found


def test_a_style_is_told_as_it_is_read() -> None:
    brand = style_forms.read(STYLE)
    assert brand.look.accent == "#8a1f5c"
    assert style_forms.read(style_forms.told(brand)) == brand
    assert style_forms.read({}).look == DEFAULT


@pytest.mark.parametrize(
    ("document", "paths"),
    [
        ([], ["document"]),
        ({"accent": "red", "font": "Comic Sans", "radius": 99, "logo": "x", "more": 1},
         ["more", "accent", "font", "radius", "logo"]),
        ({"accent": "#ffcc00"}, ["on_accent"]),
        ({"page": "#202020", "ink": "#ffffff", "card": "#303030", "soft": "#ffffff"}, ["card", "page"]),
        ({"legal": {"EN": "x", "de": "", "en": "{{ given_name }}"}}, ["legal.EN", "legal.de", "legal.en"]),
        ({"promotions": {"spring": {"accent": "#ffcc00"}}}, ["promotions.spring.on_accent"]),
        ({"promotions": {"A b": {}, "x": 1, "y": {"ink": "#000000"}}},
         ["promotions.A b", "promotions.x", "promotions.y.ink"]),
    ],
)  # fmt: skip
def test_faults_are_named(document: object, paths: list[str]) -> None:
    assert faults(document) == paths


def test_a_promotion_changes_what_it_says() -> None:
    brands = {"": style_forms.read(STYLE)}
    plain, spring = (look_for(brands, "Meadow", name, "https://x.example") for name in ("welcome", "spring"))
    assert (plain.accent, plain.headline, plain.picture) == ("#8a1f5c", (), None)
    assert (spring.accent, text_in(spring.headline, "de"), spring.ink) == ("#003366", "Spring", plain.ink)
    assert spring.media("b") == "https://x.example/media/b"
    assert look_for({}, "Meadow", "spring").accent == DEFAULT.accent
    assert [text_in(plain.legal, tag) for tag in ("de-AT", "fr")] == ["Meadow GmbH", "Meadow & Sons"]
    assert text_in((), "de") == ""


def test_a_shipped_mail_wears_the_style_in_force() -> None:
    brands = {"": style_forms.read(STYLE)}
    for library, accent in ((Library(), DEFAULT.accent), (Library(brands=brands), "#8a1f5c")):
        for name in ("welcome", "points_credited"):
            ready = library.find(name, "Meadow", "de", "email").ready
            assert accent in (render(ready, samples.full(ready.declared)).html or "")
    assert Library(brands=brands).look("Meadow", "spring", "sms") == DEFAULT


def test_a_sheet_of_an_address_that_nobody_wrote_is_none() -> None:
    good = dict(parse_qsl(sheet.address(DEFAULT).partition("?")[2]))
    assert sheet.look_at(good) == DEFAULT
    for name, value in (("accent", "fff"), ("ink", "}body{"), ("font", "evil"), ("radius", "99"), ("radius", "²")):
        assert sheet.look_at({**good, name: value}) is None
    assert not re.search(r"[{}]{2}", sheet.sheet(DEFAULT))


def test_what_a_page_wears_is_text() -> None:
    worn = dress(style_forms.read({"legal": {"en": "<b>\nx"}, "logo": "a" * 64}).look, 'M"', "en")
    assert worn.foot == '<footer class="legal">&lt;b&gt;<br>x</footer>'
    assert 'alt="M&quot;"' in worn.top
