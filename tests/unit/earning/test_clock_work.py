"""What our own clock asks for: whom it tells of and when again, and that the same cause makes the same event."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from libs.codes.proof import CartProofs
from libs.contracts.codec import TopicDecoder
from libs.contracts.identifiers import IdentifierNames
from libs.contracts.rejection import Rejection
from libs.intake.events import Prepared
from libs.judging.programmes import by_prefix
from libs.judging.versions import RunningProgramme
from libs.promotions.rates import RateRow, Rates
from services.earning.arrivals import DUE, RESOLVED, Arrival, select
from services.earning.clock_store import DueMember, ReadyReceipt
from services.earning.due import Told, choose, due_event
from services.earning.feed import named
from services.earning.retries import retry_event, retry_events

NOW = datetime(2026, 11, 15, tzinfo=UTC)
PROGRAMME = RunningProgramme(1, 1, "acme", "main", ())
PROGRAMMES = by_prefix([("/acme/pos", (1, 1))], {(1, 1): PROGRAMME})
NAMES = IdentifierNames(bytes(32))


def due(number: int, seq: int = 1) -> DueMember:
    return DueMember(1, 1, UUID(int=number), NOW, seq)


def receipt(parked_at: datetime = NOW, version: int = 1) -> ReadyReceipt:
    return ReadyReceipt(1, 1, UUID(int=7), "R-1", None, parked_at, "USD", version)


def taken(record: Prepared, now: datetime = NOW) -> Arrival:
    event = TopicDecoder(record.topic).decode(record.value, record.headers)
    assert not isinstance(event, Rejection)
    arrival = select(event, PROGRAMMES, NAMES, now, CartProofs(bytes(32)))
    assert isinstance(arrival, Arrival), arrival
    return arrival


def test_a_member_is_told_of_once_then_after_a_minute_then_more_rarely() -> None:
    first, second = due(1), due(2)
    assert choose([first, second], {first: Told(0, 60.0)}, 59.0, 10) == [(second, 0)]
    assert choose([first, second], {first: Told(0, 60.0)}, 60.0, 10) == [(first, 1), (second, 0)]
    assert choose([first], {first: Told(3, 500.0)}, 499.0, 10) == []
    assert choose([first._replace(seq=2)], {first: Told(0, 60.0)}, 1.0, 10) == [(due(1, 2), 0)], "another state"


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.integers(1, 20))
def test_no_more_are_on_their_way_than_may_be(on_their_way: int, stuck: int, fresh: int, most: int) -> None:
    told = {due(number): Told(0, 60.0) for number in range(on_their_way)}
    told |= {due(number): Told(2, 60.0) for number in range(100, 100 + stuck)}
    found = [*told, *(due(number) for number in range(200, 200 + fresh))]
    chosen = choose(found, told, 30.0, most)
    assert len(chosen) == min(fresh, most, max(2 * most - on_their_way, 0)), "those who are stuck hold up nobody"
    assert all(attempt == 0 and member not in told for member, attempt in chosen)


def test_what_is_due_is_an_event_that_earning_takes_and_the_inbox_knows_again() -> None:
    told = due_event(PROGRAMME, due(1), 0, NOW)
    arrival, again = taken(told), taken(due_event(PROGRAMME, due(1), 0, NOW + timedelta(hours=1)))
    assert (arrival.kind, arrival.scope, told.key) == (DUE, (1, 1), str(UUID(int=1)).encode())
    assert (arrival.key, arrival.body_hash) == (again.key, again.body_hash)
    others = [(due(2), 0), (due(1, 2), 0), (due(1), 1), (due(1)._replace(due_at=NOW + timedelta(days=1)), 0)]
    keys = {taken(due_event(PROGRAMME, member, attempt, NOW)).key for member, attempt in others}
    assert len(keys | {arrival.key}) == 5


def test_a_retry_is_the_same_for_a_receipt_a_rate_and_a_parking() -> None:
    told = retry_event(PROGRAMME, receipt(), NOW)
    arrival, again = taken(told), taken(retry_event(PROGRAMME, receipt(), NOW + timedelta(hours=1)))
    assert (arrival.kind, arrival.event.data.decision, arrival.event.data.decided_by) == (RESOLVED, "retry", "clock")
    assert (arrival.key, arrival.body_hash) == (again.key, again.body_hash)
    others = [receipt(version=2), receipt(NOW + timedelta(minutes=1)), receipt()._replace(receipt_key=UUID(int=8))]
    assert len({taken(retry_event(PROGRAMME, other, NOW)).key for other in others} | {arrival.key}) == 4
    reasons = [taken(retry_event(PROGRAMME, receipt(version=each), NOW)).event.data.reason for each in (0, 3)]
    assert reasons == ["the member is not blocked any more", "version 3 of the exchange rate is there"]


def test_a_receipt_is_retried_once_its_rate_is_known_here() -> None:
    known = replace(PROGRAMME, rates=Rates([RateRow("USD", 1, 10**9, NOW)]))
    waiting = [receipt(version=1), receipt(version=2), receipt(version=0), receipt()._replace(currency="CHF")]
    told = [retry_events({(1, 1): programme}, waiting, NOW) for programme in (known, PROGRAMME)]
    assert told == [
        [retry_event(known, receipt(version=1), NOW), retry_event(known, receipt(version=0), NOW)],
        [retry_event(PROGRAMME, receipt(version=0), NOW)],
    ]
    assert retry_events({}, waiting, NOW) == []


def test_a_key_names_a_member_or_nobody() -> None:
    member = UUID(int=5)
    assert named(str(member).encode()) == member
    assert [named(key) for key in (None, b"", b"card:1", b"\xff\xfe", str(member).encode()[:-1])] == [None] * 5
