"""What the door takes is what the topic takes, and no JSON breaks it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.contracts.codec import TopicDecoder
from libs.contracts.identifiers import IdentifierNames
from libs.contracts.rejection import Rejection
from libs.contracts.samples import example
from libs.contracts.topics import topic_of
from services.gateway.intake.description import TAKEN
from services.gateway.intake.offers import TYPE_PREFIX, Kinds, offer

NAMES = IdentifierNames(b"k" * 32)
KINDS = {name: Kinds.of(name) for name in TAKEN}
ANY = Kinds.of(*TAKEN)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def plain(event: dict[str, Any]) -> dict[str, Any]:
    """The plain form of an event."""
    return {name: event[name] for name in ("id", "source", "time", "data")}


@pytest.mark.parametrize("form", ["minimal", "full"])
@pytest.mark.parametrize("name", TAKEN)
def test_every_example_is_taken_in_both_forms(name: str, form: Any) -> None:
    event = orjson.loads(example(name, form))
    whole, short = offer(event, KINDS[name], NAMES), offer(plain(event), KINDS[name], NAMES)
    assert not isinstance(whole, Rejection), whole
    assert not isinstance(short, Rejection), short
    assert (whole.key, whole.body_hash, whole.record.key) == (short.key, short.body_hash, short.record.key)
    for made in (whole, short):
        read = TopicDecoder(topic_of(TYPE_PREFIX + name)).decode(made.record.value)
        assert not isinstance(read, Rejection), read
        assert (read.id, read.source, read.time, read.data) == (
            made.event.id, made.event.source, made.event.time, made.event.data,
        )  # fmt: skip
        assert read.partitionkey == made.record.key.decode()


@given(JSON)
def test_no_json_breaks_it(document: Any) -> None:
    assert isinstance(offer(document, ANY, NAMES), Rejection)


@given(st.sampled_from(TAKEN), st.data())
def test_whatever_is_put_into_an_event_the_topic_agrees(name: str, data: st.DataObject) -> None:
    event = orjson.loads(example(name, "full"))
    place = event if data.draw(st.booleans()) else event["data"]
    place[data.draw(st.sampled_from(sorted(place)))] = data.draw(JSON)
    offered = offer(event, KINDS[name], NAMES)
    if not isinstance(offered, Rejection):
        read = TopicDecoder(topic_of(TYPE_PREFIX + name)).decode(offered.record.value)
        assert not isinstance(read, Rejection), read
    else:
        assert offered.detail


def test_deep_nests_are_refused() -> None:
    event = orjson.loads(example(TAKEN[0], "full"))
    for depth in (100, 300, 2000):
        nest: Any = 0
        for _ in range(depth):
            nest = [nest]
        assert isinstance(offer(event | {"x": nest}, KINDS[TAKEN[0]], NAMES), Rejection)
