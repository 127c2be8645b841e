"""Extensions: which lots get which later date, never an earlier one, and no points move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.ledger.balance import balance
from libs.ledger.boundary import ExpiryCalendar, NaturalPeriod, Never, Period
from libs.ledger.decide import decide_credit, opening_movement
from libs.ledger.evolve import apply_all
from libs.ledger.extend import Wish, extend
from libs.ledger.model import Kind, MemberLedger
from libs.ledger.zones import load_zone

ROME = load_zone("Europe/Rome")
QUARTER = ExpiryCalendar(ROME, NaturalPeriod(Period.QUARTER, 1))
NOW = datetime(2024, 2, 10, 12, tzinfo=UTC)
Q1, Q2, Q3, Q4 = (datetime(2024, 3, 31, 22, tzinfo=UTC), datetime(2024, 6, 30, 22, tzinfo=UTC),
                  datetime(2024, 9, 30, 22, tzinfo=UTC), datetime(2024, 12, 31, 23, tzinfo=UTC))  # fmt: skip


def ledger(*lots: tuple[int, datetime], wallet: str = "points") -> MemberLedger:
    """A member with such lots: points, and when they were earned; they lapse by the calendar."""
    found = MemberLedger(UUID(int=7))
    for points, earned_at in lots:
        boundary = QUARTER.expires_at(earned_at)
        lot = decide_credit(
            found.seq,
            wallet,
            points,
            earned_at=earned_at,
            recorded_at=earned_at,
            active_from=earned_at,
            expires_at=None if boundary is None else boundary.instant,
            policy_version=1,
        )
        found = apply_all(found, (opening_movement(lot),))
    return found


OLD, NEW = datetime(2023, 12, 1, tzinfo=UTC), datetime(2024, 1, 20, tzinfo=UTC)
MEMBER = ledger((100, OLD), (50, OLD + timedelta(days=3)), (30, NEW))


def dates(wish: Wish, member: MemberLedger = MEMBER) -> dict[int, datetime | None]:
    after = apply_all(member, extend(member, wish, QUARTER, NOW).movements)
    return {lot.seq: lot.expires_at for lot in after.lots if lot.expires_at != member.lots[lot.seq - 1].expires_at}


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (Wish("points", boundaries=1), {1: Q2, 2: Q2}),
        (Wish("points", boundaries=2), {1: Q3, 2: Q3}),
        (Wish("points", boundaries=1, pooled=False), {1: Q2, 2: Q2, 3: Q3}),
        (Wish("points", boundaries=1, pooled=False, from_now=True), {1: Q2, 2: Q2}),
        (Wish("points", days=100), {1: Q3, 2: Q3}),
        (Wish("points", days=100, from_now=True), {1: Q2, 2: Q2}),
        (Wish("points", days=1, from_now=True), {}),
        (Wish("points", boundaries=3, most=timedelta(days=310)), {1: Q3, 2: Q3}),
        (Wish("points", boundaries=1, most_points=149), {1: Q2}),
        (Wish("points", boundaries=1, most_points=150), {1: Q2, 2: Q2}),
        (Wish("points", boundaries=1, most_points=90), {2: Q2}),
        (Wish("points", boundaries=1, pooled=False, most_points=140), {1: Q2, 3: Q3}),
        (Wish("points", boundaries=1, most_points=40), {}),
        (Wish("points", boundaries=1, pooled=False, older_than=timedelta(days=70)), {1: Q2}),
        (Wish("points", boundaries=1, pooled=False, younger_than=timedelta(days=69)), {2: Q2, 3: Q3}),
        (Wish("coins", boundaries=1), {}),
    ],
)
def test_lots_get_the_date_that_was_asked_for(wish: Wish, expected: dict[int, datetime]) -> None:
    assert dates(wish) == expected


def test_lots_that_share_their_dates_are_one_movement_and_nothing_else_changes() -> None:
    found = extend(MEMBER, Wish("points", boundaries=1, pooled=False), QUARTER, NOW)
    assert [(m.kind, m.amount, len(m.allocations)) for m in found.movements] == [
        (Kind.WAIVE, 150, 2),
        (Kind.WAIVE, 30, 1),
    ]
    after = apply_all(MEMBER, found.movements)
    assert (found.points, after.seq) == (180, MEMBER.seq + 2)
    assert balance(after, "points", NOW).available == balance(MEMBER, "points", NOW).available
    assert balance(after, "points", Q1).available == 180 > balance(MEMBER, "points", Q1).available


def test_what_never_lapses_is_not_extended_and_nonsense_is_a_bug() -> None:
    assert extend(MEMBER, Wish("points", boundaries=1), ExpiryCalendar(ROME, Never()), NOW).refused == "never-lapses"
    assert extend(MEMBER, Wish("coins", days=9), QUARTER, NOW).refused == "nothing-to-extend"
    for wish in (Wish("points"), Wish("points", boundaries=1, days=1), Wish("points", boundaries=0)):
        with pytest.raises(ValueError, match="either"):
            extend(MEMBER, wish, QUARTER, NOW)


wishes = st.builds(
    Wish,
    st.just("points"),
    boundaries=st.integers(1, 6),
    days=st.none(),
    younger_than=st.none(),
    pooled=st.booleans(),
    from_now=st.booleans(),
    older_than=st.none() | st.integers(0, 200).map(timedelta),
    most=st.none() | st.integers(1, 700).map(timedelta),
)


@settings(max_examples=60)
@given(ages=st.lists(st.integers(0, 180), min_size=1, max_size=5), wish=wishes, again=st.integers(1, 3))
def test_no_date_is_put_forward_and_from_now_asking_again_changes_nothing(
    ages: list[int], wish: Wish, again: int
) -> None:
    member = ledger(*[(10 + age, NOW - timedelta(days=age)) for age in sorted(ages, reverse=True)])
    before, present = member, member
    for _ in range(again):
        present = apply_all(present, extend(present, wish, QUARTER, NOW).movements)
    for was, now in zip(before.lots, present.lots, strict=True):
        assert was.expires_at is not None
        assert now.expires_at is not None
        assert now.expires_at >= was.expires_at
        assert (now.remaining, now.held, now.earned_at) == (was.remaining, was.held, was.earned_at)
        if wish.most is not None and now.expires_at != was.expires_at:
            assert now.expires_at - now.earned_at <= wish.most
    if wish.from_now and not wish.pooled:
        assert extend(present, wish, QUARTER, NOW).movements == ()
