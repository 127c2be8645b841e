"""Mappings make of plain JSON what a producer of ours would have sent, or name the place that does not fit."""

from __future__ import annotations

import csv
import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from libs.contracts.arrivals import map_document, read_document, try_mapping
from libs.contracts.codec import EventDecoder
from libs.contracts.mapping import EventMapping, SourceMapping, apply, parse_mapping
from libs.contracts.mapping_language import MappingInvalid
from libs.contracts.mapping_rows import rows_to_documents
from libs.contracts.mapping_values import Misfit, as_instant, as_minor_units, pinned_zone
from libs.contracts.pointers import NOTHING, Pointer
from libs.contracts.registry import EVENTS
from libs.contracts.rejection import Rejection
from libs.contracts.schema import schema_of
from libs.contracts.strict import strict_event

PAGE = (Path(__file__).parents[2] / "docs" / "sources.md").read_text("utf-8")
BLOCKS = re.findall(r"```(json|yaml|csv)\n(.*?)```", PAGE, re.DOTALL)
SAMPLE, MADE = (text for kind, text in BLOCKS if kind == "json")
TILL, ROWS = (yaml.safe_load(text) for kind, text in BLOCKS if kind == "yaml")
(TABLE,) = (text for kind, text in BLOCKS if kind == "csv")
PREFIX = "/acme/pos/tillco"
SALE = parse_mapping(TILL)


def changed(document: Any, path: str, value: Any) -> Any:
    """A copy with the value at a JSON Pointer replaced; `...` drops it."""
    tree = json.loads(json.dumps(document))
    *steps, last = path.strip("/").split("/")
    place: Any = tree
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place[step]
    at: Any = int(last) if isinstance(place, list) else last
    if value is ...:
        del place[at]
    else:
        place[at] = value
    return tree


def tried(path: str = "/kind", value: Any = "SALE", mapping: EventMapping = SALE) -> Any:
    return try_mapping(PREFIX, mapping, json.dumps(changed(json.loads(SAMPLE), path, value)).encode())


def test_the_example_of_the_page_makes_the_event_of_the_page() -> None:
    made = try_mapping(PREFIX, SALE, SAMPLE.encode())
    assert made == json.loads(MADE)
    strict_event(SALE.type).model_validate_json(json.dumps(made))


def test_the_refusal_that_the_page_tells_of() -> None:
    assert tried("/items/1/price", 15.495) == Rejection("field", "/items/1/price", "a number with at most 2 decimals")


def test_the_rows_of_the_page_make_two_receipts() -> None:
    mapping = parse_mapping(ROWS)
    rows = csv.DictReader(StringIO(TABLE), delimiter=";")
    documents = list(rows_to_documents(mapping, rows))
    assert len(documents) == 2
    decoder: EventDecoder[Any] = EventDecoder((mapping.type,))
    events = []
    for document in documents:
        made = map_document(SourceMapping("/acme/files", mapping), document, decoder)
        assert not isinstance(made, Rejection)
        events.append(made[1])
    first, second = events
    assert (first.id, first.source, first.time) == ("12/4711", "/acme/files", datetime(2024, 3, 15, 16, 20, tzinfo=UTC))
    assert [(line.line, line.sku, line.amount_minor) for line in first.data.lines] == [
        (1, "pasta", 398),
        (2, "milk", 199),
    ]
    assert [identifier.value for identifier in first.data.identifiers] == ["2620001234567"]
    assert (second.data.total_minor, second.data.identifiers) == (89, ())


def test_rows_are_gathered_one_group_at_a_time_and_never_without_end() -> None:
    mapping = parse_mapping(ROWS)
    taken = []

    def rows() -> Any:
        for at in range(20_000):
            taken.append(at)
            yield {"shop": "1", "receipt": "endless" if at > 1 else str(at), "sku": "x"}

    documents = rows_to_documents(mapping, rows())
    next(documents)
    assert len(taken) <= 2
    assert [document["receipt"] for document in documents if len(document["rows"]) <= 5000] == ["1"]
    (endless,) = [d for d in rows_to_documents(mapping, rows()) if len(d["rows"]) > 1]
    assert len(endless["rows"]) == 5001
    assert rows_outcome(mapping, endless).detail == "at most 5000 items"


