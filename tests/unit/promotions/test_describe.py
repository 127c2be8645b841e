"""The rules in words: what runs is told, all of it, in every language; what doesn't run isn't."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings

from libs.language.catalogue import LANGUAGES, Catalogue
from libs.promotions.allowances import UNITS, Limit, Period, SharedLimit
from libs.promotions.compile import CompiledProgramme, compile_programme
from libs.promotions.criteria import Conditions
from libs.promotions.days import within
from libs.promotions.describe import SECTIONS, describe_rules
from libs.promotions.document import parse_programme, parse_programme_yaml
from libs.promotions.explain import CONDITIONS, REASONS
from libs.promotions.wording import EXPLANATIONS, HINTS, RULES
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
    [CONDITIONS, REASONS, EXPLANATIONS, RULES, HINTS],
    ids=["conditions", "reasons", "sentences", "rules", "hints"],
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


def test_every_condition_and_limit_has_words() -> None:
    """A new condition or limit is told by its name alone until it is given words here."""
    told = {key.removesuffix(".lines") for key in _keys()}
    assert {name for name in Conditions.model_fields if name not in told} == set()
    for model in (Limit, SharedLimit):
        scopes = get_args(model.model_fields["scope"].annotation)
        assert {f"limit.{name}" for name in (*scopes, *get_args(Period), *UNITS)} <= told


def _keys() -> set[str]:
    from libs.promotions.wording.english import RULES as texts

    return set(texts)


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
