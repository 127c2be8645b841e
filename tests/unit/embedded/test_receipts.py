"""The year of real receipts: read exactly, shifted by whole weeks, each played once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.embedded import receipts
from deploy.embedded.played import Block, Played, take
from libs.contracts.codec import decoder, encode
from libs.contracts.events.member import MemberEnrolledV1
from libs.contracts.events.purchase import PurchaseCompletedV1
from libs.contracts.rejection import Rejection


def wire(event: receipts.DemoEvent) -> bytes:
    """The event as it lies in its topic."""
    return encode(
        type=event.type,
        source=event.source,
        id=event.id,
        time=event.time,
        subject=None,
        tenant=None,
        programme=None,
        memberseq=None,
        data=event.data,
    )


def test_the_first_receipts_are_those_of_the_file() -> None:
    first, *_, fourth = receipts.read_receipts(0, 4)
    assert (first.id, first.source, first.key) == ("B31198570044", "/demo/pos/330", "card:900")
    assert first.time == datetime(2017, 1, 1, 11, 53, 26, tzinfo=UTC)
    assert first.data["total_minor"] == 50
    assert [line["amount_minor"] for line in fourth.data["lines"]] == [150, 278, 549, 150]
    assert fourth.data["total_minor"] == 1_127


def test_blocks_join_without_gap_or_overlap() -> None:
    count = receipts.receipt_count()
    whole = [event.id for event in receipts.read_receipts(count - 40, count)]
    parts = [
        event.id
        for start, stop in ((count - 40, count - 17), (count - 17, count))
        for event in receipts.read_receipts(start, stop)
    ]
    assert parts == whole
    assert len(set(whole)) == 40


def test_producers_keep_to_the_contracts() -> None:
    for event in receipts.read_receipts(1_000, 1_200, shift=timedelta(weeks=400)):
        assert not isinstance(decoder(PurchaseCompletedV1).decode(wire(event)), Rejection)
    enrolments = list(receipts.read_enrolments())
    assert len(enrolments) == 2_469
    for event in enrolments[:50]:
        assert not isinstance(decoder(MemberEnrolledV1).decode(wire(event)), Rejection)


def test_another_lap_has_other_numbers() -> None:
    (first,), (second,) = receipts.read_receipts(0, 1), receipts.read_receipts(0, 1, lap=2)
    assert second.id == f"{first.id}-2"
    assert second.data["lines"] == first.data["lines"]


@pytest.mark.parametrize(
    ("amount", "cents"), [(0.5, 50), (2.78, 278), (840.0, 84_000), (1.15, 115), (0.29, 29), (1.6653349999999998e-16, 0)]
)
def test_amounts_become_cents_exactly(amount: float, cents: int) -> None:
    assert receipts.minor_units(amount) == cents


def test_an_amount_between_cents_is_refused() -> None:
    with pytest.raises(ValueError, match="no amount in cents"):
        receipts.minor_units(1.005)


@settings(deadline=None)  # the first one reads the file
@given(st.datetimes(min_value=datetime(2018, 1, 9), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_the_shifted_year_ends_in_the_week_before_today(today: datetime) -> None:
    end = receipts.last_receipt_time() + timedelta(weeks=receipts.weeks_until(today))
    midnight = today.replace(hour=0, minute=0, second=0, microsecond=0)
    assert midnight - timedelta(weeks=1) <= end < midnight


@given(st.integers(1, 60), st.lists(st.tuples(st.integers(1, 90), st.booleans()), max_size=20))
def test_every_play_brings_new_receipts(total: int, plays: list[tuple[int, bool]]) -> None:
    played = Played()
    given_out: set[tuple[int, int]] = set()
    for count, raw in plays:
        blocks, played = take(played, count, total, raw=raw)
        fresh = [(block.lap, number) for block in blocks for number in range(block.start, block.stop)]
        assert len(fresh) == count
        assert all(0 <= number < total for _, number in fresh)
        assert given_out.isdisjoint(fresh)
        given_out.update(fresh)


def test_the_newest_come_first_and_raw_dates_from_january() -> None:
    newest, played = take(Played(), 10, 100, raw=False)
    january, _ = take(played, 5, 100, raw=True)
    assert newest == (Block(lap=1, start=90, stop=100),)
    assert january == (Block(lap=1, start=0, stop=5),)
