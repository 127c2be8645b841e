"""Every form of a record gives the event that its structured form gives, and no bytes give anything undeclared."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from hypothesis import event, given, settings
from hypothesis import strategies as st

from libs.contracts.arrivals import Arrivals
from libs.contracts.codec import TopicDecoder, ce_headers
from libs.contracts.envelope import Envelope
from libs.contracts.mapping import SourceMapping, parse_mapping
from libs.contracts.mapping_language import MappingInvalid
from libs.contracts.registry import EVENTS
from libs.contracts.rejection import REJECTION_CODES, Rejection
from libs.contracts.samples import Example, example, examples_on
from libs.contracts.structs import event_struct
from libs.contracts.topics import MAX_RECORD_BYTES
from tests.contract.test_codec import go_wrong as spoil
from tests.contract.test_codec import grown_wrong, mutated_bytes, some_place, written

PAGE = (Path(__file__).parents[2] / "docs" / "sources.md").read_text("utf-8")
SAMPLE, MADE = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
TILL = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0])
PREFIX = "/acme/pos/tillco"
SALE = SourceMapping(PREFIX, parse_mapping(TILL))
RETURN = SourceMapping(
    "/acme/pos/tillco/returns",
    parse_mapping(
        {
            "match": {"header": "Kind", "equals": "return"},
            "type": "purchase.returned.v1",
            "id": {"pointer": "/no", "text": True},
            "time": {"pointer": "/at", "format": "unix"},
            "data": {
                "receipt_number": "/of",
                "lines": {"each": "/back", "item": {"line": "/n", "quantity": "/q", "amount_minor": "/a"}},
            },
        }
    ),
)
JOINED = SourceMapping(
    "/acme/crm",
    parse_mapping(
        {
            "match": {"pointer": "/op", "equals": "joined"},
            "type": "member.enrolled.v1",
            "id": "/id",
            "time": "/ts",
            "data": {"member_id": "/uuid", "identifiers": [{"kind": {"const": "card"}, "value": "/card"}]},
        }
    ),
)
MAPPINGS = (SALE, RETURN, JOINED)
PURCHASES = Arrivals("loyalty.purchases", MAPPINGS)
INCOMING = sorted({contract.topic.name for contract in EVENTS.values() if contract.direction == "in"})
ARRIVALS = {name: Arrivals(name, MAPPINGS) for name in INCOMING}
EXAMPLES = [(name, sample) for name in INCOMING for sample in examples_on(name)]
EVERY_EXAMPLE = pytest.mark.parametrize(("topic", "sample"), EXAMPLES, ids=[f"{s.type}-{s.form}" for _, s in EXAMPLES])
RECEIPT = example("purchase.completed.v1", "full")


def as_cloud_event(raw: bytes) -> CloudEvent:
    """The event as the SDK holds it."""
    attributes = json.loads(raw)
    data = attributes.pop("data")
    return CloudEvent({**attributes, "time": datetime.fromisoformat(attributes["time"])}, data)


def binary(raw: bytes) -> tuple[bytes, list[tuple[str, bytes | None]]]:
    """The event in binary mode, as the SDK writes it."""
    message = to_binary_event(as_cloud_event(raw))
    return message.value, list(message.headers.items())


def accepted(decoder: TopicDecoder, raw: bytes | None, headers: Iterable[tuple[str, bytes | None]] = ()) -> Any:
    event: Any = decoder.decode(raw, headers)
    assert not isinstance(event, Rejection), event
    return event


def refused(raw: bytes | None, headers: Iterable[tuple[str, bytes | None]]) -> Rejection:
    outcome = PURCHASES.decode(raw, headers)
    assert isinstance(outcome, Rejection)
    return outcome


@EVERY_EXAMPLE
def test_a_binary_event_equals_the_structured_one(topic: str, sample: Example) -> None:
    value, headers = binary(sample.raw)
    event = accepted(ARRIVALS[topic], value, headers)
    assert event == accepted(TopicDecoder(topic), sample.raw)
    assert type(event) is event_struct(sample.type)


@EVERY_EXAMPLE
def test_the_sdk_reads_a_binary_event_as_we_do(topic: str, sample: Example) -> None:
    value, headers = binary(sample.raw)
    ours, theirs = (
        accepted(ARRIVALS[topic], value, headers),
        from_binary_event(KafkaMessage({k: v or b"" for k, v in headers}, None, value)),
    )
    assert (theirs.get_id(), theirs.get_source(), theirs.get_type()) == (ours.id, ours.source, ours.type)
    assert (theirs.get_time(), theirs.get_subject()) == (ours.time, ours.subject)
    assert theirs.get_data() == json.loads(value)


@settings(max_examples=150, deadline=None)
@given(
    st.text("abcXYZ0123456789-_.:/é€\U0001f600", min_size=1, max_size=64),
    st.text('abcé "\\,{}', max_size=20),
    st.datetimes(datetime(1970, 1, 2), datetime(9998, 12, 30)),  # noqa: DTZ001
    st.integers(-14 * 60, 14 * 60),
    st.sampled_from(["application/json", "application/json; charset=utf-8", 'Application/JSON;Charset="UTF-8"', None]),
)
def test_both_modes_of_the_sdk_give_the_same_event(
    event_id: str, subject: str, naive: datetime, offset: int, content_type: str | None
) -> None:
    sent = json.loads(RECEIPT)
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=offset)))
    attributes = {"specversion": "1.0", "id": event_id, "source": sent["source"], "type": sent["type"], "time": moment}
    if subject:
        attributes["subject"] = subject
    event = CloudEvent({**attributes, "datacontenttype": "application/json"}, sent["data"])
    value = to_binary_event(event).value
    headers: dict[str, bytes | None] = {**to_binary_event(event).headers, "content-type": (content_type or "").encode()}
    if content_type is None:
        del headers["content-type"]
    structured = accepted(PURCHASES, to_structured_event(event).value)
    assert accepted(PURCHASES, value, headers.items()) == structured
    assert (structured.id, structured.time, structured.subject) == (event_id, moment, subject or None)


@pytest.mark.parametrize(
    ("header", "value", "code", "field"),
    [
        ("ce_id", None, "envelope", "/id"),
        ("ce_source", None, "envelope", "/source"),
        ("ce_type", None, "envelope", "/type"),
        ("ce_time", None, "envelope", "/time"),
        ("ce_specversion", None, "envelope", "/specversion"),
        ("ce_specversion", b"0.3", "envelope", "/specversion"),
        ("ce_id", b"\xff", "envelope", "/id"),
        ("ce_id", b"", "envelope", "/id"),
        ("ce_id", b"a\0b", "envelope", "/id"),
        ("ce_source", b"acme", "envelope", "/source"),
        ("ce_time", b"yesterday", "envelope", "/time"),
        ("ce_type", b"org.pointstream.points.credited.v1", "unknown-type", "/type"),
        ("content-type", b"text/xml", "envelope", "/datacontenttype"),
        ("content-type", b"application/json; charset=latin-1", "envelope", "/datacontenttype"),
        ("content-type", b"\xff", "envelope", "/datacontenttype"),
    ],
)
def test_a_bad_attribute_of_a_binary_event_is_named(header: str, value: bytes | None, code: str, field: str) -> None:
    body, headers = binary(RECEIPT)
    rejection = refused(
        body, [pair for pair in headers if pair[0] != header] + ([(header, value)] if value is not None else [])
    )
    assert (rejection.code, rejection.field) == (code, field)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "not-json"),
        (b"", "not-json"),
        (b"[]", "not-json"),
        (b"null", "not-json"),
        (b"\xff", "not-json"),
        (b'{"a":NaN}', "not-json"),
        (b"{}" + b" " * MAX_RECORD_BYTES, "too-large"),
        (b'{"a":' + b"[" * 150 + b"]" * 150 + b"}", "not-json"),
        (b"{}", "field"),
    ],
)
def test_a_bad_value_of_a_binary_event_is_refused(value: bytes | None, code: str) -> None:
    assert refused(value, binary(RECEIPT)[1]).code == code


@pytest.mark.parametrize("tail", [b',"id":"x"', b'},"id":"x","y":{', b'}, "source": "/other/pos", "z": {"a":1', b"} {"])
def test_a_value_reaches_no_attribute(tail: bytes) -> None:
    value, headers = binary(RECEIPT)
    event = PURCHASES.decode(value.rstrip()[:-1] + tail + b"}", headers)
    if not isinstance(event, Rejection):
        assert (event.id, event.source) == (json.loads(RECEIPT)["id"], json.loads(RECEIPT)["source"])


def test_what_is_structured_is_never_taken_for_binary() -> None:
    headers = [(name, value) for name, value in binary(RECEIPT)[1] if name != "content-type"]
    other = [("ce_id", b"other"), ("ce_type", b"purchase.other.v1")]
    event = accepted(PURCHASES, RECEIPT)
    for more in ([], headers, other, [*other, ("content-type", b"application/json")]):
        assert accepted(PURCHASES, RECEIPT, more) == event
    broken = RECEIPT.replace(b'"EUR"', b'"eur"')
    structured = [("Content-Type", b"Application/CloudEvents+json; charset=UTF-8")]
    assert refused(broken, [*other, *structured]).field == "/data/currency"


def test_events_of_ours_in_both_forms_at_once_are_structured() -> None:
    raw = example("points.credited.v1", "full")
    sent = json.loads(raw)
    names = ("type", "source", "id", "subject", "tenant", "programme", "memberseq")
    headers = ce_headers(**{name: sent[name] for name in names}, time=datetime.fromisoformat(sent["time"]))
    assert accepted(Arrivals("loyalty.points"), raw, headers) == accepted(TopicDecoder("loyalty.points"), raw)


def test_of_a_header_given_twice_the_last_counts_and_its_case_does_not() -> None:
    value, headers = binary(RECEIPT)
    assert accepted(PURCHASES, value, [("ce_id", b"first"), *headers, ("CE_ID", b"last")]).id == "last"


def test_a_mapped_record_gives_the_event_that_the_page_shows() -> None:
    event = accepted(PURCHASES, SAMPLE.encode())
    assert event == accepted(TopicDecoder("loyalty.purchases"), MADE.encode())
    assert type(event) is event_struct("org.pointstream.purchase.completed.v1")


def test_a_header_may_say_whose_a_record_is() -> None:
    raw = b'{"no": 8, "at": 1710755000, "of": "4711", "back": [{"n": 1, "q": 1}, {"n": 2}]}'
    event = accepted(PURCHASES, raw, [("KIND", b"return")])
    assert (event.id, event.source, event.data.receipt_number) == ("8", "/acme/pos/tillco/returns", "4711")
    assert [(line.line, line.quantity) for line in event.data.lines] == [(1, 1), (2, None)]
    assert refused(raw, [("kind", b"sale")]).field == "/type"
    assert refused(raw, [("kind", None)]).field == "/type"
    assert refused(raw.replace(b'"q": 1', b'"q": 0'), [("kind", b"return")]).field == "/back/0/q"


def test_mappings_serve_their_topic_only_and_the_first_that_fits_decides() -> None:
    assert isinstance(ARRIVALS["loyalty.activities"].decode(SAMPLE.encode()), Rejection)
    everywhere = SourceMapping("/other", SALE.mapping)
    first = Arrivals("loyalty.purchases", [everywhere, SALE])
    assert accepted(first, SAMPLE.encode()).source == "/other/12/3"
    without = SourceMapping("/file", parse_mapping({**TILL, "match": []}))
    assert isinstance(Arrivals("loyalty.purchases", [without]).decode(SAMPLE.encode()), Rejection)


@pytest.mark.parametrize("raw", [b'{"vendor": "TillCo", "kind": "sale"}', b"[1]", b"7", b"{", b"\xff", b"", None])
def test_what_fits_no_mapping_is_refused_as_the_structured_event_that_it_is_not(raw: bytes | None) -> None:
    assert PURCHASES.decode(raw) == TopicDecoder("loyalty.purchases").decode(raw)


def test_a_rejection_of_a_mapped_record_repeats_nothing_of_it() -> None:
    for path, value in (("bon", {"x": "secret-7731"}), ("sum", "secret-7731"), ("register", ["secret-7731"])):
        raw = json.dumps({**json.loads(SAMPLE), path: value}).encode()
        assert "secret-7731" not in repr(refused(raw, []))


CENTS = st.integers(-(10**9), 10**9)
ITEMS = st.lists(
    st.tuples(st.integers(0, 10**15) | st.text("abcé-", min_size=1), st.integers(-100, 100) | st.none(), CENTS),
    max_size=5,
)


@settings(max_examples=200, deadline=None)
@given(ITEMS, st.booleans())
def test_mapped_lines_are_those_calculated_by_hand(items: list[tuple[Any, Any, int]], as_number: bool) -> None:
    def money(cents: int) -> Any:
        return (
            Decimal(cents).scaleb(-2)
            if as_number
            else f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"
        )

    sent = {**json.loads(SAMPLE), "items": [{"plu": p, "qty": q, "price": money(c)} for p, q, c in items]}
    raw = msgspec.json.encode(sent) if not as_number else msgspec.json.Encoder(decimal_format="number").encode(sent)
    lines = accepted(PURCHASES, raw).data.lines
    assert [(line.line, line.sku, line.quantity, line.amount_minor) for line in lines] == [
        (at, str(plu), 1 if quantity is None else quantity, cents) for at, (plu, quantity, cents) in enumerate(items, 1)
    ]


def declared(decode: Callable[..., Any], raw: bytes | None, headers: Iterable[tuple[str, bytes | None]] = ()) -> Any:
    """Decode, and check that the outcome is an event or a rejection with a code of the list and a short detail."""
    outcome = decode(raw, headers)
    if isinstance(outcome, Rejection):
        assert outcome.code in REJECTION_CODES
        assert outcome.field == "" or outcome.field.startswith("/")
        assert 0 < len(outcome.detail) <= 256  # as a dead letter has room for
    else:
        assert type(outcome) is event_struct(outcome.type)
        msgspec.json.encode(outcome)
    return outcome


NAMES = st.sampled_from([f"ce_{name}" for name in [*Envelope.model_fields, "type", "data", "memberseq", ""]]) | (
    st.sampled_from(["CE_ID", "content-type", "kind", "x"])
)
TYPICAL = ["1.0", "/acme/pos", "2024-03-15T17:20:05Z", "application/json", "application/cloudevents+json", "return"]
TYPICAL += ["org.pointstream.purchase.completed.v1", "a\0", '"', "\\", "x" * 300]
HEADER_VALUES = st.none() | st.binary(max_size=12) | st.sampled_from([text.encode() for text in TYPICAL])
HEADERS = st.lists(st.tuples(NAMES, HEADER_VALUES), max_size=8)
SOME_TOPIC = st.sampled_from(INCOMING)


@st.composite
def binary_grown_wrong(draw: st.DrawFn) -> tuple[bytes, list[tuple[str, bytes | None]]]:
    """An example in binary mode, its value or its headers spoilt."""
    value, headers = binary(draw(st.sampled_from([sample.raw for _, sample in EXAMPLES])))
    if draw(st.booleans()):
        tree = json.loads(value)
        spoil(draw, some_place(draw, tree))
        value = written(tree, draw(st.booleans())).encode("utf-8", "surrogatepass")
    return value, headers + draw(HEADERS)


@st.composite
def plain_grown_wrong(draw: st.DrawFn) -> bytes:
    """The till's sample, spoilt in one or two places."""
    tree = json.loads(SAMPLE)
    for _ in range(draw(st.integers(1, 2))):
        spoil(draw, some_place(draw, tree))
    return written(tree, draw(st.booleans())).encode("utf-8", "surrogatepass")


