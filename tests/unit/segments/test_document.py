"""Segments in the document: faults by path, words for every condition, what the programme asks for because of them."""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

import pytest

from libs.contracts.identifiers import IdentifierNames
from libs.history.needs import Needs, needs_of
from libs.language.catalogue import LANGUAGES
from libs.promotions.compile import compile_programme
from libs.promotions.describe import Words
from libs.promotions.diff import compare
from libs.promotions.document import ProgrammeInvalid, canonical_json, parse_programme, parse_programme_yaml
from libs.promotions.programme import Programme
from libs.promotions.segments import Segment
from libs.segments.decide import segments_at
from libs.segments.explain import Line, criterion_words, describe, explain
from libs.segments.finding import Look
from libs.segments.lists import UNKNOWN, entry_named, entry_of
from libs.segments.rules import digest, rules_of
from libs.segments.texts import SEGMENTS
from tests.support.database import ACME, programme_document
from tests.unit.segments.test_decide import CASES, KNOWN, ROME, TODAY, noon, rules

ROOT = Path(__file__).parents[3]
STATUS = {"name": "status", "levels": [{"name": "gold"}], "drives_tier": True}
LIST = {"name": "vip", "list": True}


def parsed(*segments: dict[str, Any], **more: Any) -> Programme:
    return parse_programme(programme_document(ACME) | {"segments": list(segments)} | more)


def when(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"name": "s", "when": {"all": list(conditions)}}


def nested(depth: int) -> dict[str, Any]:
    inner: dict[str, Any] = {"kind": "tier", "one_of": ["gold"]}
    for _ in range(depth):
        inner = {"kind": "group", "any": [inner]}
    return when(inner)


@pytest.mark.parametrize(
    ("segment", "path"),
    [
        ({"name": "s"}, "segments[1].when"),
        ({"name": "s", "list": True, "when": {"all": [{"kind": "tier", "one_of": ["gold"]}]}}, "segments[1].when"),
        ({"name": "s", "when": {}}, "segments[1].when.all"),
        ({"name": "vip", "list": True}, "segments[1].name"),
        (nested(5), "segments[1].when.all[0].any[0].any[0].any[0].any[0]"),
        (when({"kind": "count", "what": "visits"}), "segments[1].when.all[0].min"),
        (when({"kind": "count", "what": "visits", "min": 3, "max": 2}), "segments[1].when.all[0].max"),
        (when({"kind": "count", "what": "visits", "of": "store", "min": 3}), "segments[1].when.all[0].of"),
        (when({"kind": "count", "what": "activities", "min": 3}), "segments[1].when.all[0].one_of"),
        (when({"kind": "count", "what": "visits", "wallets": ["points"], "min": 3}), "segments[1].when.all[0].wallets"),
        (when({"kind": "count", "what": "points", "wallets": ["no"], "min": 3}), "segments[1].when.all[0].wallets[0]"),
        (when({"kind": "share", "of": "store", "one_of": ["1"]}), "segments[1].when.all[0].min_percent"),
        (when({"kind": "balance", "wallet": "no", "min": 3}), "segments[1].when.all[0].wallet"),
        (when({"kind": "list", "one_of": ["s"]}), "segments[1].when.all[0].one_of[0]"),
        (when({"kind": "tier", "set": "no", "one_of": ["gold"]}), "segments[1].when.all[0].set"),
        (when({"kind": "tier", "one_of": ["tin"]}), "segments[1].when.all[0].one_of[0]"),
        (when({"kind": "attribute", "name": "age", "at_least": 3}), "segments[1].when.all[0].name"),
        (when({"kind": "attribute", "name": "language", "at_least": 3}), "segments[1].when.all[0].name"),
        (when({"kind": "visits", "min": 3}), "segments[1].when.all[0]"),
    ],
)
def test_a_fault_names_its_path(segment: dict[str, Any], path: str) -> None:
    with pytest.raises(ProgrammeInvalid) as caught:
        parsed(LIST, segment, tier_sets=[STATUS], attributes=[{"name": "language", "type": "text"}])
    assert [error.path for error in caught.value.errors] == [path]


@pytest.mark.parametrize(
    ("condition", "path"),
    [
        ({"segments": ["other"]}, "campaigns[0].when.segments[0]"),
        ({"not_segments": ["vip", "other"]}, "campaigns[0].when.not_segments[1]"),
        ({"lists": ["rich"]}, "campaigns[0].when.lists[0]"),
    ],
)
def test_where_segments_are_declared_campaigns_name_no_others(condition: dict[str, Any], path: str) -> None:
    campaign = {"id": "c", "name": "c", "state": "live", "when": condition, "effect": {"kind": "fixed", "points": 1}}
    rich = {"name": "rich", "when": {"any": [{"kind": "balance", "min": 1}]}}
    with pytest.raises(ProgrammeInvalid) as caught:
        parsed(LIST, rich, campaigns=[campaign])
    assert [error.path for error in caught.value.errors] == [path]
    assert parse_programme(programme_document(ACME) | {"campaigns": [campaign]}).segments == ()


