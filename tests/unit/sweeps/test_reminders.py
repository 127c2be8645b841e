"""Reminder series: when each step is due, which version's it is, and what is still of use after a pause."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.contracts.events import ReminderDueV1
from libs.ledger.boundary import Period, day_ends
from libs.ledger.zones import load_zone
from libs.promotions.document import ProgrammeInvalid, parse_programme, programme_hash
from libs.promotions.reminders import Reminder
from libs.sweeps.calendar import WalletPeriod
from libs.sweeps.losing import Asked, Loss, TierLoss, added, each_alone
from libs.sweeps.reminders import NOTICED, Key, Step, looked_back, series_of, stand, steps
from services.expiry.reminder_events import reminders
from services.expiry.reminder_store import Telling
from tests.support.database import ACME, programme_document

ROME = "Europe/Rome"
QUARTER = (WalletPeriod(ROME, Period.QUARTER, "points"),)
BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
BOUNDARY = datetime(2024, 3, 31, 22, tzinfo=UTC)
ACME_MEMBER, OTHER_MEMBER = UUID(int=7), UUID(int=8)
SERIES = {"points": tuple(Reminder(days=days) for days in (30, 7, 1, 0))}


def parsed(reminders: list[dict[str, Any]], **more: Any) -> Any:
    wallet = {"name": "points", "expiry": {"kind": "natural", "period": "quarter"}, "reminders": reminders}
    return parse_programme({**programme_document(ACME), "wallets": [wallet], **more})


def days(found: list[Step]) -> list[tuple[str, str]]:
    return [(step.name, step.due_at.isoformat()) for step in found]


def test_steps_are_local_hours_before_the_last_day() -> None:
    found = steps(series_of([(1, BEGIN, SERIES)]), QUARTER, BOUNDARY - timedelta(days=40), BOUNDARY)
    assert days(found) == [
        ("30d", "2024-03-01T08:00:00+00:00"),
        ("7d", "2024-03-24T08:00:00+00:00"),
        ("1d", "2024-03-30T08:00:00+00:00"),
        ("0d", "2024-03-31T07:00:00+00:00"),
    ]
    assert {(step.boundary, step.local_date) for step in found} == {(BOUNDARY, date(2024, 3, 31))}
    assert {step.since for step in found} == {datetime(2023, 12, 31, 23, tzinfo=UTC)}


def test_a_step_belongs_to_the_version_in_force_when_it_is_due() -> None:
    later = {"points": (Reminder(days=14), Reminder(days=30))}
    changed = BOUNDARY - timedelta(days=20)
    series = series_of([(2, changed, later), (1, BEGIN, SERIES), (3, changed + timedelta(days=15), {})])
    found = steps(series, QUARTER, BOUNDARY - timedelta(days=40), BOUNDARY)
    assert [(step.name, step.version) for step in found] == [("30d", 1), ("14d", 2)]


@pytest.mark.parametrize(
    ("now", "known", "start", "skip"),
    [
        (BOUNDARY - timedelta(days=35), [], [], []),
        (BOUNDARY - timedelta(days=20), [], ["30d"], []),
        (BOUNDARY - timedelta(days=20), ["30d"], [], []),
        (BOUNDARY - timedelta(days=3), [], ["7d"], ["30d"]),
        (BOUNDARY - timedelta(days=3), ["30d"], ["7d"], []),
        (BOUNDARY - timedelta(microseconds=1), ["7d"], ["0d"], ["30d", "1d"]),
        (BOUNDARY, ["30d", "7d"], [], ["1d", "0d"]),
        (BOUNDARY + NOTICED, [], [], []),
    ],
)
def test_what_was_missed_is_started_while_it_is_of_use(
    now: datetime, known: list[str], start: list[str], skip: list[str]
) -> None:
    after = max(looked_back(now), BOUNDARY - timedelta(days=80))
    due = steps(series_of([(1, BEGIN, SERIES)]), QUARTER, after, now)
    found = stand(due, {("points", BOUNDARY, name) for name in known}, now)
    assert ([step.name for step in found.start], [step.name for step in found.skip]) == (start, skip)


zones = st.sampled_from(
    ["Europe/Rome", "America/Havana", "Africa/Cairo", "America/St_Johns", "Pacific/Apia", "Asia/Amman"]
)


@settings(max_examples=60)
@given(
    zone=zones,
    day=st.dates(date(2008, 1, 1), date(2027, 12, 31)),
    minutes=st.integers(0, 24 * 60 - 1),
    ahead=st.integers(0, 366),
)
def test_a_step_is_due_on_its_day_and_before_the_boundary(zone: str, day: date, minutes: int, ahead: int) -> None:
    at = f"{minutes // 60:02}:{minutes % 60:02}"
    wanted = day - timedelta(ahead)
    due = Reminder(days=ahead, at=at).due_at(wanted + timedelta(ahead), load_zone(zone))
    local = due.astimezone(load_zone(zone))
    assert due < day_ends(wanted, load_zone(zone))
    shown = f"{local:%Y-%m-%d %H:%M}"
    assert shown == f"{wanted} {at}" or shown < f"{wanted} {at}", "only an hour that the clocks skip is taken before"
    assert datetime.combine(wanted, local.time()) - local.replace(tzinfo=None) in (timedelta(0), timedelta(1))


@settings(max_examples=50)
@given(ahead=st.lists(st.integers(0, 80), min_size=1, max_size=5, unique=True), gaps=st.lists(st.integers(1, 2_000)))
def test_however_often_one_looks_every_step_is_taken_up_once_and_in_order(ahead: list[int], gaps: list[int]) -> None:
    """Whatever the pauses, what starts is the last that was due, and what is before it never starts any more."""
    series = series_of([(1, BEGIN, {"points": tuple(Reminder(days=each) for each in ahead)})])
    known: set[Key] = set()
    now, started = BOUNDARY - timedelta(days=85), []
    for gap in [*gaps, 4_000]:
        now += timedelta(hours=gap)
        due = [step for step in steps(series, QUARTER, looked_back(now), now) if step.boundary == BOUNDARY]
        found = stand(due, known, now)
        assert len(found.start) <= 1
        assert all(step.boundary > now for step in found.start)
        started += [step.due_at for step in found.start]
        known |= {step.key for step in (*found.start, *found.skip)}
        if any(step.boundary > now - NOTICED for step in due):
            assert known == {step.key for step in due}
    assert started == sorted(set(started))


def test_documents_without_reminders_keep_their_hash_and_bad_ones_are_named() -> None:
    plain = parse_programme(programme_document(ACME))
    assert programme_hash(plain) == programme_hash(
        plain.model_copy(update={"wallets": (plain.wallets[0].model_copy(update={"reminders": ()}),)})
    )
    bad: tuple[tuple[list[dict[str, Any]], str], ...] = (
        ([{"days": 7}, {"days": 7, "at": "10:00"}], "wallets[0].reminders[1].name"),
        ([{"days": 7, "at": "24:00"}], "wallets[0].reminders[0].at"),
        ([{"days": 7, "audience": {"segments": ["nobody"]}}], "wallets[0].reminders[0].audience.segments[0]"),
    )
    for series, path in bad:
        with pytest.raises(ProgrammeInvalid) as invalid:
            parsed(series, segments=[{"name": "vip", "list": True}])
        assert [error.path for error in invalid.value.errors] == [path]
    wallet = {"name": "points", "expiry": {"kind": "never"}, "reminders": [{"days": 7}]}
    with pytest.raises(ProgrammeInvalid, match="never lapse"):
        parse_programme({**programme_document(ACME), "wallets": [wallet]})
    assert parsed([{"days": 7}, {"days": 7, "name": "again"}]).wallets[0].reminders[1].step == "again"


def test_an_event_is_the_same_whenever_it_is_written_and_keyed_by_its_member() -> None:
    asked = Asked("points", BEGIN, BOUNDARY, 0, (), ())
    telling = Telling("acme", "club", "points", BOUNDARY, "7d", 7, BEGIN, date(2024, 3, 31), ROME, 3, (100, 50), asked)
    losses = [Loss(ACME_MEMBER, 5, "gold", 2, 301), Loss(OTHER_MEMBER, 9, None, 1, 1)]
    first, second = (reminders(telling, losses, BEGIN + timedelta(hours=hour)) for hour in (1, 2))
    told = [ReminderDueV1.model_validate_json(orjson.dumps(orjson.loads(each.value)["data"])) for each in first]
    assert [(each.points, each.worth_minor, each.tier) for each in told] == [(301, 150, "gold"), (1, 0, None)]
    names = [[dict(each.headers)["ce_id"] for each in some] for some in (first, second)]
    assert names[0] == names[1]
    assert len(set(names[0])) == 2
    assert [(each.key.decode(), each.spread) for each in first] == [
        (str(each.member_id), each.spread) for each in losses
    ]
    assert added([*each_alone(losses), *each_alone(losses)]) == [TierLoss(None, 2, 2, 2), TierLoss("gold", 2, 4, 602)]
