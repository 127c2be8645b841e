"""Conditions and days: the engine agrees with naive answers, and has words for whatever was missing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.promotions.compile import compile_programme
from libs.promotions.decide import evaluate
from libs.promotions.document import canonical_json, parse_programme
from libs.promotions.evaluation import RULE_ERROR
from libs.promotions.explain import describe, explain, why_not
from libs.promotions.facts import MemberFacts, Receipt
from tests.unit.promotions.build import MEMBER, campaign, document, failures, fixed
from tests.unit.promotions.reference import holds
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


def agree(rule: dict[str, Any], receipt: Receipt, member: MemberFacts, at: datetime, zone: str) -> None:
    text = document(campaign("c", fixed(5), **rule), zone=zone, stores=STORES)
    programme = parse_programme(text)
    compiled = compile_programme(programme)
    found = evaluate(compiled, receipt, member, at, {})
    met = holds(programme, programme.campaigns[0], receipt, member, at)
    assert bool(found.paid) is met
    told = why_not("c", compiled, receipt, member, at)
    assert (told is None) is met
    for condition in failures(found).values():
        assert condition == told
        assert describe(condition) != condition, "every condition has words"
        assert not condition.startswith(RULE_ERROR)
    words = [one["words"] for one in explain(found, receipt, compiled, member, at)["not_paid"]]
    assert len(words) == len(found.failed)
    stored = programme.model_dump(mode="json", by_alias=True)
    assert canonical_json(parse_programme(stored)) == canonical_json(programme)


quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


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