def test_a_trigger_names_a_segment_that_there_is() -> None:
    trigger = {"kind": "segment_entered", "segment": "other"}
    campaign = {"id": "c", "name": "c", "state": "live", "trigger": trigger, "effect": {"kind": "fixed", "points": 1}}
    with pytest.raises(ProgrammeInvalid) as caught:
        parsed(LIST, campaigns=[campaign])
    assert [error.path for error in caught.value.errors] == ["campaigns[0].trigger.segment"]
    assert parsed(LIST, campaigns=[campaign | {"trigger": trigger | {"segment": LIST["name"]}}]).campaigns


def test_a_change_of_a_segment_is_told_by_its_name() -> None:
    before, after = parsed(LIST, nested(1)), parsed(LIST, nested(2))
    assert [(change.path, change.what) for change in compare(before, after)] == [("segments[s].when.all", "changed")]
    assert [change.path for change in compare(after, parsed(LIST))] == ["segments[s]"]
    assert b"segments" not in canonical_json(parse_programme(programme_document(ACME)))
    assert digest(rules_of(before, ROME)) == digest(rules_of(parsed(LIST, nested(1)), ROME))
    assert digest(rules_of(before, ROME)) != digest(rules_of(after, ROME))


def test_days_are_counted_for_segments_and_looked_at_by_them_alone() -> None:
    tea = {"kind": "favourite", "of": "category", "one_of": ["tea"]}
    share = {"kind": "share", "of": "store", "one_of": ["1"], "min_percent": 1}
    product = {"kind": "count", "what": "spend_minor", "of": "product", "one_of": ["t"], "min": 1}
    assert needs_of(parsed(LIST)) is None
    assert needs_of(parsed(when({"kind": "balance", "min": 1}))) is None
    assert needs_of(parsed(when({"kind": "recency", "max_days": 1}))) == Needs(())
    found = needs_of(parsed(when(tea, {"kind": "group", "none": [share, product]})))
    assert found == Needs((), by_category=True, shares=frozenset({"store", "product"}))


def test_every_condition_has_words_and_says_what_there_is() -> None:
    document = programme_document(ACME)
    compiled = compile_programme(parse_programme(document))
    assert SEGMENTS.faults() == []
    for language in LANGUAGES:
        teller = Words(compiled, language)
        for condition, met in CASES:
            rule = rules(condition)
            (segment,) = rule.segments
            heading, line = explain(segment, Look(rule, KNOWN, noon(TODAY)), teller).lines
            assert (heading.met, line.met) == (met, met)
            assert line.words in "\n".join(describe(segment, teller))
            if condition["kind"] != "anniversary":
                assert line.there
    german = Words(compiled, "de")
    told = {explain(rules(one).segments[0], Look(rules(one), KNOWN, noon(TODAY)), german).lines[1] for one, _ in CASES}
    assert Line(1, "mindestens 3 Einkäufe bisher", True, "3") not in told
    assert Line(1, "genau 3 Einkäufe bisher", True, "3") in told
    assert Line(1, "bisher gehen mindestens 83 % der Ausgaben an Filiale: ROMA", True, "83 %") in told
    assert not any(line.there == "it" or (line.there == "2" and "children" in line.words) for line in told)


def test_groups_are_explained_in_their_depth() -> None:
    segment = Segment.model_validate(nested(1))
    rule = rules(*nested(1)["when"]["all"])
    teller = Words(compile_programme(parse_programme(programme_document(ACME))), "en")
    lines = explain(segment, Look(rule, KNOWN, noon(TODAY)), teller).lines
    assert [(line.depth, line.met) for line in lines] == [(0, True), (1, True), (2, True)]
    (group,) = nested(1)["when"]["all"]
    (criterion,) = Segment.model_validate(when(group)).criteria().__next__()[1:]
    assert criterion_words(criterion, teller) == "at least one of these holds"


def test_the_examples_hold() -> None:
    outcome = doctest.testfile(str(ROOT / "libs/segments/README.md"), module_relative=False)
    assert outcome.attempted >= 8
    assert outcome.failed == 0
    text = (ROOT / "libs/promotions/examples/library/segments.yaml").read_text(encoding="utf-8")
    programme = parse_programme_yaml(text)
    found = segments_at(rules_of(programme, ROME), KNOWN, noon(TODAY))
    assert found == frozenset()


def test_a_row_of_a_list_names_somebody_or_says_why_not() -> None:
    by_id = entry_of({"member_id": "00000000-0000-0000-0000-000000000001", "card": "7"}, None)
    assert by_id == entry_named("00000000-0000-0000-0000-000000000001", None)
    for cells in ({}, {"points": "3"}, {"member_id": "7"}, {"card": "7"}, {"card": "\x00"}):
        assert getattr(entry_of(cells, None), "code", None) == "field"
    for text in ("loyalty:7", "card:7\x00"):
        assert getattr(entry_named(text, IdentifierNames(b"k" * 32)), "code", None) == "field"
    assert UNKNOWN.code == "unknown"
