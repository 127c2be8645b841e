"""What a member may have in a period is for all whom they are one with, wherever a batch is cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from libs.judging.programmes import by_prefix
from libs.judging.versions import RunningProgramme, activate
from tests.support.brokerless import Earning, Sent
from tests.support.database import ACME, programme_document
from tests.support.in_memory import in_memory
from tests.support.lives import activity, asked
from tests.support.receipts import Record, enrolment, member_id

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
ADA, BEN, CID = (member_id(card) for card in "123")
REVIEW: dict[str, Any] = {
    "id": "review",
    "name": "10 points for a review, 20 a day",
    "state": "live",
    "trigger": {"kind": "activity", "activity": "review"},
    "effect": {"kind": "fixed", "points": 10},
    "limits": [{"scope": "member", "period": "day", "points": 20}],
}
TRANSFERS = {"limits": [{"period": "day", "points": 20}]}


@pytest.fixture(autouse=True)
def memory() -> Iterator[None]:
    with in_memory():
        yield


def running() -> Earning:
    document = programme_document(ACME) | {"campaigns": [REVIEW], "transfers": TRANSFERS}
    version = activate(datetime(2016, 1, 1, tzinfo=UTC), document)
    programme = RunningProgramme(1, 1, "acme", "main", (version,), counts_members=True)
    earning = Earning(by_prefix([("/acme/pos", (1, 1)), ("/pointstream/acme/main", (1, 1))], {(1, 1): programme}))
    for card in "123":
        earning.batch([Sent(enrolment(card), NOON)], NOON)
    return earning


def play(records: Sequence[Record], cut: int) -> Earning:
    """Play records one by one, and those from `cut` on in one batch."""
    earning = running()
    for batch in [*([each] for each in records[:cut]), records[cut:]]:
        earning.batch([Sent(record, NOON) for record in batch], NOON)
    assert earning.memory.flaws() == []
    return earning


def points(earning: Earning) -> list[int]:
    return [earning.memory.points((1, 1, each)) for each in (ADA, BEN, CID)]


def reviews(*whose: str, begin: int = 0) -> list[Record]:
    return [activity(f"A-{begin + at}", "review", card=card, time=NOON) for at, card in enumerate(whose)]


def merge(name: str, whose: Any, into: Any) -> Record:
    return asked(f"M-{name}", "merge", whose, to_member_id=str(into), time=NOON)


TELLS = {
    "under-the-merged-one's-card": ([*reviews("2", "2"), merge("1", ADA, BEN), *reviews("1", begin=2)], [0, 20, 0]),
    "before-and-after": ([*reviews("1", "2"), merge("1", ADA, BEN), *reviews("2", "1", begin=2)], [0, 20, 0]),
    "merged-on": (
        [*reviews("1", "3"), merge("1", ADA, BEN), merge("2", BEN, CID), *reviews("1", "2", "3", begin=2)],
        [0, 0, 20],
    ),
    "parted": (
        [*reviews("1", "1"), merge("1", ADA, BEN), asked("U-1", "unmerge", ADA, time=NOON), *reviews("1", begin=2)],
        [20, 0, 0],
    ),
    "parted-and-counted": (
        [*reviews("1"), merge("1", ADA, BEN), asked("U-1", "unmerge", ADA, time=NOON), *reviews("2", "2", begin=2)],
        [10, 20, 0],
    ),
}


@pytest.mark.parametrize("told", list(TELLS))
def test_a_campaign_gives_no_more_to_members_who_are_one(told: str) -> None:
    records, wanted = TELLS[told]
    found = {cut: points(play(records, cut)) for cut in range(len(records))}
    assert {cut: each for cut, each in found.items() if each != wanted} == {}


def test_transfers_of_members_who_are_one_are_limited_together_within_a_batch() -> None:
    def give(name: str, giver: Any, amount: int) -> Record:
        return asked(name, "transfer", giver, time=NOON, to_member_id=str(CID), wallet="points", points=amount)

    records = [*reviews("1", "1", "2", "2"), give("T-1", ADA, 15), merge("1", ADA, BEN), give("T-2", ADA, 6)]
    records += [give("T-3", BEN, 5), give("T-4", BEN, 1)]
    found = {cut: points(play(records, cut)) for cut in range(len(records))}
    assert {cut: each for cut, each in found.items() if each != [0, 20, 20]} == {}