def rows_outcome(mapping: EventMapping, document: dict[str, Any]) -> Rejection:
    whole = {**document, "date": "2024-03-15", "time": "17:20", "total": "1"}
    outcome = apply(mapping, whole, "/x")
    assert isinstance(outcome, Rejection)
    return outcome


def test_without_groups_each_row_is_a_document() -> None:
    mapping = parse_mapping({**ROWS, "group_by": [], "data": {**ROWS["data"], "lines": []}})
    assert list(rows_to_documents(mapping, [{"a": "1"}, {"a": "1"}])) == [{"a": "1"}, {"a": "1"}]


@pytest.mark.parametrize(
    ("path", "value", "code", "place", "detail"),
    [
        ("/items/0/qty", 2.5, "field", "/items/0/qty", "an integer"),
        ("/items/0/qty", "2", "field", "/items/0/qty", "an integer"),
        ("/items/2/plu", ..., "field", "/items/2/plu", "a value: the field is required"),
        ("/items/2/plu", "", "field", "/items/2/plu", "a value: the field is required"),
        ("/items/2/plu", {"a": 1}, "field", "/items/2/plu", "text or a whole number"),
        ("/items/1", 7, "field", "/items/1/plu", "a value: the field is required"),
        ("/items", {}, "field", "/items", "an array"),
        ("/items", ..., "field", "/items", "a value: the field is required"),
        ("/items/1/price", 1e300, "field", "/items/1/price", "a number with at most 2 decimals"),
        ("/items/1/price", True, "field", "/items/1/price", "a number with at most 2 decimals"),
        ("/items/1/group", "g" * 65, "field", "/items/1/group", "text of at most 64 characters"),
        ("/items/1/group", [1], "field", "/items/1/group", "text"),
        ("/sum", "18,47", "field", "/sum", "a number with at most 2 decimals"),
        ("/sum", -1, "field", "/sum", "a number of at least 0"),
        ("/customer/card", "c" * 65, "field", "/customer/card", "text of at most 64 characters"),
        ("/register", 3, "field", "/register", "text"),
        ("/bon", ..., "envelope", "/bon", "a value: it is needed for every event"),
        ("/bon", 1.5, "envelope", "/bon", "text or a whole number"),
        ("/closed", "2024-03-15", "envelope", "/closed", "a date and time of the layout %d.%m.%Y %H:%M:%S"),
        ("/closed", "31.02.2024 17:20:05", "envelope", "/closed", "a date and time of the layout %d.%m.%Y %H:%M:%S"),
        ("/closed", "15.03.0001 17:20:05", "envelope", "/closed", "a date and time of the layout %d.%m.%Y %H:%M:%S"),
    ],
)
def test_what_does_not_fit_is_named_by_its_place_in_the_record(
    path: str, value: Any, code: str, place: str, detail: str
) -> None:
    assert tried(path, value) == Rejection(code, place, detail)


def test_a_sample_that_would_not_be_meant_says_why() -> None:
    assert tried("/kind", "RETURN") == Rejection("field", "/kind", "'SALE', as `match` says")
    assert tried("/vendor", ...) == Rejection("field", "/vendor", "'TillCo', as `match` says")
    by_header = parse_mapping({**TILL, "match": {"header": "x", "equals": "y"}})
    assert tried("/kind", "RETURN", by_header)["type"] == SALE.type
    numbers = parse_mapping({**TILL, "match": {"pointer": "/shop", "equals": 1}})
    assert isinstance(tried("/shop", True, numbers), Rejection)
    assert isinstance(tried("/shop", 1, numbers), dict)


def test_the_entries_that_are_left_out_do_not_shift_the_place() -> None:
    document = changed(json.loads(SAMPLE), "/customer", {"card": "", "mail": "m" * 65})
    assert try_mapping(PREFIX, SALE, json.dumps(document).encode()) == Rejection(
        "field", "/customer/mail", "text of at most 64 characters"
    )


