"""The table of topics hangs together, and the fast twins know every rule of the models."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, get_args

import pytest
from annotated_types import Gt, MultipleOf
from pydantic import StringConstraints

from libs.contracts.events import PurchaseCompletedV1, PurchaseCorrectedV1
from libs.contracts.events.points import AccountName
from libs.contracts.primitives import Payload
from libs.contracts.registry import EVENTS
from libs.contracts.structs import data_struct, event_struct
from libs.contracts.topics import ALL_TOPICS, MAX_RECORD_BYTES, TOPICS, topic_named, topic_of, topics_to_create
from libs.ledger.model import Account


def test_every_type_of_the_table_is_ours_and_lies_in_one_topic() -> None:
    types = [event_type for topic in TOPICS for event_type in topic.types]
    assert sorted(types) == sorted(EVENTS)
    assert len(set(types)) == len(types)
    for event_type, contract in EVENTS.items():
        assert topic_of(event_type) is contract.topic


def test_what_we_read_has_dead_letters_and_they_have_room_for_the_original() -> None:
    for topic in TOPICS:
        if any(EVENTS[event_type].direction == "in" for event_type in topic.types):
            assert topic.dead_letter_topic is not None
        if topic.dead_letter_topic is not None:
            assert topic_named(topic.dead_letter_topic).max_message_bytes > topic.max_message_bytes >= MAX_RECORD_BYTES


def test_topics_are_created_once_each_under_the_prefix() -> None:
    made = list(topics_to_create("dev."))
    assert [topic.name for topic in made] == ["dev." + topic.name for topic in ALL_TOPICS]
    assert len({topic.name for topic in made}) == len(made)
    by_name = {topic.name: topic for topic in made}
    assert by_name["dev.loyalty.purchases"].partitions == 12
    assert by_name["dev.loyalty.purchases"].configuration["retention.ms"] == str(14 * 86_400_000)
    assert by_name["dev.loyalty.programmes"].partitions == 1
    assert by_name["dev.loyalty.programmes"].configuration["cleanup.policy"] == "compact"
    assert "retention.ms" not in by_name["dev.loyalty.programmes"].configuration
    assert "dev.loyalty.purchases.dlq" in by_name


def test_the_twin_of_every_event_has_its_fields_in_order() -> None:
    for event_type, contract in EVENTS.items():
        assert data_struct(contract.model).__struct_fields__ == tuple(contract.model.model_fields)
        assert event_struct(event_type).__struct_fields__ == (*contract.envelope.model_fields, "data")


def test_a_correction_has_the_fields_of_a_purchase_and_when_it_was() -> None:
    purchase, correction = PurchaseCompletedV1.model_fields, PurchaseCorrectedV1.model_fields
    assert list(correction) == [*purchase, "purchased_at"]
    assert all(repr(correction[name]) == repr(field) for name, field in purchase.items())


def test_events_name_the_accounts_of_the_ledger() -> None:
    assert get_args(AccountName) == tuple(account.value for account in Account)


@pytest.mark.parametrize(
    "annotation",
    [
        Annotated[int, Gt(0)],
        Annotated[int, MultipleOf(5)],
        Annotated[str, StringConstraints(to_lower=True)],
        Annotated[str, StringConstraints(pattern=r"^\d$")],
        Annotated[str, StringConstraints(pattern="^a$", strip_whitespace=True)],
        float,
        datetime,
        list[int],
        set[int],
        dict[str, float],
        tuple[int, str],
    ],
)
def test_a_rule_without_a_twin_stops_the_derivation(annotation: Any) -> None:
    model = type("Odd", (Payload,), {"__annotations__": {"field": annotation}})
    with pytest.raises(TypeError):
        data_struct(model)


def test_a_default_that_could_change_stops_the_derivation() -> None:
    model = type("Odd", (Payload,), {"__annotations__": {"field": tuple[int, ...]}, "field": []})
    with pytest.raises(TypeError):
        data_struct(model)
