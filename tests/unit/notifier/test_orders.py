"""What steps of scenarios ask of others: events that their owners read, once for each step of a member."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest

from libs.contracts.strict import strict_event
from libs.contracts.topics import topic_of
from libs.promotions.scenario_steps import Step
from services.notifier.acting.orders import Due, name_of, orders

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def due(action: str, step: str = "gift") -> Due:
    occasion = f"scenario/win_back/{step}/segment_entered/5b"
    return Due(1, 2, UUID(int=7), occasion, "win_back", step, action, "told", AT, AT)


def told(action: str, **what: Any) -> list[tuple[str, dict[str, Any]]]:
    step = Step.model_validate({"name": "gift", action: what})
    found = orders("acme", "club", "points", due(action), step, AT)
    for each in found:
        event = orjson.loads(each.value)
        strict_event(event["type"]).model_validate_json(each.value)
        assert topic_of(event["type"]).name == each.topic
        assert each.key == str(UUID(int=7)).encode()
    return [(each.topic, orjson.loads(each.value)) for each in found]


@pytest.mark.parametrize(
    ("action", "what", "topic", "asked"),
    [
        ("points", {"points": 50}, "loyalty.activities",
         {"wallet": "points", "points": 50, "reason": "scenario", "note": "win_back/gift",
          "requested_by": "scenario:win_back"}),
        ("points", {"points": 5, "wallet": "miles"}, "loyalty.activities", {"wallet": "miles", "points": 5}),
        ("reward", {"reference": "cake", "kind": "coupon", "quantity": 2}, "loyalty.rewards",
         {"kind": "coupon", "reference": "cake", "quantity": 2, "campaign": "scenario:win_back"}),
        ("tag", {"attribute": "won_back", "value": 3}, "loyalty.profiles", {"attributes": {"won_back": 3}}),
        ("tag", {"attribute": "won_back", "value": None}, "loyalty.profiles", {"attributes": {"won_back": None}}),
    ],
)  # fmt: skip
def test_whoever_owns_it_is_asked(action: str, what: dict[str, Any], topic: str, asked: dict[str, Any]) -> None:
    (where, order), (said_where, said) = told(action, **what)
    assert where == topic
    assert order["data"].items() >= asked.items()
    assert order["id"] == str(name_of("acme", due(action)))
    assert (said_where, said["data"]["action"], said["data"]["trigger"]) == (
        "loyalty.messages",
        action,
        "segment_entered",
    )
    assert told(action, **what) == [(where, order), (said_where, said)]


def test_other_systems_are_told_and_nobody_is_asked() -> None:
    ((topic, said),) = told("webhook", data={"wave": 2, "urgent": True})
    assert (topic, said["type"]) == ("loyalty.messages", "org.pointstream.scenario.acted.v1")
    assert said["data"]["data"] == {"wave": 2, "urgent": True}
    assert (said["data"]["arm"], said["data"]["scenario"], said["data"]["step"]) == ("told", "win_back", "gift")


def test_each_step_has_a_name_of_its_own() -> None:
    assert name_of("acme", due("points")) != name_of("acme", due("points", "other"))
    assert name_of("acme", due("points")) != name_of("other", due("points"))