def test_what_comes_from_nowhere_in_the_record_says_so() -> None:
    mapping = parse_mapping(changed(TILL, "/data/store", {"const": "12"}))
    rejection = try_mapping("/a" * 130, mapping, SAMPLE.encode())
    assert rejection == Rejection("envelope", "", "text of at most 256 characters, in /source")


@pytest.mark.parametrize(
    "raw", [b"", b"[", b"\xff", b'{"a":1e-99999999999999999999}', b"[" * 200 + b"]" * 200, b"7" * 9000]
)
def test_a_sample_that_is_no_json_is_refused_whole(raw: bytes) -> None:
    rejection = try_mapping(PREFIX, SALE, raw)
    assert isinstance(rejection, Rejection)
    assert (rejection.code, rejection.field) == ("not-json", "")


def test_parts_of_an_id_never_look_alike() -> None:
    mapping = parse_mapping({**TILL, "id": ["/shop", "/register"]})
    ids = set()
    for shop, register in (("a/b", "c"), ("a", "b/c"), ("a%2Fb", "c"), ("a", "b%2Fc"), ("a b", "c")):
        document = {**read_document(SAMPLE.encode()), "shop": shop, "register": register}
        made = apply(mapping, document, PREFIX)
        assert isinstance(made, dict)
        ids.add((made["id"], made["source"]))
        assert made["source"].count("/") == PREFIX.count("/") + 2
    assert len(ids) == 5


FAULTS = [
    ("/match/0", {"equals": 1}, "either pointer or header"),
    ("/match/0", {"pointer": "vendor", "equals": 1}, "a JSON Pointer, which begins with '/'; a fixed value"),
    ("/type", "points.credited.v1", "one of purchase.completed.v1"),
    ("/type", ..., "Field required"),
    ("/typ", "x", "Extra inputs are not permitted"),
    ("/id", "bon", "a JSON Pointer"),
    ("/id", {"index": 1}, "a value of the record"),
    ("/time", {"const": "2024"}, "an instant"),
    ("/time", {"pointer": "/closed", "text": True}, "an instant"),
    ("/time/zone", "Mars/Olympus", "the name of a time zone"),
    ("/time/zone", "../../etc/passwd", "the name of a time zone"),
    ("/time/format", "%A", "unix, unix-ms, or a layout"),
    ("/time/pointers", ["/a"], "either pointer or pointers"),
    ("/source/0", "shop", "a JSON Pointer"),
    ("/data", [], "an object with the fields of the event"),
    ("/data/recipt_number", "/bon", "one of the fields receipt_number, identifiers"),
    ("/data/receipt_number", ..., "the event needs this field"),
    ("/data/receipt_number", {"each": "/items", "item": "/x"}, "a single value, not a list"),
    ("/data/receipt_number", {"x": "/items"}, "a value, or where to find it"),
    ("/data/lines", {"sku": "/x"}, "a list"),
    ("/data/lines/item/skuu", "/x", "one of the fields line, sku"),
    ("/data/lines/item/sku", ..., "the event needs this field"),
    ("/data/lines/each", "items", "a JSON Pointer"),
    ("/data/lines/where", "/x", "no field of this name"),
    ("/data/identifiers/0/kind", {"const": "passport"}, '"passport" is no value of this field'),
    ("/data/currency", {"const": "euro"}, '"euro" is no value of this field'),
    ("/data/payment/otherwise", "p" * 33, "is no value of this field"),
    ("/data/payment/decimal", 2, "only one of text, decimal and table"),
    ("/data/total_minor/decimal", 10, "Input should be less than or equal to 9"),
    ("/data/total_minor/pointer", "/a~2", "a JSON Pointer"),
    ("/data/total_minor/eval", "1+1", "Extra inputs are not permitted"),
    ("/data/total_minor", "sum", "a JSON Pointer, which begins with '/'; a fixed value is written {const: …}"),
    ("/data/total_minor", {"const": 1.5}, "Input should be"),
    ("/data/till", {"const": "\ud800"}, ""),
]


