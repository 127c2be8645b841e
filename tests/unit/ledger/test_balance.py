"""Balances at an instant."""

from __future__ import annotations

from libs.ledger.balance import Balance, NextExpiry, balance, balances
from libs.ledger.evolve import replay
from libs.ledger.model import Debt, Kind, MemberLedger
from tests.unit.ledger.build import EMPTY, MEMBER, credit, day, lot, move

JOURNAL = (
    credit(1, 100, expires=30),
    credit(2, 50, expires=30),
    credit(3, 40, expires=60),
    credit(4, 20),
    credit(5, 10, active=14, expires=60),
    credit(6, 8, wallet="bonus"),
    move(7, Kind.HOLD, "active>held", {1: 70, 3: 5}),
)
LEDGER = replay(MEMBER, JOURNAL)


def test_points_move_through_a_balance_as_time_passes() -> None:
    soon, later = NextExpiry(day(30), 80), NextExpiry(day(60), 45)
    assert balance(LEDGER, "points", day(2)) == Balance(135, 10, 210, 75, 0, soon)
    assert balance(LEDGER, "points", day(14)) == Balance(145, 0, 220, 75, 0, soon)
    assert balance(LEDGER, "points", day(30)) == Balance(65, 0, 70, 75, 0, later)
    assert balance(LEDGER, "points", day(60)) == Balance(20, 0, 20, 75, 0, None)


def test_a_lot_is_in_force_from_its_first_instant_until_before_its_last() -> None:
    one = MemberLedger(MEMBER, 1, (lot(1, 9, earned=0, active=10, expires=30),))
    moments = [9.99, 10, 29.99, 30]
    assert [balance(one, "points", day(moment)).available for moment in moments] == [0, 9, 9, 0]


def test_debt_leaves_points_available_but_none_spendable() -> None:
    owing = MemberLedger(MEMBER, 1, (lot(1, 9),), (Debt("points", 4, day(0)),))
    now = balance(owing, "points", day(1))
    assert (now.available, now.debt, now.spendable) == (9, 4, 0)
    assert balance(LEDGER, "points", day(2)).spendable == 135


def test_a_lot_wholly_held_is_not_what_lapses_next() -> None:
    ledger = replay(
        MEMBER, (credit(1, 5, expires=30), credit(2, 5, expires=60), move(3, Kind.HOLD, "active>held", {1: 5}))
    )
    assert balance(ledger, "points", day(2)).next_expiry == NextExpiry(day(60), 5)


def test_each_wallet_has_a_balance_of_its_own() -> None:
    assert balances(LEDGER, day(2)).keys() == {"bonus", "points"}
    assert balances(LEDGER, day(2))["bonus"].available == 8
    assert balances(EMPTY, day(2)) == {}
    assert balance(EMPTY, "points", day(2)) == Balance(0, 0, 0, 0, 0, None)
