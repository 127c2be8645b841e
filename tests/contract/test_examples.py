"""Every consumer takes every example, and every example is what a producer may send."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from libs.contracts.codec import Canonical, EventDecoder, TopicDecoder, canonical
from libs.contracts.events import DeadLetterHeadersV1
from libs.contracts.registry import EVENTS, event_model
from libs.contracts.rejection import Rejection
from libs.contracts.samples import DEAD_LETTER_HEADERS, EXAMPLES, Example, Form, example, examples_on
from libs.contracts.strict import strict_event, strict_twin
from libs.contracts.topics import TOPICS

ALL = [(topic.name, sample) for topic in TOPICS for sample in examples_on(topic.name)]
EVERY_EXAMPLE = pytest.mark.parametrize(("topic", "sample"), ALL, ids=[f"{s.type}-{s.form}" for _, s in ALL])


def test_every_type_has_its_examples_and_no_example_is_left_over() -> None:
    expected = {f"{contract.short_name}.{form}.json" for contract in EVENTS.values() for form in ("minimal", "full")}
    expected |= {f"{DEAD_LETTER_HEADERS}.{form}.json" for form in ("minimal", "full")}
    assert {path.name for path in EXAMPLES.iterdir()} == expected


@EVERY_EXAMPLE
def test_the_decoder_of_its_topic_takes_it(topic: str, sample: Example) -> None:
    event = TopicDecoder(topic).decode(sample.raw)
    assert not isinstance(event, Rejection)
    assert event.type == sample.type
    assert event.id == json.loads(sample.raw)["id"]


@EVERY_EXAMPLE
def test_the_fast_path_takes_it_alone(topic: str, sample: Example, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: object, raw: bytes) -> None:
        raise AssertionError("pydantic was asked")

    monkeypatch.setattr(EventDecoder, "decode_slowly", refuse)
    assert not isinstance(TopicDecoder(topic).decode(sample.raw), Rejection)


@EVERY_EXAMPLE
def test_no_field_of_it_is_undeclared(topic: str, sample: Example) -> None:
    strict_event(sample.type).model_validate_json(sample.raw)


@EVERY_EXAMPLE
def test_a_full_example_uses_every_field_and_a_minimal_one_no_more_than_it_must(topic: str, sample: Example) -> None:
    sent = json.loads(sample.raw)
    for model, part in ((event_model(sample.type), sent), (EVENTS[sample.type].model, sent["data"])):
        declared = model.model_fields
        expected = set(declared) if sample.form == "full" else {n for n, f in declared.items() if f.is_required()}
        assert set(part) == expected


@EVERY_EXAMPLE
def test_the_canonical_form_reads_back_to_the_same_payload(topic: str, sample: Example) -> None:
    event = TopicDecoder(topic).decode(sample.raw)
    assert not isinstance(event, Rejection)
    stored = canonical(event.data)
    assert Canonical(EVENTS[sample.type].model).read(stored) == event.data


def test_the_canonical_form_stays_as_it_is_for_ever() -> None:
    """Stored facts and body hashes of years ago must stay equal: never change this text, whatever the model gains."""
    said = json.loads(example("purchase.completed.v1", "full"))
    for later in ("discounts", "cart", "codes"):  # came later: whoever doesn't say it leaves no trace of it
        del said["data"][later]
    event = TopicDecoder("loyalty.purchases").decode(json.dumps(said).encode())
    assert not isinstance(event, Rejection)
    assert canonical(event.data).decode() == (
        '{"receipt_number":"12-3-20240315-0042",'
        '"identifiers":[{"kind":"card","value":"2620001234567"},{"kind":"account","value":"web-88231"}],'
        '"store":"12","till":"3","channel":"store","partner":"fuel-and-go","payment":"credit_card","currency":"EUR",'
        '"total_minor":1847,"lines":['
        '{"line":1,"sku":"8001250120014","category":"grocery/pasta","brand":"Mulino Nero",'
        '"labels":["organic","promo"],"quantity":2,"amount_minor":398},'
        '{"line":2,"sku":"2100045","category":"produce/cheese","quantity":385,"amount_minor":1549},'
        '{"line":3,"sku":"DEPOSIT-RETURN","quantity":0,"amount_minor":-100}]}'
    )


def test_the_canonical_form_does_not_depend_on_how_the_sender_wrote_it() -> None:
    sent = json.loads(example("purchase.completed.v1", "minimal"))
    spelled_out = {**sent, "data": {"store": None, "channel": "store", "identifiers": [], **sent["data"], "new": [1]}}
    forms = set()
    for body in (sent, spelled_out, {**sent, "data": dict(reversed(sent["data"].items()))}):
        event = TopicDecoder("loyalty.purchases").decode(json.dumps(body, indent=1).encode())
        assert not isinstance(event, Rejection)
        forms.add(canonical(event.data))
    assert len(forms) == 1


@pytest.mark.parametrize("form", ["minimal", "full"])
def test_dead_letter_headers_survive_a_record(form: Form) -> None:
    sample = example(DEAD_LETTER_HEADERS, form)
    headers = strict_twin(DeadLetterHeadersV1).model_validate_json(sample)
    ours = DeadLetterHeadersV1.model_validate_json(sample)
    assert ours.model_dump() == headers.model_dump()
    assert DeadLetterHeadersV1.from_record([*ours.to_record(), ("trace", b"\xff")]) == ours


def test_a_dead_letter_without_its_position_is_none() -> None:
    headers = [pair for pair in _headers().to_record() if pair[0] != "original-offset"]
    with pytest.raises(ValidationError):
        DeadLetterHeadersV1.from_record(headers)


def test_a_strict_twin_refuses_what_nobody_declared_at_any_depth() -> None:
    def with_extra(path: tuple[str | int, ...]) -> bytes:
        sent: Any = json.loads(example("purchase.completed.v1", "full"))
        place = sent
        for step in path:
            place = place[step]
        place["surprise"] = 1
        return json.dumps(sent).encode()

    twin: type[BaseModel] = strict_event("org.pointstream.purchase.completed.v1")
    for path in ((), ("data",), ("data", "lines", 1), ("data", "identifiers", 0)):
        with pytest.raises(ValidationError, match="extra_forbidden"):
            twin.model_validate_json(with_extra(path))
        assert not isinstance(TopicDecoder("loyalty.purchases").decode(with_extra(path)), Rejection)


def _headers() -> DeadLetterHeadersV1:
    return DeadLetterHeadersV1.model_validate_json(example(DEAD_LETTER_HEADERS, "full"))
