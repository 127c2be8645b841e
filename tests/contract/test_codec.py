"""The fast decoder is held to pydantic: the same records accepted, the same values made, the same reasons given."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example as with_example
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.contracts.codec import MAX_NESTING, EventDecoder, TopicDecoder, decoder
from libs.contracts.events import PurchaseCompletedV1
from libs.contracts.registry import EVENTS
from libs.contracts.rejection import REJECTION_CODES, Rejection
from libs.contracts.samples import example, examples_on
from libs.contracts.topics import MAX_RECORD_BYTES, TOPICS

PURCHASES = TopicDecoder("loyalty.purchases")
EVERYTHING: EventDecoder[Any] = EventDecoder(tuple(EVENTS))
SAMPLES = [sample.raw for topic in TOPICS for sample in examples_on(topic.name)]
RECEIPT = example("purchase.completed.v1", "full")

EMOJI = "\U0001f600"

# Values that readers of JSON like to disagree about.
AWKWARD = st.sampled_from(
    ["1.0", "1e2", "-0", "-0.0", "true", "null", "NaN", "-Infinity", "1e999", '"1"', '""', "[]", "{}", "01", "1" * 30]
    + ['"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"\\ud83d\\ude00"', '"\\\\u0000"', '"a\\nb"', '"\u00e9"', '"\x7f"']
    + ['"EUR\\n"', '"eur"', '"E\u0301U"', '"card"', '"2024-01-01"', '"2024-01-01T00:00:00"', '"2024-01-01T00:00Z"']
    + ['"2024-01-01t00:00:00.1234567z"', '"2024-01-01 00:00:00+0100"', '"2024-06-30T23:59:60Z"', "1704067200"]
    + [
        '"0001-01-01T00:00:00+10:00"',
        '"9999-12-31T23:59:59-10:00"',
        '"1969-12-31T23:59:59Z"',
        '"1970-01-01T00:30:00+01:00"',
    ]
    + ['"urn:uuid:0190a3c4-7e51-7b1a-9c3f-52f0a1d6e8b7"', '"0190A3C47E517B1A9C3F52F0A1D6E8B7"', "9223372036854775808"]
    + ['"' + "x" * size + '"' for size in (64, 65, 129, 257)]
    + ['"' + EMOJI * size + '"' for size in (64, 65)]
    + ["[" * depth + "]" * depth for depth in (20, 97, 98, 99, 100, 150, 250)]
    + ['{"a":' * depth + "1" + "}" * depth for depth in (97, 98, 99, 100)]
)
SMALL_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
).map(json.dumps)
AGAIN = "\u241f"  # behind a key in a tree: the key is written without it, and so a second time


class Verbatim(str):
    """A piece of JSON, or of what claims to be, to be written as it is."""


def written(node: Any, ensure_ascii: bool) -> str:
    """Write a tree as JSON, with its verbatim pieces and its doubled keys."""
    if isinstance(node, Verbatim):
        return str(node)
    if isinstance(node, dict):
        members = (f"{json.dumps(k.replace(AGAIN, ''))}: {written(v, ensure_ascii)}" for k, v in node.items())
        return "{" + ", ".join(members) + "}"
    if isinstance(node, list):
        return "[" + ",".join(written(item, ensure_ascii) for item in node) + "]"
    return json.dumps(node, ensure_ascii=ensure_ascii)


def some_place(draw: st.DrawFn, node: Any) -> Any:
    """Walk down to some object or array of a tree."""
    inner = [child for child in (node.values() if isinstance(node, dict) else node) if isinstance(child, (dict, list))]
    return node if not inner or draw(st.booleans()) else some_place(draw, draw(st.sampled_from(inner)))


def go_wrong(draw: st.DrawFn, place: Any) -> None:
    """Replace, drop, add or double one member of an object or array."""
    keys = list(place) if isinstance(place, dict) else list(range(len(place)))
    value = Verbatim(draw(AWKWARD | SMALL_JSON))
    action = draw(st.sampled_from(["replace", "drop", "add", "double"]))
    if action == "add" or not keys:
        if isinstance(place, list):
            place.append(value)
        else:
            place[draw(st.text(max_size=5))] = value
        return
    key = draw(st.sampled_from(keys))
    if action == "drop":
        del place[key]
    elif action == "double" and isinstance(place, dict):
        place[key + AGAIN] = value
    else:
        place[key] = value


@st.composite
def grown_wrong(draw: st.DrawFn) -> bytes:
    """An example with one or two places of its tree replaced, dropped, added or given twice."""
    tree = json.loads(draw(st.sampled_from(SAMPLES)))
    for _ in range(draw(st.integers(1, 2))):
        go_wrong(draw, some_place(draw, tree))
    return written(tree, draw(st.booleans())).encode("utf-8", "surrogatepass")


@st.composite
def mutated_bytes(draw: st.DrawFn) -> bytes:
    """An example with a few bytes changed, dropped, doubled or put in."""
    raw = bytearray(draw(st.sampled_from(SAMPLES)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(raw) - 1))
        end = min(len(raw), at + draw(st.integers(0, 6)))
        piece = draw(
            st.binary(max_size=3) | st.sampled_from([b'"', b"\\", b"{", b"]", b",", b"\\u0000", b"\xc3\xa9", b"\x00"])
        )
        raw[at:end] = piece
    return bytes(raw)


def agree(raw: bytes, codec: EventDecoder[Any] = EVERYTHING) -> Any:
    """Check that the fast decoder and pydantic say the same about `raw`, and return what they say."""
    fast, slow = codec.decode(raw), codec.decode_slowly(raw)
    assert fast == slow
    assert type(fast) is type(slow)
    if isinstance(fast, Rejection):
        assert fast.code in REJECTION_CODES
    else:
        assert fast.time.tzinfo is UTC
        assert slow.time.tzinfo is UTC  # type: ignore[union-attr]
    return fast


@settings(max_examples=600, deadline=None)
@given(grown_wrong())
def test_both_agree_on_events_grown_wrong(raw: bytes) -> None:
    agree(raw)


@settings(max_examples=600, deadline=None)
@given(mutated_bytes())
@with_example(RECEIPT.replace(b'"3"', b'"3\xff"'))
def test_both_agree_on_mutated_bytes(raw: bytes) -> None:
    agree(raw)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=64))
def test_any_bytes_are_decoded_or_rejected(raw: bytes) -> None:
    agree(raw)


EDGES: list[Any] = [None, True, False, 0, 1, -1, 1.0, 0.5, "", "x", "EUR", [], [{}], {}, "a-b_9", "-a", "A", "a\n"]
EDGES += [sign * (10**power + more) for sign in (1, -1) for power in (6, 12, 15) for more in (0, 1)]
EDGES += [2**31 - 1, 2**31, 2**63 - 1, 2**63, "2024-03-31T22:00:00Z", "2024-03-31T22:00:00", "0" * 32]
EDGES += ["x" * (size + more) for size in (32, 64, 128, 256) for more in (0, 1)]


def places(node: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in a tree below its root."""
    for key, inner in node.items() if isinstance(node, dict) else enumerate(node):
        yield (*path, key)
        if isinstance(inner, (dict, list)):
            yield from places(inner, (*path, key))


