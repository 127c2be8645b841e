"""Languages: which one is chosen, and how numbers, money and days are written in it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from libs.language import wording
from libs.language.catalogue import Catalogue, Texts
from libs.language.choice import choose

NBSP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("wanted", "accepted", "chosen"),
    [
        (None, None, "en"),
        (None, "de", "de"),
        (None, "de-AT,de;q=0.9,en;q=0.8", "de"),
        (None, "fr, de;q=0.5, en;q=0.7", "en"),
        (None, "fr,cs", "en"),
        (None, "de;q=0", "en"),
        (None, "de;q=nonsense,*;q=0.1", "en"),
        (None, ",;q=1,", "en"),
        ("de", "en", "de"),
        ("DE-at", None, "de"),
        ("xx", "de", "de"),
    ],
)
def test_a_language_is_chosen(wanted: str | None, accepted: str | None, chosen: str) -> None:
    assert choose(wanted, accepted) == chosen


def test_numbers_and_money() -> None:
    assert wording.number(1_234_567, "en") == "1,234,567"
    assert wording.number(1_234_567, "de", 2) == "12.345,67"
    assert wording.money(123_450, 2, "EUR", "en") == "€1,234.50"
    assert wording.money(123_450, 2, "EUR", "de") == f"1.234,50{NBSP}€"
    assert wording.money(5, 0, "JPY", "en") == "¥5"
    assert wording.money(-1_500, 3, "KWD", "de") == f"-1,500{NBSP}KWD"


def test_days_and_lists() -> None:
    assert wording.day(date(2026, 3, 1), "de") == "1. März 2026"
    assert wording.weekday(0, "en") == "Monday"
    rome = ZoneInfo("Europe/Rome")
    assert wording.moment(datetime(2026, 2, 28, 23, tzinfo=UTC), rome, "en") == "March 1, 2026"
    assert wording.moment(datetime(2026, 3, 1, 9, 30, tzinfo=UTC), rome, "de") == "1. März 2026, 10:30"
    morning = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    for zone, shown in (("Europe/Rome", "10:30 CET"), ("UTC", "09:30 UTC"), ("America/Sao_Paulo", "06:30 UTC-03")):
        assert wording.zoned_moment(morning, ZoneInfo(zone), "de") == f"1. März 2026, {shown}"
    assert wording.zoned_moment(datetime.max.replace(tzinfo=UTC), rome, "de").endswith(" UTC")
    for span, told in (
        (timedelta(days=3, hours=4, minutes=5), "3 Tage, 4 Stunden"),
        (timedelta(hours=1, minutes=1), "1 Stunde, 1 Minute"),
        (timedelta(days=1, seconds=59), "1 Tag"),
        (timedelta(seconds=5), "1 Minute"),
    ):
        assert wording.time_left(span, "de") == told
    assert wording.all_of(["a", "b"], "de") == "a und b"
    assert wording.one_of(["a"], "en") == "a"


def test_a_catalogue_tells_what_it_lacks() -> None:
    english: Texts = {"a": "{x}", "b": {"one": "one", "other": "{n}"}, "c": "c", "d": "d"}
    german: Texts = {"a": "{y}", "b": {"one": "eins"}, "c": {"one": "c", "other": "c"}, "e": "e"}
    assert Catalogue({"en": english, "de": german}).faults() == [
        "de: no text for 'd'",
        "de: 'a' has other names than in en",
        "de: 'b' has other plurals than the language",
        "de: 'c' has a plural in one language only",
        "de: 'e' is in no other language",
    ]
    assert Catalogue({"en": english, "de": english}).faults() == []
    assert Catalogue({"en": english, "de": english}).say("de", "b", n=1) == "one"
