"""The compatibility check lets additions pass and stops everything that would hurt a reader or a sender."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from libs.contracts.compat import Direction, breaks_between, broken_by
from libs.contracts.schema import all_schemas, committed_schemas

Schema = dict[str, Any]
Change = Callable[[Schema], None]

RECEIPT = "purchase.completed.v1"
CREDIT = "points.credited.v1"


def data_of(schema: Schema, name: str) -> Schema:
    """The definition of a model inside a schema."""
    definition: Schema = schema["$defs"][name]
    return definition


def changed(short_name: str, change: Change) -> tuple[Schema, Schema]:
    old = all_schemas()[short_name]
    new = copy.deepcopy(old)
    change(new)
    assert new != old
    return old, new


def receipt(change: Change) -> tuple[Schema, Schema]:
    return changed(RECEIPT, lambda schema: change(data_of(schema, "PurchaseCompletedV1")))


def add_optional(model: Schema) -> None:
    model["properties"]["cashier"] = {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}


def add_required(model: Schema) -> None:
    model["properties"]["cashier"] = {"type": "string"}
    model["required"].append("cashier")


def remove_till(model: Schema) -> None:
    del model["properties"]["till"]


def require_till(model: Schema) -> None:
    model["required"].append("till")


def refuse_null(model: Schema) -> None:
    model["properties"]["till"] = {"type": "string", "maxLength": 64, "default": None}


def retype_total(model: Schema) -> None:
    model["properties"]["total_minor"]["type"] = "string"


def narrow_total(model: Schema) -> None:
    model["properties"]["total_minor"]["maximum"] = 1000


def raise_floor(model: Schema) -> None:
    model["properties"]["total_minor"]["minimum"] = 1


def limit_newly(model: Schema) -> None:
    model["properties"]["lines"]["minItems"] = 1


def shorten_inside_null(model: Schema) -> None:
    model["properties"]["till"]["anyOf"][0]["maxLength"] = 8


def other_pattern(model: Schema) -> None:
    model["properties"]["currency"]["pattern"] = "^[A-Z]{2}[A-Z]$"


def other_default(model: Schema) -> None:
    model["properties"]["channel"]["default"] = "web"


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        (add_required, "/data/cashier", "new field is required"),
        (remove_till, "/data/till", "removed"),
        (require_till, "/data/till", "became required"),
        (refuse_null, "/data/till", "null is no longer allowed"),
        (retype_total, "/data/total_minor", "type changed from integer to string"),
        (narrow_total, "/data/total_minor", "maximum narrowed"),
        (raise_floor, "/data/total_minor", "minimum narrowed from 0 to 1"),
        (limit_newly, "/data/lines", "minItems narrowed"),
        (shorten_inside_null, "/data/till", "maxLength narrowed from 64 to 8"),
        (other_pattern, "/data/currency", "pattern changed"),
        (other_default, "/data/channel", "default changed"),
    ],
)
@pytest.mark.parametrize("direction", ["in", "out"])
def test_a_change_that_hurts_is_found(change: Change, path: str, words: str, direction: Direction) -> None:
    ((where, what),) = broken_by(*receipt(change), direction)
    assert where == path
    assert words in what


@pytest.mark.parametrize("direction", ["in", "out"])
def test_a_new_optional_field_and_better_words_pass(direction: Direction) -> None:
    assert broken_by(*receipt(add_optional), direction) == []
    assert broken_by(*changed(RECEIPT, lambda schema: schema.update(description="Said better.")), direction) == []


def test_a_narrowed_enumeration_is_found_deep_inside() -> None:
    old, new = changed(
        RECEIPT, lambda schema: data_of(schema, "Identifier")["properties"]["kind"]["enum"].remove("nfc")
    )
    ((where, what),) = broken_by(old, new, "in")
    assert where == "/data/identifiers/*/kind"
    assert "fewer values" in what


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda model: model["properties"]["points"].update(maximum=10**18), "widened"),
        (lambda model: model["required"].remove("wallet"), "no longer certain"),
        (lambda model: model["properties"]["lot"].update(anyOf=[{"type": "integer"}, {"type": "null"}]), "null"),
    ],
)
def test_a_reader_is_spared_what_it_was_told_could_not_come(change: Change, words: str) -> None:
    def apply(schema: Schema) -> None:
        model = data_of(schema, "PointsCreditedV1")
        change(model)
        if "anyOf" in model["properties"]["lot"]:
            lot = model["properties"]["lot"]
            lot["anyOf"][0] = {key: lot.pop(key) for key in ("type", "minimum", "maximum")}

    old, new = changed(CREDIT, apply)
    ((_, what),) = broken_by(old, new, "out")
    assert words in what
    assert broken_by(old, new, "in") == []


def test_more_values_hurt_only_those_who_read_them() -> None:
    def add(schema: Schema) -> None:
        data_of(schema, "PurchaseEvaluatedV1")["properties"]["outcome"]["enum"].append("lost")

    old, new = changed("purchase.evaluated.v1", add)
    assert broken_by(old, new, "in") == []
    ((where, _),) = broken_by(old, new, "out")
    assert where == "/data/outcome"


def test_the_consumers_are_named() -> None:
    old, new = receipt(add_required)
    (found,) = breaks_between({RECEIPT: old}, {RECEIPT: new})
    assert found.consumers == ("earning",)
    assert str(found) == "purchase.completed.v1: /data/cashier: a new field is required (hits earning)"
    (found,) = breaks_between({CREDIT: all_schemas()[CREDIT]}, {})
    assert "removed" in str(found)
    assert "notifier, downstream" in str(found)


def test_no_committed_schema_is_broken() -> None:
    assert breaks_between(committed_schemas(), all_schemas()) == []