@pytest.mark.parametrize("event_type", EVENTS)
def test_both_agree_at_the_edges_of_every_field(event_type: str) -> None:
    tree = json.loads(example(EVENTS[event_type].short_name, "full"))
    accepted = 0
    for path in places(tree):
        node = tree
        for step in path[:-1]:
            node = node[step]
        kept = node[path[-1]]
        for edge in EDGES:
            node[path[-1]] = edge
            accepted += not isinstance(agree(json.dumps(tree).encode()), Rejection)
        node[path[-1]] = kept
    assert accepted > len(EDGES)


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=32)
NAME = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=32)
LINE = st.fixed_dictionaries(
    {
        "line": st.integers(1, 2**31 - 1),
        "sku": NAME,
        "quantity": st.integers(-(10**6), 10**6),
        "amount_minor": st.integers(-(10**12), 10**12),
    },
    optional={"category": TEXT | st.none(), "brand": TEXT | st.none(), "labels": st.lists(TEXT, max_size=3)},
)
DATA = st.fixed_dictionaries(
    {
        "receipt_number": NAME,
        "currency": st.text("ABCXYZ", min_size=3, max_size=3),
        "total_minor": st.integers(0, 10**12),
        "lines": st.lists(LINE, max_size=4),
    },
    optional={
        "store": TEXT | st.none(),
        "channel": TEXT,
        "identifiers": st.lists(
            st.fixed_dictionaries({"kind": st.sampled_from(["card", "phone"]), "value": NAME}), max_size=8
        ),
    },
)
TIME = st.datetimes(datetime(1970, 1, 2), datetime(9998, 12, 30), timezones=st.timezones()).map(  # noqa: DTZ001
    lambda moment: moment.isoformat() if moment.utcoffset().seconds % 60 == 0 else None  # type: ignore[union-attr]
)


