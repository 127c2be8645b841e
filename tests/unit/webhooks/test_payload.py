"""What a webhook says of an event, for every example of every event that it may tell of."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

import libs.contracts
from libs.webhooks.payload import MOST_BYTES, Told, message_name, message_of, short_type
from libs.webhooks.wanted import SOURCES, TO_MEMBER, TYPES, unknown_types, wants

EXAMPLES = Path(libs.contracts.__file__).parent / "examples"
ENDPOINT, OTHER = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize("kind", [each for each in TYPES if each != TO_MEMBER])
def test_every_event_can_be_told_of(kind: str) -> None:
    for form in ("minimal", "full"):
        raw = EXAMPLES.joinpath(f"{kind}.v1.{form}.json").read_bytes()
        event = msgspec.json.decode(raw, type=Told)
        thin = message_of(event, ENDPOINT, "thin")
        said = json.loads(thin.body)
        assert (said["type"], short_type(event.type)) == (kind, kind)
        assert said["data"]["event_id"] == event.id
        assert "details" not in said["data"]
        assert len(thin.body) < MOST_BYTES
        full = json.loads(message_of(event, ENDPOINT, "full").body)
        assert full["data"]["details"] == json.loads(raw)["data"]
        assert message_of(event, ENDPOINT, "full").message_id == thin.message_id
        assert message_of(event, OTHER, "thin").message_id != thin.message_id
        assert "." not in message_name(thin.message_id)


def test_what_is_too_long_is_told_thin() -> None:
    raw = json.loads(EXAMPLES.joinpath("points.credited.v1.full.json").read_text(encoding="utf-8"))
    raw["data"]["long"] = "x" * MOST_BYTES
    message = message_of(msgspec.json.decode(json.dumps(raw), type=Told), ENDPOINT, "full")
    said = json.loads(message.body)["data"]
    assert said["details_left_out"] is True
    assert said["member_id"] == raw["data"]["member_id"]
    assert "details" not in said


def test_types_families_and_all() -> None:
    assert wants(["points.*"], "points.credited")
    assert wants(["*"], "sweep.finished")
    assert wants(["points.credited", "sweep.finished"], "sweep.finished")
    assert not wants(["points.expired", "sweep.*"], "points.credited")
    assert not wants([], "points.credited")
    assert unknown_types(["*", "points.*", "points.credited", "pionts.*", "points.credit", "points*"]) == [
        "pionts.*", "points.credit", "points*",
    ]  # fmt: skip


def test_what_comes_in_is_not_told_outside() -> None:
    names = {topic.name for topic in SOURCES}
    assert {"loyalty.points", "loyalty.members", "loyalty.rewards", "loyalty.sweeps", "loyalty.messages"} <= names
    assert names.isdisjoint({"loyalty.profiles", "loyalty.purchases", "loyalty.reminders", "loyalty.balances"})