@pytest.mark.parametrize(
    ("path", "value", "reason"), FAULTS, ids=[f"{path}-{at}" for at, (path, _, _) in enumerate(FAULTS)]
)
def test_a_bad_mapping_is_refused_with_its_place(path: str, value: Any, reason: str) -> None:
    with pytest.raises(MappingInvalid) as refused:
        parse_mapping(changed(TILL, path, value))
    (fault, *_) = refused.value.faults
    assert fault.path.startswith(path) or path.startswith(fault.path)
    assert fault.path
    assert reason in str(refused.value)


CONTACT: dict[str, Any] = {
    "type": "member.updated.v1",
    "id": "/id",
    "time": "/at",
    "data": {
        "member_id": "/who",
        "attributes": {"pet": {"pointer": "/pet", "otherwise": "none"}, "kids": {"pointer": "/kids", "decimal": 0}},
    },
}


def test_what_a_sender_names_itself_is_mapped_name_by_name() -> None:
    sent = {"id": "7", "at": "2026-11-03T09:12:44Z", "who": "0190a3c4-7e51-7b1a-9c3f-52f0a1d6e8b7", "kids": "2"}
    made = try_mapping("/acme/crm", parse_mapping(CONTACT), json.dumps(sent).encode())
    assert not isinstance(made, Rejection)
    assert made["data"] == {"member_id": sent["who"], "attributes": {"pet": "none", "kids": 2}}
    wrong = try_mapping("/acme/crm", parse_mapping(CONTACT), json.dumps(sent | {"pet": [1]}).encode())
    assert wrong == Rejection("field", "/pet", "text or an integer or true or false")


@pytest.mark.parametrize(
    ("attributes", "path", "reason"),
    [
        ({"n" * 65: "/pet"}, "/data/attributes/" + "n" * 65, "at most 64"),
        ({"pet": {"inner": "/pet"}}, "/data/attributes/pet", "a value, or where to find it"),
        ({"pet": ["/pet"]}, "/data/attributes/pet", "a single value, not a list"),
    ],
)
def test_what_a_sender_names_itself_has_its_limits(attributes: dict[str, Any], path: str, reason: str) -> None:
    with pytest.raises(MappingInvalid) as refused:
        parse_mapping(changed(CONTACT, "/data/attributes", attributes))
    (fault,) = refused.value.faults
    assert fault.path == path
    assert reason in fault.reason


@pytest.mark.parametrize("document", [None, 5, "x", [], {}, {"type": []}, {**TILL, "data": None}, {**TILL, "id": []}])
def test_what_is_no_mapping_is_refused(document: Any) -> None:
    with pytest.raises(MappingInvalid):
        parse_mapping(document)


def test_a_mapping_without_end_is_refused() -> None:
    deep: Any = "/x"
    for _ in range(20):
        deep = {"each": "/x", "item": deep}
    with pytest.raises(MappingInvalid, match="at most 8 levels"):
        parse_mapping({**TILL, "data": {**TILL["data"], "lines": deep}})


def _names(schema: Any) -> set[str]:
    inner = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    own = set(schema["properties"]) if isinstance(schema, dict) and "properties" in schema else set()
    return own.union(*map(_names, inner))


def test_the_words_of_the_language_are_no_fields_of_events() -> None:
    fields = {name for contract in EVENTS.values() for name in _names(schema_of(contract.model, "x"))}
    assert not fields & {"const", "index", "pointer", "pointers", "each", "item"}


@given(st.decimals(-(10**11), 10**11, places=3), st.integers(0, 6))
def test_amounts_are_exact(amount: Decimal, decimals: int) -> None:
    exact = amount.scaleb(decimals)
    for written in (amount, format(amount, "f"), format(amount, "f").replace(".", ",")):
        mark = "," if isinstance(written, str) and "," in written else "."
        if exact == exact.to_integral_value():
            assert as_minor_units(written, decimals, mark) == int(exact)
        else:
            with pytest.raises(Misfit):
                as_minor_units(written, decimals, mark)


