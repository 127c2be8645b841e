"""The backtest over a real database: what A comes to is what the journal has, and Parquet tells the same bytes."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.database import ACME, programme_document
from tests.support.lives import ACTIVITIES, activity, corrected, returned
from tests.support.pointstream import Pointstream
from tests.support.programmes import put_programme
from tests.support.receipts import PROFILES, PURCHASES, WHEN, enrolment, event, line, member_id, purchase
from tests.support.stack import Stack, until

HOUR = timedelta(hours=1)
RANGE = ("--from", "2026-11-01", "--to", "2026-11-10T13:30:00+01:00")
REVIEW = {
    "id": "review",
    "name": "20 points for a review",
    "state": "live",
    "trigger": {"kind": "activity", "activity": "product-reviewed"},
    "effect": {"kind": "fixed", "points": 20},
}
JOURNAL = """
SELECT member_id, sum(CASE WHEN kind = 'credit' THEN amount WHEN kind = 'reverse' THEN -amount ELSE 0 END)::bigint
FROM ledger.journal GROUP BY member_id
"""


def in_force() -> dict[str, Any]:
    document: dict[str, Any] = programme_document(ACME)
    return document | {"campaigns": [*document["campaigns"], REVIEW]}


def other(folder: Path, **changes: Any) -> Path:
    """The document B: twice the points for coffee, but only 60 of them in all; nothing for a review."""
    document = in_force() | {"version": 2} | changes
    budget = [{"scope": "campaign", "period": "ever", "points": 60}]
    coffee = {"effect": {"kind": "fixed", "points": 50}, "limits": budget}
    campaigns = [each | coffee if each["id"] == "coffee" else each for each in document["campaigns"]]
    file = folder / "b.yaml"
    file.write_text(yaml.safe_dump(document | {"campaigns": [each for each in campaigns if each["id"] != "review"]}))
    return file


async def lived(stack: Stack, document: dict[str, Any], tier: str | None = None) -> None:
    """Three members buy, review, and bring some of it back."""
    await put_programme(stack.database, document)
    await stack.start_ready()
    await stack.produce([enrolment(card, tier=tier) for card in ("1", "2", "3")])
    await stack.drained(PROFILES)
    coffee = [line("coffee-500g", 700), line("apples", 500, category="PRODUCE", quantity=5)]
    await stack.produce(
        [
            purchase(f"R-{at}", coffee, card=card, time=WHEN - (9 - at) * HOUR)
            for at, card in enumerate(("1", "2", "3", "1"))
        ]
        + [purchase("R-4", 12_345, card="2", time=WHEN - HOUR), purchase("R-5", 999, card="9", time=WHEN - HOUR)]
    )
    await stack.drained(PURCHASES)
    await stack.produce([activity("A-1", "product-reviewed", card="3", time=WHEN - HOUR)])
    await stack.drained(ACTIVITIES)
    await stack.produce(
        [
            returned("T-1", "R-0", [{"line": 1}], time=WHEN - 30 * HOUR / 60, key="card:1"),
            returned("T-2", "R-4", amount=5_000, time=WHEN - 20 * HOUR / 60, key="card:2"),
            corrected("C-1", "R-2", 333, card="3", purchased_at=WHEN - 7 * HOUR, time=WHEN - HOUR / 60, key="card:3"),
        ]
    )
    await stack.drained(PURCHASES)


def results(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


async def test_a_is_what_the_journal_has_from_postgres_and_from_parquet(
    stack: Stack, pointstream: Pointstream, tmp_path: Path
) -> None:
    await lived(stack, in_force(), tier="gold")
    document = other(tmp_path)
    asked = ("backtest", "--programme", document, *RANGE, "--tenant", "acme", "--point-value", "0.01", "--workers", 1)

    told = await pointstream.run(*asked, "--out", tmp_path / "live")

    journal = {str(row["member_id"]): row[1] for row in await stack.fetch(JOURNAL)}
    with (tmp_path / "live" / "members.csv").open(newline="") as stream:
        members = {row["member_id"]: row for row in csv.DictReader(stream)}
    assert {name: int(row["points_a"]) for name, row in members.items()} == journal
    assert {name: int(row["points_recorded"]) for name, row in members.items()} == journal
    assert told["unlike_recorded"] == 0
    assert {row["tiers_b"] for row in members.values()} == {"gold"}
    # The first 50 for R-0 come back with its coffee, so R-1 takes 50 of 60 and R-2, corrected later, 10.
    by_b = {card: int(members[str(member_id(card))]["points_b"]) for card in ("1", "2", "3")}
    by_a = {card: int(members[str(member_id(card))]["points_a"]) for card in ("1", "2", "3")}
    assert {card: by_b[card] - by_a[card] for card in by_b} == {"1": -25, "2": -15, "3": -20}
    first = members[str(member_id("2"))]
    assert (first["parted_id"], first["parted_points_a"], first["parted_points_b"]) == ("R-1", "points:42", "points:27")
    assert told == json.loads((tmp_path / "live" / "summary.json").read_text())

    exported = await pointstream.run("history", "export", "--out", tmp_path / "history", "--tenant", "acme")
    assert exported["items"] == 6, "five receipts and a review; the sixth receipt is nobody's"
    await pointstream.run(*asked, "--out", tmp_path / "parquet", "--history", tmp_path / "history")
    await pointstream.run(*asked[:-1], 2, "--out", tmp_path / "two")
    assert results(tmp_path / "live") == results(tmp_path / "parquet") == results(tmp_path / "two")
    assert results(tmp_path / "live").keys() == {"members.csv", "summary.json", "report.html"}


async def test_tiers_and_history_are_judged_anew_and_a_is_what_the_journal_has(
    stack: Stack, pointstream: Pointstream, tmp_path: Path
) -> None:
    silver = {"effect": {"kind": "fixed", "points": 3}, "when": {"tiers": ["silver"]}}
    first = {"effect": {"kind": "fixed", "points": 10}, "when": {"member": {"nth_purchase": {"numbers": [1]}}}}
    asking = [{"id": "silver", "name": "Silver", "state": "live", **silver}, FIRST | first]
    document = in_force()
    document |= {"campaigns": [*document["campaigns"], *asking], "tier_sets": [status(1)]}
    await lived(stack, document)
    file = tmp_path / "b.yaml"
    file.write_text(yaml.safe_dump(document | {"version": 2, "tier_sets": [status(2)]}))
    asked = ("backtest", "--programme", file, *RANGE, "--tenant", "acme", "--workers", 1)

    told = await pointstream.run(*asked, "--out", tmp_path / "live")

    journal = {str(row["member_id"]): row[1] for row in await stack.fetch(JOURNAL)}
    with (tmp_path / "live" / "members.csv").open(newline="") as stream:
        members = {row["member_id"]: row for row in csv.DictReader(stream)}
    assert {name: int(row["points_a"]) for name, row in members.items()} == journal
    assert told["unlike_recorded"] == 0
    paths = {card: (row["tiers_a"], row["tiers_b"]) for card in "123" for row in [members[str(member_id(card))]]}
    assert paths == {"1": ("basic>silver", "basic>silver"), "2": ("basic>silver", "basic>silver"),
                     "3": ("basic>silver", "basic")}  # fmt: skip
    more = {card: int(members[str(member_id(card))]["points_difference"]) for card in "123"}
    assert more == {"1": -3, "2": -3, "3": 0}, "the second receipt is no silver member's under B"

    await pointstream.run("history", "export", "--out", tmp_path / "history", "--tenant", "acme")
    await pointstream.run(*asked, "--out", tmp_path / "parquet", "--history", tmp_path / "history")
    assert results(tmp_path / "live") == results(tmp_path / "parquet")


FIRST = {"id": "first", "name": "First purchase", "state": "live"}


def status(visits: int) -> dict[str, Any]:
    levels = [{"name": "basic"}, {"name": "silver", "needs": {"visits": visits}}]
    window, holds = {"kind": "rolling", "days": 30}, {"kind": "while_met"}
    return {"name": "status", "drives_tier": True, "levels": levels, "window": window, "holds": holds}


OCCASIONS = [
    {"id": "daily", "trigger": {"kind": "schedule", "rule": "FREQ=DAILY", "first_day": "2020-01-01"}, "points": 3},
    {"id": "cake", "trigger": {"kind": "birthday"}, "points": 50},
    {"id": "awake", "trigger": {"kind": "segment_entered", "segment": "busy"}, "points": 40},
    {"id": "often", "when": {"segments": ["busy"]}, "points": 11},
    {"id": "local", "when": {"member": {"attributes": [{"name": "town", "one_of": ["Brno"]}]}}, "points": 7},
]
BUSY = {"name": "busy", "when": {"all": [{"kind": "count", "what": "visits", "min": 1}]}}


def with_occasions() -> dict[str, Any]:
    document, effect = in_force(), {"kind": "fixed"}
    more = [
        {"name": each["id"], "state": "live", **each, "effect": effect | {"points": each["points"]}}
        for each in OCCASIONS
    ]
    for each in more:
        del each["points"]
    return document | {"campaigns": [*document["campaigns"], *more], "segments": [BUSY]}


@pytest.mark.slow
async def test_segments_birthdays_and_schedules_are_found_anew_and_a_is_what_the_journal_has(
    stack: Stack, pointstream: Pointstream, tmp_path: Path
) -> None:
    await stack.start_ready()
    now = datetime.now(UTC)
    born = {"1": now - 2 * 24 * HOUR, "2": now - 100 * 24 * HOUR}
    told: list[dict[str, Any]] = [
        {
            "member_id": str(member_id(card)),
            "identifiers": [{"kind": "card", "value": card}],
            "birthday": f"{day:%m-%d}",
            "attributes": {"town": "Brno"},
        }
        for card, day in born.items()
    ]
    kind, since = "org.pointstream.member.enrolled.v1", now - 20 * 24 * HOUR
    await stack.produce(
        [event(PROFILES, kind, f"E-{at}", "/acme/pos", since, each["member_id"], each) for at, each in enumerate(told)]
    )
    await stack.drained(PROFILES)
    await put_programme(stack.database, with_occasions())

    async def credited(points: int, times: int) -> bool:
        found = "SELECT count(*) FROM ledger.journal WHERE kind = 'credit' AND amount = $1"
        return [tuple(row) for row in await stack.fetch(found, points)] == [(times,)]

    await until(lambda: credited(3, 2 * 7), "a week of days for both, which is as far as an outage is caught up")
    await until(lambda: credited(50, 1), "one birthday")
    await stack.produce([purchase("R-1", 1_000, card="1", time=datetime.now(UTC))])
    await until(lambda: credited(40, 1), "busy now")
    await stack.produce([purchase("R-2", 1_000, card="1", time=datetime.now(UTC))])
    await stack.drained(PURCHASES)

    b = tmp_path / "b.yaml"
    b.write_text(yaml.safe_dump(in_force() | {"version": 2}))
    span = ("--from", (now - 3 * 24 * HOUR).isoformat(), "--to", datetime.now(UTC).isoformat())
    asked = ("backtest", "--programme", b, *span, "--tenant", "acme")
    summary = await pointstream.run(*asked, "--out", tmp_path / "one", "--workers", 1)
    assert summary["unlike_recorded"] == 0
    assert summary["switches"] == []
    paid = {each["campaign"]: each["a"]["times"] for each in summary["campaigns"]}
    assert {each: paid[each] for each in ("daily", "cake", "awake", "often", "local")} == {
        "daily": 6, "cake": 1, "awake": 1, "often": 1, "local": 2,
    }  # fmt: skip
    assert summary["occasions"] == {"a": 8, "b": 0}
    total = summary["wallets"]["points"]
    assert total["a"] == total["recorded"]
    assert total["b"] == total["a"] - 6 * 3 - 50 - 40 - 11 - 2 * 7

    await pointstream.run(*asked, "--out", tmp_path / "two", "--workers", 2)
    assert results(tmp_path / "one") == results(tmp_path / "two")
    await pointstream.run("history", "export", "--out", tmp_path / "history", "--tenant", "acme")
    exported = (tmp_path / "history" / "members.parquet").read_bytes()
    assert b"Brno" not in exported
    without = await pointstream.run(*asked, "--history", tmp_path / "history")
    assert [each.split()[4] for each in without["unknown"]] == ["attributes", "birthday"]
    await pointstream.run("history", "export", "--personal", "--out", tmp_path / "personal", "--tenant", "acme")
    await pointstream.run(*asked, "--history", tmp_path / "personal", "--out", tmp_path / "three", "--workers", 1)
    assert results(tmp_path / "three") == results(tmp_path / "one")


async def test_what_makes_no_sense_is_refused(stack: Stack, pointstream: Pointstream, tmp_path: Path) -> None:
    document, acme = other(tmp_path), ("--tenant", "acme")
    for arguments, why in (
        ((), "say which range"),
        (("--from", "2026-11-01", "--to", "2026-11-01"), "the range is empty"),
        (("--from", "November", "--to", "2026-12-01"), "November is no day"),
        (("--last", "7d", "--from", "2026-11-01"), "--last"),
        ((*RANGE, "--against", "9"), "there is no version 9; known: 1"),
        ((*RANGE, "--point-value", "gems=1"), "there is no wallet gems; known: points"),
        ((*RANGE, "--resume", "--out", tmp_path / "new"), "has nothing to go on with"),
    ):
        refused = await pointstream.run("backtest", "--programme", document, *acme, *arguments, expect=2)
        assert why in refused["error"], arguments
    other(tmp_path, currency="USD")
    refused = await pointstream.run("backtest", "--programme", document, *acme, *RANGE, expect=2)
    assert "the document counts in USD, the history in EUR" in refused["error"]
    assert (await pointstream.run("backtest", "--programme", document, *acme, "--last", "1h", expect=2))["error"]
    other(tmp_path)
    told = await pointstream.run("backtest", "--programme", document, *acme, "--last", "1h")
    assert (told["members"]["all"], told["wallets"]) == (0, {}), datetime.now(UTC)
