"""Conditions and days: the engine agrees with naive answers, and has words for whatever was missing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from libs.promotions.compile import compile_programme
from libs.promotions.decide import evaluate
from libs.promotions.document import canonical_json, parse_programme
from libs.promotions.evaluation import RULE_ERROR
from libs.promotions.explain import describe, explain, why_not
from libs.promotions.facts import MemberFacts, Receipt
from tests.unit.promotions.build import MEMBER, campaign, document, failures, fixed, judge, points, total
from tests.unit.promotions.reference import amount_of, holds
from tests.unit.promotions.reference_conditions import chosen
from tests.unit.promotions.strategies import ZONES, receipts
from tests.unit.promotions.strategies_conditions import (
    STORES,
    condition_kinds,
    extra_conditions,
    extra_frames,
    frame_kinds,
    known_members,
    merged,
    near_instants,
)

EVERY_CENT = {"kind": "per_amount", "points": 1, "per_minor": 1}


def agree(rule: dict[str, Any], receipt: Receipt, member: MemberFacts, at: datetime, zone: str) -> None:
    text = document(campaign("c", EVERY_CENT, **rule), zone=zone, stores=STORES)
    programme = parse_programme(text)
    compiled = compile_programme(programme)
    found = evaluate(compiled, receipt, member, at, {})
    met = holds(programme, programme.campaigns[0], receipt, member, at)
    counted = amount_of(receipt, chosen(programme.campaigns[0].when, receipt))
    assert points(found) == (max(0, counted) if met else 0)
    told = why_not("c", compiled, receipt, member, at)
    assert (told is None) is met
    for condition in failures(found).values():
        assert condition == told or (met and condition == "nothing-earned")
        assert describe(condition) != condition, "every condition has words"
        assert not condition.startswith(RULE_ERROR)
    words = [one["words"] for one in explain(found, receipt, compiled, member, at)["not_paid"]]
    assert len(words) == len(found.failed)
    stored = programme.model_dump(mode="json", by_alias=True)
    assert canonical_json(parse_programme(stored)) == canonical_json(programme)


quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("kind", condition_kinds)
@quick
@given(st.data(), receipts(), known_members, near_instants)
def test_conditions_hold_as_the_document_says(kind, data, receipt, member, at) -> None:  # type: ignore[no-untyped-def]
    """Each kind by itself or beside others."""
    when = merged([data.draw(st.just({}) | extra_conditions), data.draw(kind)])
    agree({"when": when}, receipt, member, at, "Europe/Rome")


@pytest.mark.parametrize("kind", frame_kinds)
@quick
@given(st.data(), receipts(), near_instants, st.sampled_from(ZONES))
def test_campaigns_run_on_the_days_of_the_document(kind, data, receipt, at, zone) -> None:  # type: ignore[no-untyped-def]
    frame = {**data.draw(st.just({}) | extra_frames), **data.draw(kind)}
    agree({"frame": frame}, receipt, MEMBER, at, zone)


@pytest.mark.parametrize(
    ("asked", "known", "day", "met"),
    [
        ({"birthday": {}}, {"birthday": (3, 1)}, "2023-03-01", True),
        ({"birthday": {}}, {"birthday": (3, 1)}, "2023-03-02", False),
        ({"birthday": {"days_before": 2}}, {"birthday": (3, 1)}, "2023-02-27", True),
        ({"birthday": {"days_before": 2}}, {"birthday": (3, 1)}, "2023-03-02", False),
        ({"birthday": {"days_after": 2}}, {"birthday": (3, 1)}, "2023-03-03", True),
        ({"birthday": {"days_after": 2}}, {"birthday": (3, 1)}, "2023-02-28", False),
        ({"birthday": {"days_after": 2}}, {"birthday": (12, 31)}, "2023-01-02", True),
        ({"birthday": {"days_before": 2}}, {"birthday": (1, 1)}, "2023-12-30", True),
        ({"birthday": {}}, {"birthday": (2, 29)}, "2023-02-28", True),
        ({"birthday": {}}, {"birthday": (2, 29)}, "2024-02-28", False),
        ({"birthday": {}}, {"birthday": (2, 29)}, "2024-02-29", True),
        ({"anniversary": {}}, {"joined_on": date(2020, 2, 29)}, "2023-02-28", True),
        ({"anniversary": {}}, {"joined_on": date(2020, 2, 29)}, "2020-02-29", False),
        ({"anniversary": {"years": [2]}}, {"joined_on": date(2020, 2, 29)}, "2023-02-28", False),
        ({"anniversary": {"years": [3], "days_before": 1}}, {"joined_on": date(2021, 1, 1)}, "2023-12-31", True),
        ({"enrolled": {"max_days": 0}}, {"joined_on": date(2021, 1, 1)}, "2021-01-01", True),
        ({"enrolled": {"max_days": 30}}, {"joined_on": date(2021, 1, 1)}, "2021-02-01", False),
        ({"enrolled": {"min_days": 0}}, {"joined_on": date(2021, 1, 1)}, "2020-12-31", False),
    ],
)
def test_days_of_a_member(asked: dict[str, Any], known: dict[str, Any], day: str, met: bool) -> None:
    text = document(campaign("c", fixed(5), when={"member": asked}))
    at = datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC)
    assert points(judge(text, total(100), at, member=replace(MEMBER, **known))) == (5 if met else 0)


def test_a_day_begins_in_the_zone_of_the_programme() -> None:
    text = document(campaign("c", fixed(5), when={"member": {"birthday": {}}}), zone="Europe/Rome")
    member = replace(MEMBER, birthday=(5, 6))
    for hour, met in ((21, 0), (22, 5)):
        assert points(judge(text, total(100), datetime(2024, 5, 5, hour, 30, tzinfo=UTC), member=member)) == met