NO_AMOUNTS: list[Any] = ["", "-", "1.", ".5", "1e3", "1_000", "0x10", "١٢", "1.2.3", "1,5", " ", "NaN", "1" * 50]
NO_AMOUNTS += [Decimal("Infinity"), Decimal("1E+999999"), Decimal("1E-999999"), True, None, [], {}, "1,234.50"]


@pytest.mark.parametrize("value", NO_AMOUNTS)
def test_what_is_no_amount_is_refused(value: Any) -> None:
    with pytest.raises(Misfit):
        as_minor_units(value, 2, ".")
    if value != "1,5":
        with pytest.raises(Misfit):
            as_minor_units(value, 2, ",")


ROME = pinned_zone("Europe/Rome")


@pytest.mark.parametrize(
    ("value", "zone", "layout", "expected"),
    [
        ("2024-03-15T17:20:05+01:00", None, None, "2024-03-15T16:20:05+00:00"),
        ("2024-03-15 17:20:05.25Z", None, None, "2024-03-15T17:20:05.250000+00:00"),
        ("2024-03-15t17:20z", ROME, None, "2024-03-15T17:20:00+00:00"),
        ("2024-07-15 17:20", ROME, None, "2024-07-15T15:20:00+00:00"),
        ("2024-10-27 02:30", ROME, None, "2024-10-27T00:30:00+00:00"),  # twice: the first
        ("2024-03-31 02:30", ROME, None, "2024-03-31T01:30:00+00:00"),  # skipped: by the offset from before
        (1710519605, None, "unix", "2024-03-15T16:20:05+00:00"),
        ("1710519605.25", ROME, "unix", "2024-03-15T16:20:05.250000+00:00"),
        (1710519605250, None, "unix-ms", "2024-03-15T16:20:05.250000+00:00"),
        ("240315 172005", ROME, "%y%m%d %H%M%S", "2024-03-15T16:20:05+00:00"),
        ("15.03.2024 17:20 +0100", ROME, "%d.%m.%Y %H:%M %z", "2024-03-15T16:20:00+00:00"),
    ],
)
def test_instants_are_read_in_their_zone(value: Any, zone: Any, layout: Any, expected: str) -> None:
    assert as_instant(value, zone, layout).isoformat() == expected


@pytest.mark.parametrize(
    ("value", "zone", "layout"),
    [
        ("2024-03-15T17:20:05", None, None),
        ("2024-03-15", ROME, None),
        ("2024-W11-5T17:20", ROME, None),
        ("2024-03-15T17:20:60", ROME, None),
        ("1969-12-31T23:59:59Z", None, None),
        ("9999-12-31T23:59:59", ROME, None),
        ("0001-01-01T00:00:00+10:00", None, None),
        ("x" * 100, ROME, "%Y"),
        (20240315, ROME, "%Y%m%d"),
        (10**17, None, "unix"),
        (-1, None, "unix"),
        ("soon", None, "unix"),
        (None, ROME, None),
        (True, None, "unix"),
    ],
)
def test_what_is_no_instant_is_refused(value: Any, zone: Any, layout: Any) -> None:
    with pytest.raises(Misfit):
        as_instant(value, zone, layout)


FOUND = [("/a/b", 1), ("/a~1b", 2), ("/m~0n", 3), ("/list/1", "y"), ("/ ", 5)]
NOT_FOUND = ["/", "/list/01", "/list/-", "/list/9", "/word/0", "/null", "/empty"]


@pytest.mark.parametrize(("text", "found"), [*FOUND, *((text, NOTHING) for text in NOT_FOUND)])
def test_pointers_lead_where_the_standard_says(text: str, found: Any) -> None:
    document = {"a": {"b": 1}, "a/b": 2, "m~n": 3, "list": ["x", "y"], " ": 5, "word": "w", "null": None, "empty": ""}
    assert Pointer.of(text).find(document) == found


def test_decimals_of_a_record_keep_every_digit() -> None:
    assert read_document(b'{"a": 0.1000000000000000055, "b": 123456789012345678901234567890}') == {
        "a": Decimal("0.1000000000000000055"),
        "b": 123456789012345678901234567890,
    }
