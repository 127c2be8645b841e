"""Publishing: what is refused, what is nothing to do, and what people are told before they say yes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from libs.programmes.draft import Draft, as_yaml, draft_of, read_draft
from libs.programmes.plan import LEAD, Plan, PlanRefused, Wish, plan
from libs.programmes.switchboard import SwitchInvalid, check_switch
from libs.programmes.versions import StoredVersion, Versions
from libs.promotions.document import ProgrammeInvalid, parse_programme, programme_hash
from libs.promotions.programme import Programme
from tests.unit.promotions.build import BASE, campaign, document, fixed
from tests.unit.promotions.strategies import documents

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def draft(*campaigns: dict[str, Any], **rest: Any) -> Draft:
    written = document(*campaigns, **rest)
    if "version" not in rest:
        del written["version"]
    return draft_of(written)


def stored(*of: tuple[Draft, timedelta]) -> Versions:
    """Versions that were published so long before (or, negative, after) now."""
    programmes: dict[int, Programme] = {}
    rows = []
    for number, (each, ago) in enumerate(of, 1):
        programmes[number] = each.numbered(number)
        rows.append(StoredVersion(number, NOW - ago, programme_hash(programmes[number]), NOW - ago))
    return Versions(rows, programmes)


def planned(versions: Versions, wanted: Draft, **wish: Any) -> Plan:
    return plan(versions, wanted, Wish(**wish), NOW, "UTC", "USD")


def refusal(versions: Versions, wanted: Draft, **wish: Any) -> str:
    with pytest.raises(PlanRefused) as caught:
        planned(versions, wanted, **wish)
    return caught.value.code


ONE, TWO, THREE = (draft(campaign("base", BASE), campaign("gift", fixed(points))) for points in (1, 2, 3))


def test_the_next_version_counts_in_five_seconds() -> None:
    found = planned(stored((ONE, DAY)), TWO)
    assert (found.programme.version, found.active_from) == (2, NOW + LEAD)
    assert (found.base and found.base.number, found.summary) == (1, "1 campaign changed (gift)")
    assert "Campaign gift goes on by other rules." in found.words


def test_the_first_version_may_begin_in_the_past_and_others_may_not() -> None:
    assert planned(Versions([]), ONE, at=NOW - 9 * DAY).active_from == NOW - 9 * DAY
    assert refusal(stored((ONE, DAY)), TWO, at=NOW + LEAD - timedelta(seconds=1)) == "too-soon"


@pytest.mark.parametrize("ago", [DAY, timedelta(seconds=-3), -DAY])
def test_the_same_again_is_nothing_to_do(ago: timedelta) -> None:
    found = planned(stored((ONE, 2 * DAY), (TWO, ago)), TWO)
    assert found.unchanged
    assert (found.programme.version, found.words) == (2, ())


@pytest.mark.parametrize(("named", "taken"), [(1, False), (2, True), (3, True), (4, False)])
def test_a_document_with_a_number_is_an_edit_of_the_latest_or_the_next(named: int, taken: bool) -> None:
    versions = stored((ONE, 2 * DAY), (TWO, DAY))
    wanted = draft(campaign("base", BASE), version=named)
    if taken:
        assert planned(versions, wanted).programme.version == 3
    else:
        assert refusal(versions, wanted) == "based-on-another"
    assert refusal(versions, THREE, expects=1) == "moved"
    assert planned(versions, THREE, expects=2).programme.version == 3


def test_a_version_that_waits_is_not_run_over_unseen() -> None:
    versions = stored((ONE, DAY), (TWO, -DAY))
    assert refusal(versions, THREE) == "one-waits"
    before = planned(versions, THREE, before_waiting=True)
    assert (before.base and before.base.number, before.programme.version) == (1, 3)
    assert before.words[-1] == "Version 2 takes its place at 2026-11-29T12:00:00Z."
    instead = planned(versions, THREE, at=NOW + DAY)
    assert (instead.base and instead.base.number, instead.active_from) == (2, NOW + DAY)


def test_one_who_published_a_moment_ago_with_a_clock_ahead_does_not_wait() -> None:
    assert planned(stored((ONE, DAY), (TWO, timedelta(seconds=-6))), THREE).active_from == NOW + timedelta(seconds=6)


def test_zone_and_currency_stay() -> None:
    with pytest.raises(ProgrammeInvalid) as caught:
        planned(stored((ONE, DAY)), draft(zone="Europe/Rome", currency="EUR"))
    assert [(error.path, error.allowed) for error in caught.value.errors] == [("zone", "UTC"), ("currency", "USD")]


def test_members_are_told_what_changes_for_them() -> None:
    old = draft(
        campaign("spring", fixed(1), frame={"ends_at": NOW + 9 * DAY}),
        campaign("gone", fixed(1)),
        campaign("rest", fixed(1)),
        wallets=[{"name": "points", "expiry": {"kind": "never"}}, {"name": "coins", "expiry": {"kind": "never"}}],
    )
    new = draft(
        campaign("spring", fixed(2), frame={"ends_at": NOW + 5 * DAY}),
        campaign("rest", fixed(1)) | {"state": "paused"},
        campaign("later", fixed(1), frame={"starts_at": NOW + 3 * DAY}),
        wallets=[
            {
                "name": "points",
                "expiry": {"kind": "natural", "period": "quarter", "extra_periods": 1},
                "pending": {"kind": "after", "days": 30},
            }
        ],
        rounding="ceil",
        claim_days=9,
    )
    words = planned(stored((old, DAY)), new).words
    assert words == (
        "Points of wallet points earned from then on become active 30 days after they were earned and lapse at the end "
        "of the quarter, 1 quarter later (those earned in that moment: with the end of 2027-03-31); those already "
        "earned keep their dates.",
        "Wallet coins is gone: nothing is paid into it any more; its points stay, and lapse as they would have.",
        "The points of a receipt are rounded up.",
        "A purchase may be claimed for 9 days instead of 60.",
        "Campaign spring goes on by other rules, until 2026-12-03T12:00:00Z.",
        "Campaign rest stops: it is paused.",
        "Campaign later does not run: it starts at 2026-12-01T12:00:00Z.",
        "Campaign gone stops: it is gone from the document.",
        "What happened before 2026-11-28T12:00:05Z is judged by version 1, whenever it is told; points already earned "
        "keep their dates.",
    )


@given(documents())
@settings(max_examples=30, deadline=None)
def test_what_is_exported_reads_back_to_the_same_hash(written: dict[str, Any]) -> None:
    programme = parse_programme(written | {"version": 7})
    read = read_draft(as_yaml(programme, "/schemas/programme.schema.json"))
    assert read.named == 7
    assert programme_hash(read.numbered(7)) == programme_hash(programme)


@pytest.mark.parametrize(
    ("kind", "value"),
    [("moon", "x"), ("everything", "x"), ("store", ""), ("store", "x" * 65), ("effect", "gift"), ("campaign", "tea")],
)
def test_a_switch_has_something_to_stop(kind: str, value: str) -> None:
    programmes = [ONE.numbered(1)]
    with pytest.raises(SwitchInvalid):
        check_switch(kind, value, programmes)
    for right in (("everything", ""), ("campaign", "gift"), ("effect", "multiplier"), ("store", "42")):
        check_switch(*right, programmes)
