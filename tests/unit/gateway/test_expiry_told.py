"""What people are told of the end of points: the common day, questions and answers, the picture of what lapses."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any
from xml.etree import ElementTree

from libs.judging.versions import RunningProgramme, activate
from libs.sweeps.outlook import Origin, Outlook, Slice
from services.gateway.expiry.common_day import common_day, common_days
from services.gateway.expiry.picture import outlook_section
from services.gateway.public.pages import Shown, rules_page
from services.gateway.public.questions import questions, questions_page

NOW = datetime(2026, 2, 10, 15, tzinfo=UTC)
MARCH, JUNE = datetime(2026, 3, 31, 22, tzinfo=UTC), datetime(2026, 6, 30, 22, tzinfo=UTC)
POINTS = {
    "name": "points",
    "expiry": {"kind": "natural", "period": "quarter", "extra_periods": 1},
    "worth": {"points": 100, "minor": 7},
}
MILES = {"name": "miles", "expiry": {"kind": "never"}, "pending": {"kind": "after", "days": 14}}


def running(*wallets: dict[str, Any]) -> RunningProgramme:
    document = {"version": 3, "zone": "Europe/Rome", "currency": "EUR", "wallets": list(wallets), "campaigns": []}
    version = activate(datetime(2026, 1, 1, tzinfo=UTC), document)
    return RunningProgramme(1, 1, "acme", "main", (version,), name="Club")


def shown(language: str, *wallets: dict[str, Any]) -> Shown:
    programme = running(*wallets)
    return Shown(programme, programme.versions[0], NOW, language)


def test_one_day_is_told_in_every_language() -> None:
    for language, day, later in (("en", "March 31, 2026", "June 30, 2026"), ("de", "31. März 2026", "30. Juni 2026")):
        told = shown(language, POINTS, MILES)
        first, second = common_days(told.version, told.compiled.source.wallets[0], NOW, language)
        assert day in first
        assert later in second
        assert common_days(told.version, told.compiled.source.wallets[1], NOW, language) == []
        assert first in rules_page(told)
        assert first in questions_page(told)
    assert common_day(told.version, "points", NOW) == date(2026, 3, 31)
    assert common_day(told.version, "miles", NOW) is None


def test_questions_are_those_that_the_rules_bring_up() -> None:
    asked = {one.asked: one.answer for one in questions(shown("en", POINTS, MILES))}
    assert asked["When do my points of the kind “miles” lapse?"] == "They never lapse."
    assert asked["When do my points of the kind “points” lapse?"].startswith(
        "They lapse at the end of the quarter after the one they were earned in. The next day"
    )
    assert "Europe/Rome" in asked["At what time of that day?"]
    assert "And points that are not active yet?" in asked
    never = questions(shown("en", {"name": "points", "expiry": {"kind": "never"}}))
    assert [(one.asked, one.answer) for one in never] == [("When do my points lapse?", "They never lapse.")]


def test_no_common_day_is_told_where_everybody_has_another() -> None:
    flash = {"name": "flash", "expiry": {"kind": "rolling", "days": 30}}
    member = {"name": "member", "expiry": {"kind": "anniversary"}}
    told = shown("en", POINTS, flash, member)
    assert [common_day(told.version, one, NOW) for one in ("points", "flash", "member")] == [
        date(2026, 3, 31),
        None,
        None,
    ]
    asked = {one.asked: one.answer for one in questions(told)}
    assert asked["When do my points of the kind “flash” lapse?"] == (
        "They lapse 30 days after they were earned. What you earn today is good to March 12, 2026."
    )
    assert asked["When do my points of the kind “member” lapse?"] == (
        "They lapse at the end of the membership year they were earned in."
    )
    one = "Do I have to remember a date for each purchase?"
    assert asked[one].startswith("Those of one purchase may lapse on another day")
    assert {each.asked: each.answer for each in questions(shown("en", POINTS))}[one].startswith("No.")


def test_what_lapses_ahead_is_drawn_and_listed() -> None:
    slices = (
        Slice(MARCH, "points", "gold", None, 1, 50),
        Slice(JUNE, "points", None, None, 4, 200),
        Slice(datetime(2025, 12, 31, 23, tzinfo=UTC), "points", None, None, 1, 9),
        Slice(None, "miles", None, None, 1, 7_000),
    )
    origins = (Origin("campaign", "base<b>", MARCH, "points", 50),)
    told = outlook_section(running(POINTS, MILES), Outlook(NOW, slices, origins, ()), "Club", "en")
    (picture,) = re.findall(r"<svg.*?</svg>", told)
    bars = [bar for bar in ElementTree.fromstring(picture).iter() if bar.tag == "rect"]
    assert [float(bar.attrib["width"]) for bar in bars] == [110.0, 440.0]
    assert "March 31, 2026: 50" in picture
    assert "gold 50" in told
    assert "base&lt;b&gt; 50" in told
    assert "€0.14" in told
    assert "7,000" not in told, "what never lapses is none of it"
    assert outlook_section(running(POINTS), Outlook(NOW, (), (), ()), "Club", "en") == ""
