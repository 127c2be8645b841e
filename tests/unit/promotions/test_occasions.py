"""Triggers beside purchases and activities: what a document may ask of them, and what they judge."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from libs.promotions.compile import CompiledProgramme, compile_programme
from libs.promotions.decide import evaluate, evaluate_activity
from libs.promotions.describe import describe_rules
from libs.promotions.document import ProgrammeInvalid, canonical_json, parse_programme
from libs.promotions.facts import Activity, MemberFacts, Receipt
from libs.promotions.occasions import judged_as

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
WHO = MemberFacts(UUID(int=1))
STATUS = {"name": "status", "levels": [{"name": "base"}, {"name": "gold", "title": "Gold", "needs": {"points": 100}}]}
FIXED = {"kind": "fixed", "points": 10}


def document(*campaigns: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A programme of these campaigns."""
    return {
        "version": 1,
        "zone": "Europe/Rome",
        "currency": "EUR",
        "wallets": [{"name": "points", "expiry": {"kind": "never"}}],
        "tier_sets": [STATUS],
        "campaigns": list(campaigns),
    } | more


def campaign(name: str, trigger: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A campaign of ten points for an occasion."""
    return {"id": name, "name": name, "state": "live", "trigger": trigger, "effect": FIXED} | more


def compiled(*campaigns: dict[str, Any]) -> CompiledProgramme:
    return compile_programme(parse_programme(document(*campaigns)))


def paid(programme: CompiledProgramme, name: str, **data: Any) -> tuple[str, ...]:
    """Who pays for an occasion."""
    activity = Activity(f"occasion-{name}", data=data)
    return evaluate_activity(programme, activity, WHO, AT, {}).campaigns


EVERY = (
    campaign("back", {"kind": "return"}),
    campaign("welcome", {"kind": "enrolled"}),
    campaign("gold", {"kind": "tier_reached", "tier_set": "status", "level": "gold"}),
    campaign("higher", {"kind": "tier_reached", "tier_set": "status"}),
    campaign("into", {"kind": "segment_entered", "segment": "lapsing"}),
    campaign("out", {"kind": "segment_left", "segment": "lapsing"}),
    campaign("day", {"kind": "birthday"}),
    campaign("week", {"kind": "birthday", "days_before": 7}),
    campaign("year", {"kind": "anniversary"}),
    campaign("fifth", {"kind": "anniversary", "years": [5, 10]}),
    campaign("monthly", {"kind": "schedule", "rule": "FREQ=MONTHLY", "first_day": "2026-01-01", "at": "09:00"}),
)


def test_an_occasion_is_judged_by_the_campaigns_that_wait_for_it_alone() -> None:
    programme = compiled(*EVERY)
    assert programme.campaigns == ()
    assert paid(programme, "return") == ("back",)
    assert paid(programme, "enrolled") == ("welcome",)
    assert paid(programme, "tier-reached", of="status/gold", level="gold") == ("gold", "higher")
    assert paid(programme, "tier-reached", of="status/base") == (), "everybody is there"
    assert paid(programme, "segment-entered", of="lapsing") == ("into",)
    assert paid(programme, "segment-left", of="lapsing") == ("out",)
    assert paid(programme, "birthday", of="0") == ("day",)
    assert paid(programme, "birthday", of="7") == ("week",)
    assert paid(programme, "anniversary", of="5", years=5) == ("fifth", "year")
    assert paid(programme, "anniversary", of="any", years=3) == ("year",)
    assert paid(programme, "schedule", of="monthly") == ("monthly",)
    assert paid(programme, "schedule", of="other") == ()
    assert evaluate(programme, Receipt("EUR", 1_000), WHO, AT, {}).campaigns == ()


def test_conditions_and_data_are_asked() -> None:
    vip = campaign("vip", {"kind": "enrolled"}, when={"tiers": ["gold"]})
    late = campaign("late", {"kind": "anniversary"}, when={"data": [{"name": "years", "at_least": 3}]})
    programme = compiled(vip, late)
    assert paid(programme, "enrolled") == ()
    gold = MemberFacts(UUID(int=1), "gold")
    assert evaluate_activity(programme, Activity("occasion-enrolled"), gold, AT, {}).campaigns == ("vip",)
    assert paid(programme, "anniversary", of="any", years=2) == ()
    assert paid(programme, "anniversary", of="any", years=3) == ("late",)


def test_what_only_looks_like_an_occasion_is_an_activity() -> None:
    assert judged_as(Activity("birthday", data={"of": "0"})) == "birthday"
    assert judged_as(Activity("occasion-enrolled")) == "occasion-enrolled"


def test_an_occasion_may_bring_tier_points() -> None:
    given = campaign("x", {"kind": "enrolled"}, effect={"kind": "tier_points", "points": 5})
    assert parse_programme(document(given, activities=[{"name": "review"}])).campaigns


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        (campaign("x", {"kind": "activity", "activity": "occasion-birthday"}), "trigger.activity"),
        (campaign("x", {"kind": "tier_reached", "tier_set": "other"}), "trigger.tier_set"),
        (campaign("x", {"kind": "tier_reached", "tier_set": "status", "level": "tin"}), "trigger.level"),
        (campaign("x", {"kind": "birthday", "days_before": -1}), "trigger.days_before"),
        (campaign("x", {"kind": "schedule", "rule": "FREQ=HOURLY", "first_day": "2026-01-01"}), "trigger.rule"),
        (
            campaign("x", {"kind": "schedule", "rule": "FREQ=DAILY", "first_day": "2026-01-01", "at": "24:00"}),
            "trigger.at",
        ),
        (campaign("x", {"kind": "enrolled"}, when={"stores": ["1"]}), "when.stores"),
        (campaign("x", {"kind": "enrolled"}, when={"min_total_minor": 1}), "when.min_total_minor"),
        (campaign("x", {"kind": "enrolled"}, when={"data": [{"name": "years", "at_least": 1}]}), "when.data[0].name"),
        (campaign("x", {"kind": "birthday"}, frame={"hours": {"from": "09:00", "to": "12:00"}}), "frame.hours"),
        (campaign("x", {"kind": "return"}, effect={"kind": "per_amount", "points": 1, "per_minor": 1}), "effect"),
        (campaign("x", {"kind": "return"}, effect={"kind": "free_shipping"}), "effect"),
        (
            campaign("x", {"kind": "return"}, effect={"kind": "coupon", "reference": "c", "per_minor": 100}),
            "effect",
        ),
        (campaign("x", {"kind": "return"}, effect={"kind": "tier_points", "points": 1, "per_minor": 100}), "effect"),
    ],
)
def test_what_would_never_pay_is_refused_at_its_place(wrong: dict[str, Any], path: str) -> None:
    declared = document(wrong, activities=[{"name": "review"}])
    with pytest.raises(ProgrammeInvalid) as refused:
        parse_programme(declared)
    assert any(error.path == f"campaigns[0].{path}" for error in refused.value.errors), refused.value


def test_a_document_of_before_is_written_as_before() -> None:
    plain = {"id": "base", "name": "base", "state": "live", "effect": FIXED}
    assert b"trigger" not in canonical_json(parse_programme(document(plain)))


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        (
            "en",
            {
                "back": "10 points when something of a receipt is returned.",
                "welcome": "10 points on enrolment.",
                "gold": "10 points on reaching the level Gold.",
                "higher": "10 points on reaching a higher level of “status”.",
                "into": "10 points on coming into the segment lapsing.",
                "out": "10 points on leaving the segment lapsing.",
                "day": "10 points on the birthday.",
                "week": "10 points 7 days before the birthday.",
                "year": "10 points on every anniversary of enrolment.",
                "fifth": "10 points on the 5. and 10. anniversaries of enrolment.",
                "monthly": "10 points for every member, every month from January 1, 2026 on, at 09:00.",
            },
        ),
        (
            "de",
            {
                "back": "10 Punkte für einen Einkauf, von dem etwas zurückkommt.",
                "welcome": "10 Punkte zum Beitritt.",
                "gold": "10 Punkte zum Erreichen der Stufe Gold.",
                "week": "10 Punkte 7 Tage vor dem Geburtstag.",
                "fifth": "10 Punkte zu den Jahrestagen 5. und 10. des Beitritts.",
            },
        ),
    ],
)
def test_they_are_told_in_words(language: str, wanted: dict[str, str]) -> None:
    rules = describe_rules(compiled(*EVERY), AT, language).rules
    told = {rule.campaign: rule.sentence for rule in rules}
    assert {name: told[name] for name in wanted} == wanted
    assert {rule.section for rule in rules} == {"activity"}
