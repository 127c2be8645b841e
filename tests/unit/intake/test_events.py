"""Records that are about to be published: what earning would refuse is refused, and no key tells who somebody is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from libs.contracts.codec import TopicDecoder
from libs.contracts.identifiers import IdentifierNames
from libs.contracts.registry import EVENTS
from libs.contracts.rejection import Rejection
from libs.contracts.samples import example
from libs.intake.events import Prepared, Preparer
from tests.support.receipts import purchase

NAMES = IdentifierNames.from_seal_key(bytes(32))
PREPARER = Preparer("/acme/pos", NAMES)


def prepared(raw: bytes, preparer: Preparer = PREPARER) -> Prepared:
    made = preparer.prepare(raw)
    assert isinstance(made, Prepared), made
    return made


def changed(**changes: Any) -> bytes:
    return json.dumps(json.loads(purchase("R1").value) | changes).encode()


@pytest.mark.parametrize(
    "contract", [each for each in EVENTS.values() if each.direction == "in"], ids=lambda each: each.type
)
@pytest.mark.parametrize("form", ["minimal", "full"])
def test_every_event_that_comes_in_is_taken_and_stays_what_it_was(contract: Any, form: Any) -> None:
    raw = example(contract.short_name, form)
    source = json.loads(raw)["source"]
    if contract.internal:
        assert isinstance(Preparer("/acme/pos").prepare(raw.replace(source.encode(), b"/acme/pos")), Rejection)
    made = prepared(raw, Preparer(source, NAMES))
    decoder = TopicDecoder(made.topic)
    before, after = decoder.decode(raw), decoder.decode(made.value)
    assert not isinstance(before, Rejection)
    assert not isinstance(after, Rejection)
    assert (after.id, after.source, after.type, after.time) == (before.id, before.source, before.type, before.time)
    assert after.data == before.data
    assert after.partitionkey == made.key.decode()
    assert dict(made.headers)["ce_id"].decode() == before.id


@pytest.mark.parametrize(
    ("raw", "code", "field"),
    [
        (b"", "not-json", ""),
        (b"no", "not-json", ""),
        (b"[]", "not-json", ""),
        (b"{}", "envelope", "/type"),
        (changed(type="org.pointstream.points.credited.v1"), "unknown-type", "/type"),
        (changed(type="org.pointstream.purchase.dreamt.v1"), "unknown-type", "/type"),
        (changed(type=7), "envelope", "/type"),
        (changed(source="/acme/position"), "unknown-source", "/source"),
        (changed(time="yesterday"), "envelope", "/time"),
        (purchase("R1", total_minor=7).value, "total-mismatch", "/data/total_minor"),
        (purchase("R1", currency="ZZZ").value, "unknown-currency", "/data/currency"),
    ],
)
def test_what_nobody_would_take_is_refused(raw: bytes, code: str, field: str) -> None:
    made = PREPARER.prepare(raw)
    assert isinstance(made, Rejection)
    assert (made.code, made.field) == (code, field)


def test_what_is_not_ours_stays_behind() -> None:
    raw = json.loads(purchase("R1").value)
    raw["data"]["customer_name"] = "Ada"
    assert b"Ada" not in prepared(json.dumps(raw).encode()).value


def test_keys_tell_nobody_s_address() -> None:
    identifiers = [{"kind": "email", "value": "ada@example.org"}, {"kind": "card", "value": "17"}]
    raw = purchase("R1", identifiers=identifiers).value
    assert prepared(raw).key.startswith(b"email:")
    assert b"ada" not in prepared(raw).key
    assert prepared(raw, Preparer("/acme/pos")).key == b"card:17"
    alone = purchase("R1", identifiers=identifiers[:1]).value
    assert prepared(alone, Preparer("/acme/pos")).key == b"R1"
    assert prepared(purchase("R1", card=None).value).key == b"R1"
