"""What comes of a template: values as a reader has them, and nothing that somebody typed does anything."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.messages import samples
from libs.messages.compiling import compiled
from libs.messages.content import ChannelName, Content
from libs.messages.library import Library
from libs.messages.rendering import TooLong, ready, render
from libs.messages.template import Template
from libs.messages.values import Money, Points, Proposal, Unfit, Variable

VARIABLES = {
    "n": Variable("number"),
    "p": Variable("points"),
    "m": Variable("money"),
    "at": Variable("moment"),
    "who": Variable("text"),
}


LIBRARY = Library()


def filled(language: str, text: str, **values: object) -> str:
    one = Template("spring", language, "http", {"text": text}, variables=VARIABLES)
    return render(ready(compiled(one), one.declared()), {**samples.full(one.declared()), **values}).text


def reminder(channel: ChannelName = "email", /, **values: object) -> Content:
    found = LIBRARY.find("expiry_reminder", "", "en", channel)
    return render(found.ready, {**samples.full(found.ready.declared), **values})


@pytest.mark.parametrize(
    ("language", "number", "expected"),
    [("en", 1, "1 point"), ("en", 0, "0 points"), ("en", 1_200, "1,200 points"), ("de", 1, "1 Punkt")],
)
def test_plurals_follow_the_language(language: str, number: int, expected: str) -> None:
    one, other = ("point", "points") if language == "en" else ("Punkt", "Punkte")
    text = "{{ p|plural(one='{n} " + one + "', other='{n} " + other + "') }}"
    assert filled(language, text, p=Points(number)) == expected


def test_a_language_with_more_plurals_has_them_all() -> None:
    text = "{{ n|plural(one='{n} bod', few='{n} body', many='{n} bodu', other='{n} bodů') }}"
    assert [filled("cs-CZ", text, n=n) for n in (1, 3, 5)] == ["1 bod", "3 body", "5 bodů"]


def test_values_are_written_as_readers_have_them() -> None:
    text = "{{ p }} {{ m }} {{ at }}"
    values = {"p": Points(123_456, 2), "m": Money(123_456, "EUR")}
    at = datetime(2026, 12, 24, 17, 30, tzinfo=UTC).astimezone(ZoneInfo("Europe/Berlin"))
    assert filled("en", text, at=at, **values) == "1,234.56 €1,234.56 December 24, 2026, 6:30\u202fPM"
    assert filled("de", text, at=at, **values) == "1.234,56 1.234,56\xa0€ 24. Dezember 2026, 18:30"
    assert filled("en", "{{ m }}", m=Money(1_500, "JPY", 0)) == "¥1,500"


@pytest.mark.parametrize(
    ("name", "value", "path"),
    [
        ("points", None, "points"),
        ("points", 12, "points"),
        ("days_left", True, "days_left"),
        ("days_left", "7", "days_left"),
        ("last_day", datetime(2026, 1, 1, tzinfo=UTC), "last_day"),
        ("link", "javascript:alert(1)", "link"),
        ("link", 'https://x.example/"onload=x', "link"),
        ("rewards", [Proposal("a", link="file:///etc/passwd")], "rewards[0].link"),
        ("rewards", ["a"], "rewards[0]"),
        ("segments", "abc", "segments"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_without_being_told(name: str, value: object, path: str) -> None:
    with pytest.raises(Unfit) as refused:
        reminder("email", **{name: value})
    assert refused.value.path == path
    assert str(value) not in str(refused.value) or value is None


EVIL = [
    "{{7*7}}",
    "{% for x in y %}",
    "<script>alert(1)</script>",
    "Anna\r\nBcc: everybody@example.com",
    "'\"><img src=x onerror=alert(1)>",
    "\u202ecod.exe",
    "a\x00b\x1b[31m",
    "{n}",
]


@pytest.mark.parametrize("name", EVIL)
def test_what_a_member_is_called_does_nothing(name: str) -> None:
    content = reminder(given_name=name, brand=name, value=None)
    assert content.html is not None
    assert "49" not in content.html.replace("499", "")
    assert "<script" not in content.html
    assert "<img src=x" not in content.html
    for text in (content.title, content.text.replace("\n", "")):
        assert text.isprintable()
    assert not any(line.startswith("Bcc") for line in content.text.splitlines())
    birthday = LIBRARY.find("birthday", "", "en", "email")
    title = render(birthday.ready, {**samples.full(birthday.ready.declared), "given_name": name}).title
    assert "\n" not in title
    assert "\r" not in title


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.integers(-(10**12), 10**12), st.integers(0, 4))
def test_any_name_is_inert(name: str, amount: int, scale: int) -> None:
    content = reminder(given_name=name, programme=name, points=Points(amount, scale))
    plain = reminder(given_name="Anna", programme="Anna", points=Points(amount, scale))
    assert content.html is not None
    assert plain.html is not None
    assert content.html.count("<") == plain.html.count("<") or not name.strip()
    assert content.title.isprintable()


def test_what_grows_is_cut_or_refused() -> None:
    assert len(reminder(given_name="x" * 100_000).text) < 5_000
    many = tuple(Proposal(f"Reward {number}") for number in range(500))
    assert reminder(rewards=many).text.count("Reward ") == 12
    one = Template(
        "spring", "en", "http", {"text": "{% for a in segments %}{{ who }}{% endfor %}."}, variables=VARIABLES
    )
    values = {**samples.full(one.declared()), "segments": ("a",) * 12, "who": "y" * 1_000}
    assert len(render(ready(compiled(one), one.declared()), values).text) == 12_001
    with pytest.raises(TooLong):
        render(ready(compiled(one), one.declared()), {**values, "segments": ("a",) * 30})


def test_an_address_is_where_the_member_goes_on() -> None:
    assert reminder(link="https://x.example/m?a=1&b=2").link == "https://x.example/m?a=1&b=2"
    assert 'href="https://x.example/m?a=1&amp;b=2"' in str(reminder(link="https://x.example/m?a=1&b=2").html)
    assert reminder(link=None).link is None
    assert date(2026, 12, 31) not in (reminder().title, reminder().text)
