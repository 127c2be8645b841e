"""A year of habits, played by the engine: the same every time, and what a hand would add up."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from libs.judging.versions import RunningProgramme, activate
from services.gateway.calculator.forms import Filled
from services.gateway.calculator.year import Habits, Year, calculate, shown_now, spread
from services.gateway.public.words import PAGES, assumptions

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
WALLET = {"name": "points", "expiry": {"kind": "natural", "period": "year"}}


def campaign(name: str, effect: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"id": name, "name": name.capitalize(), "state": "live", "effect": effect} | rest


BASE = campaign("base", {"kind": "per_amount", "points": 1, "per_minor": 100})
REVIEW = campaign("review", {"kind": "fixed", "points": 5}, trigger={"kind": "activity", "activity": "review"})


def programme(*campaigns: dict[str, Any], **rest: Any) -> RunningProgramme:
    document = {
        "version": 3,
        "zone": "Europe/Rome",
        "currency": "EUR",
        "wallets": [WALLET],
        "campaigns": list(campaigns),
    } | rest
    version = activate(datetime(2026, 1, 1, tzinfo=UTC), document)
    return RunningProgramme(1, 1, "acme", "main", (version,), pends=version.pends)


def year(running: RunningProgramme, habits: Habits) -> Year:
    found = calculate(running, habits, NOW)
    assert found is not None
    assert found == calculate(running, habits, NOW), "the same habits give the same year"
    return found


def test_a_year_of_a_plain_programme() -> None:
    found = year(programme(BASE), Habits(52, 4_099))
    (wallet,) = found.wallets
    assert wallet.points == 52 * 40
    assert {lapse.last_day for lapse in wallet.lapses} == {date(2026, 12, 31), date(2027, 12, 31)}
    assert sum(lapse.points for lapse in wallet.lapses) == wallet.points
    assert [(one.campaign, one.points) for one in found.campaigns] == [("base", round(52 * 40.99))]
    assert (found.version, found.begins, wallet.worth_minor) == (3, date(2026, 3, 10), None)


def test_activities_limits_and_tiers() -> None:
    double = campaign("gold", {"kind": "multiplier", "percent": 200}, when={"tiers": ["gold"]})
    capped = REVIEW | {"limits": [{"scope": "member", "period": "month", "points": 5}]}
    running = programme(BASE, double, capped)
    habits = Habits(12, 1_000, (("review", 24), ("other", 10)))
    assert year(running, habits).wallets[0].points == 120 + 5 * 12
    assert year(running, replace(habits, tier="gold")).wallets[0].points == 240 + 5 * 12


def test_what_points_are_worth() -> None:
    worth = WALLET | {"worth": {"points": 100, "minor": 150}}
    assert year(programme(BASE, wallets=[worth]), Habits(10, 1_000)).wallets[0].worth_minor == 150


def test_days_of_the_week_come_alike() -> None:
    friday = campaign("friday", {"kind": "fixed", "points": 10}, frame={"weekdays": ["fri"]})
    days = year(programme(friday), Habits(364, 100)).wallets[0].points / 10
    assert 50 <= days <= 54
    weekly = [instant.weekday() for instant in spread(52, date(2026, 3, 10), ZoneInfo("UTC"))]
    assert max(Counter(weekly).values()) <= 11


@pytest.mark.parametrize("times", [1, 2, 7, 52, 365, 1_000])
def test_events_are_spread_over_a_year(times: int) -> None:
    rome = ZoneInfo("Europe/Rome")
    instants = [instant.astimezone(rome) for instant in spread(times, date(2026, 3, 10), rome)]
    assert len(instants) == times
    assert all(date(2026, 3, 10) <= instant.date() < date(2027, 3, 10) for instant in instants)
    assert all(9 <= instant.hour < 20 for instant in instants)
    assert [instant.date() for instant in instants] == sorted(instant.date() for instant in instants)


def test_nothing_that_is_still_to_come_is_told() -> None:
    later = campaign("later", {"kind": "fixed", "points": 9}, frame={"starts_at": "2026-04-01T00:00:00Z"})
    draft = campaign("draft", {"kind": "fixed", "points": 9}) | {"state": "draft"}
    running = programme(BASE, later, draft)
    assert [one.campaign for one in year(running, Habits(52, 1_000)).campaigns] == ["base"]
    shown = shown_now(running, NOW)
    assert shown is not None
    assert [one.id for one in shown.compiled.source.campaigns] == ["base"]
    assert calculate(running, Habits(1, 1), datetime(2025, 1, 1, tzinfo=UTC)) is None


def test_the_form_is_read() -> None:
    filled = Filled({"purchases": "2", "per": "month", "basket": "39,90", "activity.review": "3", "tier": "gold"})
    assert filled.habits("EUR", ["review"], ["gold"]) == Habits(24, 3_990, (("review", 3),), "gold")
    assert Filled({}).habits("EUR", ["review"], []) == Habits(52, 4_000)
    assert Filled({"per": "eon", "tier": "x", "purchases": ""}).habits("EUR", [], ["gold"]) == Habits(0, 4_000)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"purchases": "often"}, "purchases"),
        ({"purchases": "30", "per": "week"}, "purchases"),
        ({"purchases": "-1"}, "purchases"),
        ({"basket": "40.999"}, "basket"),
        ({"basket": "much"}, "basket"),
        ({"activity.review": "1001"}, "activity.review"),
    ],
)
def test_what_can_not_be_read_is_a_fault(given: dict[str, str], field: str) -> None:
    filled = Filled(given)
    assert filled.habits("EUR", ["review"], []) is None
    assert list(filled.faults) == [field]
    key, values = filled.faults[field]
    for language in ("en", "de"):
        assert PAGES.say(language, key, **values)


def test_the_pages_speak_every_language() -> None:
    assert PAGES.faults() == []
    assert len(assumptions(52, "de")) == 5
