"""Rules that are not in force yet, over what really happened: who would have had what, and from when on."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.lives import returned
from tests.support.receipts import line
from tests.support.running import Door, Platform, eventually

SECOND = timedelta(seconds=1)
RULES = Path(__file__).parents[1] / "support" / "running.yaml"


def rows(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "members.csv").open(newline="", encoding="utf-8") as stream:
        return {row["member_id"]: row for row in csv.DictReader(stream)}


@pytest.mark.feature("AHEAD-1", "STAR-33", "STAR-35")
async def test_history_is_judged_again_to_the_same_bytes_and_says_where_members_part(
    platform: Platform, tmp_path: Path
) -> None:
    shop = platform.acme
    began = platform.now() - timedelta(hours=2)
    document: dict[str, Any] = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    base = next(each for each in document["campaigns"] if each["id"] == "base")
    base["effect"]["points"] = 2
    b = tmp_path / "b.yaml"
    b_document = document | {"version": 2, "campaigns": [base]}
    b.write_text(yaml.safe_dump(b_document), encoding="utf-8")

    await platform.publish([shop.enrolment(name) for name in ("again-1", "again-2")])
    await shop.enrolled("again-1", "again-2")
    nuts, pan = line("nuts", 1_000, quantity=2), line("pan", 2_000)
    await platform.publish(
        [
            shop.purchase("again-a", [nuts], card="again-1", time=began),
            shop.purchase("again-b", [nuts, pan], card="again-2", time=began + SECOND),
        ]
    )
    await shop.decided("again-a", "again-b")
    back = [{"line": 1, "quantity": 1}]
    source = f"{shop.source}/1"
    await platform.publish(
        [returned("again-c", "again-b", back, time=began + 2 * SECOND, source=source, key="card:again-2")]
    )
    await eventually(lambda: shop.balance("again-2") == 25, "what came back is taken")

    asked = ("backtest", "--programme", b, "--tenant", "acme", "--point-value", "0.01")
    span = ("--from", began.isoformat(), "--to", (began + timedelta(minutes=1)).isoformat())
    platform.run(*asked, *span, "--out", tmp_path / "one", "--workers", 1)
    platform.run(*asked, *span, "--out", tmp_path / "two", "--workers", 2)

    assert {each.name: each.read_bytes() for each in (tmp_path / "one").iterdir()} == {
        each.name: each.read_bytes() for each in (tmp_path / "two").iterdir()
    }
    members = rows(tmp_path / "one")
    for name, a, with_b in (("again-1", 10, 20), ("again-2", 25, 50)):
        row = members[str(shop.member_id(name))]
        assert (int(row["points_a"]), int(row["points_b"])) == (a, with_b)
        assert int(row["points_a"]) == int(row["points_recorded"]) == shop.balance(name)
        assert (row["cost_a_minor"], row["cost_b_minor"], row["tiers_b"]) == (str(a), str(with_b), "gold")
    parted = members[str(shop.member_id("again-2"))]
    assert (parted["parted_source"], parted["parted_id"]) == (source, "again-b")
    assert (parted["parted_points_a"], parted["parted_points_b"]) == ("points:30", "points:60")
    report = (tmp_path / "one" / "report.html").read_bytes()
    assert b"<svg" in report

    platform.run("history", "export", "--out", tmp_path / "history", "--tenant", "acme")
    platform.run(*asked, *span, "--out", tmp_path / "three", "--history", tmp_path / "history")
    assert (tmp_path / "three" / "members.csv").read_bytes() == (tmp_path / "one" / "members.csv").read_bytes()

    question = {"document": b_document, "from": span[1], "to": span[3], "point_values": {"points": "0.01"}}
    told = await asked_over_http(shop, question)
    assert shop.http.get(told["members"]).content == (tmp_path / "one" / "members.csv").read_bytes()
    assert shop.http.get(told["report"]).content == report


async def asked_over_http(shop: Door, question: dict[str, Any]) -> dict[str, Any]:
    """Ask for a backtest, and return what is told of it once it is done."""
    answer = shop.http.post("/v1/backtests", json=question)
    assert answer.status_code == 202, answer.text
    told: dict[str, Any] = {}

    def ended() -> bool:
        told.update(shop.get(answer.headers["location"]))
        return told["ended_at"] is not None

    await eventually(ended, "the backtest that was asked for over HTTP has ended")
    assert (told["state"], told["failure"]) == ("done", None)
    return told
