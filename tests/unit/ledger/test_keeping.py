"""Points that are spared at boundaries: the same wherever time is cut, written down or not, and for good."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from libs.ledger.balance import Sparing, balance
from libs.ledger.catch_up import catch_up, due
from libs.ledger.decide import decide_credit, opening_movement
from libs.ledger.evolve import apply_all, replay
from libs.ledger.give_back import Share, commit, release, restore
from libs.ledger.keeping import read_spans
from libs.ledger.model import Kind, MemberLedger, Movement, Span, Spared
from libs.ledger.spend import hold, redeem
from tests.unit.ledger.build import MEMBER

JANUARY = datetime(2025, 1, 1, tzinfo=UTC)
MAY = datetime(2025, 5, 1, tzinfo=UTC)


def month(number: int, day: int = 1) -> datetime:
    """A month of 2025; its first instant is the boundary of the one before."""
    return datetime(2025, number, day, tzinfo=UTC)


def earned(*lots: tuple[int, int], wallet: str = "points") -> MemberLedger:
    """Lots of (points, day of January), that lapse at the end of January."""
    journal = []
    for seq, (points, day) in enumerate(lots, start=1):
        at = month(1, day)
        lot = decide_credit(
            seq - 1,
            wallet,
            points,
            earned_at=at,
            recorded_at=at,
            active_from=at,
            expires_at=month(2),
            policy_version=1,
        )
        journal.append(opening_movement(lot))
    return replay(MEMBER, journal)


def span(since: datetime = JANUARY, until: datetime | None = None, **bounds: Any) -> Span:
    return Span("tier", "gold", 3, "points", "UTC", since, until, period="month", **bounds)


def told(ledger: MemberLedger, now: datetime) -> list[tuple[str, int, int, dict[int, int]]]:
    """Kind, month of the boundary, points, and points by lot."""
    return [
        (m.kind.value, m.effective_at.month, m.amount, {part.lot_seq: part.amount for part in m.allocations})
        for m in catch_up(ledger, now, now)
    ]


def test_what_is_spared_lives_on_to_the_next_boundary_and_says_why() -> None:
    ledger = replace(earned((60, 5), (40, 20)), keeps=(span(until=month(3)),))
    waived, lapsed = catch_up(ledger, MAY, MAY)
    assert (waived.kind, waived.amount, waived.spared) == (Kind.WAIVE, 100, Spared("tier", "gold", 3))
    assert waived.new_expiry is not None
    assert waived.new_expiry.expires_at == month(3)
    assert (lapsed.kind, lapsed.amount, lapsed.effective_at) == (Kind.EXPIRE, 100, month(3)), "gold ended that instant"


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({"first": 70}, [("expire", 2, 30, {2: 30}), ("waive", 2, 70, {1: 60, 2: 10})]),
        ({"first": 500}, [("waive", 2, 100, {1: 60, 2: 40})]),
        ({"older_days": 20}, [("expire", 2, 40, {2: 40}), ("waive", 2, 60, {1: 60})]),
        ({"younger_days": 20}, [("expire", 2, 60, {1: 60}), ("waive", 2, 40, {2: 40})]),
    ],
)
def test_some_of_the_points_are_spared(bounds: dict[str, Any], expected: list[object]) -> None:
    ledger = replace(earned((60, 5), (40, 20)), keeps=(span(**bounds),))
    assert told(ledger, month(2)) == expected


def test_of_several_reasons_the_whole_ones_come_first_and_numbers_are_not_added_up() -> None:
    vip = replace(span(first=30), by="segment", name="vip")
    ledger = replace(earned((60, 5), (40, 20)), keeps=(vip, span(older_days=20), replace(vip, first=20)))
    spared = [(m.spared and m.spared.name, m.amount) for m in catch_up(ledger, month(2), month(2))]
    assert spared == [(None, 10), ("gold", 60), ("vip", 30)]


def test_other_wallets_and_times_are_not_spared() -> None:
    ledger = earned((10, 5))
    for keeps in ((replace(span(), wallet="bonus"),), (span(since=month(2, 2)),), (span(until=month(2)),)):
        assert told(replace(ledger, keeps=keeps), month(2)) == [("expire", 2, 10, {1: 10})]
    assert told(replace(ledger, keeps=(span(since=month(2)),)), month(2)) == [("waive", 2, 10, {1: 10})]


def test_where_points_never_lapse_any_more_they_live_for_ever() -> None:
    ledger = replace(earned((10, 5)), keeps=(replace(span(), period=None),))
    ledger = apply_all(ledger, catch_up(ledger, MAY, MAY))
    assert due(ledger) == (None, None)
    assert balance(ledger, "points", MAY).available == 10


def test_a_balance_says_what_is_spared_and_what_lapses_when_that_ends() -> None:
    ledger = replace(earned((60, 5), (40, 20)), keeps=(span(until=month(4)),))
    seen = balance(ledger, "points", month(2))
    assert (seen.available, seen.next_expiry) == (100, (month(4), 100))
    assert seen.sparing == (Sparing(month(3), 100, Spared("tier", "gold", 3)),)
    assert balance(replace(ledger, keeps=(span(),)), "points", month(2)).next_expiry is None
    some = balance(replace(ledger, keeps=(span(first=70),)), "points", month(1, 25))
    assert (some.next_expiry, some.sparing[0].amount) == ((month(2), 30), 70)


def test_spans_are_read_as_they_are_stored() -> None:
    stored = '{"member":[],"tier:status":[{"by":"tier","name":"gold","version":3,"wallet":"points","zone":"UTC",'
    stored += '"since":"2025-01-01T00:00:00Z","period":"month"}]}'
    assert read_spans(stored) == (span(),)
    assert read_spans(None) == ()


instants = st.integers(0, 8 * 30).map(lambda days: datetime.fromtimestamp(JANUARY.timestamp() + days * 86_400, UTC))
spans = st.builds(
    lambda since, until, bound, amount: span(
        since, None if until is None or until <= since else until, **({} if bound is None else {bound: amount})
    ),
    instants,
    st.none() | instants,
    st.sampled_from([None, "first", "older_days", "younger_days"]),
    st.integers(1, 60),
)
lots = st.lists(st.tuples(st.integers(1, 50), st.integers(1, 31)), min_size=1, max_size=5)


@given(lots, st.lists(spans, max_size=4), st.lists(instants, max_size=4))
def test_it_is_the_same_wherever_it_is_cut_and_seen_the_same_before_it_is_written_down(
    rows: list[tuple[int, int]], keeps: list[Span], cuts: list[datetime]
) -> None:
    start = replace(earned(*sorted(rows, key=lambda row: row[1])), keeps=tuple(keeps))
    ledger = start
    movements: list[Movement] = []
    for cut in (*sorted(cuts), month(12)):
        unswept = balance(start, "points", cut)
        made = catch_up(ledger, cut, month(12))
        ledger = apply_all(ledger, made)
        movements += made
        assert unswept == balance(ledger, "points", cut), "swept or not, on both sides of a boundary"
    assert tuple(movements) == catch_up(start, month(12), month(12))
    assert catch_up(ledger, month(12), month(12)) == ()
    assert sum(m.amount for m in movements if m.kind is Kind.EXPIRE) + sum(lot.free for lot in ledger.lots) == sum(
        points for points, _ in rows
    )


@given(lots, st.lists(spans, max_size=3), instants)
def test_what_was_spared_never_lapses_at_that_boundary_whatever_is_said_later(
    rows: list[tuple[int, int]], keeps: list[Span], at: datetime
) -> None:
    start = replace(earned(*sorted(rows, key=lambda row: row[1])), keeps=tuple(keeps))
    after = apply_all(start, catch_up(start, at, at))
    later = catch_up(replace(after, keeps=()), month(12), month(12))
    assert all(movement.effective_at > at for movement in later)


def held_back(ledger: MemberLedger, points: int, at: datetime) -> tuple[MemberLedger, list[Share]]:
    made = hold(ledger, points, ["points"], at).movements
    return apply_all(ledger, made), shares_of(made)


def shares_of(made: tuple[Movement, ...]) -> list[Share]:
    return [Share(m.seq, m.wallet, part.lot_seq, part.amount) for m in made for part in m.allocations]


def test_what_comes_back_behind_its_boundary_was_spared_then() -> None:
    gold = replace(earned((60, 5), (40, 20)), keeps=(span(until=month(2, 2)),))
    ledger, held = held_back(gold, 100, month(1, 25))
    back = release(ledger, held, month(2, 10)).movements
    assert [(m.kind, m.amount, m.effective_at) for m in back[1:]] == [(Kind.WAIVE, 100, month(2, 10))]
    assert back[1].spared == Spared("tier", "gold", 3)
    ledger = apply_all(ledger, back)
    assert balance(ledger, "points", month(2, 10)).next_expiry == (month(3), 100)

    made = redeem(gold, 100, ["points"], month(1, 25)).movements
    spent = apply_all(gold, made)
    undone = restore(spent, shares_of(made), 70, month(2, 10))
    assert (undone.lapsed, [m.kind for m in undone.movements]) == (0, [Kind.RESTORE, Kind.WAIVE])
    later = restore(spent, shares_of(made), 70, month(3, 10))
    assert later.lapsed == 70, "gold was over when the later date came"
    assert [m.kind for m in later.movements] == [Kind.RESTORE, Kind.WAIVE, Kind.EXPIRE]


whole = spans.filter(lambda each: each.first is None)


@given(lots, st.lists(whole, max_size=3), st.integers(1, 200), instants, st.booleans())
def test_points_that_were_held_at_boundaries_fare_as_if_they_had_not_been(
    rows: list[tuple[int, int]], keeps: list[Span], points: int, at: datetime, some: bool
) -> None:
    start = replace(earned(*sorted(rows, key=lambda row: row[1])), keeps=tuple(keeps))
    at = max(at, month(2))
    there = balance(start, "points", month(1, 31)).available
    ledger, held = held_back(start, min(points, there), month(1, 31))
    ledger = apply_all(ledger, catch_up(ledger, at, at))
    if some:
        ledger = apply_all(ledger, commit(ledger, held, 1, at).movements)
    else:
        ledger = apply_all(ledger, release(ledger, held, at).movements)
    free = apply_all(start, catch_up(start, at, at))
    assert balance(free, "points", at).available - balance(ledger, "points", at).available in ({0, 1} if some else {0})
    assert {lot.seq: lot.expires_at for lot in ledger.lots if lot.free}.items() <= {
        lot.seq: lot.expires_at for lot in free.lots if lot.free
    }.items()
    assert catch_up(ledger, at, at) == ()
