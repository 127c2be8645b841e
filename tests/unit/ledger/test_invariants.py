"""Each invariant is seen to fail on a ledger that was broken in its way."""

from __future__ import annotations

import dataclasses

import pytest
from msgspec.structs import replace

from libs.ledger.evolve import replay
from libs.ledger.invariants import INVARIANTS, Conservation, check, conservation
from libs.ledger.model import Kind, MemberLedger, Movement
from tests.unit.ledger.build import MEMBER, credit, move

JOURNAL = (
    credit(1, 100, expires=30),
    credit(2, 50, expires=60),
    move(3, Kind.REDEEM, "active>redeemed", {1: 30}),
    move(4, Kind.RESTORE, "redeemed>active", {1: 10}, corrects=3),
)
LEDGER = replay(MEMBER, JOURNAL)


def with_first_lot(remaining: int, held: int = 0) -> MemberLedger:
    first, *others = LEDGER.lots
    return replace(LEDGER, lots=(replace(first, remaining=remaining, held=held), *others))


BROKEN: list[tuple[str, MemberLedger, tuple[Movement, ...]]] = [
    ("movements-balance", LEDGER, (*JOURNAL[:2], replace(JOURNAL[2], amount=31), JOURNAL[3])),
    ("sequence-has-no-gap", LEDGER, JOURNAL[1:]),
    ("sequence-has-no-gap", replace(LEDGER, seq=5), JOURNAL),
    ("ledger-is-fold", with_first_lot(79), JOURNAL),
    ("ledger-is-fold", LEDGER, (JOURNAL[0], JOURNAL[1], replace(JOURNAL[2], seq=2))),
    ("lots-in-bounds", with_first_lot(101), JOURNAL),
    ("lots-in-bounds", with_first_lot(80, held=81), JOURNAL),
    ("lots-in-bounds", with_first_lot(-1, held=-1), JOURNAL),
    ("lots-add-up", with_first_lot(79), JOURNAL),
    ("accounts-equal-lots", with_first_lot(80, held=1), JOURNAL),
    ("accounts-equal-lots", LEDGER, (*JOURNAL, move(5, Kind.RELEASE, "held>active", {1: 1}))),
    ("corrections-in-bounds", LEDGER, (*JOURNAL, move(5, Kind.RESTORE, "redeemed>active", {1: 21}, corrects=3))),
]


def test_a_sound_ledger_violates_nothing() -> None:
    assert check(LEDGER, JOURNAL) == []


@pytest.mark.parametrize(("invariant", "ledger", "journal"), BROKEN)
def test_a_broken_ledger_is_named(invariant: str, ledger: MemberLedger, journal: tuple[Movement, ...]) -> None:
    assert invariant in {violation.invariant for violation in check(ledger, journal)}


def test_a_lot_that_is_marked_pending_while_its_points_are_active_is_named() -> None:
    first, *others = LEDGER.lots
    marked = replace(LEDGER, lots=(replace(first, pending=True), *others))
    assert {"ledger-is-fold", "accounts-equal-lots"} == {violation.invariant for violation in check(marked, JOURNAL)}


def test_every_invariant_is_seen_to_fail_above() -> None:
    assert {name for name, _, _ in BROKEN} == set(INVARIANTS)


def test_conservation_tells_where_the_points_of_each_wallet_are() -> None:
    journal = (*JOURNAL, credit(5, 8, wallet="bonus"), move(6, Kind.HOLD, "active>held", {2: 20}))
    nothing = Conservation(*[0] * 11)
    assert conservation(journal) == {
        "points": dataclasses.replace(nothing, issued=150, active=110, held=20, spent=20),
        "bonus": dataclasses.replace(nothing, issued=8, active=8),
    }
    assert [where.difference for where in conservation(journal).values()] == [0, 0]
    assert conservation(()) == {}
