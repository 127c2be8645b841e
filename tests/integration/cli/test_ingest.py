"""Files into topics: every row once, whatever stops the run, and each refused row with its reason."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from cli.rejects import SUFFIX
from tests.support.pointstream import Pointstream
from tests.support.receipts import PURCHASES, purchase
from tests.support.stack import Stack, until

MAPPING = {
    "type": "purchase.completed.v1",
    "id": "/receipt",
    "time": {"pointers": ["/date", "/time"], "zone": "Europe/Rome", "format": "%d.%m.%Y %H:%M"},
    "source": ["/store"],
    "group_by": ["/store", "/receipt"],
    "data": {
        "receipt_number": "/receipt",
        "identifiers": [{"kind": {"const": "card"}, "value": "/card"}],
        "store": "/store",
        "currency": {"const": "EUR"},
        "total_minor": {"pointer": "/total", "decimal": 2, "mark": ","},
        "lines": {
            "each": "/rows",
            "item": {
                "line": {"index": 1},
                "sku": "/article",
                "quantity": {"pointer": "/pieces", "decimal": 0},
                "amount_minor": {"pointer": "/amount", "decimal": 2, "mark": ","},
            },
        },
    },
}
HEADER = "store;receipt;date;time;card;total;article;pieces;amount\n"


def receipt(number: int | str, *amounts: str, total: str | None = None, card: str = "17") -> str:
    cents = sum(int(amount.replace(",", "")) for amount in amounts if amount[0].isdigit() and amount[-1].isdigit())
    total = total or f"{cents // 100},{cents % 100:02}"
    return "".join(f"S1;{number};10.11.2026;12:30;{card};{total};A{at};1;{each}\n" for at, each in enumerate(amounts))


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return file


def mapping(folder: Path) -> Path:
    return write(folder, "map.yaml", yaml.safe_dump(MAPPING))


async def ids(stack: Stack) -> Counter[str]:
    return Counter(str(event["id"]) for event in await stack.events(PURCHASES))


def report(file: Path) -> list[dict[str, Any]]:
    lines = file.with_name(file.name + SUFFIX).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


async def test_rows_become_receipts_and_refused_ones_are_told(
    stack: Stack, pointstream: Pointstream, tmp_path: Path
) -> None:
    text = (
        HEADER
        + receipt("R1", "2,50", "1,20")
        + "S1;broken\n"
        + receipt("R2", "9,99", total="9,98")
        + receipt("R3", "5,0x")
        + receipt("R4", "1,00", card="4111 1111 1111 1111")
        + receipt("R5", "zwei", card="4111 1111 1111 1111")
    )
    file = write(tmp_path, "day.csv", text)

    told = await pointstream.run("ingest", file, "--source", "/acme/pos", "--map", mapping(tmp_path), expect=6)

    assert (told["published"], told["rejected"]) == (2, 4)
    events = {event["id"]: event for event in await stack.events(PURCHASES)}
    assert set(events) == {"R1", "R4"}
    first: Any = events["R1"]
    assert (first["source"], first["time"]) == ("/acme/pos/S1", "2026-11-10T11:30:00Z")
    assert first["data"]["total_minor"] == 370
    assert [line["amount_minor"] for line in first["data"]["lines"]] == [250, 120]
    rows = report(file)
    assert [(row["line"], row["reason"], row["field"]) for row in rows] == [
        (4, "columns", ""),
        (5, "total-mismatch", "/total"),
        (6, "field", "/rows/0/amount"),
        (8, "field", "/rows/0/amount"),
    ]
    assert rows[0]["text"] == "S1;broken"
    assert "**** **** **** 1111" in rows[3]["text"], "a payment card is not repeated"
    assert file.with_name(file.name + SUFFIX).stat().st_mode & 0o077 == 0


async def test_a_dry_run_checks_everything_and_publishes_nothing(
    stack: Stack, pointstream: Pointstream, tmp_path: Path
) -> None:
    file = write(tmp_path, "day.csv", HEADER + receipt("R1", "2,50") + receipt("R2", "x"))
    options = ("--source", "/acme/pos", "--map", mapping(tmp_path))
    told = await pointstream.run("ingest", file, *options, "--dry-run", expect=6)
    assert (told["published"], told["rejected"], told["dry_run"]) == (1, 1, True)
    assert await ids(stack) == Counter()
    told = await pointstream.run("ingest", file, *options, expect=6)
    assert told["files"][0]["known"] is False, "a dry run leaves no mark"
    assert await ids(stack) == Counter(["R1"])


async def test_the_same_file_twice_and_packed_pays_nothing_twice(
    stack: Stack, pointstream: Pointstream, tmp_path: Path
) -> None:
    text = HEADER + "".join(receipt(f"R{number}", "2,50", "0,50") for number in range(300))
    options = ("--source", "/acme/pos", "--map", mapping(tmp_path))
    plain, packed = write(tmp_path, "day.csv", text), write(tmp_path, "day.csv.gz", text)
    assert (await pointstream.run("ingest", plain, *options))["published"] == 300
    again = await pointstream.run("ingest", plain, *options)
    assert (again["published"], again["files"][0]["known"]) == (300, True)
    assert set((await ids(stack)).values()) == {1}, "a known file is not sent again"

    copy = write(tmp_path, "another name.csv", text)
    assert (await pointstream.run("ingest", copy, *options))["files"][0]["known"] is True
    await pointstream.run("ingest", packed, *options)
    await pointstream.run("ingest", plain, *options, "--restart")
    assert set((await ids(stack)).values()) == {3}, "packed, and from the beginning: the same ids"


async def test_json_lines_are_events_as_they_are_or_by_the_mapping_of_the_source(
    stack: Stack, pointstream: Pointstream, tmp_path: Path
) -> None:
    good = purchase("R1", 1_000, source="/acme/pos/1/1").value.decode()
    foreign = purchase("R2", 1_000, source="/globex/pos/1").value.decode()
    strange = good.replace("purchase.completed", "purchase.dreamt")
    file = write(tmp_path, "events.jsonl", f"{good}\n\n{foreign}\nnot json\n{strange}\n")
    told = await pointstream.run("ingest", file, "--source", "/acme/pos", expect=6)
    assert (told["published"], told["rejected"]) == (1, 3)
    assert [row["reason"] for row in report(file)] == ["unknown-source", "not-json", "unknown-type"]

    data = {
        "receipt_number": "/no",
        "currency": {"const": "EUR"},
        "total_minor": {"pointer": "/sum", "decimal": 2},
        "lines": [],
    }
    simple = {"type": "purchase.completed.v1", "id": "/no", "time": "/at", "data": data}
    rules = write(tmp_path, "simple.yaml", yaml.safe_dump(simple))
    added = await pointstream.run("sources", "add", "/acme/web", "--tenant", "acme", "--map", rules)
    assert added["added"] is True
    lines = write(tmp_path, "web.ndjson.gz", '{"no": "W1", "at": "2026-11-10T12:00:00Z", "sum": 12.30}\n')
    assert (await pointstream.run("ingest", lines, "--source", "/acme/web"))["published"] == 1
    (event,) = [event for event in await stack.events(PURCHASES) if event["id"] == "W1"]
    assert event["source"] == "/acme/web"
    expected = {"receipt_number": "W1", "channel": "store", "currency": "EUR", "total_minor": 1230, "lines": []}
    assert event["data"] == expected


async def test_what_can_not_be_begun_says_why(pointstream: Pointstream, tmp_path: Path) -> None:
    file = write(tmp_path, "day.csv", HEADER)
    assert "no registered source" in (await pointstream.run("ingest", file, "--source", "/nobody", expect=1))["error"]
    assert "needs a mapping" in (await pointstream.run("ingest", file, "--source", "/acme/pos", expect=1))["error"]
    empty = write(tmp_path, "empty.csv", "")
    options = ("--source", "/acme/pos", "--map", mapping(tmp_path))
    assert "empty" in (await pointstream.run("ingest", empty, *options, expect=1))["error"]
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress((HEADER + receipt("R1", "1,00")).encode())[:-9])
    assert "not complete" in (await pointstream.run("ingest", cut, *options, expect=1))["error"]
    broken = write(tmp_path, "broken.yaml", "type: nothing.at.all\nid: 7\n")
    wrong = await pointstream.run("ingest", file, "--source", "/acme/pos", "--map", broken, expect=2)
    assert "/type" in wrong["error"]
    assert "say whose" in (await pointstream.run("ingest", file, expect=2))["error"]
    assert "--watch" in (await pointstream.run("ingest", "--source", "/acme/pos", expect=2))["error"]


async def test_killed_in_the_middle_it_goes_on_behind_what_was_acknowledged(
    stack: Stack, pointstream: Pointstream, tmp_path: Path
) -> None:
    count = 40_000
    rows = [receipt(f"R{number}", "2,50") if number % 1_000 else "bad\n" for number in range(count)]
    file = write(tmp_path, "big.csv.gz", HEADER + "".join(rows))
    words = ("ingest", file, "--source", "/acme/pos", "--map", mapping(tmp_path))
    killed = pointstream.start(*words)
    journals = tmp_path / "data" / "intake"

    async def under_way() -> bool:
        assert killed.poll() is None, "it ended before it could be killed"
        return any(json.loads(path.read_text())["read"] for path in journals.glob("*.json"))

    await until(under_way, "a part is published")
    killed.kill()
    killed.communicate()
    (journal,) = journals.glob("*.json")
    assert 0 < json.loads(journal.read_text())["read"] < count, "it was not killed in the middle"

    told = await pointstream.run(*words, expect=6)

    assert told["files"][0]["resumed_at_line"] > 1
    assert (told["published"], told["rejected"]) == (count - 40, 40)
    sent = await ids(stack)
    assert len(sent) == count - 40
    twice = sum(times - 1 for times in sent.values())
    assert twice <= 5_000, "what was acknowledged is not sent again"
    assert [row["line"] for row in report(file)] == [2 + 1_000 * at for at in range(40)], "each refused row once"


async def test_a_folder_is_emptied_as_files_become_complete(
    stack: Stack, pointstream: Pointstream, tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    good, bad = HEADER + receipt("R1", "1,00"), HEADER + receipt("R2", "2,00") + receipt("R3", "x")
    write(inbox, "a.csv", good)
    write(inbox, "b.csv", bad)
    write(inbox, "c.csv.part", good)
    write(inbox, "d.xlsx", "no")
    words: Sequence[object] = ("ingest", "--watch", inbox, "--source", "/acme/pos", "--map", mapping(tmp_path))
    told = await pointstream.run(*words, "--once", "--settle", "0.2", expect=6)
    assert (told["published"], told["rejected"]) == (2, 2)
    assert {path.name for path in (inbox / "done").iterdir()} == {"a.csv"}
    assert {path.name for path in (inbox / "failed").iterdir()} == {
        "b.csv", "b.csv" + SUFFIX, "d.xlsx", "d.xlsx" + SUFFIX,
    }  # fmt: skip
    assert report(inbox / "failed" / "d.xlsx")[0]["reason"] == "unreadable"
    assert (inbox / "c.csv.part").exists()

    watching = pointstream.start(*words, "--settle", "0.2")
    try:
        second = write(inbox, "c.csv.part", HEADER + receipt("R9", "1,00"))
        os.replace(second, inbox / "a.csv")
        await until(lambda: _there(inbox / "done" / "a.2.csv"), "the file is taken and keeps its name beside the other")
        refused = await pointstream.run(*words, "--once", expect=4)
        assert "already takes files" in refused["error"]
    finally:
        watching.terminate()
        await asyncio.to_thread(watching.communicate)
    assert set(await ids(stack)) == {"R1", "R2", "R9"}


async def _there(path: Path) -> bool:
    return path in path.parent.iterdir()
