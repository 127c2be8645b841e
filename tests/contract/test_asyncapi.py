"""The AsyncAPI document hangs together: every reference leads somewhere, every example is what its schema says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from libs.contracts.asyncapi import ASYNCAPI_FILE, asyncapi_document, asyncapi_yaml
from libs.contracts.codec import EventDecoder
from libs.contracts.registry import EVENTS
from libs.contracts.rejection import Rejection
from libs.contracts.schema import all_schemas
from libs.contracts.topics import TOPICS
from tests.support.json_schema import faults, resolve

DOCUMENT = asyncapi_document()
MESSAGES = DOCUMENT["components"]["messages"]
SCHEMAS = all_schemas()
NAME = re.compile(r"[\w.\-]+")


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for name, inner in node.items():
            if name == "$ref":
                yield inner
            else:
                yield from references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from references(inner)


def exactly(node: dict[str, Any], required: str, optional: str = "") -> None:
    """Check which fields an object of the standard has."""
    assert set(required.split()) <= set(node) <= {*required.split(), *optional.split()}


def test_the_file_holds_the_document() -> None:
    assert yaml.safe_load(ASYNCAPI_FILE.read_text("utf-8")) == DOCUMENT == json.loads(json.dumps(DOCUMENT))
    assert "&id" not in asyncapi_yaml()
    assert asyncapi_document() is not asyncapi_document()


def test_every_reference_leads_somewhere_and_nothing_lies_about_unused() -> None:
    found = set(references(DOCUMENT))
    for reference in found:
        assert resolve(reference, DOCUMENT)
    for kind in ("messages", "schemas", "securitySchemes"):
        for name in DOCUMENT["components"][kind]:
            assert f"#/components/{kind}/{name}" in found
            assert NAME.fullmatch(name)


def test_the_objects_have_the_fields_of_the_standard() -> None:
    exactly(DOCUMENT, "asyncapi info", "id servers defaultContentType channels operations components")
    assert DOCUMENT["asyncapi"] == "3.0.0"
    exactly(DOCUMENT["info"], "title version", "description termsOfService contact license tags externalDocs")
    for server in DOCUMENT["servers"].values():
        exactly(
            server, "host protocol", "protocolVersion pathname description title summary variables security bindings"
        )
        assert set(re.findall(r"{(\w+)}", server["host"])) == set(server["variables"])
    for channel in DOCUMENT["channels"].values():
        exactly(channel, "address messages", "title summary description servers parameters tags externalDocs bindings")
        assert set(re.findall(r"{(\w+)}", channel["address"])) == set(channel["parameters"])
    for operation in DOCUMENT["operations"].values():
        exactly(operation, "action channel messages", "title summary description security tags bindings traits reply")
    for message in MESSAGES.values():
        exactly(message, "name payload examples", "headers contentType title summary description tags bindings traits")


def test_channels_are_the_topics_that_carry_something() -> None:
    assert list(DOCUMENT["channels"]) == [topic.name for topic in TOPICS if topic.types]
    for topic in TOPICS:
        if not topic.types:
            continue
        channel = DOCUMENT["channels"][topic.name]
        assert [MESSAGES[name]["name"] for name in channel["messages"]] == list(topic.types)
        binding = channel["bindings"]["kafka"]
        assert binding["partitions"] == topic.partitions
        told = binding["topicConfiguration"]
        expected = {name: told.get(name) for name in ("retention.ms", "max.message.bytes")}
        settings = topic.configuration()
        assert {name: str(value) for name, value in expected.items() if value is not None} == {
            name: settings[name] for name in expected if name in settings
        }
        assert told["cleanup.policy"] == [settings["cleanup.policy"]]


def test_a_client_sends_what_we_read_and_receives_what_we_publish() -> None:
    told: dict[str, set[str]] = {"send": set(), "receive": set()}
    for operation in DOCUMENT["operations"].values():
        channel = operation["channel"]["$ref"]
        for message in operation["messages"]:
            # The standard wants the channel's own messages here, and no others.
            assert message["$ref"].startswith(channel + "/messages/")
            told[operation["action"]].add(resolve(resolve(message["$ref"], DOCUMENT)["$ref"], DOCUMENT)["name"])
    read = {name for name, contract in EVENTS.items() if contract.direction == "in" and not contract.internal}
    assert told == {"send": read, "receive": {name for name, c in EVENTS.items() if c.direction == "out"}}


def test_nobody_is_told_to_send_what_only_we_may_say() -> None:
    internal = {contract.short_name for contract in EVENTS.values() if contract.internal}
    referral = {f"referral.{name}.v1" for name in ("claimed", "due", "resolved")}
    moving = {f"{name}.requested.v1" for name in ("extension", "transfer", "merge", "unmerge", "redating")}
    asked = {"purchase.resolved.v1", "adjustment.requested.v1", "reinstatement.requested.v1", "member.due.v1"}
    assert internal == asked | moving | referral
    assert not internal & {reference.rpartition("/")[2] for reference in references(DOCUMENT["operations"])}


@pytest.mark.parametrize("name", MESSAGES)
def test_examples_are_as_their_schema_says(name: str) -> None:
    schema = DOCUMENT["components"]["schemas"][name]
    (sample,) = MESSAGES[name]["examples"]
    assert list(faults(sample["payload"], schema, DOCUMENT)) == []
    assert list(faults(sample["payload"], SCHEMAS[name], SCHEMAS[name])) == []


def spoilt(node: Any) -> Iterator[Any]:
    """Copies of an example, each without one of its fields or with one of another type."""
    for name, inner in node.items():
        yield {key: value for key, value in node.items() if key != name}
        yield {**node, name: 0.5}
        if isinstance(inner, dict):
            yield from ({**node, name: worse} for worse in spoilt(inner))


def test_the_checker_of_schemas_notices_what_pydantic_would() -> None:
    decoder: EventDecoder[Any] = EventDecoder(tuple(EVENTS))
    noticed = 0
    for name, message in MESSAGES.items():
        schema = DOCUMENT["components"]["schemas"][name]
        for event in spoilt(message["examples"][0]["payload"]):
            refused = isinstance(decoder.decode(json.dumps(event).encode()), Rejection)
            assert any(faults(event, schema, DOCUMENT)) is refused, (name, event)
            noticed += refused
    assert noticed > 300


def test_a_schema_with_a_word_that_nobody_checks_is_an_error() -> None:
    with pytest.raises(ValueError, match="multipleOf"):
        list(faults(5, {"multipleOf": 5}, {}))
    with pytest.raises(KeyError):
        resolve("#/components/schemas/missing", DOCUMENT)
