"""What we publish is CloudEvents to anybody's library, in the value as in the headers, and strict to our own models."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event, from_structured_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.contracts.codec import Event, EventDecoder, TopicDecoder, ce_headers, encode
from libs.contracts.events import PointsCreditedV1, PurchaseCompletedV1, PurchaseEvaluatedV1
from libs.contracts.headers import headers_of
from libs.contracts.registry import EVENTS
from libs.contracts.rejection import Rejection
from libs.contracts.samples import Example, example, examples_on
from libs.contracts.strict import strict_event
from libs.contracts.topics import TOPICS

MEMBER = UUID("0190a3c4-7e51-7b1a-9c3f-52f0a1d6e8b7")
WHEN = datetime(2024, 3, 15, 16, 20, 5, 250000, tzinfo=UTC)
ATTRIBUTES: dict[str, Any] = {
    "type": PointsCreditedV1.event_type,
    "source": "/pointstream/earning",
    "id": "7d0c2f2e-4c1f-5a0e-9b67-0c6d5d1a7f10",
    "time": WHEN,
    "subject": str(MEMBER),
    "tenant": "acme",
    "programme": "club",
    "memberseq": 7,
}
CREDIT = {
    "member_id": MEMBER,
    "wallet": "points",
    "points": 18,
    "lot": 7,
    "receipt_source": "/acme/pos/12/3",
    "receipt_id": "r-1",
    "earned_at": WHEN,
    "active_from": WHEN,
    "expires_at": datetime(2024, 3, 31, 22, tzinfo=UTC),
    "programme_version": 1,
}
EVERYTHING: EventDecoder[Any] = EventDecoder(tuple(EVENTS))
SAMPLES = [sample for topic in TOPICS for sample in examples_on(topic.name)]


def decoded(raw: bytes) -> Event[Any]:
    event = EVERYTHING.decode(raw)
    assert not isinstance(event, Rejection)
    return event


def test_an_encoded_event_is_strictly_ours_and_reads_back() -> None:
    raw = encode(**ATTRIBUTES, data=CREDIT)
    strict_event(PointsCreditedV1.event_type).model_validate_json(raw)
    event = decoded(raw)
    assert (event.id, event.source, event.time, event.subject) == tuple(
        ATTRIBUTES[name] for name in ("id", "source", "time", "subject")
    )
    assert {name: getattr(event.data, name) for name in CREDIT} == CREDIT
    assert json.loads(raw)["time"] == "2024-03-15T16:20:05.250000Z"


def test_a_decoded_payload_may_be_sent_on_as_it_is() -> None:
    full = decoded(example("purchase.completed.v1", "full"))
    raw = encode(**{**ATTRIBUTES, "type": full.type, "memberseq": None}, data=full.data)
    assert decoded(raw).data == full.data


def test_attributes_without_a_value_are_left_out() -> None:
    nothing = dict.fromkeys(("subject", "tenant", "programme", "memberseq"))
    attributes = {**ATTRIBUTES, **nothing, "type": PurchaseCompletedV1.event_type}
    data = json.loads(example("purchase.completed.v1", "minimal"))["data"]
    sent = json.loads(encode(**attributes, data=data))
    assert set(sent) == {"specversion", "id", "source", "type", "time", "datacontenttype", "data"}
    strict_event(PurchaseCompletedV1.event_type).model_validate(sent, strict=False)


def test_what_has_no_json_form_is_an_error_of_the_producer() -> None:
    with pytest.raises(TypeError):
        encode(**ATTRIBUTES, data={"member_id": object()})


def test_the_sdk_reads_value_and_headers_alike() -> None:
    more: dict[str, Any] = {
        "partitionkey": str(MEMBER),
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    }
    raw = encode(**ATTRIBUTES, **more, data=CREDIT)
    headers = dict(ce_headers(**ATTRIBUTES, **more))
    structured = from_structured_event(KafkaMessage(headers, str(MEMBER), raw))
    only_data = json.dumps(json.loads(raw)["data"]).encode()
    # A reader of binary mode takes the attributes from the headers alone.
    binary = from_binary_event(KafkaMessage({**headers, "content-type": b"application/json"}, str(MEMBER), only_data))
    # A header has no types: the number is text there.
    assert structured.get_attributes() | {"memberseq": "7"} == binary.get_attributes()
    assert structured.get_data() == binary.get_data() == json.loads(raw)["data"]
    assert structured.get_time() == WHEN


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.type}-{sample.form}")
def test_the_sdk_and_our_decoder_read_every_example_alike(sample: Example) -> None:
    theirs = from_structured_event(
        KafkaMessage({"content-type": b"application/cloudevents+json; charset=UTF-8"}, None, sample.raw)
    )
    ours = decoded(sample.raw)
    assert (theirs.get_id(), theirs.get_source(), theirs.get_type()) == (ours.id, ours.source, ours.type)
    assert (theirs.get_time(), theirs.get_subject()) == (ours.time, ours.subject)
    assert theirs.get_extension("partitionkey") == ours.partitionkey


@settings(max_examples=100, deadline=None)
@given(
    st.text("abcXYZ0123456789-_.:é", min_size=1, max_size=64),
    st.datetimes(datetime(1970, 1, 2), datetime(9998, 12, 30)),  # noqa: DTZ001
    st.integers(-14 * 60, 14 * 60),
)
def test_our_decoder_reads_what_the_sdk_writes(event_id: str, naive: datetime, offset: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=offset)))
    sent = json.loads(example("purchase.completed.v1", "full"))
    attributes = {"specversion": "1.0", "id": event_id, "source": sent["source"], "type": sent["type"], "time": moment}
    attributes["datacontenttype"] = "application/json"
    message = to_structured_event(CloudEvent(attributes, sent["data"]))
    event = TopicDecoder("loyalty.purchases").decode(message.value)
    assert not isinstance(event, Rejection)
    assert (event.id, event.time) == (event_id, moment)
    assert event.data == decoded(example("purchase.completed.v1", "full")).data


@pytest.mark.parametrize("microsecond", [0, 1, 250000, 999999])
def test_headers_made_from_the_attributes_equal_those_read_from_the_value(microsecond: int) -> None:
    for left_out in ((), ("subject",), ("memberseq", "subject")):
        attributes = {**ATTRIBUTES, "time": WHEN.replace(microsecond=microsecond), **dict.fromkeys(left_out)}
        assert headers_of(encode(**attributes, data=CREDIT)) == ce_headers(**attributes)


def test_an_evaluated_receipt_without_a_member_has_no_number() -> None:
    attributes = {**ATTRIBUTES, "type": PurchaseEvaluatedV1.event_type, "memberseq": None, "subject": None}
    data = json.loads(example("purchase.evaluated.v1", "minimal"))["data"]
    strict_event(PurchaseEvaluatedV1.event_type).model_validate_json(encode(**attributes, data=data))
