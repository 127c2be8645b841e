"""R-14: what comes out of order, late, or from a clock that is wrong has the outcome that docs/outcomes.md names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest

from libs.judging.programmes import by_prefix
from libs.judging.versions import RunningProgramme, activate
from libs.runtime.keys import event_key
from tests.support.brokerless import Earning, Sent
from tests.support.database import ACME, programme_document
from tests.support.in_memory import in_memory
from tests.support.lives import TILL, claimed, corrected, returned, voided
from tests.support.receipts import Record, enrolment, member_id, purchase

OUTCOMES = Path(__file__).parents[3] / "docs" / "outcomes.md"
CLOSED = datetime(2026, 9, 30, 22, tzinfo=UTC)  # the third quarter's end in Rome
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
ME = member_id("1")


class Late(NamedTuple):
    """Records as they arrive, the outcome and reason of the first, and the points in the end."""

    name: str
    now: datetime
    records: Sequence[Record]
    outcome: str
    reason: str | None
    points: int


def bought(time: datetime = NOON - HOUR, **changes: Any) -> Record:
    return purchase("R-1", 3_000, time=time, **changes)


CASES = [
    Late("return before its purchase", NOON, [returned("T-1", "R-1", amount=1_000, time=NOON), bought()],
         "awaiting_purchase", None, 20),
    Late("correction before its purchase", NOON,
         [corrected("C-1", "R-1", 4_000, purchased_at=NOON - HOUR, time=NOON), bought()], "credited", None, 40),
    Late("void before its purchase", NOON, [voided("V-1", "R-1", time=NOON), bought()], "awaiting_purchase", None, 0),
    Late("claim before its purchase", NOON, [claimed("K-1", "R-1", ME, time=NOON), bought(card=None)],
         "awaiting_purchase", None, 30),
    Late("yesterday's receipt", NOON, [bought(NOON - DAY)], "credited", None, 30),
    Late("up to 7 days after its period", CLOSED + 6 * DAY, [bought(CLOSED - DAY)], "credited", None, 30),
    Late("more than 7 days after its period", CLOSED + 8 * DAY, [bought(CLOSED - DAY)],
         "awaiting_operator", "period-closed", 0),
    Late("two hours ahead of its arrival", NOON, [bought(NOON + 2 * HOUR)], "credited", "event-time-ahead", 30),
    Late("from 1970", NOON, [bought(datetime(1970, 1, 1, tzinfo=UTC))], "awaiting_operator", "no-programme-yet", 0),
]  # fmt: skip


@pytest.fixture
def earning() -> Iterator[Earning]:
    document = programme_document(ACME)
    document["wallets"] = [{"name": "points", "expiry": {"kind": "natural", "period": "quarter", "extra_periods": 0}}]
    version = activate(datetime(2016, 1, 1, tzinfo=UTC), document)
    running = RunningProgramme(1, 1, "acme", "main", (version,))
    with in_memory():
        yield Earning(by_prefix([("/acme/pos", (1, 1))], {(1, 1): running}))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_outcome(earning: Earning, case: Late) -> None:
    earning.batch([Sent(enrolment("1"), case.now)], case.now)
    for record in case.records:
        earning.batch([Sent(record, case.now)], case.now)
    memory = earning.memory
    kept = {key: each for (_, key), each in memory.decisions().items() if each is not None}
    assert len(kept) == len(case.records)
    first = kept[event_key(TILL, orjson.loads(case.records[0].value)["id"])]
    assert (first.outcome, first.reason) == (case.outcome, case.reason)
    assert memory.points((1, 1, ME)) == case.points
    assert earning.refused == []
    assert memory.flaws() == []
    assert len(memory.parked) == (case.outcome == "awaiting_operator")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_outcome_is_documented(case: Late) -> None:
    rows = [row for row in OUTCOMES.read_text().splitlines() if row.startswith(f"| {case.name} |")]
    assert len(rows) == 1
    assert f"`{case.outcome}`" in rows[0]
    assert case.reason is None or case.reason in rows[0]
