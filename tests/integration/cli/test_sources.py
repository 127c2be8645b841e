"""Sources are registered, shown and removed; what a mapping makes can be tried before."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from tests.support.pointstream import Pointstream
from tests.support.stack import Stack

MAPPING = {
    "match": {"pointer": "/vendor", "equals": "TillCo"},
    "type": "purchase.completed.v1",
    "id": "/no",
    "time": "/at",
    "source": ["/shop"],
    "data": {
        "receipt_number": "/no",
        "identifiers": [{"kind": {"const": "card"}, "value": "/card"}],
        "currency": {"const": "EUR"},
        "total_minor": {"pointer": "/sum", "decimal": 2},
        "lines": [],
    },
}
SAMPLE = {"vendor": "TillCo", "no": "7", "shop": "12", "at": "2026-11-10T12:00:00+01:00", "card": "17", "sum": 12.3}


def write(folder: Path, name: str, document: object) -> Path:
    file = folder / name
    file.write_text(yaml.safe_dump(document) if name.endswith("yaml") else json.dumps(document, indent=2))
    return file


async def sources(stack: Stack) -> dict[str, str | None]:
    rows = await stack.fetch("SELECT source_prefix, mapping FROM platform.source")
    return {row["source_prefix"]: row["mapping"] for row in rows}


async def test_a_sample_is_tried_without_a_trace(stack: Stack, pointstream: Pointstream, tmp_path: Path) -> None:
    rules, sample = write(tmp_path, "map.yaml", MAPPING), write(tmp_path, "sample.json", SAMPLE)
    before = await sources(stack)
    words = ("sources", "add", "/acme/till", "--tenant", "acme", "--programme", "main", "--map", rules, "--try")
    told = await pointstream.run(*words, sample)
    event = told["event"]
    assert (told["topic"], told["key"]) == ("loyalty.purchases", "card:17")
    assert (event["source"], event["id"], event["time"]) == ("/acme/till/12", "7", "2026-11-10T11:00:00Z")
    assert event["data"]["total_minor"] == 1230
    refused = await pointstream.run(*words, write(tmp_path, "bad.json", SAMPLE | {"sum": 12.345}), expect=6)
    assert "/sum" in refused["error"]
    assert await sources(stack) == before

    table = tmp_path / "sample.csv"
    table.write_text("no,shop,at,card,sum\n8,12,2026-11-10T12:00:00Z,17,5.00\n")
    told = await pointstream.run(*words, table)
    assert told["event"]["id"] == "8"


async def test_a_source_is_added_once_and_its_mapping_replaced(
    stack: Stack, pointstream: Pointstream, tmp_path: Path
) -> None:
    words = ("sources", "add", "/acme/till", "--tenant", "acme")
    assert (await pointstream.run(*words))["added"] is True
    assert (await sources(stack))["/acme/till"] is None
    assert (await pointstream.run(*words, "--map", write(tmp_path, "map.yaml", MAPPING)))["added"] is False
    assert (await pointstream.run(*words))["added"] is False, "without a mapping the one that is there stays"
    shown = await pointstream.run("sources", "show", "/acme/till/12/3")
    assert (shown["prefix"], shown["tenant"], shown["mapping"]) == ("/acme/till", "acme", MAPPING)
    listed = (await pointstream.run("sources", "list", "--tenant", "acme"))["sources"]
    assert [each["prefix"] for each in listed] == ["/acme/pos", "/acme/till"]
    taken = await pointstream.run("sources", "add", "/acme/till", "--tenant", "globex", expect=1)
    assert "another programme" in taken["error"]


async def test_a_removed_source_leaves_its_events_to_the_next_prefix(stack: Stack, pointstream: Pointstream) -> None:
    await pointstream.run("sources", "add", "/acme/pos/9", "--tenant", "acme")
    told = await pointstream.run("sources", "remove", "/acme/pos/9", "--dry-run")
    assert told["now_covered_by"] == "/acme/pos"
    assert "/acme/pos/9" in await sources(stack)
    await pointstream.run("sources", "remove", "/acme/pos/9")
    assert "/acme/pos/9" not in await sources(stack)
    assert (await pointstream.run("sources", "remove", "/acme/pos"))["now_covered_by"] is None
    assert "no source" in (await pointstream.run("sources", "remove", "/acme/pos", expect=1))["error"]
    assert "no source covers" in (await pointstream.run("sources", "show", "/acme/pos/1", expect=1))["error"]


async def test_a_wrong_source_or_mapping_is_refused_with_the_reason(pointstream: Pointstream, tmp_path: Path) -> None:
    for prefix, why in (("acme", "a path"), ("/acme/", "a path"), ("/a b", "a path"), ("/pointstream/x", "own")):
        assert why in (await pointstream.run("sources", "add", prefix, "--tenant", "acme", expect=2))["error"]
    several = await pointstream.run("sources", "add", "/x", expect=2)
    assert "acme/main, globex/main" in several["error"]
    assert "no programme" in (await pointstream.run("sources", "add", "/x", "--tenant", "none", expect=1))["error"]
    rules = write(tmp_path, "map.yaml", MAPPING | {"time": "no pointer", "colour": 1})
    wrong = (await pointstream.run("sources", "add", "/x", "--tenant", "acme", "--map", rules, expect=2))["error"]
    assert "/colour" in wrong