@settings(max_examples=400, deadline=None)
@given(SOME_TOPIC, st.binary(max_size=80) | st.none() | mutated_bytes() | grown_wrong(), HEADERS)
def test_any_bytes_with_any_headers_are_decoded_or_rejected(topic: str, raw: Any, headers: Any) -> None:
    declared(ARRIVALS[topic].decode, raw, headers)
    declared(ARRIVALS[topic].decode, raw)


@settings(max_examples=400, deadline=None)
@given(SOME_TOPIC, binary_grown_wrong())
def test_binary_events_grown_wrong_are_decoded_or_rejected(topic: str, record: Any) -> None:
    declared(ARRIVALS[topic].decode, *record)


@settings(max_examples=600, deadline=None)
@given(plain_grown_wrong(), st.just([]) | HEADERS)
def test_plain_records_grown_wrong_are_decoded_or_rejected(raw: bytes, headers: Any) -> None:
    outcome = declared(PURCHASES.decode, raw)
    declared(PURCHASES.decode, raw, headers)
    if isinstance(outcome, Rejection) and outcome.field not in ("", "/type"):
        assert outcome.field.split("/")[1] in {"bon", "shop", "register", "closed", "customer", "pay", "sum", "items"}


WORDS = st.sampled_from(["const", "pointer", "pointers", "each", "item", "index", "table", "zone", "format", "a"])
NODES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["/bon", "/items", "/sum"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["match", "id", "time", "source", "group_by", "data", "type"]), NODES)
def test_any_mapping_document_is_read_or_refused(name: str, node: Any) -> None:
    try:
        mapping = parse_mapping({**TILL, name: node})
    except MappingInvalid as refusal:
        event(f"refused with {len(refusal.faults)} faults")
        return
    declared(Arrivals("loyalty.purchases", [SourceMapping("/x", mapping)]).decode, SAMPLE.encode())


def test_the_fuzz_notices_what_is_not_declared() -> None:
    def lets_through(raw: bytes | None, headers: Any) -> Any:
        return PURCHASES.decode((raw or b"").decode().encode(), headers)

    with pytest.raises(UnicodeDecodeError):
        declared(lets_through, b"\xff")
    for outcome in (Rejection("odd", "", "x"), Rejection("field", "data", "x"), Rejection("field", "", "x" * 600)):
        with pytest.raises(AssertionError):
            declared(lambda raw, headers, outcome=outcome: outcome, b"")
    with pytest.raises(AttributeError):
        declared(lambda raw, headers: None, b"")