@settings(max_examples=200, deadline=None)
@given(DATA, NAME, TIME.filter(bool), st.booleans())
def test_valid_receipts_are_accepted_with_the_values_sent(data: Any, event_id: str, time: str, escaped: bool) -> None:
    sent = {"specversion": "1.0", "id": event_id, "source": "/acme/pos/1", "time": time, "data": data}
    event = agree(
        json.dumps({**sent, "type": PurchaseCompletedV1.event_type}, ensure_ascii=escaped).encode(), PURCHASES
    )
    assert event.id == event_id
    assert event.time == datetime.fromisoformat(time)
    assert [line.sku for line in event.data.lines] == [line["sku"] for line in data["lines"]]
    assert [line.amount_minor for line in event.data.lines] == [line["amount_minor"] for line in data["lines"]]
    assert event.data.store == data.get("store")
    assert event.data.channel == data.get("channel", "store")


def changed(path: str, value: Any) -> bytes:
    """The full receipt with the value at a JSON Pointer replaced; `...` drops it."""
    tree = json.loads(RECEIPT)
    place: Any = tree
    *steps, last = path.strip("/").split("/")
    for step in steps:
        place = place[int(step)] if step.isdigit() else place[step]
    if value is ...:
        del place[last]
    else:
        place[int(last) if last.isdigit() else last] = value
    return json.dumps(tree).encode()


@pytest.mark.parametrize(
    ("path", "value", "code", "detail"),
    [
        ("/data/lines/2/quantity", 1.0, "field", "an integer"),
        ("/data/lines/2/quantity", float("nan"), "not-json", "valid JSON in UTF-8"),
        ("/data/lines/2/quantity", True, "field", "an integer"),
        ("/data/lines/2/quantity", "7", "field", "an integer"),
        ("/data/lines/0/quantity", 1_000_001, "field", "a number of at most 1000000"),
        ("/data/lines/0/quantity", 10**4000, "field", None),
        ("/data/lines/0/amount_minor", -(10**12) - 1, "field", "a number of at least -1000000000000"),
        ("/data/lines/0/line", 0, "field", "a number of at least 1"),
        ("/data/lines/0/sku", "", "field", "text of at least 1 characters"),
        ("/data/lines/1/sku", "s\0u", "field", "text without the character U+0000"),
        ("/data/store", "\0", "field", "text without the character U+0000"),
        ("/data/store", "\ud800", "not-json", "valid JSON in UTF-8"),
        ("/data/store", "s" * 65, "field", "text of at most 64 characters"),
        ("/data/total_minor", -1, "field", "a number of at least 0"),
        ("/data/currency", "eur", "field", "text that matches ^[A-Z]{3}$"),
        ("/data/currency", "EU\n", "field", "text that matches ^[A-Z]{3}$"),
        ("/data/receipt_number", ..., "field", "a value: the field is required"),
        ("/data/identifiers/0/kind", "passport", "field", None),
        ("/data/lines", {}, "field", "an array"),
        ("/data/lines/0", 7, "field", "an object"),
        ("/data", ..., "envelope", "a value: the field is required"),
        ("/id", "i" * 129, "envelope", "text of at most 128 characters"),
        ("/source", "acme/pos", "envelope", "a path that begins with '/'"),
        ("/specversion", "0.3", "envelope", "one of '1.0'"),
        ("/time", "2024-03-15T17:20:05", "envelope", None),
        ("/time", "1969-12-31T23:59:59Z", "envelope", None),
        ("/time", "9999-01-01T00:00:00Z", "envelope", None),
        ("/time", 1710519605, "envelope", None),
        ("/time", ..., "envelope", "a value: the field is required"),
        ("/datacontenttype", "text/xml", "envelope", "one of 'application/json'"),
        ("/type", ..., "envelope", "the type of the event, as text"),
        ("/type", 5, "envelope", "the type of the event, as text"),
        ("/type", "", "unknown-type", None),
        ("/type", "org.pointstream.points.credited.v1", "unknown-type", None),
    ],
)
def test_a_bad_value_is_rejected_with_its_place(path: str, value: Any, code: str, detail: str | None) -> None:
    rejection = agree(changed(path, value), PURCHASES)
    assert isinstance(rejection, Rejection)
    assert rejection.code == code
    assert rejection.field == ("" if code == "not-json" else path)
    assert detail is None or rejection.detail == detail


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (None, "not-json"),
        (b"", "not-json"),
        (b"[]", "not-json"),
        (b"null", "not-json"),
        (b"\xef\xbb\xbf" + RECEIPT, "not-json"),
        (RECEIPT + b"x", "not-json"),
        (RECEIPT[:-3], "not-json"),
        (b"[" * MAX_RECORD_BYTES, "not-json"),
        (RECEIPT.rstrip() + b" " * MAX_RECORD_BYTES, "too-large"),
    ],
)
def test_what_is_no_event_at_all_is_rejected_whole(raw: bytes | None, code: str) -> None:
    rejection = PURCHASES.decode(raw)
    assert isinstance(rejection, Rejection)
    assert (rejection.code, rejection.field) == (code, "")


