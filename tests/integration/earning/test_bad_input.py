"""Everything that tills get wrong has a documented outcome: `docs/outcomes.md` lists it, this tries it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest

from libs.promotions.pages import StoredDecision, read_page
from libs.runtime.outbox import unpack
from libs.runtime.seal import Seal
from tests.support.command import assert_sound
from tests.support.receipts import POINTS, PROFILES, PURCHASES, Record, enrolment, event, line, member_id, purchase
from tests.support.stack import SEAL_KEY, Stack

SEAL = Seal.from_base64(SEAL_KEY)
OUTCOMES = Path(__file__).parents[3] / "docs" / "outcomes.md"
PHONE = "+390655501993"
MAIL = "jo.rossi@example.org"
NOW = datetime.now(UTC)


class Refused(NamedTuple):
    """A record that becomes a dead letter, and with what reason and field."""

    name: str
    record: Record
    reason: str
    field: str


class Decided(NamedTuple):
    """A receipt that is taken, and what is decided: outcome, reason, points."""

    name: str
    record: Record
    outcome: str
    reason: str | None
    points: int


def _changed(name: str, change: Callable[[dict[str, Any]], object], **options: Any) -> Record:
    """A good purchase with something changed in its JSON."""
    document = json.loads(purchase(name, **options).value)
    change(document)
    return Record(PURCHASES, b"", json.dumps(document).encode())


def _data(name: str, **fields: Any) -> Record:
    return _changed(name, lambda document: document["data"].update(fields))


def _line(name: str, **fields: Any) -> Record:
    return _changed(name, lambda document: document["data"]["lines"][0].update(fields))


def _envelope(name: str, **fields: Any) -> Record:
    return _changed(name, lambda document: document.update(fields))


def _raw(value: bytes | None) -> Record:
    return Record(PURCHASES, b"", value)  # type: ignore[arg-type]


def _many_lines(name: str, count: int) -> Record:
    return purchase(name, [line(f"sku-{n}", 100) for n in range(count)])


REFUSED = [
    Refused("points and pence", _line("x", amount_minor=12.5), "field", "/data/lines/0/amount_minor"),
    Refused("whole number as float", _data("x", total_minor=1000.0), "field", "/data/total_minor"),
    Refused("amount as text", _line("x", amount_minor="12.50"), "field", "/data/lines/0/amount_minor"),
    Refused("not a number", _changed("x", lambda d: d["data"].update(total_minor=float("nan"))), "not-json", ""),
    Refused("negative total", _data("x", total_minor=-5, lines=[]), "field", "/data/total_minor"),
    Refused("absurd total", _data("x", total_minor=10**13, lines=[]), "field", "/data/total_minor"),
    Refused("total past 64 bits", _data("x", total_minor=10**30, lines=[]), "field", "/data/total_minor"),
    Refused("absurd quantity", _line("x", quantity=10**7), "field", "/data/lines/0/quantity"),
    Refused("lines that do not add up", _data("x", total_minor=999), "total-mismatch", "/data/total_minor"),
    Refused("unknown currency", purchase("x", currency="ABC"), "unknown-currency", "/data/currency"),
    Refused("currency in small letters", purchase("x", currency="eur"), "field", "/data/currency"),
    Refused("unknown source", purchase("x", source="/nobody/pos"), "unknown-source", "/source"),
    Refused("source that begins like another", purchase("x", source="/acme/postal"), "unknown-source", "/source"),
    Refused("source without a slash", _envelope("x", source="acme"), "envelope", "/source"),
    Refused(
        "no receipt number", _changed("x", lambda d: d["data"].pop("receipt_number")), "field", "/data/receipt_number"
    ),
    Refused("NUL in a receipt number", purchase("x\0y"), "envelope", "/id"),
    Refused("NUL in a text", _data("x", store="a\0b"), "field", "/data/store"),
    Refused("half a surrogate pair", _raw(purchase("x").value.replace(b'"any"', b'"\\ud800"')), "not-json", ""),
    Refused("endless id", _envelope("x", id="i" * 129), "envelope", "/id"),
    Refused("5,001 lines", _many_lines("x", 5_001), "field", "/data/lines"),
    Refused("more than a megabyte", _envelope("x", padding="p" * 1024 * 1024), "too-large", ""),
    Refused("nested too deep", _raw(b'{"a":' * 200 + b"1" + b"}" * 200), "not-json", ""),
    Refused("unknown type", _envelope("x", type="org.pointstream.purchase.dreamt.v1"), "unknown-type", "/type"),
    Refused("enrolment among the purchases", _raw(enrolment("9").value), "unknown-type", "/type"),
    Refused("no type", _changed("x", lambda d: d.pop("type")), "envelope", "/type"),
    Refused("other version of CloudEvents", _envelope("x", specversion="0.3"), "envelope", "/specversion"),
    Refused("time without offset", _envelope("x", time="2026-11-10T12:00:00"), "envelope", "/time"),
    Refused("year 9999", _envelope("x", time="9999-12-31T00:00:00Z"), "envelope", "/time"),
    Refused("year 1969", _envelope("x", time="1969-12-31T00:00:00Z"), "envelope", "/time"),
    Refused("empty value", _raw(b""), "not-json", ""),
    Refused("tombstone", _raw(None), "not-json", ""),
    Refused("binary junk", _raw(bytes(range(256))), "not-json", ""),
    Refused("a list", _raw(b"[]"), "not-json", ""),
]

DECIDED = [
    Decided("good receipt", purchase("good", time=NOW), "credited", None, 10),
    Decided("5,000 lines", _many_lines("lines-5000", 5_000), "credited", None, 5_000 + 50),
    Decided("lines with a refund", purchase("mixed", [line("a", 1_000), line("b", -300)]), "credited", None, 7),
    Decided("quantity 0", purchase("zero", [line("a", 1_000, quantity=0)]), "credited", None, 10),
    Decided("quantity 89,638", purchase("litres", [line("a", 1_000, quantity=89_638)]), "credited", None, 10),
    Decided("field nobody knows", _data("future", mood="good"), "credited", None, 10),
    Decided("empty receipt", purchase("empty", []), "no_points", None, 0),
    Decided(
        "other currency than the programme's",
        purchase("usd", currency="USD"),
        "awaiting_operator",
        "no-exchange-rate",
        0,
    ),
    Decided("card of another tenant", purchase("foreign", card="globex-only"), "unclaimed", None, 0),
    Decided("no identifier", purchase("nobody", card=None), "no_member", None, 0),
    Decided(
        "clock two hours ahead", purchase("ahead", time=NOW + timedelta(hours=2)), "credited", "event-time-ahead", 10
    ),
    Decided(
        "clock at 1970",
        purchase("1970", time=datetime(1970, 1, 1, tzinfo=UTC)),
        "awaiting_operator",
        "no-programme-yet",
        0,
    ),
    Decided(
        "years late", purchase("2017", time=datetime(2017, 3, 1, tzinfo=UTC)), "awaiting_operator", "period-closed", 0
    ),
]

CASES: list[Refused | Decided] = [*REFUSED, *DECIDED]


async def _letters(stack: Stack) -> dict[str, tuple[str, str]]:
    """By the key that each case was produced under: reason and field."""
    return {
        SEAL.open(row["sealed_key"], f"{row['letter_id']}/key").decode(): (row["reason"], row["field"])
        for row in await stack.fetch("SELECT * FROM stream.dead_letter")
    }


async def _decisions(stack: Stack) -> dict[str, StoredDecision]:
    pages = await stack.fetch("SELECT body FROM earning.decision_page")
    return {decision.id: decision for page in pages for decision in read_page(page["body"])}


async def test_every_outcome_is_as_documented(stack: Stack) -> None:
    await stack.start_ready(POINTSTREAM_EARNING__LOOP__MAX_CONSECUTIVE_BAD="1000")
    await stack.produce([enrolment("1"), enrolment("globex-only", source="/globex/pos")])
    await stack.drained(PROFILES)
    await stack.produce([case.record._replace(key=case.name.encode()) for case in CASES])
    await stack.drained()

    letters = await _letters(stack)
    assert letters == {case.name: (case.reason, case.field) for case in REFUSED}

    decisions = await _decisions(stack)
    found = {
        case.name: (decision.outcome, decision.reason, sum(lot.points for lot in decision.lots))
        for case in DECIDED
        for decision in [decisions[json.loads(case.record.value)["id"]]]
    }
    assert found == {case.name: (case.outcome, case.reason, case.points) for case in DECIDED}
    evaluated = {e["data"]["receipt_id"] for e in await _events(stack) if "evaluated" in str(e["type"])}
    assert evaluated == set(decisions)
    ahead = decisions["ahead"]
    assert ahead.judged_at == ahead.arrived_at < ahead.occurred_at
    assert await stack.fetch("SELECT FROM ledger.lot WHERE tenant_id = 2") == []
    assert {row["tenant_id"] for row in await stack.fetch("SELECT tenant_id FROM earning.unclaimed_receipt")} == {1}
    await assert_sound(stack)


async def _events(stack: Stack) -> list[Mapping[str, Any]]:
    return [orjson.loads(record.value) for record in await stack.read(POINTS)]


@pytest.mark.parametrize("name", [case.name for case in CASES])
def test_outcome_is_documented(name: str) -> None:
    [case] = [case for case in CASES if case.name == name]
    rows = [row for row in OUTCOMES.read_text().splitlines() if row.startswith(f"| {name} |")]
    expected = case.reason if isinstance(case, Refused) else case.outcome
    assert len(rows) == 1
    assert f"`{expected}`" in rows[0]


async def test_what_names_a_person_stays_nowhere_in_clear(stack: Stack) -> None:
    """A phone number and an address, in good records and in bad ones, as value and as key."""
    worker = await stack.start_ready()
    people = [{"kind": "phone", "value": PHONE}, {"kind": "email", "value": MAIL}]
    member = {"member_id": str(member_id("p")), "identifiers": people, "tier": None}
    kind = "org.pointstream.member.enrolled.v1"
    good = event(PROFILES, kind, "e-1", "/acme/pos", NOW, PHONE, member)
    bad = event(PROFILES, kind, "e-2", "/acme/pos", NOW, PHONE, member | {"tier": 5})
    other = event(PROFILES, kind, "e-3", "/acme/pos", NOW, PHONE, member | {"member_id": str(member_id("q"))})
    await stack.produce([good, bad, other])
    await stack.drained(PROFILES)
    receipts = [
        purchase("P-1", identifiers=people),
        purchase("P-2", identifiers=people, total_minor=1),
        purchase("P-3", identifiers=[{"kind": "phone", "value": PHONE + "1"}]),
        purchase("P-1", 7_700, identifiers=people),
        Record(PURCHASES, b"", b'{"id": "' + PHONE.encode()),
    ]
    await stack.produce([each._replace(key=PHONE.encode()) for each in receipts])
    await stack.drained()
    decisions = await _decisions(stack)
    assert {name: each.outcome for name, each in decisions.items()} == {"P-1": "credited", "P-3": "unclaimed"}
    assert len(await stack.fetch("SELECT FROM stream.dead_letter")) == 5

    seen = {name: text async for name, text in _tables(stack)}
    for topic in (POINTS, f"{PURCHASES}.dlq", f"{PROFILES}.dlq"):
        seen[topic] = "".join(f"{r.key!r}{r.value!r}{r.headers!r}" for r in await stack.read(topic))
        assert seen[topic]
    seen["log"] = worker.log.read_text()
    seen["metrics"] = worker.get("/metrics") or ""
    assert all(
        "P-1" in seen[where] for where in ("decisions", "outbox", POINTS)
    )  # so the search does see what is there
    traces = [each for person in (PHONE, MAIL) for each in (person, person.encode().hex())]
    assert [where for where, text in seen.items() if any(trace in text for trace in traces)] == []


async def _tables(stack: Stack):  # type: ignore[no-untyped-def]
    """Every row of every table as text, and what is compressed in them unpacked."""
    tables = await stack.fetch(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables "
        "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    for table in tables:
        rows = await stack.fetch(f"SELECT t::text AS text FROM {table['name']} t")
        yield table["name"], "".join(row["text"] for row in rows)
    pages = await stack.fetch("SELECT body FROM earning.decision_page")
    yield "decisions", "".join(repr(read_page(row["body"])) for row in pages)
    outbox = await stack.fetch("SELECT topic, events FROM stream.outbox")
    yield "outbox", "".join(repr(unpack(row["topic"], row["events"])) for row in outbox)
