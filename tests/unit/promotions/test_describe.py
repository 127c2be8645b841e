"""The rules in words: what runs is told, all of it, in every language; what doesn't run isn't."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings

from libs.language.catalogue import LANGUAGES, Catalogue
from libs.promotions.allowances import UNITS, Limit, Period, SharedLimit
from libs.promotions.audience import MemberConditions
from libs.promotions.compile import CompiledProgramme, compile_programme
from libs.promotions.criteria import Conditions
from libs.promotions.days import within
from libs.promotions.describe import SECTIONS, describe_rules
from libs.promotions.document import parse_programme, parse_programme_yaml
from libs.promotions.explain import CONDITIONS, REASONS
from libs.promotions.frames import Frame
from libs.promotions.wording import EXPLANATIONS, HINTS, NEEDS, RULES
from tests.unit.promotions.build import BASE, THURSDAY, campaign, document, fixed, multiplier
from tests.unit.promotions.strategies import documents, instants

ROOT = Path(__file__).parents[3]
EXAMPLES = [*sorted(ROOT.glob("libs/promotions/examples/*.yaml")), ROOT / "tests/support/running.yaml"]


def programme(*campaigns: dict[str, Any], **rest: Any) -> CompiledProgramme:
    return compile_programme(parse_programme(document(*campaigns, **rest)))


def sentences(*campaigns: dict[str, Any], language: str = "en", at: datetime = THURSDAY) -> list[str]:
    return [rule.sentence for rule in describe_rules(programme(*campaigns), at, language).rules]


@pytest.mark.parametrize(
    "catalogue",
    [CONDITIONS, REASONS, EXPLANATIONS, RULES, HINTS, NEEDS],
    ids=["conditions", "reasons", "sentences", "rules", "hints", "needs"],
)
def test_every_language_has_every_text(catalogue: Catalogue) -> None:
    assert catalogue.faults() == []


SAID: list[tuple[dict[str, Any], str, str]] = [
    (campaign("a", BASE), "1 point for every $1.00.", "1 Punkt für je 1,00\N{NO-BREAK SPACE}$."),
    (
        campaign("a", multiplier(200), frame={"weekdays": ["fri"]}, when={"tiers": ["gold"]}),
        "Double points for the tier gold, on Friday.",
        "Doppelte Punkte für die Stufe gold, am Freitag.",
    ),
    (
        campaign("a", multiplier(150, compounding=True)),
        "1.5 times the points multiplied with what other offers have added.",
        "1,5-mal so viele Punkte auch auf das, was andere Angebote dazugegeben haben.",
    ),
    (
        campaign("a", BASE, limits=[{"scope": "member", "period": "month", "points": 1_000}]),
        "1 point for every $1.00; at most 1,000 points a month for each member.",
        "1 Punkt für je 1,00\N{NO-BREAK SPACE}$; höchstens 1.000 Punkte im Monat für jedes Mitglied.",
    ),
    (
        campaign("a", fixed(5), when={"min_total_minor": 5_000, "stores": ["1", "2"], "channels": ["web"]}),
        "5 points in the stores 1 or 2, in the channel “web”, from a total of $50.00.",
        "5 Punkte in den Filialen 1 oder 2, auf dem Vertriebsweg „web“, ab einer Summe von 50,00\N{NO-BREAK SPACE}$.",
    ),
    (
        campaign(
            "a",
            {"kind": "per_quantity", "points": 3, "per": 2},
            when={"skus": ["x"], "min_quantity": 1, "min_amount_minor": 100},
            frame={"starts_at": "2017-01-01T00:00:00Z", "ends_at": "2017-02-01T00:00:00Z"},
        ),
        "3 points for every 2 pieces on the article x, from one piece on, from $1.00 spent on them, "
        "from January 1, 2017 on, until January 31, 2017.",
        "3 Punkte für je 2 Stück auf den Artikel x, ab einem Stück, ab 1,00\N{NO-BREAK SPACE}$ Einkauf davon, "
        "ab 1. Januar 2017, bis 31. Januar 2017.",
    ),
    (
        campaign("a", fixed(1), trigger={"kind": "activity", "activity": "review"}, when={"labels": ["photo"]}),
        "1 point for “review”, with the label photo.",
        "1 Punkt für „review“, mit dem Kennzeichen photo.",
    ),
    (
        campaign("a", fixed(2), frame={"hours": {"from": "08:00", "to": "10:00"}}, cel="quantity > 3"),
        "2 points between 08:00 and 10:00, when this is true: quantity > 3.",
        "2 Punkte zwischen 08:00 und 10:00 Uhr, wenn dies zutrifft: quantity > 3.",
    ),
]


@pytest.mark.parametrize(("told", "english", "german"), SAID)
def test_a_campaign_is_a_sentence(told: dict[str, Any], english: str, german: str) -> None:
    assert sentences(told) == [english]
    assert sentences(told, language="de") == [german]


CONDITIONS_SAID: list[tuple[dict[str, Any], str, str]] = [
    ({"not_brands": ["Own"]}, "not on the brand Own", "nicht auf die Marke Own"),
    ({"max_total_minor": 900}, "up to a total of $9.00", "bis zu einer Summe von 9,00\N{NO-BREAK SPACE}$"),
    ({"only_line": "cheapest"}, "only on the cheapest line", "nur auf die billigste Position"),
    (
        {"lines": [{"match": "none", "labels": ["sale"]}]},
        "when no line is with the label sale",
        "wenn keine Position mit dem Kennzeichen sale ist",
    ),
    (
        {"lines": [{"skus": ["x"], "min_price_minor": 500, "min_lines": 2, "min_quantity": 3}]},
        "when the receipt has at least 2 lines of the article x and with a price of at least $5.00 a piece, "
        "together at least 3 pieces",
        "wenn der Bon mindestens 2 Positionen mit dem Artikel x und mit einem Preis von mindestens "
        "5,00\N{NO-BREAK SPACE}$ je Stück hat, zusammen mindestens 3 Stück",
    ),
    ({"segments": ["vip"]}, "for the segment vip", "für das Segment vip"),
    (
        {"member": {"attributes": [{"name": "app", "is": True}]}},
        "for members with app: yes",
        "für Mitglieder mit app: ja",
    ),
    (
        {"member": {"birthday": {"days_before": 3, "days_after": 1}}},
        "on the member's birthday and on the 3 days before and on the day after",
        "am Geburtstag des Mitglieds und an den 3 Tagen davor und am Tag danach",
    ),
    (
        {"member": {"anniversary": {"years": [1, 5]}}},
        "on the day 1 or 5 years after the enrolment",
        "am Tag 1 oder 5 Jahre nach dem Beitritt",
    ),
    (
        {"member": {"enrolled": {"max_days": 1}}},
        "for members who enrolled at most 1 day ago",
        "für Mitglieder, die vor höchstens 1 Tag beigetreten sind",
    ),
    (
        {"member": {"last_purchase": {"min_days": 30, "max_days": 60}}},
        "for members whose last purchase was 30 to 60 days ago",
        "für Mitglieder, deren letzter Einkauf vor 30 bis 60 Tagen war",
    ),
    (
        {"member": {"nth_purchase": {"every": 5}}},
        "on the member's purchases number 5, 10, 15 and so on",
        "bei den Einkäufen Nummer 5, 10, 15 und so weiter des Mitglieds",
    ),
    (
        {"member": {"history": [{"count": "visits", "within": {"days": 30}, "min": 3}]}},
        "for members with at least 3 visits in the last 30 days",
        "für Mitglieder mit mindestens 3 Besuchen in den letzten 30 Tagen",
    ),
    (
        {
            "member": {
                "history": [
                    {"count": "spend_minor", "category": "tea", "within": {"period": "quarter", "back": 1}, "min": 500}
                ]
            }
        },
        "for members with at least $5.00 spent on the category tea in the quarter before this one",
        "für Mitglieder mit mindestens 5,00\N{NO-BREAK SPACE}$ Umsatz in der Warengruppe tea im Quartal vor diesem",
    ),
]


@pytest.mark.parametrize(("when", "english", "german"), CONDITIONS_SAID)
def test_a_condition_is_told_with_its_numbers(when: dict[str, Any], english: str, german: str) -> None:
    assert sentences(campaign("a", fixed(2), when=when)) == [f"2 points {english}."]
    assert sentences(campaign("a", fixed(2), when=when), language="de") == [f"2 Punkte {german}."]


def test_tier_points_are_told_with_their_set_where_there_are_several() -> None:
    sets = [
        {"name": name, "levels": [{"name": "one"}], "drives_tier": name == "status"} for name in ("status", "stars")
    ]
    for effect, english, german in (
        (
            {"points": 1, "per_minor": 100},
            "1 tier point for every $1.00.",
            "1 Stufenpunkt für je 1,00\N{NO-BREAK SPACE}$.",
        ),
        (
            {"points": 1_500, "tier_set": "stars"},
            "1,500 tier points towards “stars”.",
            "1.500 Stufenpunkte für „stars“.",
        ),
    ):
        running = programme(campaign("a", {"kind": "tier_points"} | effect), tier_sets=sets)
        told = [describe_rules(running, THURSDAY, language).rules[0].sentence for language in ("en", "de")]
        assert told == [english, german]


def test_a_circle_is_told_with_its_middle() -> None:
    stores = [{"id": "1", "latitude": "47.5", "longitude": "-8.25"}]
    near = campaign("a", fixed(2), when={"near": {"latitude": "47.5", "longitude": "-8.25", "metres": 2_500}})
    told = {
        language: describe_rules(programme(near, stores=stores), THURSDAY, language).rules for language in LANGUAGES
    }
    assert told["en"][0].sentence == "2 points in stores at most 2.5 km from 47.5, -8.25."
    assert told["de"][0].sentence == "2 Punkte in Filialen höchstens 2,5 km von 47.5, -8.25."


FRAMES_SAID: list[tuple[dict[str, Any], str, str]] = [
    (
        {"before_expiry": {"wallet": "points", "days": 14}},
        "in the last 14 days before points lapse",
        "in den letzten 14 Tagen, bevor points verfallen",
    ),
    (
        {"windows": [{"from": "08:00", "to": "10:00"}, {"from": "18:00", "to": "20:00", "weekdays": ["fri"]}]},
        "between 08:00 and 10:00 or on Friday between 18:00 and 20:00",
        "zwischen 08:00 und 10:00 Uhr oder am Freitag zwischen 18:00 und 20:00 Uhr",
    ),
    (
        {"days": [{"first_day": "2017-01-05", "last_day": "2017-01-08"}], "blackouts": [{"first_day": "2017-01-07"}]},
        "on January 5, 2017 to January 8, 2017, not on January 7, 2017",
        "am 5. Januar 2017 bis 8. Januar 2017, nicht am 7. Januar 2017",
    ),
    (
        {"recurrence": [{"rule": "FREQ=MONTHLY;BYDAY=1TH", "first_day": "2017-01-01"}]},
        "every month on the first Thursday from January 1, 2017 on",
        "jeden Monat am ersten Donnerstag ab 1. Januar 2017",
    ),
    (
        {"recurrence": [{"rule": "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=5;UNTIL=20200105", "first_day": "2017-01-01"}]},
        "every year on day 5 of the month in January from January 1, 2017 on until January 5, 2020",
        "jedes Jahr am 5. des Monats im Januar ab 1. Januar 2017 bis 5. Januar 2020",
    ),
    (
        {"recurrence": [{"rule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR;COUNT=9", "first_day": "2017-01-05"}]},
        "every 2 weeks on Friday 9 times from January 5, 2017 on",
        "alle 2 Wochen am Freitag 9-mal ab 5. Januar 2017",
    ),
    (
        {"recurrence": [{"rule": "FREQ=YEARLY;BYYEARDAY=5", "first_day": "2017-01-01"}]},
        "on the days of the rule “FREQ=YEARLY;BYYEARDAY=5” from January 1, 2017 on",
        "an den Tagen der Regel „FREQ=YEARLY;BYYEARDAY=5“ ab 1. Januar 2017",
    ),
    (
        {
            "not_holidays": [
                {"country": "DE", "subdivision": "BY", "first_year": 2017, "last_year": 2018, "days_before": 1}
            ]
        },
        "not on public holidays in Germany (BY) 2017 to 2018 and on the day before",
        "nicht an Feiertagen in Deutschland (BY) 2017 bis 2018 und am Tag davor",
    ),
]


@pytest.mark.parametrize(("frame", "english", "german"), FRAMES_SAID)
def test_a_frame_is_told_with_its_days(frame: dict[str, Any], english: str, german: str) -> None:
    assert sentences(campaign("a", fixed(2), frame=frame)) == [f"2 points {english}."]
    assert sentences(campaign("a", fixed(2), frame=frame), language="de") == [f"2 Punkte {german}."]


@pytest.mark.parametrize("zone", ["Europe/Rome", "America/New_York"])
def test_the_first_and_the_last_instant_that_a_document_can_have_are_told_in_any_zone(zone: str) -> None:
    frame = {"starts_at": "0001-01-01T00:00:00Z", "ends_at": "9999-12-31T23:59:59Z"}
    (rule,) = describe_rules(programme(campaign("a", fixed(2), frame=frame), zone=zone), THURSDAY).rules
    assert "from January 1, 1" in rule.sentence
    assert "until December 31, 9999" in rule.sentence


def test_every_condition_and_limit_has_words() -> None:
    """A new condition or limit has no text, and no rule that has it can be told, until it is given words here."""
    keys = _keys()
    told = keys | {key.partition(".")[0] for key in keys}
    assert {name for name in (*Conditions.model_fields, *Frame.model_fields) if name not in told | {"windows"}} == set()
    assert {f"member.{name}" for name in MemberConditions.model_fields} <= told
    for model in (Limit, SharedLimit):
        scopes = get_args(model.model_fields["scope"].annotation)
        assert {f"limit.{name}" for name in (*scopes, *get_args(Period), *UNITS)} <= told


def _keys() -> set[str]:
    from libs.promotions.wording.codes import RULES_ENGLISH as of_codes
    from libs.promotions.wording.english import RULES as texts

    return {*texts, *of_codes}


def test_only_what_runs_is_told() -> None:
    quiet = [campaign(state, fixed(1)) | {"state": state} for state in ("draft", "paused", "ended")]
    past = campaign("past", fixed(2), frame={"ends_at": "2017-01-01T00:00:00Z"})
    future = campaign("future", fixed(3), frame={"starts_at": "2018-01-01T00:00:00Z"}) | {"state": "scheduled"}
    told = programme(*quiet, past, future, campaign("base", BASE))
    assert [rule.campaign for rule in describe_rules(told, THURSDAY).rules] == ["base"]
    assert [rule.campaign for rule in describe_rules(told, datetime(2018, 1, 1, tzinfo=UTC)).rules] == [
        "base",
        "future",
    ]
    assert describe_rules(told, THURSDAY, killed=frozenset({"base"})).rules == ()


def test_campaigns_that_exclude_each_other_are_told_together() -> None:
    pair = [campaign(name, fixed(at), group="g", mode="best") for at, name in enumerate(("one", "two"), 1)]
    (words,) = describe_rules(programme(*pair), THURSDAY).groups
    assert words == "Only the one of these that brings most counts: One; Two."
    assert describe_rules(programme(pair[0]), THURSDAY).groups == ()


def test_what_points_are_worth_and_when_they_lapse() -> None:
    wallet = {
        "name": "stars",
        "scale": 2,
        "expiry": {"kind": "natural", "period": "year"},
        "pending": {"kind": "after", "days": 14},
        "worth": {"points": 10_000, "minor": 100},
    }
    (told,) = describe_rules(programme(campaign("a", fixed(50)), wallets=[wallet]), THURSDAY).wallets
    assert told.sentences == (
        "They become active 14 days after they were earned.",
        "They lapse at the end of the year they were earned in.",
        "Their time counts from the day on which they become active.",
        "100.00 stars are worth $1.00.",
    )
    assert sentences(campaign("a", fixed(50) | {"wallet": "points"})) == ["50 points."]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_example_is_told(example: Path, language: str) -> None:
    compiled = compile_programme(parse_programme_yaml(example.read_text(encoding="utf-8")))
    at = datetime(2026, 5, 1, tzinfo=UTC)
    told = describe_rules(compiled, at, language)
    assert {rule.campaign for rule in told.rules} == {
        one.id for one in compiled.source.campaigns if one.state in ("live", "scheduled")
    }
    assert [SECTIONS.index(rule.section) for rule in told.rules] == sorted(
        SECTIONS.index(rule.section) for rule in told.rules
    )
    for rule in told.rules:
        assert rule.sentence.endswith(".")
        assert "{" not in rule.sentence
        assert "its condition" not in rule.sentence


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents(), instants)
def test_all_that_runs_is_told_whatever_it_is(text: dict[str, Any], at: datetime) -> None:
    compiled = compile_programme(parse_programme(text))
    for language in LANGUAGES:
        told = describe_rules(compiled, at, language)
        assert {rule.campaign for rule in told.rules} == {
            one.id for one in compiled.campaigns if within(one.source.frame, at)
        }
