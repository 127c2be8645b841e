"""Credits and the order in which lots burn."""

from __future__ import annotations

from itertools import permutations

import pytest
from msgspec.structs import replace

from libs.ledger.decide import burn_order, decide_credit, opening_movement
from libs.ledger.model import Account, Allocation, Kind, Lot, Movement, flaws
from tests.unit.ledger.build import MEMBER, day, lot


def test_a_credit_opens_the_next_lot_in_full() -> None:
    made = decide_credit(
        6,
        "points",
        120,
        earned_at=day(0),
        recorded_at=day(1),
        active_from=day(0),
        expires_at=day(90),
        policy_version=3,
        contributor=MEMBER,
    )
    assert made == Lot(7, "points", 120, 120, 0, day(0), day(0), day(90), day(1), 3, MEMBER)
    assert opening_movement(made) == Movement(
        seq=7,
        wallet="points",
        kind=Kind.CREDIT,
        from_account=Account.ISSUED,
        to_account=Account.ACTIVE,
        amount=120,
        effective_at=day(0),
        recorded_at=day(1),
        allocations=(Allocation(7, 120),),
        opens=made,
    )


def test_a_credit_is_pending_only_when_it_becomes_active_after_it_was_earned() -> None:
    assert opening_movement(lot(1, 5, active=14)).to_account is Account.PENDING
    assert opening_movement(lot(1, 5)).to_account is Account.ACTIVE
    assert not list(flaws(opening_movement(lot(1, 5, active=14))))
    from_a_clock_that_runs_ahead = replace(lot(1, 5), recorded_at=day(-0.001))
    assert opening_movement(from_a_clock_that_runs_ahead).to_account is Account.ACTIVE


@pytest.mark.parametrize(("points", "expires"), [(0, 90), (-1, 90), (5, 0), (5, -1)])
def test_a_credit_of_nothing_or_of_lapsed_points_is_a_bug(points: int, expires: int) -> None:
    with pytest.raises(ValueError, match="positive and active before it lapses"):
        lot(1, points, expires=expires)


def test_lots_burn_by_soonest_expiry_then_earliest_earned_then_number_and_never_last() -> None:
    expected = [
        lot(9, 1, earned=5, expires=30),
        lot(3, 1, earned=2, expires=90),
        lot(4, 1, earned=2, expires=90),
        lot(2, 1, earned=3, expires=90),
        lot(1, 1, earned=0),
    ]
    assert all(burn_order(shuffled) == expected for shuffled in permutations(expected))


def test_the_order_of_wallets_comes_before_dates() -> None:
    bonus, points, other = lot(1, 1, wallet="bonus"), lot(2, 1, expires=30), lot(3, 1, expires=20, wallet="other")
    assert burn_order([points, other, bonus], ("bonus", "points")) == [bonus, points, other]
    assert burn_order([points, other, bonus]) == [other, points, bonus]
