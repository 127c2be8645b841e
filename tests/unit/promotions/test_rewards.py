"""Rewards that levels keep for their members: given to them alone, and told so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from libs.programmes.consequences import consequences
from libs.promotions.compile import compile_programme
from libs.promotions.describe import describe_rules
from libs.promotions.document import parse_programme
from libs.promotions.evaluation import Failed
from libs.promotions.explain import explain
from libs.promotions.facts import MemberFacts
from tests.unit.promotions.build import THURSDAY, document, judge, total

LOUNGE = {"kind": "reward", "reference": "lounge"}
CAMPAIGN: dict[str, Any] = {
    "id": "thanks", "name": "Thanks", "state": "live", "effects": [{"kind": "fixed", "points": 5}, LOUNGE],
}  # fmt: skip
LEVELS: list[dict[str, Any]] = [
    {"name": "basic"},
    {"name": "silver", "title": "Silver", "needs": {"points": 10}, "rewards": ["lounge"]},
    {"name": "gold", "needs": {"points": 100}, "rewards": ["lounge", "spa"]},
]
STATUS = {"name": "status", "drives_tier": True, "levels": LEVELS}
RULES = document(CAMPAIGN, tier_sets=[STATUS])


def member(tier: str | None) -> MemberFacts:
    return MemberFacts(UUID(int=7), tier)


@pytest.mark.parametrize(("tier", "has"), [("silver", True), ("gold", True), ("basic", False), (None, False)])
def test_only_members_of_such_a_level_get_it(tier: str | None, has: bool) -> None:
    found = judge(RULES, total(100), member=member(tier))
    assert [grant.points for grant in found.grants] == [5], "what else the campaign gives stands"
    assert [one.reference for one in found.granted] == (["lounge"] if has else [])
    assert found.failed == (() if has else (Failed("thanks", "reserved:lounge"),))


def test_a_receipt_of_nobody_gets_none_and_a_reward_that_no_level_names_is_everybodys() -> None:
    assert judge(RULES, total(100), member=None).granted == ()
    free = document(CAMPAIGN | {"effects": [LOUNGE | {"reference": "mug"}]}, tier_sets=[STATUS])
    assert [one.reference for one in judge(free, total(100), member=member("basic")).granted] == ["mug"]
    badge = document(CAMPAIGN | {"effects": [LOUNGE | {"kind": "badge"}]}, tier_sets=[STATUS])
    assert len(judge(badge, total(100), member=member("basic")).granted) == 1


def test_the_refusal_is_told_in_both_languages() -> None:
    compiled = compile_programme(parse_programme(RULES))
    evaluation = judge(RULES, total(100), member=member("basic"))
    told = {
        language: explain(evaluation, total(100), compiled, member("basic"), THURSDAY, language=language)
        for language in ("en", "de")
    }
    assert {language: [each["words"] for each in found["not_paid"]] for language, found in told.items()} == {
        "en": ["its reward 'lounge' is for members of other levels"],
        "de": ["ihre Prämie 'lounge' ist für Mitglieder anderer Stufen"],
    }


def test_the_rules_of_the_programme_say_for_whom_it_is() -> None:
    compiled = compile_programme(parse_programme(RULES))
    told = [describe_rules(compiled, THURSDAY, language).rules[0].sentence for language in ("en", "de")]
    assert "reward lounge (for Silver and gold only)" in told[0]
    assert "Prämie lounge (nur für Silver und gold)" in told[1]


def test_a_plan_says_which_of_them_come_to_nothing() -> None:
    at = datetime(2024, 1, 1, tzinfo=UTC)
    told = consequences(None, parse_programme(RULES), at)
    assert [each for each in told if "reward" in each] == [
        "tier_sets[status].levels[gold].rewards: no campaign gives the reward spa, so nobody has it yet."
    ]
    apart = document(CAMPAIGN, tier_sets=[STATUS | {"drives_tier": False}])
    assert len([each for each in consequences(None, parse_programme(apart), at) if "does not drive" in each]) == 2
    assert len(judge(apart, total(100), member=member("basic")).granted) == 1
