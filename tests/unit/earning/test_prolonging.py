"""Campaigns that give points a later date: which dates move, once, whatever comes back and however batches are cut."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.contracts.codec import Canonical
from libs.contracts.events import ActivityRecordedV1
from libs.judging.programmes import by_prefix
from libs.judging.versions import RunningProgramme, activate
from libs.ledger.model import Kind, Lot
from libs.promotions.compile import compile_programme
from libs.promotions.describe import Words
from libs.promotions.document import ProgrammeInvalid, parse_programme
from libs.promotions.explain import explain_activity
from tests.support.brokerless import Earning, Sent
from tests.support.database import ACME, programme_document
from tests.support.in_memory import in_memory
from tests.support.lives import activity, claimed, corrected, returned, voided
from tests.support.receipts import Record, enrolment, line, member_id, purchase

ME = member_id("1")
BASE = {"id": "base", "name": "Base", "state": "live", "effect": {"kind": "per_amount", "points": 1, "per_minor": 100}}
STAY = {
    "id": "stay",
    "name": "Stay",
    "state": "live",
    "trigger": {"kind": "activity", "activity": "app-opened"},
    "effect": {"kind": "extend", "boundaries": 1, "lots": "all"},
    "limits": [{"scope": "member", "period": "ever", "times": 2}],
}
BOUGHT = {
    "id": "bought",
    "name": "Bought",
    "state": "live",
    "when": {"skus": ["extension"]},
    "effects": [{"kind": "extend", "days": 90}, {"kind": "fixed", "points": 3}],
    "limits": [{"scope": "member", "period": "year", "times": 1}],
}
Q2, Q3, Q4, Q1 = date(2026, 6, 30), date(2026, 9, 30), date(2026, 12, 31), date(2027, 3, 31)
LATER = "org.pointstream.points.redated.v1"


def document(*campaigns: dict[str, Any], expiry: dict[str, Any] | None = None) -> dict[str, Any]:
    wallet = {"name": "points", "expiry": expiry or {"kind": "natural", "period": "quarter"}}
    return programme_document(ACME) | {"wallets": [wallet], "campaigns": [BASE, *campaigns]}


def joined(*campaigns: dict[str, Any]) -> Earning:
    version = activate(datetime(2016, 1, 1, tzinfo=UTC), document(*campaigns))
    running = RunningProgramme(1, 1, "acme", "main", (version,), counts_members=version.counts_members)
    one = Earning(by_prefix([("/acme/pos", (1, 1))], {(1, 1): running}))
    tell(one, enrolment("1"), at=day(1, 1))
    return one


@pytest.fixture(autouse=True)
def memory() -> Iterator[None]:
    with in_memory():
        yield


def day(month: int, number: int, year: int = 2026) -> datetime:
    return datetime(year, month, number, 12, tzinfo=UTC)


def tell(one: Earning, *records: Record, at: datetime) -> None:
    for record in records:
        one.batch([Sent(record, at)], at)


def lots(one: Earning) -> list[Lot]:
    return list(one.memory.ledger((1, 1, ME)).lots)


def last_days(one: Earning) -> list[date]:
    zone, tick = ZoneInfo("Europe/Rome"), timedelta(microseconds=1)
    return [(lot.expires_at - tick).astimezone(zone).date() for lot in lots(one) if lot.expires_at is not None]


def told(one: Earning, kind: str = LATER) -> list[dict[str, Any]]:
    found = [orjson.loads(each.value) for each in one.told]
    return [each["data"] for each in found if each["type"].startswith(kind)]


def opened(name: str, time: datetime) -> Record:
    return activity(name, "app-opened", time=time)


def extension(number: str, time: datetime) -> Record:
    return purchase(number, [line("extension", 500)], time=time)


def test_an_activity_gives_all_points_a_later_date_once_and_says_by_which_campaign() -> None:
    one = joined(STAY)
    tell(one, purchase("R-1", time=day(2, 4)), at=day(2, 4))
    tell(one, purchase("R-2", time=day(4, 4)), purchase("R-3", time=day(4, 5)), at=day(4, 5))
    for _ in range(2):
        tell(one, opened("A-1", day(5, 1)), at=day(5, 1))
    assert last_days(one) == [date(2026, 3, 31), Q3, Q3], "what had lapsed stays so"
    (moved,) = told(one)
    assert (moved["reason"], moved["points"], moved["cause_id"]) == ("stay", 20, "A-1")
    assert (moved["expired_before"], moved["expires_at"]) == ("2026-06-30T22:00:00Z", "2026-09-30T22:00:00Z")
    assert told(one, "org.pointstream.reward") == []
    tell(one, opened("A-2", day(5, 2)), opened("A-3", day(5, 3)), at=day(5, 3))
    assert last_days(one)[1:] == [Q4, Q4], "its times are used up"
    assert one.memory.flaws() == []


def test_it_is_explained_and_said_in_every_language() -> None:
    one = joined(STAY)
    tell(one, opened("A-1", day(5, 1)), at=day(5, 1))
    (kept,) = [each for each in one.memory.decisions().values() if each is not None and each.id == "A-1"]
    assert kept.evaluation is not None
    assert (kept.outcome, kept.evaluation.granted[0].kind) == ("no_points", "extension")
    compiled = compile_programme(parse_programme(document(STAY)))
    doing = Canonical(ActivityRecordedV1).read(kept.facts)
    summary = explain_activity(kept.evaluation, doing, compiled)["summary"]
    assert summary == "a later date for points by stay."
    rule = [Words(compiled, each).rule(compiled.source.campaigns[1]).sentence for each in ("en", "de")]
    assert "All points lapse one expiry date later" in rule[0]
    assert "Alle Punkte verfallen einen Termin später" in rule[1]


def test_an_extension_is_bought_and_nothing_is_shortened_when_that_comes_back() -> None:
    one = joined(BOUGHT)
    tell(one, purchase("R-1", time=day(4, 4)), extension("R-2", day(5, 4)), at=day(5, 4))
    assert last_days(one) == [Q3, Q2], "what is bought with it keeps its own date"
    tell(one, returned("T-1", "R-2", time=day(5, 5)), at=day(5, 5))
    assert (last_days(one)[0], one.memory.points((1, 1, ME))) == (Q3, 10)
    tell(one, extension("R-3", day(5, 6)), at=day(5, 6))
    assert last_days(one)[0] == Q3, "the times of the year stay used"
    assert len(told(one)) == 1
    assert told(one, "org.pointstream.reward") == []
    assert one.memory.flaws() == []


def test_a_receipt_of_somebody_unknown_brings_it_once_it_is_claimed() -> None:
    one = joined(BOUGHT)
    tell(one, purchase("R-1", time=day(4, 4)), at=day(4, 4))
    tell(one, purchase("R-2", [line("extension", 500)], card="2", time=day(5, 4)), at=day(5, 4))
    assert last_days(one) == [Q2]
    tell(one, claimed("C-1", "R-2", ME, time=day(5, 6)), at=day(5, 6))
    assert last_days(one) == [Q3, Q2]
    for number, sku in ((7, "any"), (8, "extension")):
        content, time = [line(sku, 700)], day(5, number)
        tell(one, corrected(f"K-{number}", "R-2", content, purchased_at=day(5, 4), time=time, card="2"), at=time)
    tell(one, voided("V-1", "R-2", time=day(5, 9)), at=day(5, 9))
    assert (last_days(one)[0], len(told(one))) == (Q3, 1), "once for a receipt, whatever becomes of it"
    assert one.memory.points((1, 1, ME)) == 10


def test_what_is_told_late_counts_from_when_it_was_done() -> None:
    one = joined(STAY)
    tell(one, purchase("R-1", time=day(6, 4)), at=day(6, 4))
    tell(one, opened("A-1", datetime(2026, 6, 30, 21, 59, tzinfo=UTC)), at=day(7, 1))
    assert last_days(one) == [Q3]
    tell(one, opened("A-2", day(9, 30)), at=day(9, 30))
    tell(one, purchase("R-2", time=day(1, 4, 2027)), opened("A-3", day(1, 5, 2027)), at=day(1, 6, 2027))
    assert last_days(one) == [Q4, Q1]
    assert [movement.kind for movement in one.memory.journal[1, 1, ME]].count(Kind.EXPIRE) == 1


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 6), st.integers(0, 1)), min_size=2, max_size=6),
    st.sets(st.integers(1, 5)),
)
def test_where_a_batch_is_cut_changes_nothing(deeds: list[tuple[int, int, int]], cuts: set[int]) -> None:
    make = (lambda name, at: purchase(name, time=at), extension)
    start, now = day(1, 5), day(3, 1, 2027)
    records = [
        Sent(make[what](f"R-{number}", start + timedelta(after)), start + timedelta(after + late))
        for number, (after, late, what) in enumerate(sorted(deeds))
    ]
    whole, cut = joined(BOUGHT), joined(BOUGHT)
    whole.batch(records, now)
    edges = [0, *sorted(edge for edge in cuts if edge < len(records)), len(records)]
    for since, until in pairwise(edges):
        cut.batch(records[since:until], now)
    assert lots(whole) == lots(cut)
    assert told(whole) == told(cut)
    assert whole.memory.flaws() == []


@pytest.mark.parametrize(
    ("effect", "expiry", "said"),
    [
        ({}, None, "either so many boundaries or so many days"),
        ({"boundaries": 1, "days": 9}, None, "either so many boundaries or so many days"),
        ({"boundaries": 1, "wallet": "coins"}, None, "no wallet 'coins'"),
        ({"boundaries": 1}, {"kind": "never"}, "never lapse"),
    ],
)
def test_nonsense_is_refused_with_the_document(
    effect: dict[str, Any], expiry: dict[str, Any] | None, said: str
) -> None:
    campaign = STAY | {"effect": {"kind": "extend", **effect}}
    with pytest.raises(ProgrammeInvalid, match=said):
        parse_programme(document(campaign, expiry=expiry))
