"""Carrying a backtest out: interrupted and gone on with, refused for another question, by several processes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from libs.backtest.plan import Plan, PlanRefused, make_plan
from libs.backtest.results import costs_of, summarise, write_results
from libs.backtest.work import OtherWork, Stage, Work
from tests.support.histories import ListedHistory, backtest, complete, items_in, scheme_of
from tests.unit.backtest.test_backtest import (
    BUDGET,
    CARDS,
    DAILY,
    GROUPED,
    SINCE,
    UNTIL,
    Said,
    campaign,
    files,
    fixed,
    lived,
    rules,
)

A, B = rules(1, DAILY), rules(2, BUDGET, *GROUPED)
SPENT = rules(2, campaign("spent", fixed(5), when={"member": {"history": [{"count": "redemptions", "min": 1}]}}))
PRESS = rules(2, campaign("press", fixed(5), trigger={"kind": "segment_entered", "segment": "press"})) | {
    "segments": [{"name": "press", "list": True}]
}
VIP = rules(2, campaign("vip", fixed(5), when={"segments": ["vip"]})) | {
    "segments": [{"name": "vip", "when": {"any": [{"kind": "balance", "min": 500}]}}]
}
LIFE = [Said("return" if at % 5 == 4 else "purchase", CARDS[at % 4], "coffee-500g", 900 + at, at) for at in range(20)]


@pytest.fixture(scope="module")
def history() -> Iterator[ListedHistory]:
    with lived(A, LIFE, SINCE) as memory:
        yield ListedHistory(scheme_of(A), list(items_in(memory)))


def question(history: ListedHistory, **changes: Any) -> Plan:
    asked: dict[str, Any] = {"since": SINCE, "until": UNTIL, "document": complete(B), "against": None} | changes
    return make_plan(history.scheme, size=0, **asked)


def test_several_processes_leave_the_bytes_of_one(history: ListedHistory, tmp_path: Path) -> None:
    for workers in (1, 2):
        backtest(history, B, tmp_path / str(workers), SINCE, UNTIL, workers=workers)
    assert files(tmp_path / "1") == files(tmp_path / "2")


class Killed(Exception):
    """Stands for whatever ends a process."""


def carry_out(work: Work, history: ListedHistory) -> None:
    asyncio.run(work.copy(history))
    work.judge()


@pytest.mark.parametrize("stage", ["copy", "judge", "bind"])
def test_what_was_interrupted_goes_on_where_it_was(history: ListedHistory, tmp_path: Path, stage: Stage) -> None:
    backtest(history, B, tmp_path / "whole", SINCE, UNTIL)

    def killed(at: Stage, *_: int) -> None:
        if at == stage:
            raise Killed

    with pytest.raises(Killed):
        carry_out(Work.begun(tmp_path / "work", question(history), 1, killed), history)
    judged: list[int] = []
    work = Work.begun(tmp_path / "work", question(history), 1, lambda at, done, *_: judged.append(done))
    assert work.is_copied == (stage != "copy")
    asyncio.run(work.copy(history))
    judged.clear()
    work.judge()
    assert judged[0] == {"copy": 1, "judge": 2, "bind": 0}[stage], "what was judged is not judged again"
    costs = costs_of(work.plan, {})
    (tmp_path / "again").mkdir()
    write_results(work, summarise(work, costs), tmp_path / "again", costs)
    assert files(tmp_path / "again") == files(tmp_path / "whole")


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"document": complete(A) | {"version": 2}}, "another document"),
        ({"until": UNTIL + timedelta(days=1)}, "another range"),
        ({"against": 1}, "other rules to compare with"),
    ],
)
def test_another_question_is_refused(
    history: ListedHistory, tmp_path: Path, changes: dict[str, Any], what: str
) -> None:
    Work.begun(tmp_path / "work", question(history), 1)
    with pytest.raises(OtherWork, match=what):
        Work.begun(tmp_path / "work", question(history, **changes), 1)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"until": SINCE}, "empty"),
        ({"document": complete(B) | {"currency": "USD"}}, "counts in USD"),
        ({"against": 7}, "no version 7; known: 1"),
    ],
)
def test_a_question_without_sense_is_refused(history: ListedHistory, changes: dict[str, Any], why: str) -> None:
    with pytest.raises(PlanRefused, match=why):
        question(history, **changes)


@pytest.mark.parametrize(
    ("document", "what"),
    [
        (SPENT, "campaign spent asks how often a member redeemed"),
        (PRESS, "segment press: list is kept by people"),
        (VIP, "segment vip: when.any[0] is a balance"),
    ],
)
def test_what_no_history_tells_is_named(history: ListedHistory, document: dict[str, Any], what: str) -> None:
    assert any(each.startswith(what) for each in question(history, document=complete(document)).unknown)


def test_a_plan_reads_back_as_it_was_written(history: ListedHistory, tmp_path: Path) -> None:
    plan = question(history)
    assert Work.begun(tmp_path / "work", plan, 1).plan == Work.begun(tmp_path / "work", plan, 1).plan == plan
