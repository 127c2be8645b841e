"""The form of a campaign: every ready incentive can be filled in, and comes out of the form as it went in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from libs.promotions.campaigns import Campaign
from libs.promotions.document import DocumentError
from libs.promotions.schema import programme_schema
from services.gateway.planning.fields import fields_of, is_sound
from services.gateway.planning.labels import LABELS, VALUES
from services.gateway.planning.library import SHELVES, examples
from services.gateway.planning.reading import PREFIX, Place, note_errors, read_form, shown
from services.gateway.planning.wizard_words import WIZARD
from services.gateway.planning.words import KINDS, PAGES

ROME = Place(2, ZoneInfo("Europe/Rome"))
DEFINITIONS = programme_schema()["$defs"]
TOP = {"state", "frame", "effect", "when", "trigger"}


def posted(campaign: Mapping[str, Any], **changes: str) -> dict[str, list[str]]:
    """What a browser sends for a form that nobody touched, but for some fields."""
    sent = {PREFIX + each.path: ["", *shown(each, {}, ROME)] for each in fields_of(campaign)}
    return sent | {PREFIX + path: [text] for path, text in changes.items()}


@pytest.mark.parametrize("name", examples())
def test_an_incentive_comes_out_of_its_form_as_it_went_in(name: str) -> None:
    example = examples()[name]
    read = read_form(example.campaign, posted(example.campaign), ROME)
    assert read.faults == {}
    assert Campaign.model_validate(read.campaign) == example.source.model_copy(update={"state": "draft"})
    assert example.shelf in SHELVES
    assert {example.sentence("en"), example.sentence("de")} != {""}


def test_places_are_written_in_degrees() -> None:
    fair = examples()["location.near-the-fair"].campaign
    sent = posted(fair)
    assert sent[PREFIX + "when.near.latitude"] == ["", "45.478000"]
    read = read_form(fair, posted(fair, **{"when.near.latitude": " -1,5 ", "when.near.longitude": "9.155.1"}), ROME)
    assert read.campaign["when"]["near"]["latitude"] == -1_500_000
    assert read.faults == {"when.near.longitude": ["fault.degrees"]}


def test_what_is_typed_counts() -> None:
    steps = examples()["points-by-steps.steps"].campaign
    changes = {
        "effect.steps[0].from_minor": "60,50",
        "effect.steps[2].points": " 130 ",
        "when.stores": "12, 13",
        "frame.starts_at": "2024-03-31T12:00",
        "frame.hours.from": "08:00",
        "frame.hours.to": "10:00",
        "limits[0].period": "month",
        "limits[0].points": "5000",
        "mode": "best",
        "group": "spring",
    }
    read = read_form(steps, posted(steps, **changes), ROME)
    campaign = Campaign.model_validate(read.campaign)
    assert read.campaign["effect"]["steps"] == [
        {"from_minor": 6050, "points": 20},
        {"from_minor": 10000, "points": 50},
        {"from_minor": 20000, "points": 130},
    ]
    assert (campaign.when.stores, campaign.mode, campaign.group) == (("12", "13"), "best", "spring")
    assert read.campaign["frame"]["starts_at"] == "2024-03-31T12:00:00+02:00"
    assert [(one.scope, one.period, one.points) for one in campaign.limits] == [("campaign", "month", 5000)]
    again = read_form(read.campaign, posted(read.campaign, **{"frame.hours.from": "", "frame.hours.to": ""}), ROME)
    assert again.campaign["frame"] == {"starts_at": "2024-03-31T12:00:00+02:00"}


def test_faults_stand_at_their_fields() -> None:
    steps = examples()["points-by-steps.steps"].campaign
    read = read_form(steps, posted(steps, **{"effect.steps[0].points": "many", "when.min_total_minor": "1.234"}), ROME)
    assert read.faults == {"effect.steps[0].points": ["fault.int"], "when.min_total_minor": ["fault.money"]}
    read = read_form(steps, posted(steps), ROME)
    errors = [
        DocumentError("campaigns[4].effect.steps[1].points", "too many"),
        DocumentError("campaigns[4].limits[0]", "one amount"),
        DocumentError("campaigns[3].effect", "of another"),
        DocumentError("campaigns[4].cel", "no expression"),
    ]
    note_errors(read, errors, 4)
    assert read.faults == {
        "effect.steps[1].points": ["too many"],
        "limits[0].period": ["limits[0]: one amount"],
        "": ["campaigns[3].effect: of another", "cel: no expression"],
    }


def test_a_fault_of_a_limit_stands_in_its_row_though_the_one_before_is_empty() -> None:
    steps = examples()["points-by-steps.steps"].campaign
    read = read_form(steps, posted(steps, **{"limits[1].points": "5"}), ROME)
    assert read.campaign["limits"] == [{"points": 5}]
    note_errors(read, [DocumentError("campaigns[0].limits[0].period", "missing")], 0)
    assert read.faults == {"limits[1].period": ["missing"]}


@pytest.mark.parametrize("base", [{"frame": 1}, {"limits": {}}, {"limits": [1]}, {"effects": "x"}, {"when": None}])
def test_what_is_no_campaign_is_known(base: dict[str, Any]) -> None:
    assert is_sound(base) == (base == {"when": None})


def names(node: Any, seen: set[str]) -> Iterator[tuple[str, str | None]]:
    """Every field that a campaign may have, and what may be chosen in it."""
    if isinstance(node, list):
        for one in node:
            yield from names(one, seen)
    elif isinstance(node, dict):
        if "$ref" in node and (name := node["$ref"].rpartition("/")[2]) not in seen:
            seen.add(name)
            yield from names(DEFINITIONS[name], seen)
        for name, part in node.get("properties", {}).items():
            yield name, None
            for choice in part.get("enum", ()):
                yield name, choice
        for key, part in node.items():
            yield from names(list(part.values()) if key == "properties" else part, seen)


def kinds(node: Any) -> Iterator[str]:
    """Every kind that a part of the schema may be of."""
    if isinstance(node, dict):
        yield from node.get("mapping", {})
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from kinds(part)


def test_every_kind_that_the_calendar_offers_has_its_words() -> None:
    parts = DEFINITIONS["Campaign"]["properties"]
    known = {*kinds(parts["trigger"]), *kinds(parts["effect"])}
    for language in ("en", "de"):
        assert {each for each in known if not KINDS.get(language, each, "")} == set()
    assert KINDS.faults() == PAGES.faults() == []


def test_every_field_and_choice_has_its_words() -> None:
    found = set(names(DEFINITIONS["Campaign"], set()))
    for language in ("en", "de"):
        unnamed = {name for name, choice in found if choice is None and not LABELS.get(language, name, "")}
        assert unnamed == TOP
        choices = {(name, choice) for name, choice in found if choice is not None and name != "state"}
        assert {each for each in choices if not VALUES.get(language, f"{each[0]}.{each[1]}", "")} == set()


def test_every_language_has_every_text() -> None:
    assert [*LABELS.faults(), *VALUES.faults(), *WIZARD.faults()] == []