def test_a_record_of_just_the_limit_is_read() -> None:
    assert not isinstance(agree(RECEIPT.rstrip().ljust(MAX_RECORD_BYTES), PURCHASES), Rejection)


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_nesting_is_limited_also_where_nobody_looks(opening: str) -> None:
    closing = {"[": "]", '{"a":': "}"}[opening]
    # The event itself is one level; brackets in texts are none.
    for depth, accepted in ((MAX_NESTING - 1, True), (MAX_NESTING, False)):
        extra = '"x":"]]}}\\"]]","y":' + opening * depth + "1" + closing * depth
        outcome = agree(RECEIPT.rstrip()[:-1] + b"," + extra.encode() + b"}", PURCHASES)
        assert isinstance(outcome, Rejection) is not accepted


@pytest.mark.parametrize("labels", [[], ["a", "b"]])
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_a_receipt_of_five_thousand_lines_is_read(labels: list[str], separators: tuple[str, str]) -> None:
    tree = json.loads(RECEIPT)
    tree["data"]["lines"] = [
        {"line": n, "sku": str(n), "quantity": 1, "amount_minor": 1, "labels": labels} for n in range(1, 5001)
    ]
    raw = json.dumps(tree, separators=separators).encode()
    assert len(agree(raw, PURCHASES).data.lines) == 5000
    tree["data"]["lines"].append(tree["data"]["lines"][0])
    rejection = agree(json.dumps(tree, separators=separators).encode(), PURCHASES)
    assert rejection == Rejection("field", "/data/lines", "at most 5000 items")


@pytest.mark.parametrize("digits", [4299, 4300, 4301, 9000])
@pytest.mark.parametrize("before", [0, 1, 4000, 4171, 4172, 4235, 4300])
def test_endless_numbers_in_fields_that_nobody_knows_are_judged_alike(digits: int, before: int) -> None:
    agree(RECEIPT.rstrip()[:-1] + b',"x":"' + b"." * before + b'","y":' + b"7" * digits + b"}", PURCHASES)


def test_of_a_key_given_twice_the_last_counts() -> None:
    twice = RECEIPT.replace(b'"currency": "EUR"', b'"currency": "bad", "currency": "USD", "currency": "EUR"')
    assert agree(twice, PURCHASES).data.currency == "EUR"
    twice = RECEIPT.rstrip()[:-1] + b', "id": "second"}'
    assert agree(twice, PURCHASES).id == "second"


def test_offsets_become_utc_and_nothing_is_lost() -> None:
    event = decoder(PurchaseCompletedV1).decode(changed("/time", "2024-03-31T00:15:00.123456+05:45"))
    assert not isinstance(event, Rejection)
    assert event.time == datetime(2024, 3, 30, 18, 30, 0, 123456, tzinfo=UTC)
    assert event.time.tzinfo is UTC


def test_instants_of_a_payload_become_utc_too() -> None:
    tree = json.loads(example("points.credited.v1", "full"))
    tree["data"]["expires_at"] = "2024-04-01T00:00:00+02:00"
    event = agree(json.dumps(tree).encode())
    assert event.data.expires_at == datetime(2024, 3, 31, 22, tzinfo=UTC)
    assert event.data.expires_at.tzinfo is UTC
    tree["data"]["expires_at"] = "2024-04-01T00:00:00"
    rejection = agree(json.dumps(tree).encode())
    assert (rejection.code, rejection.field) == ("field", "/data/expires_at")


@settings(max_examples=300, deadline=None)
@given(grown_wrong())
@with_example(changed("/data/lines/0/quantity", "secret-7731"))
@with_example(changed("/type", "\0"))
def test_a_rejection_never_repeats_what_it_found(raw: bytes) -> None:
    marked = raw.replace(b"2620001234567", b"secret-7731")
    outcome = EVERYTHING.decode(marked)
    if isinstance(outcome, Rejection):
        assert "secret-7731" not in outcome.detail + outcome.field
        assert len(outcome.detail) < 512


def test_events_are_frozen_and_decoders_know_only_their_types() -> None:
    event: Any = PURCHASES.decode(RECEIPT)
    with pytest.raises(AttributeError):
        event.id = "other"
    with pytest.raises(AttributeError):
        event.data.store = "other"
    outcome = TopicDecoder("loyalty.activities").decode(RECEIPT)
    assert isinstance(outcome, Rejection)
    assert outcome.code == "unknown-type"
